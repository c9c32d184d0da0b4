"""The errors of compiled functions; values without meaning are `gograd_core.DomainError`, as elsewhere."""

from __future__ import annotations

__all__ = ["PathNotRecorded", "ProgramFileError", "RecordingError"]


class PathNotRecorded(RuntimeError):  # noqa: N818  # says what is the case, as StopIteration does
    """A comparison turned out differently than in all recordings, and there is no function to record again."""


class RecordingError(TypeError):
    """A function does something that cannot be recorded. The message has the line, and what to do instead."""


class ProgramFileError(ValueError):
    """A file is not a saved program, was changed since, or needs operations that are not installed."""
