"""Rules in as many digits as wanted: the namespace `xp` of mpmath, and derivatives in it.

A derivative found here owes nothing to the partials of an operation: it is the numerical
derivative of the forward rule, taken with so many digits that some may be lost.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import mpmath  # type: ignore[import-untyped]

from gograd_core import registry, scalar
from gograd_core.namespaces import Column, ColumnNamespace
from gograd_core.op import Op

__all__ = ["MultiprecisionNamespace", "exact_partial", "exact_value"]

DIGITS = 50

_RENAMED = {
    "abs": "fabs", "add": "fadd", "ceil": "ceil", "divide": "fdiv", "multiply": "fmul", "negative": "fneg",
    "pow": "power", "prod": "fprod", "subtract": "fsub", "sum": "fsum",
}  # fmt: skip
_SAME = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "e", "exp", "expm1", "floor", "hypot",
    "inf", "log", "log10", "log1p", "nan", "pi", "sign", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
_BY_COMPARISON = (
    "clip", "equal", "greater", "greater_equal", "isinf", "isnan", "less", "less_equal", "logical_and", "logical_not",
    "logical_or", "logical_xor", "max", "maximum", "min", "minimum", "not_equal", "positive", "square", "where",
)  # fmt: skip


class MultiprecisionNamespace:
    """The standard's functions on mpmath's numbers; a value that is not real is NaN."""

    def __init__(self, mp: Any = mpmath.mp) -> None:
        self._mp = mp
        self._more: dict[str, Callable[..., Any]] = {
            "copysign": lambda x, y: mp.fabs(x) if y >= 0 else -mp.fabs(x),
            "floor_divide": lambda x, y: mp.floor(x / y),
            "isfinite": mp.isfinite,
            "isinf": mp.isinf,
            "isnan": mp.isnan,
            "log2": lambda x: mp.log(x, 2),
            "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
            "reciprocal": lambda x: 1 / x,
            "remainder": operator.mod,
            "round": mp.nint,
            "signbit": lambda x: x < 0,
            "trunc": lambda x: mp.sign(x) * mp.floor(mp.fabs(x)),
        }

    def __getattr__(self, name: str) -> Any:
        if name in self._more:
            return self._more[name]
        if name in _SAME or name in _RENAMED:
            found = getattr(self._mp, _RENAMED.get(name, name))
            return self._real(found) if callable(found) and name not in ("e", "inf", "nan", "pi") else +found
        if name in _BY_COMPARISON:
            return getattr(scalar, name)
        return registry.active[name].bind("mpmath", self)

    def _real(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def real(*args: Any) -> Any:
            result = function(*args)
            return self._mp.nan if isinstance(result, self._mp.mpc) else result

        return real


def exact_value(op: Op, inputs: Sequence[Any], digits: int = DIGITS) -> Any:
    """The forward rule at `inputs` (columns, if `op` is variadic), computed in `digits` digits."""
    with mpmath.workdps(digits):
        return _forward(op, [_numbers(x) for x in inputs])


def exact_partial(op: Op, index: int, inputs: Sequence[Any], *, order: int = 1, digits: int = DIGITS) -> Any:
    """The derivative of the forward rule by input `index`, numerically in `digits` digits.

    For a variadic operation it is a list: the derivatives by each entry of that column.
    """
    with mpmath.workdps(digits):
        numbers = [_numbers(x) for x in inputs]
        if not op.variadic:
            return _derivative(lambda x: _forward(op, _replaced(numbers, index, x)), numbers[index], order)
        column = numbers[index]

        def along(i: int) -> Callable[[Any], Any]:
            return lambda x: _forward(op, _replaced(numbers, index, _replaced(column, i, x)))

        return [_derivative(along(i), entry, order) for i, entry in enumerate(column)]


def _derivative(f: Callable[[Any], Any], x: Any, order: int) -> Any:
    """By finite differences; steps are relative to x, so that they stay inside the domain."""
    return mpmath.diff(f, x, order) if x == 0 else mpmath.diff(lambda u: f(x * u), 1, order) / x**order


def _replaced(values: Sequence[Any], index: int, value: Any) -> list[Any]:
    return [*values[:index], value, *values[index + 1 :]]


def _numbers(x: Any) -> Any:
    return [mpmath.mpf(entry) for entry in x] if isinstance(x, (list, tuple)) else mpmath.mpf(x)


def _forward(op: Op, numbers: Sequence[Any]) -> Any:
    xp = MultiprecisionNamespace()
    if op.variadic:
        return op.forward(ColumnNamespace(xp), *map(Column, numbers))
    return op.forward(xp, *numbers)
