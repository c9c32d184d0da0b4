"""What a solver sees of F(x) = 0: values, derivatives, and how much of a value rounding may have made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import Any, NamedTuple, NoReturn

from gograd_core import Neuron
from gograd_core.extend import NO_NUMBER, adjoints, adjoints_and_rounding, as_float, flatten, nested

__all__ = ["Equation", "Point"]


class Point(NamedTuple):
    """What is known of F at one x.

    Attributes:
        x: the place.
        value: F(x).
        slope: the derivative of F with respect to x.
        noise: how far the rounding of all operations in F may move its value, to first order.
        by_parameters: the derivatives with respect to the parameters. Empty if one of them does not exist.
    """

    x: float
    value: float
    slope: float
    noise: float
    by_parameters: list[float]


class Equation:
    """F(x) = 0 for given parameters, and the function that the solver works with. Calling it calls the function.

    Args:
        left: F(x, *parameters), a function of numbers or neurons.
        function: the function that the user gave, if that is another one than F.
        name: what messages call the function.
        parameters: the parameters, as floats.
    """

    def __init__(
        self, left: Callable[..., Any], function: Callable[..., Any], name: str, parameters: tuple[float, ...]
    ) -> None:
        self.left = left
        self.function = function
        self.name = name
        self.parameters = parameters
        self._latest: Point | None = None

    def __call__(self, x: float) -> float:
        """Compute the function on floats, NaN where it has no value.

        Raises:
            TypeError: it is not a real number, or depends on a neuron that is not a parameter.
        """
        return self._computed(self.function, x)

    def left_of(self, x: float) -> float:
        """Compute F on floats, as `__call__` does the function."""
        return self._computed(self.left, x)

    def _computed(self, function: Callable[..., Any], x: float) -> float:
        try:
            value = function(float(x), *self.parameters)
        except NO_NUMBER:
            return nan
        if isinstance(value, complex):  # the root of a negative number
            return nan
        return value if type(value) is float else self._number(value)

    def slope(self, x: float) -> float:
        """Compute the derivative of F with respect to x; NaN where there is none."""
        neuron = Neuron(x)
        try:
            result = nested().run(self.left, neuron, *self.parameters)
            return adjoints([result], [1.0], [neuron], neuron._stamp + 1)[0] if type(result) is Neuron else 0.0
        except NO_NUMBER:
            return nan

    def point(self, x: float) -> Point | None:
        """Learn everything about F at x. None if it has no derivative with respect to x there.

        Raises:
            TypeError: F uses a neuron that is not a parameter. Only here does one show that a transform hides.
        """
        if self._latest is None or self._latest.x != x:
            try:
                self._latest = self.seen_from(x)
            except NO_NUMBER:  # some may exist: each partial will ask again
                try:
                    self._latest = self.seen_from(x, ())._replace(by_parameters=[])
                except NO_NUMBER:
                    return None
        return self._latest

    def makes_neurons(self, x: float) -> bool:
        """Return whether F uses neurons inside, as a transform does. Only then can it hide one that it captured."""
        stamp = Neuron(x)._stamp
        self.left_of(x)
        return Neuron(x)._stamp != stamp + 1

    def seen_from(self, x: float, places: Sequence[int] | None = None) -> Point:
        """Compute F and its derivatives with respect to x and some of the parameters (all: None), in one sweep."""
        neuron = Neuron(x)
        entries: list[Any]
        if places is None:
            entries = chosen = [*map(Neuron, self.parameters)]
        else:
            entries, chosen = [*self.parameters], [Neuron(self.parameters[place]) for place in places]
            for place, parameter in zip(places, chosen, strict=True):
                entries[place] = parameter
        result = nested().run(self.left, neuron, *entries)
        if type(result) is not Neuron:
            return Point(x, self.left_of(x), 0.0, 0.0, [0.0] * len(chosen))
        (slope, *by_parameters), noise, captured = adjoints_and_rounding(result, [neuron, *chosen], neuron._stamp)
        if captured:
            refuse_captured(captured[0], self.name)
        return Point(x, result._value, slope, noise, by_parameters)

    def _number(self, value: Any) -> float:
        if type(value) is Neuron:
            leaves = flatten([value], 0).leaves
            refuse_captured(next((leaf for leaf in leaves if leaf.label), leaves[0]), self.name)
        if isinstance(value, bool):
            raise TypeError(f"{self.name} must return one number, it returned the truth value {value}")
        return as_float(value, f"{self.name} must return one number: a solver")


def refuse_captured(neuron: Any, name: str) -> NoReturn:
    """Refuse a neuron that the function `name` uses without receiving it."""
    raise TypeError(
        f"{name} uses {neuron!r}, which is not among its parameters: its derivative would be lost. Pass it as a "
        "parameter, or use its .value if it is a constant."
    )
