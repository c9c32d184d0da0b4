"""Whether graphs are recorded: `no_grad`, and its contrary for the engine's own use."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from gograd_core.blocks import Block

__all__ = ["depth", "is_recording", "no_grad", "outside_transforms", "recording"]

_recording: ContextVar[tuple[bool, ...]] = ContextVar("gograd_recording", default=(True,))
# How many transforms are running: what is called inside one gives neurons, so that the outer one
# can differentiate it. A float there would cut the graph, and the outer derivative would be wrong.
depth: ContextVar[int] = ContextVar("gograd_transform_depth", default=0)
pauses = 0  # how many no_grad blocks are open anywhere: nobody asks the slower ContextVar if none
listeners: list[Callable[[int], None]] = []  # the native engine, which keeps a copy of `pauses`
_pauses_lock = threading.Lock()


def is_recording() -> bool:
    """Whether operations, here and now, remember what they are made of."""
    return not pauses or _recording.get()[-1]


class no_grad(Block):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    def __init__(self) -> None:
        super().__init__(_recording, False)

    def __enter__(self) -> None:
        _pause(1)
        super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        _pause(-1)


def _pause(difference: int) -> None:
    global pauses
    with _pauses_lock:
        pauses += difference
        for listener in listeners:
            listener(pauses)


class recording(Block):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    def __init__(self) -> None:
        super().__init__(_recording, True)


def outside_transforms(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule on floats that may use transforms itself: they give it floats, whatever is running around it."""
    if getattr(rule, "is_outside_transforms", False):
        return rule

    @functools.wraps(rule)
    def run(*args: Any) -> Any:
        token = depth.set(0)
        try:
            return rule(*args)
        finally:
            depth.reset(token)

    vars(run)["is_outside_transforms"] = True
    return run
