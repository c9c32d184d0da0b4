"""Whether graphs are recorded: `no_grad`, and its contrary for the engine's own use."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from contextvars import ContextVar, Token

__all__ = ["is_recording", "no_grad", "recording"]

_recording: ContextVar[bool] = ContextVar("gograd_recording", default=True)
pauses = 0  # how many no_grad blocks are open anywhere: nobody asks the slower ContextVar if none
_pauses_lock = threading.Lock()


def is_recording() -> bool:
    """Whether operations, here and now, remember what they are made of."""
    return not pauses or _recording.get()


class no_grad(ContextDecorator):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    _records = False

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> None:
        global pauses
        with _pauses_lock:
            pauses += 1
        self._tokens.append(_recording.set(self._records))

    def __exit__(self, *_: object) -> None:
        global pauses
        _recording.reset(self._tokens.pop())
        with _pauses_lock:
            pauses -= 1


class recording(no_grad):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    _records = True
