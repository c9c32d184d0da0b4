"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable

from gograd_core import Neuron
from gograd_nn.optimisers.optimiser import Array, Optimiser, Schedule, in_unit_interval, not_negative
from gograd_nn.wrong_arguments import explaining

__all__ = ["SGD"]


@explaining
class SGD(Optimiser):
    """Stochastic gradient descent with momentum and weight decay, as `torch.optim.SGD` does it.

    Each step computes ``g = grad + weight_decay * value``, ``v = momentum * v + (1 - dampening) * g`` (g itself in the
    first step), and then ``value -= rate * v``. (This is the form of Sutskever et al. 2013.) With `nesterov`, it is
    ``value -= rate * (g + momentum * v)``.

    Raises:
        TypeError: a parameter is not a leaf neuron, or the schedule is not a function.
        ValueError: there are no parameters, a setting is out of its range, or `nesterov` is used without momentum or
            with dampening.
    """

    settings = ("momentum", "dampening", "weight_decay", "nesterov")
    memory = ("velocities",)
    velocities: Array

    def __init__(
        self,
        parameters: Iterable[Neuron],
        rate: float = 1e-3,
        *,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(parameters, rate, schedule)
        in_unit_interval(momentum=momentum, dampening=dampening)
        not_negative(weight_decay=weight_decay)
        if nesterov and (momentum == 0.0 or dampening != 0.0):
            raise ValueError("nesterov needs a momentum, and no dampening")
        self.momentum = momentum
        self.dampening = dampening
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    def update(self, values: Array, gradients: Array) -> None:
        rate = self.next_rate()
        slopes = gradients + self.weight_decay * values if self.weight_decay else gradients
        if self.momentum:
            self.velocities *= self.momentum
            self.velocities += slopes if self.steps == 0 or not self.dampening else (1.0 - self.dampening) * slopes
            slopes = slopes + self.momentum * self.velocities if self.nesterov else self.velocities
        values -= rate * slopes
        self.steps += 1
