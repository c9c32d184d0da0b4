"""The front of a compiled function: its call from Python, in C if the library was built."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from gograd_compile.call import prepared

__all__ = ["Front"]


class PythonFront:
    """What has been prepared for calls answers them; everything else is left to the method `_anyhow`.

    Args:
        calls: what answers calls in the common case, by what they compute.
        kind: what a call of this object computes.
    """

    def __init__(self, calls: dict[Hashable, Any], kind: Hashable) -> None:
        """Nothing is prepared without the library."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Compute what the function returns: floats and NumPy arrays, nested as the function nests them.

        Inside another function that is being recorded, the function itself runs and becomes part of that recording.
        """
        return self._anyhow(args, named)

    def _prepared(self, *_: Any) -> Any:
        """Compute value and gradient, given `wrt` and a tuple of arguments, if prepared; else return NotImplemented."""
        return NotImplemented

    def _anyhow(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        raise NotImplementedError


if TYPE_CHECKING or prepared is None:  # noqa: SIM108 - mypy does not take a ternary for a class
    Front = PythonFront
else:
    Front = prepared.Front
