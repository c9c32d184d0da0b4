"""The namespace `xp` of mpmath, for rules in any number of digits."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from mpmath import mp  # type: ignore[import-untyped]

from gograd_core.namespaces import scalar
from gograd_core.namespaces.ieee import Lookup, in_force

__all__ = ["MultiprecisionNamespace"]

_RENAMED = {
    "abs": "fabs", "add": "fadd", "ceil": "ceil", "divide": "fdiv", "multiply": "fmul", "negative": "fneg",
    "pow": "power", "prod": "fprod", "subtract": "fsub", "sum": "fsum",
}  # fmt: skip
_SAME = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "expm1", "floor", "hypot", "log",
    "log10", "log1p", "sign", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
_CONSTANTS = ("e", "inf", "nan", "pi")
_BY_COMPARISON = (
    "clip", "equal", "greater", "greater_equal", "isinf", "isnan", "less", "less_equal", "logical_and", "logical_not",
    "logical_or", "logical_xor", "max", "maximum", "min", "minimum", "not_equal", "positive", "square", "where",
)  # fmt: skip


class MultiprecisionNamespace:
    """The standard's functions on mpmath's numbers. A value that is not real is NaN.

    Args:
        lookup: finds the operations for other names; in the process-wide registry unless given.
    """

    backend = "mpmath"

    def __init__(self, lookup: Lookup = in_force) -> None:
        self._lookup = lookup
        self._functions: dict[str, Callable[..., Any]] = {
            "copysign": lambda x, y: mp.fabs(x) if y >= 0 else -mp.fabs(x),
            # mpmath can compute exp(-1e300) too, but is slow there.
            "exp": lambda x: mp.exp(x) if x > -1e6 else mp.zero,
            "floor_divide": lambda x, y: mp.floor(x / y),
            "isfinite": mp.isfinite,
            "log2": lambda x: mp.log(x, 2),
            "logaddexp": lambda x, y: max(x, y) + mp.log1p(self.exp(-abs(x - y))),
            "reciprocal": lambda x: 1 / x,
            "remainder": operator.mod,
            "round": mp.nint,
            "signbit": lambda x: x < 0,
            "trunc": lambda x: mp.sign(x) * mp.floor(mp.fabs(x)),
            **{name: getattr(mp, renamed) for name, renamed in _RENAMED.items()},
            **{name: getattr(mp, name) for name in _SAME},
        }
        self._functions = {name: _real(function) for name, function in self._functions.items()}
        self._functions |= {name: getattr(scalar, name) for name in _BY_COMPARISON}

    def __getattr__(self, name: str) -> Any:
        if name in self._functions:
            return self._functions[name]
        if name in _CONSTANTS:
            return +getattr(mp, name)  # with mpmath's current number of digits
        return self._lookup(name).bind(self)


def _real(function: Callable[..., Any]) -> Callable[..., Any]:
    def real(*args: Any) -> Any:
        result = function(*args)
        return mp.nan if isinstance(result, mp.mpc) else result

    return real
