"""Loading a plugin without side effects on the program.

Plugins are trusted: nothing is hidden from them. But what an import changes by mistake, for the whole program, is
undone: warning filters, settings in context variables (``numpy.seterr`` is one), and standard streams that it closes or
replaces. What it prints goes to the standard error, since the standard output may hold data.
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
"""Streams that plugins put in the place of standard ones. They are kept, since they close the latter when freed."""


def apart(load: Callable[[], T], slips: list[str] | None = None) -> T:
    """Run `load`. Afterwards warnings are filtered as before. What it printed went to the standard error.

    Args:
        load: the function to run.
        slips: receives, in words, what it did to the standard streams, which is undone. (A stream that another thread
            puts in their place meanwhile cannot be told from the plugin's, and is removed too.)
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
            filters[:] = before  # type: ignore[index]  # in place: another list would belong to another thread
            with warnings.catch_warnings():
                pass  # so that Python forgets what it decided by the other filters


class _Aside:
    """A standard stream for all threads but one, which cannot close it, and whose text goes to the standard error."""

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
        """Put the stream back. Whoever keeps this object writes to that stream from now on."""
        self.thread = None
        if (found := getattr(sys, self.name)) is not self:
            self.slips.append(f"it replaced sys.{self.name}")
            _replaced.append(found)
        setattr(sys, self.name, self.output)
