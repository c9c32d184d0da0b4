"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gograd_core import Neuron
from gograd_nn.optimisers.optimiser import Array, Optimiser, Schedule, in_unit_interval, not_negative
from gograd_nn.wrong_arguments import explaining

__all__ = ["RMSprop"]


@explaining
class RMSprop(Optimiser):
    """RMSprop (Hinton 2012), as `torch.optim.RMSprop` does it.

    A running mean of the squares of the gradients has the weight `alpha`. Each step divides the gradient by its root
    plus `epsilon`. If `centered`, the square of the running mean of the gradients is subtracted first. Momentum and
    weight decay are as in `SGD`.

    Raises:
        TypeError: a parameter is not a leaf neuron, or the schedule is not a function.
        ValueError: there are no parameters, or a setting is out of its range.
    """

    settings = ("alpha", "epsilon", "weight_decay", "momentum", "centered")
    memory = ("squares", "means", "velocities")
    squares: Array
    means: Array
    velocities: Array

    def __init__(
        self,
        parameters: Iterable[Neuron],
        rate: float = 1e-2,
        *,
        alpha: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(parameters, rate, schedule)
        in_unit_interval(alpha=alpha, momentum=momentum)
        not_negative(epsilon=epsilon, weight_decay=weight_decay)
        self.alpha = alpha
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.centered = centered

    def update(self, values: Array, gradients: Array) -> None:
        rate = self.next_rate()
        slopes = gradients + self.weight_decay * values if self.weight_decay else gradients
        self.squares *= self.alpha
        self.squares += (1.0 - self.alpha) * np.square(slopes)
        squares = self.squares
        if self.centered:
            self.means += (1.0 - self.alpha) * (slopes - self.means)
            squares = np.maximum(squares - np.square(self.means), 0.0)  # rounding may take it below 0
        moves = slopes / (np.sqrt(squares) + self.epsilon)
        if self.momentum:
            self.velocities *= self.momentum
            self.velocities += moves
            moves = self.velocities
        values -= rate * moves
        self.steps += 1
