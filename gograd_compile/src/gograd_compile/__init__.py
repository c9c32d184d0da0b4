"""Scalar functions recorded once, and run at native speed with their derivatives."""

from __future__ import annotations

__version__ = "0.1.0"

from gograd_compile.compiled import Compiled, compile, load
from gograd_compile.errors import PathNotRecorded, ProgramFileError, RecordingError
from gograd_compile.explain.explanation import Explanation

__all__ = ["Compiled", "Explanation", "PathNotRecorded", "ProgramFileError", "RecordingError", "compile", "load"]
