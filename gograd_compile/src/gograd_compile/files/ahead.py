"""Compiles native code before it is needed, in another process, so that a program need not wait for it.

That process reads recordings from a file, runs them once, and ends. What it compiles it leaves in the cache.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from gograd_compile.files.portable import from_tapes, recorded
from gograd_compile.files.storage import from_bytes, to_bytes
from gograd_compile.kernels.cache import NotKept, only_kept

__all__ = ["compile_ahead", "is_ready", "work"]

WORK = "from gograd_compile import Compiled; from gograd_compile.files.ahead import work; work(Compiled)"

_running: dict[frozenset[str], subprocess.Popen[bytes]] = {}
"""What is being compiled: the names of operations, and the process that compiles them."""


@atexit.register
def _let_run() -> None:
    """Let the processes run on when this one ends, without Python's warning that they do."""
    for process in _running.values():
        process.returncode = process.poll() or 0


def is_ready(run: Callable[[], Any]) -> bool:
    """Run something that calls compiled functions, and say whether all native code that it needs is in the cache.

    If some of it is not, nothing is compiled. The compiled functions are then in an undefined state.
    """
    try:
        with only_kept():
            run()
    except NotKept:
        return False
    return True


def compile_ahead(program: Any, *args: Any, **keywords: Any) -> None:
    """Begin to compile, in another process, the native code of ``program.batch().backward(*args, **keywords)``.

    The process runs at a low priority. It is not waited for, and may outlive this one by some seconds. While it runs,
    no other one is started for the same native code.

    Args:
        program: a `Compiled` that was recorded, with any backend.

    Raises:
        OSError: the process cannot be started.
    """
    tapes = recorded(program.store, lines=False)
    names = frozenset(op.title for each in tapes for op in each.tape.operations)
    if names in _running and _running[names].poll() is None:
        return
    data = to_bytes(tapes, program.__name__)
    command = [sys.executable, "-c", WORK]
    with tempfile.TemporaryFile() as file:  # a pipe would have to wait until the process reads
        pickle.dump((data, args, keywords), file)
        file.seek(0)
        process = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _running[names] = process


def work(cls: Any) -> None:
    """Run what the other process sends, with native code. The class is `Compiled`."""
    if hasattr(os, "nice"):
        os.nice(10)
    from gograd_compile.kernels.one_point import value_function

    data, args, keywords = pickle.load(sys.stdin.buffer)
    from_tapes(cls, *from_bytes(data), "native").batch(threads=1).backward(*args, **keywords)
    value_function()  # which a recording needs, besides the kernels
