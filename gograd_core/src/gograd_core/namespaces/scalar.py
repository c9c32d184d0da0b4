"""The namespace of floats: the `xp` that rules receive when they compute with single numbers.

Names, signatures and special values are those of the Python array API standard
(https://data-apis.org/array-api/latest/API_specification/elementwise_functions.html). Where the `math` module raises an
exception (at a pole, after an overflow, outside the domain), the result here is the infinity or NaN of IEEE 754. A name
outside the standard is the registered operation of that name. `__all__` lists what every namespace of gograd has.
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

# A name without an underscore here would hide the operation of that name from rules.
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
    """Make a function like those of the `math` module return infinities and NaN instead of raising exceptions.

    Args:
        function: a function of one input that raises ValueError outside its domain, and OverflowError if the result is
            too large.
        outside: returns the value outside the domain, where some points may be poles.
        overflow: returns the infinity of the right sign.
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
    """Return the values outside a domain: `value` at the pole on its border, and NaN elsewhere."""
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
    """Make a rounding function of the `math` module keep infinities, NaN and the sign of zero."""

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
    """Compute x to the power y like C's pow: poles and overflows are infinities, and a complex root is NaN."""
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
    """Return -1, 0 or 1, or NaN for NaN."""
    return x if isnan(x) else float((x > 0.0) - (x < 0.0))


def signbit(x: float, /) -> bool:
    """Return whether the sign bit is set: true for -0.0."""
    return copysign(1.0, x) < 0.0


def maximum(x: float, y: float, /) -> float:
    """Return the larger of two numbers, or NaN if one of them is NaN."""
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float, /) -> float:
    """Return the smaller of two numbers, or NaN if one of them is NaN."""
    return x if x <= y or isnan(x) else y


def clip(x: float, /, min: float | None = None, max: float | None = None) -> float:
    """Limit x to the range from `min` to `max`; None means no bound."""
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


def logaddexp(x: float, y: float, /) -> float:
    """Compute log(exp(x) + exp(y)) without overflow."""
    if x == y:  # also infinities of the same sign, whose difference would be NaN
        return x + _math.log(2.0)
    return maximum(x, y) + log1p(exp(-abs(x - y)))


def where(condition: bool | float, x: float, y: float, /) -> float:
    """Return x if the condition holds (is not zero), else y."""
    return x if condition else y


def logical_and(x: bool | float, y: bool | float, /) -> bool:
    """Return whether both x and y are true (not zero)."""
    return bool(x) and bool(y)


def logical_or(x: bool | float, y: bool | float, /) -> bool:
    """Return whether at least one of x and y is true (not zero)."""
    return bool(x) or bool(y)


def logical_xor(x: bool | float, y: bool | float, /) -> bool:
    """Return whether exactly one of x and y is true (not zero)."""
    return bool(x) is not bool(y)


def logical_not(x: bool | float, /) -> bool:
    """Return whether x is false (zero)."""
    return not x


def sum(x: _Iterable[float], /) -> float:
    """Add up a column from left to right; 0.0 for an empty one."""
    return _functools.reduce(_operator.add, x, 0.0)  # the built-in sum compensates for rounding from Python 3.12 on


def prod(x: _Iterable[float], /) -> float:
    """Multiply the entries of a column; 1.0 for an empty one."""
    return _functools.reduce(_operator.mul, x, 1.0)


def max(x: _Iterable[float], /) -> float:
    """Return the largest entry of a column, or NaN if one is NaN. Raise ValueError for an empty column."""
    return _extreme(maximum, x)


def min(x: _Iterable[float], /) -> float:
    """Return the smallest entry of a column, or NaN if one is NaN. Raise ValueError for an empty column."""
    return _extreme(minimum, x)


def _extreme(choose: _Callable[[float, float], float], x: _Iterable[float]) -> float:
    entries = iter(x)
    for first in entries:
        return _functools.reduce(choose, entries, first)
    raise ValueError("an empty column has neither a largest nor a smallest entry")


def __getattr__(name: str) -> _Callable[..., _Any]:
    """Find a registered operation, as a function of floats, for a name outside the standard."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function: _Callable[..., _Any] = _current.registry[name].bind(_sys.modules[__name__])
    return function


del annotations  # the name of the feature imported above
