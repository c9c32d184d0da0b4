"""What a layer gets: one example of the right length, or a batch of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gograd_core import register_container
from gograd_core.extend import quoted

__all__ = ["Rows", "check_example", "in_rows", "is_batch"]


class Rows(list[Any]):
    """What a layer, or a net, returns for each row of a batch."""


register_container(Rows, lambda rows: (rows, None), lambda _, rows: Rows(rows))


def is_batch(inputs: Any) -> bool:
    """Say whether a layer that takes numbers gets rows of numbers instead."""
    return hasattr(inputs, "__len__") and len(inputs) > 0 and hasattr(type(inputs[0]), "__len__")


def in_rows(function: Callable[[Any], Any], batch: Sequence[Any]) -> Rows:
    """Apply a function to each row of a batch."""
    return Rows(map(function, batch))


def check_example(who: str, inputs: Sequence[Any], expected: int) -> None:
    """Refuse anything but `expected` numbers.

    Raises:
        ValueError: there are more or fewer.
        TypeError: it is a single number.
    """
    if not hasattr(inputs, "__len__"):
        raise TypeError(f"{who} takes a sequence of {expected} numbers, got {quoted(inputs)}")
    if len(inputs) != expected:
        raise ValueError(f"{who} takes {expected} inputs, got {len(inputs)}")
