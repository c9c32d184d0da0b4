"""The errors of compiled functions. Values that are not finite are `gograd_core.DomainError`, as everywhere."""

from __future__ import annotations

__all__ = ["PathNotRecorded", "ProgramFileError", "RecordingError"]


class PathNotRecorded(RuntimeError):  # noqa: N818  # named after a state, like StopIteration
    """A loaded program would have to be recorded again (a comparison has a new result, say), but has no function."""


class RecordingError(TypeError):
    """A function does something that cannot be recorded. The message gives the line, and says what to do instead."""


class ProgramFileError(ValueError):
    """A file is not a saved program, was changed, or needs operations that are not installed."""
