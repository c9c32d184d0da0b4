"""Running the code of a plugin's author while it is loaded, so that nobody else notices.

Plugins are trusted: nothing is kept from them on purpose. Undone is what an import changes by a
slip, and what would then hold for the whole program: filters of warnings, settings in context
variables (``numpy.seterr`` is one), and what is printed to the standard output, perhaps amidst data.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["apart"]

T = TypeVar("T")


def apart(load: Callable[[], T]) -> T:
    """What `load` returns; afterwards warnings are filtered as before, and what it printed is in the standard error."""
    filters = warnings.filters
    before = list(filters)
    output = sys.stdout
    aside: Any = _Aside(output)
    if output is not None:
        sys.stdout = aside
    try:
        return contextvars.copy_context().run(load)
    finally:
        aside.thread = None
        if sys.stdout is aside:  # else what stands there lets all through to it, as it does to `output` from now on
            sys.stdout = output
        if list(filters) != before:
            filters[:] = before  # type: ignore[index]  # in place: what another thread put there instead is its own
            with warnings.catch_warnings():
                pass  # so that Python forgets what it decided by the other ones


class _Aside:
    """The standard output of all threads but one, whose text goes to the standard error."""

    def __init__(self, output: Any) -> None:
        self.output = output
        self.thread: int | None = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        held_off = self.thread == threading.get_ident() and sys.stderr is not None
        return getattr(sys.stderr if held_off else self.output, name)
