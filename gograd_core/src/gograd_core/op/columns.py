"""The inputs of a variadic operation: columns, and their entries in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gograd_core import settings
from gograd_core.checked.operands import is_operand
from gograd_core.errors import quoted
from gograd_core.followed import unfollowed
from gograd_core.interfaces import Op

__all__ = ["columns_of", "entries_of"]


def entries_of(op: Op, columns: Sequence[Any]) -> tuple[Any, ...]:
    """Put the entries of all columns in a row. A number beside a column is repeated to its length.

    Raises:
        TypeError: an input is neither a sequence nor (beside one) a number.
        ValueError: the columns have unequal lengths.
    """
    rows = [tuple(column) if _is_sequence(column) else None for column in columns]
    lengths = [len(row) for row in rows if row is not None]
    for column, row in zip(columns, rows, strict=True):
        if row is None and not (lengths and is_operand(column)):
            raise TypeError(
                f"{op.title} expects sequences of numbers or neurons, such as [1.0, 2.0, 3.0], got {quoted(column)}"
            )
    if len(set(lengths)) > 1:
        raise ValueError(f"{op.title} expects columns of equal length, got {lengths}")
    filled = [(column,) * lengths[0] if row is None else row for column, row in zip(columns, rows, strict=True)]
    return tuple(map(unfollowed, sum(filled, ()))) if settings.observers else sum(filled, ())


def columns_of(op: Op, entries: Sequence[Any]) -> list[Sequence[Any]]:
    """Split a row of entries into one column per input: the inverse of `entries_of`."""
    length = len(entries) // len(op.partials)
    return [entries[index * length : (index + 1) * length] for index in range(len(op.partials))]


def _is_sequence(column: Any) -> bool:
    is_number = isinstance(column, (str, bytes)) or getattr(column, "shape", None) == ()
    return hasattr(type(column), "__iter__") and not is_number
