"""The optimisers that estimators use: with an L2 penalty on weights, as scikit-learn's perceptrons have it.

To the mean loss of each batch is added alpha / 2 * sum(weight**2) / (examples of the batch). Biases are not penalised.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core import Neuron
from gograd_nn.optimisers import SGD, Adam, Optimiser
from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training import LBFGS

__all__ = ["SOLVERS", "Penalty", "Solver", "solver"]

SOLVERS = ("adam", "sgd", "lbfgs")


@attrs.define
class Penalty:
    """The penalty, and what is needed to divide it.

    Attributes:
        is_weight: which parameters are weights.
        examples, batch_size: how many examples are in an epoch, and in each batch but the last.
        first_step: how many steps were taken before the first epoch.
        total: the penalties of this epoch so far, each times the examples of its batch.
    """

    alpha: float
    is_weight: npt.NDArray[np.bool_]
    examples: int
    batch_size: int
    first_step: int = 0
    total: float = 0.0

    def weights(self, values: Array) -> Array:
        """Return the weights, and 0 for each bias."""
        return np.where(self.is_weight, values, 0.0)

    def examples_of(self, step: int) -> int:
        """Count the examples of a batch. The last one of an epoch may be smaller."""
        starts = range(0, self.examples, self.batch_size)
        return min(self.batch_size, self.examples - starts[(step - self.first_step) % len(starts)])

    def mean(self) -> float:
        """Return the mean penalty of the epoch that has ended, and begin the next one."""
        mean, self.total = self.total / self.examples, 0.0
        return mean


class _ByBatches(Optimiser):
    penalty: Penalty

    def update(self, values: Array, gradients: Array) -> None:
        penalty, weights = self.penalty, self.penalty.weights(values)
        penalty.total += penalty.alpha / 2.0 * float(weights @ weights)
        share = penalty.alpha / penalty.examples_of(self.steps)
        super().update(values, gradients + share * weights)  # type: ignore[safe-super]


class _Adam(_ByBatches, Adam):
    pass


class _SGD(_ByBatches, SGD):
    pass


class _LBFGS(LBFGS):
    penalty: Penalty

    def objective(self, values: Array, losses: Array, gradients: Array) -> tuple[float, Array]:
        penalty, weights = self.penalty, self.penalty.weights(values)
        penalty.total = penalty.alpha / 2.0 * float(weights @ weights)  # of the last point in each iteration
        return (
            float(losses.mean()) + penalty.total / penalty.examples,
            gradients + penalty.alpha / penalty.examples * weights,
        )


Solver = _Adam | _SGD | _LBFGS


def solver(settings: Any, parameters: list[Neuron], penalty: Penalty) -> Solver:
    """Make the optimiser that the settings of an estimator ask for."""
    made: Solver
    rate = settings.learning_rate_init
    if settings.solver == "adam":
        made = _Adam(parameters, rate, betas=(settings.beta_1, settings.beta_2), epsilon=settings.epsilon)
    elif settings.solver == "sgd":
        nesterov = settings.nesterovs_momentum and settings.momentum > 0.0
        made = _SGD(parameters, rate, momentum=settings.momentum, nesterov=nesterov)
    else:
        made = _LBFGS(parameters, steepness=settings.tol)
    made.penalty = penalty
    return made
