"""The error of all files of nets."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ModelFileError"]


class ModelFileError(ValueError):
    """A file does not have what a model or a training needs, or was changed. The message says what to do.

    What the file was read for is then as it was before.

    Attributes:
        differences: for each setting in which the training in a file differs from that which is to go on, how it does:
            ``{"batch_size": "was 32, and is 16"}``.
        is_other_model: whether the model is another one than that in the file.
    """

    def __init__(
        self, message: str, *, differences: Mapping[str, str] | None = None, is_other_model: bool = False
    ) -> None:
        super().__init__(message)
        self.differences, self.is_other_model = dict(differences or {}), is_other_model
