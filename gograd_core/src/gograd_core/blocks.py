"""Blocks in which a setting holds: ``with`` statements, decorators, or calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any

from gograd_core.native import native

__all__ = ["Block", "Swap", "completed", "now", "observers", "pauses"]

if TYPE_CHECKING or native is None:
    from gograd_core import settings as _engine
else:
    _engine = native

now = _engine.now
"""The settings that hold here and now."""
pauses, observers = _engine.counts
"""Each is true as long as there are such settings anywhere."""
Swap = _engine.Swap


class Block(_engine.Block):
    """A ``with`` block, a decorator, or (with `run`) a call, in which a setting holds for the current thread or task.

    With the native engine an interrupt (Ctrl-C) never leaves it in force, and with the Python engine
    none does so in a decorated function or in `run`; but there one that arrives at the very moment
    when a ``with`` statement is entered or left may.
    """

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Let `f` always run inside such a block.

        Raises:
            TypeError: `f` is a generator or a coroutine, whose code runs only after the call of `f` has ended.
        """
        if any(is_kind(f) for is_kind in (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)):
            raise TypeError(
                f"{type(self).__name__} decorates functions that are done when they return; {f.__name__} yields or "
                f"awaits: write a with block inside of it"
            )

        @functools.wraps(f)
        def inside(*args: Any, **kwargs: Any) -> Any:
            return self.run(f, *args, **kwargs)

        return inside


def completed(step: Callable[[], None]) -> None:
    """Run a step that may be repeated: if an interrupt breaks it off, it is run once more before that is passed on."""
    try:
        step()
    except BaseException:
        step()
        raise
