"""The namespace of floats: the `xp` that rules receive when they compute with single numbers.

Names, signatures and special values are those of the Python array API standard
(https://data-apis.org/array-api/latest/API_specification/elementwise_functions.html): what the
`math` module answers with an exception (a pole, an overflow, a point outside the domain) is here
the infinity or NaN of IEEE 754. A name outside the standard is the registered operation of that
name. `__all__` is the list of names that every namespace of gograd has.
"""

from __future__ import annotations

import functools as _functools
import math as _math
import operator as _operator
import sys as _sys
from collections.abc import Callable as _Callable
from collections.abc import Iterable as _Iterable
from math import atan, atan2, copysign, e, hypot, inf, isfinite, isinf, isnan, nan, nextafter, pi, tanh
from typing import Any as _Any

from gograd_core import current as _current

# Whatever has no underscore here would hide an operation of that name from rules.
__all__ = [
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clip", "copysign", "cos",
    "cosh", "divide", "e", "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot",
    "inf", "isfinite", "isinf", "isnan", "less", "less_equal", "log", "log1p", "log2", "log10", "logaddexp",
    "logical_and", "logical_not", "logical_or", "logical_xor", "max", "maximum", "min", "minimum", "multiply", "nan",
    "negative", "nextafter", "not_equal", "pi", "positive", "pow", "prod", "reciprocal", "remainder", "round", "sign",
    "signbit", "sin", "sinh", "sqrt", "square", "subtract", "sum", "tan", "tanh", "trunc", "where",
]  # fmt: skip

backend = "scalar"  # what implementations of operations for this namespace are called


def _total(
    function: _Callable[[_Any], float],
    outside: _Callable[[_Any], float] = lambda x: nan,
    overflow: _Callable[[_Any], float] = lambda x: inf,
) -> _Callable[[_Any], float]:
    """Let a function of one input, like those of the math module, give infinities and NaN instead of exceptions.

    Args:
        function: raises ValueError outside its domain, OverflowError where the result is too large.
        outside: gives the value outside the domain, where some points may be poles.
        overflow: gives the infinity of the right sign.
    """

    @_functools.wraps(function)
    def ieee(x: _Any, /) -> float:
        try:
            return function(x)
        except OverflowError:
            return overflow(x)
        except ValueError:
            return outside(x)

    return ieee


def _pole(at: float, value: float) -> _Callable[[float], float]:
    """Give NaN outside a domain at whose border the function has a pole."""
    return lambda x: value if x == at else nan


add, subtract, multiply, negative, positive = _operator.add, _operator.sub, _operator.mul, _operator.neg, _operator.pos
equal, not_equal = _operator.eq, _operator.ne
less, less_equal, greater, greater_equal = _operator.lt, _operator.le, _operator.gt, _operator.ge
abs = _math.fabs
acos = _total(_math.acos)
acosh = _total(_math.acosh)
asin = _total(_math.asin)
asinh = _math.asinh
atanh = _total(_math.atanh, outside=lambda x: copysign(inf, x) if _math.fabs(x) == 1.0 else nan)
cos = _total(_math.cos)
cosh = _total(_math.cosh)
exp = _total(_math.exp)
expm1 = _total(_math.expm1)
log = _total(_math.log, outside=_pole(0.0, -inf))
log10 = _total(_math.log10, outside=_pole(0.0, -inf))
log1p = _total(_math.log1p, outside=_pole(-1.0, -inf))
log2 = _total(_math.log2, outside=_pole(0.0, -inf))
sin = _total(_math.sin)
sinh = _total(_math.sinh, overflow=lambda x: copysign(inf, x))
sqrt = _total(_math.sqrt)
tan = _total(_math.tan)


def _to_integer(function: _Callable[[float], int]) -> _Callable[[float], float]:
    """Let a rounding function of the math module keep infinities, NaN and the sign of zero."""

    @_functools.wraps(function)
    def rounded(x: float, /) -> float:
        return copysign(float(function(x)), x) if isfinite(x) else x

    return rounded


ceil = _to_integer(_math.ceil)
floor = _to_integer(_math.floor)
round = _to_integer(round)
trunc = _to_integer(_math.trunc)


def divide(x: float, y: float, /) -> float:
    """Compute x / y. A division by zero gives an infinity of the right sign, or NaN for 0/0."""
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def floor_divide(x: float, y: float, /) -> float:
    """Compute the floor of x / y."""
    return x // y if y != 0.0 else floor(divide(x, y))


def remainder(x: float, y: float, /) -> float:
    """Compute x - y * floor(x / y): Python's ``%``, with the sign of y; NaN for y = 0."""
    return x % y if y != 0.0 else nan


def pow(x: float, y: float, /) -> float:
    """Compute x to the power y, as C's pow: poles and overflows are infinities, and a complex root is NaN."""
    try:
        return _math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:
        if x != 0.0:
            return nan
        return copysign(inf, x) if y % 2.0 == 1.0 else inf


def reciprocal(x: float, /) -> float:
    """Compute 1 / x."""
    return divide(1.0, x)


def square(x: float, /) -> float:
    """Compute x * x."""
    return x * x


def sign(x: float, /) -> float:
    """Give -1, 0 or 1, or NaN for NaN."""
    return x if isnan(x) else float((x > 0.0) - (x < 0.0))


def signbit(x: float, /) -> bool:
    """Tell whether the sign bit is set: true for -0.0."""
    return copysign(1.0, x) < 0.0


def maximum(x: float, y: float, /) -> float:
    """Give the larger of the two, or NaN if one of them is NaN."""
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float, /) -> float:
    """Give the smaller of the two, or NaN if one of them is NaN."""
    return x if x <= y or isnan(x) else y


def clip(x: float, /, min: float | None = None, max: float | None = None) -> float:
    """Hold x between `min` and `max`; None means no bound."""
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


def logaddexp(x: float, y: float, /) -> float:
    """Compute log(exp(x) + exp(y)) without overflow."""
    if x == y:  # infinities of one sign too, whose difference would be NaN
        return x + _math.log(2.0)
    return maximum(x, y) + log1p(exp(-abs(x - y)))


def where(condition: bool | float, x: float, y: float, /) -> float:
    """Give x if the condition holds (is not zero), else y."""
    return x if condition else y


def logical_and(x: bool | float, y: bool | float, /) -> bool:
    """Tell whether both hold."""
    return bool(x) and bool(y)


def logical_or(x: bool | float, y: bool | float, /) -> bool:
    """Tell whether at least one holds."""
    return bool(x) or bool(y)


def logical_xor(x: bool | float, y: bool | float, /) -> bool:
    """Tell whether exactly one holds."""
    return bool(x) is not bool(y)


def logical_not(x: bool | float, /) -> bool:
    """Tell whether it does not hold."""
    return not x


def sum(x: _Iterable[float], /) -> float:
    """Add up a column from left to right, on every Python; 0.0 for an empty one."""
    return _functools.reduce(_operator.add, x, 0.0)


def prod(x: _Iterable[float], /) -> float:
    """Multiply the entries of a column; 1.0 for an empty one."""
    return _functools.reduce(_operator.mul, x, 1.0)


def max(x: _Iterable[float], /) -> float:
    """Give the largest entry of a column, or NaN if one is NaN. Raises ValueError for an empty one."""
    return _extreme(maximum, x)


def min(x: _Iterable[float], /) -> float:
    """Give the smallest entry of a column, or NaN if one is NaN. Raises ValueError for an empty one."""
    return _extreme(minimum, x)


def _extreme(choose: _Callable[[float, float], float], x: _Iterable[float]) -> float:
    entries = iter(x)
    for first in entries:
        return _functools.reduce(choose, entries, first)
    raise ValueError("an empty column has no largest and no smallest entry")


def __getattr__(name: str) -> _Callable[..., _Any]:
    """Find a name outside the standard: the registered operation, as a function of floats."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function: _Callable[..., _Any] = _current.registry[name].bind(_sys.modules[__name__])
    return function


del annotations  # the name of the feature imported above
