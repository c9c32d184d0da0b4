"""What a part of a net must offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gograd_core import Neuron

__all__ = ["Module"]


class Module(Protocol):
    """A part of a net: a function of a list of numbers, with parameters."""

    def __call__(self, inputs: Sequence[Any]) -> Any: ...

    def parameters(self) -> list[Neuron]: ...

    def name_parameters(self, prefix: str) -> None:
        """Label every parameter with a name that begins with `prefix`."""
