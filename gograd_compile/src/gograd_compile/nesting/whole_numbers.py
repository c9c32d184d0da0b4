"""Reads whole numbers that users give as settings."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["whole"]


def whole(name: str, number: Any) -> int:
    """Convert a whole number to an integer of Python.

    Raises:
        TypeError: it is not a whole number. The message calls it `name`.
    """
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {number!r}") from None
