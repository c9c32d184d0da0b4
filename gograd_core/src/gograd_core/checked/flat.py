"""Checks of what is laid flat: neurons, and rows of doubles."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["doubles", "refuse", "refuse_length"]


def doubles(buffer: Any, *, writable: bool) -> memoryview:
    """A row of doubles, not copied.

    Raises:
        TypeError: it is no buffer, or one of something else.
        ValueError: it cannot be written to.
    """
    view = memoryview(buffer)
    if (view.format, view.ndim, view.c_contiguous) != ("d", 1, True):
        raise TypeError(f"expected a contiguous row of doubles, got {buffer!r}")
    if writable and view.readonly:
        raise ValueError("expected doubles that can be written to")
    return view


def refuse(thing: Any) -> NoReturn:
    raise TypeError(f"expected neurons, got {thing!r}")


def refuse_length(neurons: int, numbers: int) -> NoReturn:
    raise ValueError(f"expected {neurons} doubles, one for each neuron, got {numbers}")
