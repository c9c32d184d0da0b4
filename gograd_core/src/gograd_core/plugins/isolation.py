"""Running the code of a plugin's author while it is loaded, so that nobody else notices.

Plugins are trusted: nothing is kept from them on purpose. Undone is what an import changes by a
slip, and what would then hold for the whole program: filters of warnings, settings in context
variables (``numpy.seterr`` is one), standard streams that it closes or replaces, and what is printed to
the standard output, perhaps amidst data.
"""

from __future__ import annotations

import contextvars
import functools
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["apart"]

T = TypeVar("T")


_replaced: list[Any] = []
"""Streams that plugins put in the place of standard ones: they would close those if they were forgotten."""


def apart(load: Callable[[], T], slips: list[str] | None = None) -> T:
    """Run `load`; afterwards warnings are filtered as before, and what it printed is in the standard error.

    Args:
        load: what to run.
        slips: gets what it did to the standard streams, in words; that is undone. (What another thread puts
            in their place meanwhile cannot be told apart, and goes, too.)
    """
    filters = warnings.filters
    before = list(filters)
    noted: list[str] = [] if slips is None else slips
    asides = [_Aside(name, noted) for name in ("stdout", "stderr") if getattr(sys, name) is not None]
    for aside in asides:
        setattr(sys, aside.name, aside)
    try:
        return contextvars.copy_context().run(load)
    finally:
        for aside in asides:
            aside.leave()
        if list(filters) != before:
            filters[:] = before  # type: ignore[index]  # in place: what another thread put there instead is its own
            with warnings.catch_warnings():
                pass  # so that Python forgets what it decided by the other ones


class _Aside:
    """A standard stream for all threads but one, whose text goes to the standard error, and which cannot close it."""

    def __init__(self, name: str, slips: list[str]) -> None:
        self.name = name
        self.output = getattr(sys, name)
        self.error = sys.stderr or self.output
        self.slips = slips
        self.thread: int | None = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        if self.thread != threading.get_ident():
            return getattr(self.output, name)
        if name == "close":
            return functools.partial(self.slips.append, f"it closed sys.{self.name}")
        if name == "detach":
            self.slips.append(f"it detached sys.{self.name}")
            return lambda: self.error.buffer
        return getattr(self.error, name)

    def leave(self) -> None:
        """Put the stream back. Whoever keeps this one writes to that from now on."""
        self.thread = None
        if (found := getattr(sys, self.name)) is not self:
            self.slips.append(f"it replaced sys.{self.name}")
            _replaced.append(found)
        setattr(sys, self.name, self.output)
