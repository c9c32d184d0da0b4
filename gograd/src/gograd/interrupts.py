"""What Ctrl-C does: it ends the command with one line and the exit status 130, unless there is something to keep."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["LINE", "STATUS", "leaving_at_ctrl_c", "noting_ctrl_c", "raising_at_ctrl_c"]

LINE = "gograd: interrupted"
STATUS = 128 + signal.SIGINT


def leave(*_: Any) -> None:
    """End this process at once. In the middle of an import, an exception could be turned into another one."""
    with suppress(Exception):  # it may have been interrupted while it printed
        sys.stdout.flush()
    os.write(2, f"{LINE}\n".encode())
    os._exit(STATUS)


def is_watched() -> bool:
    """Say whether Ctrl-C is this thread's business: not if another one gets the signals, or it is to be ignored."""
    return threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT))


@contextmanager
def leaving_at_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the process at once. For imports, which take long and have nothing to keep."""
    with _handled(leave):
        yield


@contextmanager
def raising_at_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C raise a `KeyboardInterrupt`, as it usually does in Python."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def noting_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be noted only, and give a function that says whether it came. The second one raises."""
    came = False

    def note(*_: Any) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with _handled(note):
        yield lambda: came


@contextmanager
def _handled(handler: Callable[..., Any]) -> Iterator[None]:
    if not is_watched():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
