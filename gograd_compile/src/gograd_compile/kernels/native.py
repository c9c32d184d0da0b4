"""Kernels as functions in memory: loaded from the cache, or compiled by Numba."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import attrs

from gograd_compile.kernels.cache import CodeCache
from gograd_compile.kernels.generate import kernel_text
from gograd_core.extend import Symbol

__all__ = ["Kernel", "c_function", "kernel"]

MOST_TEXTS = 1024
"""How many sources of kernels are kept in memory."""

_kernels: dict[str, Kernel] = {}
_lock = threading.Lock()


@attrs.frozen(eq=False)
class Kernel:
    """A rule as native code, for a chunk of points or one item of columns.

    Attributes:
        address: the address of ``void (intptr_t n, intptr_t length, double *out, double *x, double *scratch)``.
        scratch: how many rows of CHUNK doubles of `scratch` it needs.
        origin: "cache", "compiled", or "compiled, not cached".
        seconds: how long loading or compiling took.
        function: the object that keeps the code alive.
    """

    address: int
    scratch: int
    origin: str
    seconds: float
    function: Any = attrs.field(repr=False)


def kernel(root: Symbol, inputs: Sequence[Symbol]) -> Kernel:
    """Compile the kernel that computes `root`, a rule written out, from `inputs`, or load it from the cache.

    Without columns it takes n points, at most CHUNK of them: input j of point i is ``x[j * CHUNK + i]``, and the result
    is ``out[i]``. `out`, `x` and `scratch` do not overlap.

    With columns it takes one item. The inputs lie in `x` one after the other, a column as `length` numbers. If `root`
    is a column, or the output (the input at position -1) is among the inputs, the result is ``out[i]`` for each entry.
    Otherwise it is ``out[0]``.

    Raises:
        ImportError: Numba is not installed.
    """
    source, scratch = _text(root, tuple(inputs))
    with _lock:
        found = _kernels.get(source)
        if found is None:
            found = _kernels[source] = _made(source, scratch)
    return found


_text = functools.lru_cache(maxsize=MOST_TEXTS)(kernel_text)


def _made(source: str, scratch: int) -> Kernel:
    try:
        numba: Any = import_module("numba")
    except ModuleNotFoundError:
        raise ImportError("native kernels need Numba: pip install numba platformdirs") from None
    start = time.perf_counter()
    # LLVM finds code by name, so every kernel needs its own, whichever process compiled it.
    name = f"kernel_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    namespace: dict[str, Any] = {"__name__": "gograd_compile.kernels.functions"}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    function = namespace["kernel"]
    function.__name__ = function.__qualname__ = name
    numbers = numba.types.CPointer(numba.types.float64)
    kind = numba.types.void(numba.types.intp, numba.types.intp, numbers, numbers, numbers)
    compiled = c_function(function, kind, CodeCache(function, "kernel", source, source))
    return Kernel(compiled.address, scratch, compiled._cache.origin, time.perf_counter() - start, compiled)


def c_function(function: Any, kind: Any, cache: CodeCache) -> Any:
    """Compile a function that C can call, with a signature of Numba, or load it from the cache."""
    compiled = import_module("numba.core.ccallback").CFunc(
        function, (kind.args, kind.return_type), locals={}, options={"error_model": "numpy"}
    )
    compiled._cache = cache
    compiled.compile()
    return compiled
