"""Reads whole numbers that users give: arguments to differentiate with respect to, and settings."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["positions", "whole"]


def positions(wrt: Any) -> int | tuple[int, ...]:
    """Convert `wrt`, the number of an argument or several of them, to Python's integers.

    Raises:
        TypeError: it is something else.
    """
    try:
        return operator.index(wrt)
    except TypeError:
        pass
    try:
        return tuple(map(operator.index, wrt))
    except TypeError:
        raise TypeError(f"wrt must be the number of an argument, or several, counted from 0; got {wrt!r}") from None


def whole(name: str, number: Any) -> int:
    """Convert a whole number to an integer of Python.

    Raises:
        TypeError: it is not a whole number. The message calls it `name`.
    """
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {number!r}") from None
