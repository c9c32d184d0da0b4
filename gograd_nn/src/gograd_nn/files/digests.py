"""What identifies the data of a training, and its functions, from one process to the next."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gograd_core.extend import LONGEST

__all__ = ["description", "digest"]

ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def description(value: Any) -> str:
    """Describe a function or a setting as text, which is the same in every process. A long one ends in its digest."""
    text = ADDRESS.sub("", repr(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… {digest(text)}"


def digest(*data: Any) -> str:
    """Compute a SHA-256 of examples.

    It tells numbers in nested sequences, mappings and arrays apart by their values, and texts by their characters. Of
    anything else it takes the type only.
    """
    found = hashlib.sha256()
    for each in data:
        _feed(found, each)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    """Add a value, with its kind and size before it, so that different nestings differ."""
    if isinstance(value, str | bytes | type(None)):
        text = repr(value).encode("utf-8", "backslashreplace")
        found.update(b"text %d " % len(text) + text)
        return
    if isinstance(value, Mapping):
        found.update(b"mapping %d " % len(value))
        for key, entry in value.items():
            _feed(found, key)
            _feed(found, entry)
        return
    numbers = _numbers(value)
    if numbers is not None:
        found.update(b"numbers %s " % repr(numbers.shape).encode() + np.ascontiguousarray(numbers).data)
    elif isinstance(value, Sequence):
        found.update(b"sequence %d " % len(value))
        for entry in value:
            _feed(found, entry)
    else:
        found.update(b"other " + type(value).__qualname__.encode())


def _numbers(value: Any) -> npt.NDArray[np.float64] | None:
    """Return nested numbers as an array. It is None if they are no numbers, or rows of different lengths."""
    try:
        array = np.asarray(value)
    except Exception:  # libraries of arrays raise what they like
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None
