"""Columns, the inputs of variadic operations, and the namespace that rules receive with them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["REDUCTIONS", "Column", "ColumnNamespace"]

REDUCTIONS = ("max", "min", "prod", "sum")


def _elementwise(function: Callable[..., Any], *args: Any) -> Column:
    """Apply a function entry by entry; an argument that is not a column is repeated."""
    length = next(len(arg) for arg in args if isinstance(arg, Column))
    rows = [arg.entries if isinstance(arg, Column) else [arg] * length for arg in args]
    return Column([function(*entries) for entries in zip(*rows, strict=True)])


def _unary(function: Callable[[Any], Any]) -> Any:
    """Make the method of a column that applies `function` to each entry."""
    return lambda self: _elementwise(function, self)


def _binary(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """Make the two methods of a column for an operator of Python: for the left operand, and for the right one."""

    def method(self: Column, other: Any) -> Column:
        return _elementwise(function, self, other)

    def reflected(self: Column, other: Any) -> Column:
        return _elementwise(function, other, self)

    return method, reflected


class Column:
    """One input of a variadic operation: numbers that a rule combines elementwise.

    It allows arithmetic and comparisons with numbers and columns, ``len``, and the functions of `xp`. It deliberately
    allows neither indexing nor iteration, which other modes could not follow.
    """

    __slots__ = ("entries",)

    def __init__(self, entries: Sequence[Any]) -> None:
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Column({list(self.entries)!r})"

    def __bool__(self) -> bool:
        raise TypeError("a column has no truth value: choose entry by entry with xp.where")

    __hash__ = None  # type: ignore[assignment]  # equality is elementwise
    __iter__ = None

    __neg__, __pos__, __abs__ = _unary(operator.neg), _unary(operator.pos), _unary(operator.abs)
    __add__, __radd__ = _binary(operator.add)
    __sub__, __rsub__ = _binary(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul)
    __truediv__, __rtruediv__ = _binary(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod)
    __pow__, __rpow__ = _binary(operator.pow)
    __lt__, __gt__ = _binary(operator.lt)
    __le__, __ge__ = _binary(operator.le)
    __eq__, _ = _binary(operator.eq)
    __ne__, _ = _binary(operator.ne)


class ColumnNamespace:
    """The namespace that a variadic rule receives: the functions of `xp`, applied to columns entry by entry.

    ``sum``, ``prod``, ``max``, ``min`` and variadic operations turn columns into a number.
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self.backend = xp.backend

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._xp, name)
        if name in REDUCTIONS:
            return lambda column: found(column.entries)
        if not callable(found):
            return found
        if getattr(found, "variadic", False):
            on_neurons = self.backend == "neuron"
            return (lambda *columns: found(*[column.entries for column in columns])) if on_neurons else found

        def lifted(*args: Any) -> Any:
            if any(isinstance(arg, Column) for arg in args):
                return _elementwise(found, *args)
            return found(*args)

        return lifted
