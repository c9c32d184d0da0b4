"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gograd_core import Neuron
from gograd_nn.optimisers.optimiser import Array, Optimiser, Schedule, in_unit_interval, not_negative
from gograd_nn.wrong_arguments import explaining

__all__ = ["Adam", "AdamW"]


@explaining
class Adam(Optimiser):
    """Adam (Kingma and Ba 2015), as `torch.optim.Adam` does it.

    Running means of gradients, m, and of their squares, s, have the weights `betas`. In step t,
    ``value -= rate * m / (1 - beta1**t) / (sqrt(s / (1 - beta2**t)) + epsilon)``. With `amsgrad`, s is the largest so
    far. `weight_decay` times the value is added to each gradient. `AdamW` decays the values themselves.

    Raises:
        TypeError: a parameter is not a leaf neuron, `betas` are not two numbers, or the schedule is not a function.
        ValueError: there are no parameters, or a setting is out of its range.
    """

    settings = ("beta1", "beta2", "epsilon", "weight_decay", "amsgrad")
    memory = ("means", "squares", "largest")
    means: Array
    squares: Array
    largest: Array

    def __init__(
        self,
        parameters: Iterable[Neuron],
        rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(parameters, rate, schedule)
        try:
            self.beta1, self.beta2 = betas
        except (TypeError, ValueError):
            raise TypeError(f"betas must be two numbers, such as (0.9, 0.999), got {betas!r}") from None
        in_unit_interval(beta1=self.beta1, beta2=self.beta2)
        not_negative(epsilon=epsilon, weight_decay=weight_decay)
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.amsgrad = amsgrad

    def update(self, values: Array, gradients: Array) -> None:
        slopes = gradients + self.weight_decay * values if self.weight_decay else gradients
        self._move(values, slopes, self.next_rate())

    def _move(self, values: Array, slopes: Array, rate: float) -> None:
        """Update the running means, and change the values."""
        self.steps += 1
        self.means += (1.0 - self.beta1) * (slopes - self.means)
        self.squares *= self.beta2
        self.squares += (1.0 - self.beta2) * np.square(slopes)
        squares = np.maximum(self.largest, self.squares, out=self.largest) if self.amsgrad else self.squares
        scale = np.sqrt(squares)
        scale /= math.sqrt(1.0 - self.beta2**self.steps)
        scale += self.epsilon
        values -= rate / (1.0 - self.beta1**self.steps) * self.means / scale


@explaining
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` does it.

    Each step begins with ``value *= 1 - rate * weight_decay``. Otherwise it is `Adam` without weight decay.

    Raises:
        TypeError: a parameter is not a leaf neuron, or the schedule is not a function.
        ValueError: there are no parameters, or a setting is out of its range.
    """

    def __init__(
        self,
        parameters: Iterable[Neuron],
        rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(
            parameters,
            rate,
            betas=betas,
            epsilon=epsilon,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            schedule=schedule,
        )

    def update(self, values: Array, gradients: Array) -> None:
        rate = self.next_rate()
        values *= 1.0 - rate * self.weight_decay
        self._move(values, gradients, rate)
