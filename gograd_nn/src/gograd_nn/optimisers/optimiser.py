"""What all optimisers share: their parameters, the rate, and what a checkpoint needs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gograd_core import Neuron
from gograd_core.extend import quoted, read_gradients, read_values, write_gradients, write_values
from gograd_nn.misnomers import OptimiserHints

__all__ = ["Array", "Optimiser", "Schedule", "checked_parameters", "in_unit_interval", "not_negative"]

Array = npt.NDArray[np.float64]
Schedule = Callable[[int], float]


class Optimiser(OptimiserHints, ABC):
    """A rule that changes parameters by their gradients, once per step.

    A subclass implements `update`. It names its numbers in `settings`, and its arrays, which have an entry for each
    parameter and are 0 at first, in `memory`. Both are attributes. A parameter that is given twice counts once.

    Args:
        parameters: the leaf neurons to be changed.
        rate: the learning rate. It may be changed between steps.
        schedule: a function of the number of steps that were taken. The rate of a step is `rate` times its result. See
            `CosineDecay` and others.

    Attributes:
        steps: how many steps were taken.

    Raises:
        TypeError: a parameter is not a leaf neuron, `rate` not a number, or the schedule not a function.
        ValueError: there are no parameters, or `rate` is not positive and finite.
    """

    settings: ClassVar[tuple[str, ...]] = ()
    memory: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Iterable[Neuron], rate: float, schedule: Schedule | None = None) -> None:
        self.parameters = checked_parameters(type(self).__name__, parameters)
        _check_number("rate", rate)
        if not 0.0 < rate < math.inf:
            raise ValueError(f"rate must be positive and finite, got {rate!r}")
        if schedule is not None and not callable(schedule):
            raise TypeError(f"schedule must be a function of the number of steps, got {quoted(schedule)}")
        self.rate = float(rate)
        self.schedule = schedule
        self.steps = 0
        for each in self.memory:
            setattr(self, each, np.zeros(len(self.parameters)))

    @abstractmethod
    def update(self, values: Array, gradients: Array) -> None:
        """Take one step: change `values` in place, by `gradients`, which stay as they are.

        Both have an entry for each parameter, in the order of `parameters`. The neurons themselves are not touched. The
        step uses `next_rate()`, and ends by adding 1 to `steps`.
        """

    def next_rate(self) -> float:
        """Compute the rate of the next step.

        Raises:
            ValueError: the schedule returns a number that is negative or not finite.
        """
        if self.schedule is None:
            return self.rate
        factor = self.schedule(self.steps)
        if not _is_number(factor) or not 0.0 <= factor < math.inf:
            raise ValueError(f"the schedule {self.schedule!r} returned {factor!r} for step {self.steps}")
        return self.rate * float(factor)

    def step(self) -> None:
        """Change every parameter by its `grad`."""
        values, gradients = np.empty(len(self.parameters)), np.empty(len(self.parameters))
        read_values(self.parameters, values)
        read_gradients(self.parameters, gradients)
        self.update(values, gradients)
        write_values(self.parameters, values)

    def zero_grad(self) -> None:
        """Set the `grad` of every parameter to 0.0."""
        write_gradients(self.parameters, np.zeros(len(self.parameters)))

    def state(self) -> dict[str, Any]:
        """Copy what the following steps depend on besides the parameters: a name, numbers, and arrays.

        A schedule is not among them. Since it is a function of `steps`, it goes on where it was.
        """
        numbers = {each: getattr(self, each) for each in ("steps", "rate", *self.settings)}
        return {
            "optimiser": type(self).__name__,
            **numbers,
            **{each: getattr(self, each).copy() for each in self.memory},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over a state that `state` returned. If anything is raised, nothing is changed.

        Raises:
            ValueError: it is the state of another kind of optimiser, or for another number of parameters.
        """
        expected = {"optimiser", "steps", "rate", *self.settings, *self.memory}
        name = type(self).__name__
        if state.get("optimiser") != name or set(state) != expected:
            raise ValueError(f"{name} expects a state with {', '.join(sorted(expected))}; got {quoted(dict(state))}")
        arrays = {each: np.array(state[each], dtype=np.float64) for each in self.memory}
        for each, array in arrays.items():
            if array.shape != (len(self.parameters),):
                raise ValueError(f"{each} must have {len(self.parameters)} entries, got the shape {array.shape}")
        for each in ("steps", "rate", *self.settings):
            if not _is_number(state[each]):
                raise ValueError(f"{each} must be a number, got {quoted(state[each])}")
        for each in ("steps", "rate", *self.settings):
            setattr(self, each, state[each])
        for each, array in arrays.items():
            setattr(self, each, array)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real)


def _check_number(name: str, value: Any) -> None:
    if not _is_number(value):
        raise TypeError(f"{name} must be a number, got {quoted(value)}")


def checked_parameters(name: str, parameters: Iterable[Neuron]) -> list[Neuron]:
    """List parameters, each of them once, for an optimiser of that name.

    Raises:
        TypeError: one is not a leaf neuron.
        ValueError: there are none.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{name} expects parameters, as in {name}(model.parameters(), …), got {quoted(parameters)}")
    given = list(parameters)
    if not given:
        raise ValueError(f"{name} needs at least one parameter")
    for parameter in given:
        if not isinstance(parameter, Neuron) or parameter.operation is not None:
            raise TypeError(f"{name} expects leaf neurons, got {quoted(parameter)}")
    return list(dict.fromkeys(given))


def in_unit_interval(**numbers: float) -> None:
    """Refuse a number that is not in [0, 1).

    Raises:
        TypeError: it is not a number.
        ValueError: it is not in the interval.
    """
    for name, number in numbers.items():
        _check_number(name, number)
        if not 0.0 <= number < 1.0:
            raise ValueError(f"{name} must be in [0, 1), got {number!r}")


def not_negative(**numbers: float) -> None:
    """Refuse a number that is negative or not finite.

    Raises:
        TypeError: it is not a number.
        ValueError: it is.
    """
    for name, number in numbers.items():
        _check_number(name, number)
        if not 0.0 <= number < math.inf:
            raise ValueError(f"{name} must be finite and not negative, got {number!r}")
