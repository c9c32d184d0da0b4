"""Kernels as functions in memory: loaded from the cache, or compiled."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import attrs

from gograd_compile.kernels.generate import CHUNK, Text, kernel_text
from gograd_compile.kernels.numba_code import CodeCache, c_function
from gograd_core.extend import Symbol

__all__ = ["Kernel", "kernel"]

MOST_TEXTS = 1024
"""How many sources of kernels are kept in memory."""

_kernels: dict[Text, Kernel] = {}
_lock = threading.Lock()


@attrs.frozen(eq=False, repr=False)
class Kernel:
    """A rule as native code, for the lanes of a chunk of points.

    Attributes:
        address: the address of ``void (intptr_t n, intptr_t length, double *out, double *x, double *scratch)``.
        scratch: how many rows of `scratch` it needs.
        columns: how many columns of `scratch` it needs besides, each of `length` rows.
        origin: "cache", "compiled", or "compiled, not cached".
        seconds: how long loading or compiling took.
        function: the object that keeps the code alive, if Numba compiled it.
    """

    address: int
    scratch: int
    columns: int
    origin: str
    seconds: float
    function: Any = attrs.field(repr=False)

    def room(self, length: int = 0, lanes: int = CHUNK) -> int:
        """Count the doubles of `scratch` that it needs, for columns of a length in so many lanes."""
        return self.scratch * CHUNK if not length else (self.scratch + self.columns * length) * lanes


def kernel(root: Symbol, inputs: Sequence[Symbol]) -> Kernel:
    """Compile the kernel that computes `root`, a rule written out, from `inputs`, or load it from the cache.

    It takes n lanes, from 1 to CHUNK, such as points. Each lane gives the same bits however many there are. `out`, `x`
    and `scratch` do not overlap. The inputs lie in `x` one after the other.

    Without columns an input is a row of CHUNK numbers: input j of a lane is ``x[j * CHUNK + lane]``. The result is
    ``out[lane]``.

    With columns rows have n numbers. A column is `length` rows, one for each entry: ``x[row * n + lane]``, where row
    counts the rows of inputs before it too. If `root` is a column, or the output (the input at position -1) is among
    the inputs, the result is a column, ``out[entry * n + lane]``. Otherwise it is ``out[lane]``.

    Raises:
        ImportError: llvmlite is not installed.
    """
    text = _text(root, tuple(inputs))
    with _lock:
        found = _kernels.get(text)
        if found is None:
            found = _kernels[text] = _made(text)
    return found


_text = functools.lru_cache(maxsize=MOST_TEXTS)(kernel_text)


def _made(text: Text) -> Kernel:
    start = time.perf_counter()
    # LLVM finds code by name, so every kernel needs its own, whichever process compiled it.
    name = f"kernel_{hashlib.sha256(text.code.encode()).hexdigest()[:16]}"
    if text.is_python:
        compiled = _by_numba(name, text.code)
        address, origin = compiled.address, compiled._cache.origin
    else:
        from gograd_compile.kernels import machine  # with llvmlite: not before it is needed

        compiled = None
        address, origin = machine.load(name, "kernel", text.code.replace("@kernel(", f"@{name}("), text.loops)
    return Kernel(address, text.scratch, text.columns, origin, time.perf_counter() - start, compiled)


def _by_numba(name: str, code: str) -> Any:
    """Compile a kernel that is written in Python.

    Raises:
        ImportError: Numba cannot be imported.
    """
    try:
        types = import_module("numba").types
    except ImportError as error:
        raise ImportError(
            f"an operation has a function for Numba, which is installed but cannot be used ({error}): repair or remove "
            'Numba, or ask for backend="numpy"'
        ) from error
    namespace: dict[str, Any] = {"__name__": "gograd_compile.kernels.functions"}
    exec(compile(code, f"<{name}>", "exec"), namespace)
    function = namespace["kernel"]
    function.__name__ = function.__qualname__ = name
    numbers = types.CPointer(types.float64)
    kind = types.void(types.intp, types.intp, numbers, numbers, numbers)
    return c_function(function, kind, CodeCache(function, "kernel", code, code))
