"""The error of all files of nets."""

from __future__ import annotations

__all__ = ["ModelFileError"]


class ModelFileError(ValueError):
    """A file does not have what a model or a training needs, or was changed. The message says what to do.

    What the file was read for is then as it was before.
    """
