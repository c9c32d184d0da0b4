"""Texts in pictures: labels and names, which may hold anything, and numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from xml.sax.saxutils import escape

__all__ = ["LONGEST", "cleaned", "counted", "number", "quoted_for_dot", "quoted_for_xml", "width"]

LONGEST = 24
"""The most characters that a box shows of a label or a name."""
IN_A_TOOLTIP = 200
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that are not drawn, or change how their neighbours are: control, bidirectional, …"""
JOINERS = {"\u200c", "\u200d"}  # in the letters of some scripts, and in emoji


def cleaned(text: str, most: int = LONGEST) -> str:
    """Return a text on one line, without characters that are invisible or forbidden in XML, cut to a length."""
    begun = text[: most + 1]
    shown = "".join(map(_visible, begun))
    return shown if len(begun) <= most else f"{shown[: most - 1]}…"


def _visible(character: str) -> str:
    if character < " ":
        return chr(0x2400 + ord(character))  # the picture of a control character: ␊ for a new line
    if unicodedata.category(character) in UNSEEN and character not in JOINERS:
        return "\ufffd"
    return character


def width(text: str) -> float:
    """Return how many columns a text takes in a font of fixed width."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> float:
    if character < "\u0300":
        return 1.0
    if unicodedata.combining(character) or character in JOINERS:
        return 0.0
    return 2.2 if unicodedata.east_asian_width(character) in "WF" else 1.25  # other fonts fill in, which are wider


def number(value: float, digits: int) -> str:
    """Return a number with so many significant digits; NaN and infinities as "nan", "inf" and "-inf"."""
    return format(float(value), f".{digits}g")


def counted(count: int, what: str) -> str:
    """Return a count with its noun, as in "1 operation" or "2,000 operations"."""
    return f"{count:,} {what if count == 1 else f'{what}s'}"


def quoted_for_xml(text: str) -> str:
    """Escape a text for the content and the attributes of XML."""
    return escape(text, {'"': "&quot;", "'": "&#39;"})


def quoted_for_dot(lines: Iterable[str]) -> str:
    """Quote lines as one string of DOT, in which `&` begins a character reference and a backslash an escape."""
    each = (line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"{}"'.format("\\n".join(each))
