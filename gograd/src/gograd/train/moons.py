"""Two half circles that reach into each other, and a net that learns the border between them."""

from __future__ import annotations

from typing import Any, NamedTuple

import attrs
import numpy as np
from sklearn.datasets import make_moons  # type: ignore[import-untyped]

from gograd.train.learning import Examples, Settings, logits, split, values_of
from gograd_core import ops
from gograd_nn.matrices import Matrix

__all__ = ["Snapshot", "Snapshots", "load", "shares_on"]

COUNT = 400


class Snapshot(NamedTuple):
    """The number of an epoch, the values of all parameters after it, and the held-out accuracy if it was computed."""

    number: int
    values: Matrix
    accuracy: float | None


@attrs.define
class Snapshots:
    """A callback of `gograd_nn.fit` that keeps the state of the net after each epoch."""

    epochs: list[Snapshot]

    def after_epoch(self, training: Any) -> None:
        epoch = training.history.epochs[-1]
        self.epochs.append(Snapshot(epoch.number, values_of(training.model), epoch.held_out_accuracy))


def load(seed: int, noise: float) -> Examples:
    """Make the moons, whose classes are 0 and 1, with normal noise, and hold a quarter back."""
    points, classes = make_moons(COUNT, noise=noise, random_state=seed)
    return split(points, classes, seed)


def shares_on(values: Matrix, settings: Settings, x: Matrix, y: Matrix) -> Matrix:
    """Compute the probability of class 1 on a grid, with a row for each `y`."""
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shares: Matrix = ops.sigmoid(logits(values, settings, grid)).reshape(len(y), len(x))
    return shares
