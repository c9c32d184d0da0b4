"""Shows things that may be anything in messages: cut to a readable length, and unable to control a terminal."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["LONGEST", "quoted", "readable"]

LONGEST = 200
"""The most characters that messages show of one thing, and that texts in files have."""

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = LONGEST // 2


def quoted(value: Any) -> str:
    """Return the `repr` of a value, cut to `LONGEST` characters."""
    return _cut(_REPR.repr(value))


def readable(text: str) -> str:
    """Return a text, cut to `LONGEST` characters, with question marks for those that cannot be printed."""
    return _cut("".join(letter if letter.isprintable() else "?" for letter in text[: LONGEST + 1]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
