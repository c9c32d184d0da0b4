"""What is counted at every call, in C if the library was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gograd_compile.call import prepared

__all__ = ["Counts"]


class PythonCounts:
    """How many points are evaluated without a recording, and for how many more no path is tried.

    Attributes:
        wait: how many points are evaluated before a path is tried again. It may be negative.
        evaluated: how many points were evaluated.
    """

    wait: int = 0
    evaluated: int = 0


if TYPE_CHECKING or prepared is None:  # noqa: SIM108 - mypy does not take a ternary for a class
    Counts = PythonCounts
else:
    Counts = prepared.Counts
