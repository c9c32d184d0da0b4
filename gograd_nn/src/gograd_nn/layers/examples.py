"""What a layer gets: one example of the right length, or a batch of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from gograd_core import register_container
from gograd_core.extend import quoted

__all__ = ["Rows", "as_sequence", "check_example", "in_places", "in_rows", "is_batch"]


UNORDERED = (str, bytes, Mapping, Set)
"""What has a length, but is no sequence of numbers."""


class Rows(list[Any]):
    """What a layer, or a net, returns for each row of a batch."""


register_container(Rows, lambda rows: (rows, None), lambda _, rows: Rows(rows))


def as_sequence(examples: Any) -> Any:
    """Return examples so that `examples[i]` is the one at place i: as an array, if they are a frame or a series.

    Of a column of pandas, `column[i]` is the entry with the label i, wherever that is.
    """
    return examples.to_numpy() if hasattr(examples, "to_numpy") else examples


def _is_sequence(inputs: Any) -> bool:
    """Say whether something has a length, and an order, and is no text."""
    return hasattr(inputs, "__len__") and not isinstance(inputs, UNORDERED)


def is_batch(inputs: Any) -> bool:
    """Say whether a layer that takes numbers gets rows of numbers instead."""
    if not _is_sequence(inputs) or len(inputs) == 0:
        return False
    first = as_sequence(inputs)[0]
    return hasattr(type(first), "__len__") and not isinstance(first, str | bytes)


def in_rows(function: Callable[[Any], Any], batch: Sequence[Any]) -> Rows:
    """Apply a function to each row of a batch."""
    return Rows(map(function, as_sequence(batch)))


def in_places(examples: Any) -> Any:
    """Return examples as `as_sequence` does.

    Raises:
        TypeError: they have no length, or no order.
    """
    examples = as_sequence(examples)
    if not hasattr(examples, "__len__") or not hasattr(examples, "__getitem__") or isinstance(examples, str | Mapping):
        raise TypeError(
            f"expected examples in a list or an array, got {quoted(examples)}: write list(…), or a row for each example"
        )
    return examples


def check_example(who: str, inputs: Sequence[Any], expected: int) -> None:
    """Refuse anything but `expected` numbers.

    Raises:
        ValueError: there are more or fewer.
        TypeError: it is a single number, or text.
    """
    if not _is_sequence(inputs):
        raise TypeError(f"{who} takes a sequence of {expected} numbers, got {quoted(inputs)}")
    if len(inputs) != expected:
        raise ValueError(f"{who} takes {expected} inputs, got {len(inputs)}")
