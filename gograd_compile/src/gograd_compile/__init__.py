"""Scalar functions recorded once, and run at native speed with their derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

from gograd_compile.compiled import Compiled, compile, load
from gograd_compile.errors import PathNotRecorded, ProgramFileError, RecordingError

if TYPE_CHECKING:
    from gograd_compile.explain.explanation import Explanation

__all__ = ["Compiled", "Explanation", "PathNotRecorded", "ProgramFileError", "RecordingError", "compile", "load"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import the class of reports when it is asked for."""
        if name != "Explanation":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from gograd_compile.explain.explanation import Explanation

        return globals().setdefault(name, Explanation)

    def __dir__() -> list[str]:
        """List what can be imported, too."""
        return sorted({*globals(), *__all__})
