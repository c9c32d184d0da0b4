"""Optimisers, which change parameters by their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gograd_core import Neuron, zero_grad

__all__ = ["SGD"]


class SGD:
    """Stochastic gradient descent with momentum and weight decay.

    Each step computes v = momentum * v + grad + weight_decay * value, and then value -= rate * v. (PyTorch also uses
    this form of Sutskever et al. 2013.) `rate` may be changed between steps. A parameter that is given twice counts
    once.

    Raises:
        TypeError: a parameter is not a leaf neuron.
        ValueError: there are no parameters, or a setting is out of its range.
    """

    def __init__(
        self, parameters: Iterable[Neuron], rate: float, *, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(dict.fromkeys(parameters))
        if not self.parameters:
            raise ValueError("SGD needs at least one parameter")
        for parameter in self.parameters:
            if not isinstance(parameter, Neuron) or parameter.operation is not None:
                raise TypeError(f"SGD expects leaf neurons, got {parameter!r}")
        if not 0.0 < rate < math.inf:
            raise ValueError(f"rate must be positive and finite, got {rate!r}")
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum must be in [0, 1), got {momentum!r}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay must not be negative, got {weight_decay!r}")
        self.rate = rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocities = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Change every parameter by its `grad`."""
        for index, parameter in enumerate(self.parameters):
            slope = parameter.grad + self.weight_decay * parameter.value
            velocity = self._velocities[index] = self.momentum * self._velocities[index] + slope
            parameter.value -= self.rate * velocity

    def zero_grad(self) -> None:
        """Set the `grad` of every parameter to 0.0."""
        zero_grad(self.parameters)
