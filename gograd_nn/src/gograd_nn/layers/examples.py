"""What a layer gets: one example of the right length, or a batch of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gograd_core import register_container
from gograd_core.extend import quoted

__all__ = ["Rows", "as_sequence", "check_example", "in_rows", "is_batch"]


class Rows(list[Any]):
    """What a layer, or a net, returns for each row of a batch."""


register_container(Rows, lambda rows: (rows, None), lambda _, rows: Rows(rows))


def as_sequence(examples: Any) -> Any:
    """Return examples so that `examples[i]` is the one at place i: an array, if they are a table of another library.

    Of a column of pandas, `column[i]` is the entry with the label i, wherever that is.
    """
    if isinstance(examples, Sequence | np.ndarray) or not hasattr(examples, "__array__"):
        return examples
    return np.asarray(examples)


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
