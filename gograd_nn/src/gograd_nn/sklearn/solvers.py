"""The optimisers that estimators use: with an L2 penalty on weights, as scikit-learn's perceptrons have it."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core import Neuron
from gograd_nn.optimisers import SGD, Adam, Optimiser
from gograd_nn.optimisers.optimiser import Array

__all__ = ["SOLVERS", "Penalty", "solver"]

SOLVERS = ("adam", "sgd")


@attrs.define
class Penalty:
    """A penalty on weights that is added to the mean loss of each batch: alpha / 2 * sum(weight**2) / examples.

    Attributes:
        is_weight: which parameters are weights. Biases are not penalised.
        examples, batch_size: how many examples are in an epoch, and in each batch but the last.
        first_step: how many steps were taken before the first epoch.
        total: the penalties so far, each times the examples of its batch.
    """

    alpha: float
    is_weight: npt.NDArray[np.bool_]
    examples: int
    batch_size: int
    first_step: int = 0
    total: float = 0.0

    def gradient(self, values: Array, steps: int) -> Array:
        """Compute the gradient in one step, and add the penalty to the total."""
        batches = range(0, self.examples, self.batch_size)
        start = batches[(steps - self.first_step) % len(batches)]
        weights = np.where(self.is_weight, values, 0.0)
        self.total += self.alpha / 2.0 * float(weights @ weights)
        return self.alpha / min(self.batch_size, self.examples - start) * weights


class _Penalised(Optimiser):
    penalty: Penalty

    def update(self, values: Array, gradients: Array) -> None:
        super().update(values, gradients + self.penalty.gradient(values, self.steps))  # type: ignore[safe-super]


class _PenalisedAdam(_Penalised, Adam):
    pass


class _PenalisedSGD(_Penalised, SGD):
    pass


def solver(settings: Any, parameters: list[Neuron], penalty: Penalty) -> Optimiser:
    """Make the optimiser that the settings of an estimator ask for."""
    made: _Penalised
    if settings.solver == "adam":
        betas = (settings.beta_1, settings.beta_2)
        made = _PenalisedAdam(parameters, settings.learning_rate_init, betas=betas, epsilon=settings.epsilon)
    else:
        nesterov = settings.nesterovs_momentum and settings.momentum > 0.0
        rate = settings.learning_rate_init
        made = _PenalisedSGD(parameters, rate, momentum=settings.momentum, nesterov=nesterov)
    made.penalty = penalty
    return made
