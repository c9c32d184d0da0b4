"""A batch in parts, where compiled code raises `DomainError` at points at which the engine has numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from gograd_compile.nesting.batch_arguments import Batch
from gograd_compile.paths.sort_points import failed_at
from gograd_core import DomainError

__all__ = ["in_parts"]

T = TypeVar("T")


def in_parts(
    batch: Batch, many: Callable[[Batch], T], alone: Callable[[DomainError, Batch], T], joined: Callable[[list[T]], T]
) -> T:
    """What `many` gives for all points; where it raises `DomainError`, what it gives for two halves, and so on.

    Args:
        alone: what the engine gives for one point, where that error was raised. It raises that, if it has none.
        joined: what was found for parts that follow each other, as what was found for all of them.

    Raises:
        DomainError: `many` does, at a point where `alone` does.
    """
    try:
        return many(batch)
    except DomainError as error:
        point = failed_at(error)
        if point is None:
            raise
        found = alone(error, batch.part(point, point + 1))
    if batch.points == 1:
        return found
    bounds = 0, batch.points // 2, batch.points
    return joined([in_parts(batch.part(begin, end), many, alone, joined) for begin, end in pairwise(bounds)])
