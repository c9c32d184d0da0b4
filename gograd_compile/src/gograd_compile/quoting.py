"""What messages show of something that may be anything: so much that it can be read, and cannot control a terminal."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["LONGEST", "quoted", "readable"]

LONGEST = 200
"""How many characters of anything messages show, and texts in files have."""

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = LONGEST // 2


def quoted(value: Any) -> str:
    """Give the `repr` of a value, or what there is room for."""
    return _cut(_REPR.repr(value))


def readable(text: str) -> str:
    """Give the text with question marks in place of what cannot be printed, or what there is room for."""
    return _cut("".join(letter if letter.isprintable() else "?" for letter in text[: LONGEST + 1]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
