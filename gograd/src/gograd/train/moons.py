"""Two half circles that reach into each other, and a net that learns the border between them."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from sklearn.datasets import make_moons  # type: ignore[import-untyped]

from gograd.train.learning import Examples, Settings, logits, split, values_of
from gograd_core import ops
from gograd_nn import MLP
from gograd_nn.matrices import Matrix

__all__ = ["Snapshots", "load", "shares_on"]

COUNT = 400


@attrs.define
class Snapshots:
    """A callback of `gograd_nn.fit` that keeps the values of all parameters after each epoch, and those before."""

    values: list[Matrix] = attrs.field(factory=list)

    @classmethod
    def of(cls, model: MLP) -> Snapshots:
        """Begin with the values that a net has now."""
        return cls([values_of(model)])

    def after_epoch(self, training: Any) -> None:
        self.values.append(values_of(training.model))


def load(seed: int, noise: float) -> Examples:
    """Make the moons, whose classes are 0 and 1, with normal noise, and hold a quarter back."""
    points, classes = make_moons(COUNT, noise=noise, random_state=seed)
    return split(points, classes, seed)


def shares_on(values: Matrix, settings: Settings, x: Matrix, y: Matrix) -> Matrix:
    """Compute the probability of class 1 on a grid, with a row for each `y`."""
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shares: Matrix = ops.sigmoid(logits(values, settings, grid)).reshape(len(y), len(x))
    return shares
