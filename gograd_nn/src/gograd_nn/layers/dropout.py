"""Dropout, and where its masks come from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import Any

from gograd_core import Neuron
from gograd_nn.misnomers import PartHints
from gograd_nn.wrong_arguments import explaining

__all__ = ["Dropout", "MaskSource", "drawn_masks", "dropping_out"]

MaskSource = Callable[[int, float], Sequence[Any]]
_source: ContextVar[MaskSource | None] = ContextVar("gograd_nn masks", default=None)


@explaining
class Dropout(PartHints):
    """Set each number to 0 with the probability `share`, and divide the others by 1 - share, while a net is trained.

    `fit` does this. Elsewhere, nothing happens, unless the layer is called with a mask, or in a block of
    `dropping_out`.

    Raises:
        ValueError: `share` is not in [0, 1). (When called) the mask has another length than the inputs.
    """

    def __init__(self, share: float = 0.5) -> None:
        if not isinstance(share, Real) or not 0.0 <= share < 1.0:
            raise ValueError(f"share must be in [0, 1), got {share!r}")
        self.share: float = share

    def __call__(self, inputs: Sequence[Any], mask: Sequence[Any] | None = None) -> list[Any]:
        source = _source.get()
        if mask is None and source is not None:
            mask = source(len(inputs), self.share)
        if mask is None:
            return list(inputs)
        if len(mask) != len(inputs):
            raise ValueError(f"this Dropout got {len(inputs)} inputs, but a mask of {len(mask)} factors")
        return [value * factor for value, factor in zip(inputs, mask, strict=True)]

    def __repr__(self) -> str:
        return f"<Dropout of {self.share:.0%}>"

    def parameters(self) -> list[Neuron]:
        """Return an empty list: it has no parameters."""
        return []

    def name_parameters(self, prefix: str) -> None:
        """Do nothing, since there are no parameters."""


@contextmanager
def dropping_out(source: MaskSource) -> Iterator[None]:
    """Let every `Dropout` in the block take its masks from `source`.

    Args:
        source: a function of how many factors are needed and of the share of the layer. It returns them, such as
            `drawn_masks(seed)`. In a function that is compiled, it returns entries of an argument, so that masks are
            data, and one recording serves for all.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def drawn_masks(seed: int | random.Random) -> MaskSource:
    """Make a source of masks that are drawn at random: each factor is 0, or 1 / (1 - share)."""
    rng = seed if isinstance(seed, random.Random) else random.Random(seed)

    def draw(count: int, share: float) -> list[float]:
        kept = 1.0 / (1.0 - share)
        return [0.0 if rng.random() < share else kept for _ in range(count)]

    return draw
