"""Whole numbers that users give: which arguments to differentiate by, and settings."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["positions", "whole"]


def positions(wrt: Any) -> int | tuple[int, ...]:
    """Read the argument `wrt`: the number of an argument, or of several, as Python's integers.

    Raises:
        TypeError: there is something else.
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
    """Read a whole number as Python's; messages call it `name`.

    Raises:
        TypeError: it is not a whole number.
    """
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {number!r}") from None
