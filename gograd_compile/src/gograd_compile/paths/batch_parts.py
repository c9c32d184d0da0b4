"""Splits a batch into parts if compiled code raises `DomainError` at points where the engine has numbers."""

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
    """Apply `many` to all points. If it raises `DomainError`, apply it to the two halves of the points, and so on.

    Args:
        many: computes something for a batch.
        by_engine: asks the engine for the same at the one point where the error was raised. It raises the error if the
            engine has no answer.
        joined: joins the results for two parts that follow each other.

    Raises:
        DomainError: both `many` and `by_engine` raise it at a point.
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
