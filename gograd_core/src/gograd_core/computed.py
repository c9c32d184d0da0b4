"""Blocks in which other functions compute the values of operations, such as those of compiled code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gograd_core.interfaces import Op
from gograd_core.settings import Block, now

__all__ = ["Instead", "computed_by", "function_of", "is_computed"]


class Instead(NamedTuple):
    """What computes the value of an operation in place of its own rule.

    Attributes:
        function: takes floats (or columns of floats) and returns the value of IEEE 754, a float. None if the rule
            gives the same bits. The engine remembers that, so it must then be None in all such blocks.
        address: the same as native code, a ``double (void *data, double *inputs)``; 0 if there is none.
        data: the address that this code gets.
    """

    function: Callable[..., float] | None
    address: int = 0
    data: int = 0


class computed_by(Block):
    """A block (or decorator) inside which other functions compute the values of operations. Derivatives do not change.

    It hides the transforms and recorders outside, and records graphs. If it is `deeper`, what runs inside will be
    differentiated: transforms inside give neurons.
    """

    def __init__(self, values: Mapping[Any, Instead], *, deeper: bool = False) -> None:
        super().__init__(recording=True, outside=True, deeper=deeper, values=values)


def function_of(op: Op) -> Callable[..., float] | None:
    """Find what computes the value of an operation here and now in place of its rule; None if nothing does."""
    values = now().values
    found: Instead | None = None if values is None else values[op]
    return None if found is None else found.function


def is_computed() -> bool:
    """Return whether other functions compute the values of operations here and now."""
    return now().values is not None
