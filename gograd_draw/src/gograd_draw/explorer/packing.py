"""Data in a page of HTML: JSON that no parser takes for markup, and long lists of numbers as compressed bytes."""

from __future__ import annotations

import base64
import json
import sys
import zlib
from array import array
from collections.abc import Iterable
from typing import Any

__all__ = ["bytes_as_text", "floats", "integers", "json_for_html"]


def floats(numbers: Iterable[float]) -> dict[str, str]:
    """Pack floats, of which NaN, infinities and the sign of zero survive."""
    return {"float64": _packed(array("d", numbers))}


def integers(numbers: Iterable[int]) -> dict[str, str]:
    """Pack integers of 32 bits."""
    return {"int32": _packed(array("i", numbers))}


def bytes_as_text(content: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(content).decode("ascii")


def json_for_html(data: Any) -> str:
    """Write JSON in ASCII that stays text inside of a ``<script>`` element.

    Raises:
        ValueError: it holds NaN or an infinity, which JSON does not have.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":  # in JSON these occur only in strings
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _packed(numbers: array[Any]) -> str:
    """Compress the bytes of all numbers: first the lowest byte of each, then the next one of each, and so on.

    Neighbouring bytes are then similar, and compress better.
    """
    if sys.byteorder == "big":
        numbers.byteswap()
    content = numbers.tobytes()
    size = numbers.itemsize
    return bytes_as_text(zlib.compress(b"".join(content[place::size] for place in range(size)), 9))
