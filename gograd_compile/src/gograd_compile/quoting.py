"""Shows things that may be anything in messages: cut to a readable length, and unable to control a terminal."""

from __future__ import annotations

from gograd_core.extend import LONGEST, quoted

__all__ = ["LONGEST", "quoted", "readable"]


def readable(text: str) -> str:
    """Return a text, cut to `LONGEST` characters, with question marks for those that cannot be printed."""
    if len(text) <= LONGEST and text.isprintable():
        return text
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
