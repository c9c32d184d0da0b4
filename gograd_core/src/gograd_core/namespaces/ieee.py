"""Floats whose operators return the value of IEEE 754 where Python raises, and their namespace."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from gograd_core import current
from gograd_core.namespaces import scalar

__all__ = ["IEEEFloat", "IEEENamespace", "Lookup", "in_force"]

Lookup = Callable[[str], Any]
"""Finds an operation by its name, in one registry or in the one that is in force."""


def in_force(name: str) -> Any:
    """Find an operation in the registry that is in force."""
    return current.registry[name]


def _unary(function: Callable[[float], float]) -> Any:
    """Make the method for an operator of one operand."""
    return lambda self: IEEEFloat(function(float(self)))


def _binary(function: Callable[[float, float], float]) -> tuple[Any, Any]:
    """Make the two methods for an operator of Python: for the left operand, and for the right one."""

    def method(self: float, other: object) -> Any:
        return IEEEFloat(function(float(self), float(other))) if isinstance(other, (int, float)) else NotImplemented

    def reflected(self: float, other: object) -> Any:
        return IEEEFloat(function(float(other), float(self))) if isinstance(other, (int, float)) else NotImplemented

    return method, reflected


class IEEEFloat(float):
    """A float whose arithmetic never raises: ``/ ** % //`` follow IEEE 754."""

    __slots__ = ()

    __neg__, __pos__, __abs__ = _unary(operator.neg), _unary(operator.pos), _unary(operator.abs)
    __add__, __radd__ = _binary(operator.add)
    __sub__, __rsub__ = _binary(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul)
    __truediv__, __rtruediv__ = _binary(scalar.divide)
    __floordiv__, __rfloordiv__ = _binary(scalar.floor_divide)
    __mod__, __rmod__ = _binary(scalar.remainder)
    __pow__, __rpow__ = _binary(scalar.pow)


class IEEENamespace:
    """`scalar`, with results that follow IEEE 754 in Python's operators too."""

    backend = scalar.backend

    def __init__(self, lookup: Lookup = in_force) -> None:
        self._lookup = lookup

    def __getattr__(self, name: str) -> Any:
        found = getattr(scalar, name) if name in scalar.__all__ else self._lookup(name).bind(self)
        if not callable(found):
            return _as_ieee(found)

        @functools.wraps(found)
        def followed(*args: Any) -> Any:
            return _as_ieee(found(*args))

        return followed


def _as_ieee(result: Any) -> Any:
    return IEEEFloat(result) if type(result) is float else result
