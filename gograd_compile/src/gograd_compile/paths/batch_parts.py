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
    batch: Batch,
    many: Callable[[Batch], T],
    by_engine: Callable[[DomainError, Batch], T],
    joined: Callable[[list[T]], T],
) -> T:
    """Apply `many` to all points; if it raises `DomainError`, to two halves of the points, and so on.

    Args:
        many: computes something for a batch.
        by_engine: asks the engine for the same at one point, where that error was raised. It raises the error if the
            engine has no answer.
        joined: puts together what was found for parts that follow each other.

    Raises:
        DomainError: `many` does, at a point where `by_engine` does.
    """
    try:
        return many(batch)
    except DomainError as error:
        point = failed_at(error)
        if point is None:
            raise
        found = by_engine(error, batch.part(point, point + 1))
    if batch.points == 1:
        return found
    bounds = 0, batch.points // 2, batch.points
    return joined([in_parts(batch.part(begin, end), many, by_engine, joined) for begin, end in pairwise(bounds)])
