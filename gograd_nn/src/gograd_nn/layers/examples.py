"""Checks that what a layer gets is one example of the right length, and not a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gograd_core.extend import quoted

__all__ = ["check_example"]


def check_example(who: str, inputs: Sequence[Any], expected: int) -> None:
    """Refuse anything but `expected` numbers.

    Raises:
        ValueError: there are more or fewer, or they are rows of a batch.
        TypeError: it is a single number.
    """
    if not hasattr(inputs, "__len__"):
        raise TypeError(f"{who} takes a sequence of {expected} numbers, got {quoted(inputs)}")
    if len(inputs) and hasattr(type(inputs[0]), "__len__"):
        raise ValueError(
            f"{who} takes one example of {expected} numbers, got a batch of {len(inputs)}: write "
            "[model(example) for example in batch], or gograd_compile.compile(model).batch()(batch)"
        )
    if len(inputs) != expected:
        raise ValueError(f"{who} takes {expected} inputs, got {len(inputs)}")
