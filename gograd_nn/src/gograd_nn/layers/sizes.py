"""Sizes of layers: what they must be."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from gograd_core.extend import quoted

__all__ = ["check_sizes"]


def check_sizes(who: str, **sizes: Any) -> None:
    """Refuse what is not a whole number from 1.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: it is less than 1.
    """
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise TypeError(f"{name} of {who} must be a whole number, got {quoted(size)}")
        if size < 1:
            raise ValueError(f"{name} of {who} must be 1 or more, got {size}")
