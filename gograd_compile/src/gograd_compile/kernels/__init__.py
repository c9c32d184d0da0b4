"""Native code for the operations of a compiled function: one kernel per rule, cached on disk."""

from __future__ import annotations

from gograd_compile.kernels.cache import CacheWarning, clear, directory, report
from gograd_compile.kernels.generate import CHUNK
from gograd_compile.kernels.native import Kernel, kernel
from gograd_compile.kernels.numba_code import jitted
from gograd_compile.kernels.rules import expand, specialize

__all__ = [
    "CHUNK",
    "CacheWarning",
    "Kernel",
    "clear",
    "directory",
    "expand",
    "jitted",
    "kernel",
    "report",
    "specialize",
]
