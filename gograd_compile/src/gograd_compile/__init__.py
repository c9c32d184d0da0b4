"""Scalar functions recorded once, and run at native speed with their derivatives."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

from gograd_compile.compiled import Compiled, compile, load
from gograd_compile.errors import PathNotRecorded, ProgramFileError, RecordingError

if TYPE_CHECKING:
    from gograd_compile.explain.explanation import Explanation
    from gograd_compile.files.ahead import compile_ahead, is_ready

__all__ = [
    "Compiled",
    "Explanation",
    "PathNotRecorded",
    "ProgramFileError",
    "RecordingError",
    "compile",
    "compile_ahead",
    "is_ready",
    "load",
]

if not TYPE_CHECKING:
    _LATER = {"Explanation": "explain.explanation", "compile_ahead": "files.ahead", "is_ready": "files.ahead"}

    def __getattr__(name: str) -> Any:
        """Import what few programs need when it is asked for."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        return globals().setdefault(name, found)

    def __dir__() -> list[str]:
        """List what can be imported, too."""
        return sorted({*globals(), *__all__})
