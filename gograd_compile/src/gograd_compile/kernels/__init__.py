"""Native code for the operations of a compiled function: one kernel per rule, cached on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gograd_compile.kernels.generate import CHUNK
from gograd_compile.kernels.rules import expand, specialize

if TYPE_CHECKING:
    from gograd_compile.kernels.cache import CacheWarning, clear, directory, report
    from gograd_compile.kernels.native import Kernel, kernel

__all__ = [
    "CHUNK",
    "CacheWarning",
    "Kernel",
    "clear",
    "directory",
    "expand",
    "kernel",
    "report",
    "specialize",
]

if not TYPE_CHECKING:
    # The cache, and what compiles, are imported when they are asked for: by the native backend.
    _LATER = {
        **dict.fromkeys(("CacheWarning", "clear", "directory", "report"), "cache"),
        **dict.fromkeys(("Kernel", "kernel"), "native"),
    }

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
