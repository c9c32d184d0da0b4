"""Schedules: functions of the number of steps so far, by which an optimiser multiplies its rate.

Any function will do. These are frozen records, so they can be compared, printed and copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import attrs

from gograd_nn.wrong_arguments import explaining

__all__ = ["CosineDecay", "LinearDecay", "StepDecay", "WarmUp"]


def _positive(_: Any, attribute: Any, value: int) -> None:
    if not isinstance(value, Real) or not value >= 1:
        raise ValueError(f"{attribute.name} must be a number of steps, at least 1, got {value!r}")


@explaining
@attrs.frozen
class StepDecay:
    """Multiply the rate by `factor` after every `every` steps, as `torch.optim.lr_scheduler.StepLR` does."""

    every: int = attrs.field(validator=_positive)
    factor: float = 0.1

    def __call__(self, steps: int) -> float:
        return float(self.factor ** (steps // self.every))


@explaining
@attrs.frozen
class CosineDecay:
    """Let the rate fall from 1 to `lowest` in half a cosine wave of `steps` steps, and stay there.

    Until then it is `torch.optim.lr_scheduler.CosineAnnealingLR`, which rises again afterwards.
    """

    steps: int = attrs.field(validator=_positive)
    lowest: float = 0.0

    def __call__(self, steps: int) -> float:
        share = min(steps / self.steps, 1.0)
        return self.lowest + (1.0 - self.lowest) * (1.0 + math.cos(math.pi * share)) / 2.0


@explaining
@attrs.frozen
class LinearDecay:
    """Let the rate go from `first` to `last` in a straight line of `steps` steps, and stay there.

    This is `torch.optim.lr_scheduler.LinearLR`, with other defaults.
    """

    steps: int = attrs.field(validator=_positive)
    first: float = 1.0
    last: float = 0.0

    def __call__(self, steps: int) -> float:
        return self.first + (self.last - self.first) * min(steps / self.steps, 1.0)


@explaining
@attrs.frozen
class WarmUp:
    """Let the rate rise in a straight line from `first` to 1 in `steps` steps; then follow the schedule `then`, if any.

    The steps that `then` is called with are counted from the end of the warm-up, as by
    `torch.optim.lr_scheduler.SequentialLR` after a `LinearLR`.
    """

    steps: int = attrs.field(validator=_positive)
    then: Callable[[int], float] | None = None
    first: float = 1.0 / 3.0

    def __call__(self, steps: int) -> float:
        if steps < self.steps:
            return self.first + (1.0 - self.first) * steps / self.steps
        return 1.0 if self.then is None else self.then(steps - self.steps)
