"""An implicit function as an operation: a solver of floats gives the value, and the equation gives the derivatives.

If F(x, p) = 0 defines x as a function of p, then dx/dp = -F_p / F_x. The solver is never differentiated. The partial is
a rule like any other: on neurons it runs `grad` on neurons, so that it can be differentiated again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from math import isfinite, isnan, nan
from typing import Any, NoReturn

from gograd_core import DomainError, InvalidOperationError, Neuron, Op, grad
from gograd_core.extend import NO_NUMBER, adjoints, as_float, flatten, nested, outside_transforms, recorder
from gograd_ops_solve.errors import NotFoundError, SolveError

__all__ = ["Equation", "Implicit"]

Solver = Callable[..., float]


class Equation:
    """What a solver sees: the left-hand side of F(x) = 0 as a function of floats, with its derivative.

    Args:
        function: F(x, *parameters), or whatever the solver works with instead.
        name: what messages call it.
        parameters: the parameters, as floats.
    """

    def __init__(self, function: Callable[..., Any], name: str, parameters: tuple[float, ...]) -> None:
        self.function = function
        self.name = name
        self.parameters = parameters

    def __call__(self, x: float) -> float:
        """Compute the value, NaN where there is none.

        Raises:
            TypeError: it is not a real number, or depends on a neuron that is not a parameter.
        """
        try:
            value = self.function(float(x), *self.parameters)
        except NO_NUMBER:
            return nan
        if isinstance(value, complex):  # the root of a negative number
            return nan
        return value if type(value) is float else self._number(value)

    def slope(self, x: float) -> float:
        """Compute the derivative with respect to x; NaN where there is none."""
        neuron = Neuron(x)
        try:
            result = nested().run(self.function, neuron, *self.parameters)
            return adjoints([result], [1.0], [neuron], neuron._stamp + 1)[0] if type(result) is Neuron else 0.0
        except NO_NUMBER:
            return nan

    def _number(self, value: Any) -> float:
        if type(value) is Neuron:
            leaves = flatten([value], 0).leaves
            refuse_captured(next((leaf for leaf in leaves if leaf.label), leaves[0]), self.name)
        if isinstance(value, bool):
            raise TypeError(f"{self.name} must return one number, it returned the truth value {value}")
        return as_float(value, f"{self.name} must return one number: a solver")


def refuse_captured(neuron: Neuron, name: str) -> NoReturn:
    """Refuse a neuron that the function `name` uses without receiving it."""
    raise TypeError(
        f"{name} uses {neuron!r}, which is not among its parameters: its derivative would be lost. Pass it as a "
        "parameter, or use its .value if it is a constant."
    )


class Implicit:
    """The x that solves F(x, *parameters) = 0, as a function of the parameters.

    Args:
        title: what is solved, in words: "root of kepler".
        equation: F(x, *parameters), a function of numbers or neurons.
        function: what the solver works with, if that is another function than F.
        name: what messages call `function`.
        solver: ``solver(equation, *start)`` finds x on floats. It raises `NotFoundError` if it does not.
        starts: how many numbers the solver starts with. They come before the parameters, and have no derivative.
        count: how many parameters there are.
    """

    def __init__(
        self, title: str, equation: Callable[..., Any], function: Callable[..., Any], name: str, solver: Solver,
        starts: int, count: int,
    ) -> None:  # fmt: skip
        self.title = title
        self._equation = equation
        self._function = function
        self._name = name
        self._solver = solver
        self._starts = starts
        self._find = outside_transforms(self._find_inside)
        self._slopes_again = outside_transforms(self._slopes)
        self._latest: tuple[float, tuple[float, ...], list[float]] = nan, (), []
        self.op = Op(
            "".join(letter if letter.isalnum() else "_" for letter in title),
            implementations={"scalar": self._value},
            partials=(*[None] * starts, *map(self._partial, range(count))),
            doc=f"The {title}(x, ...), as a function of the parameters. The first inputs are where the solver starts.",
        )

    def __call__(self, *inputs: Any) -> Any:
        """Call the operation with where to start, and the parameters.

        Raises:
            SolveError: the solver found nothing. (While a function is recorded it is a plain `DomainError`.)
        """
        return self.op(*inputs) if recorder() is not None else self._explained(inputs)

    def _explained(self, inputs: tuple[Any, ...]) -> Any:
        try:
            return self.op(*inputs)
        except DomainError as error:
            if error.operation is not self.op:
                raise
            try:
                self._find(*error.inputs)
            except NotFoundError as reason:
                fact = f"{self._described(error.inputs)}: {reason}"
                raise SolveError(fact, operation=self.op, inputs=error.inputs) from None
            raise

    def _described(self, inputs: tuple[float, ...]) -> str:
        start, parameters = inputs[: self._starts], inputs[self._starts :]
        where = f"from {start[0]!r}" if self._starts == 1 else f"between {start[0]!r} and {start[1]!r}"
        return f"no {self.title}({', '.join(['x', *map(repr, parameters)])}) was found {where}"

    def _value(self, *inputs: float) -> float:
        """Solve on floats; NaN if there is no solution, which the engine judges."""
        if any(map(isnan, inputs)):
            return nan
        try:
            x: float = self._find(*inputs)
        except NotFoundError:
            return nan
        if recorder() is not None:  # it has to know what numbers that the function captures decide
            for place in (*inputs[: self._starts], x):
                with contextlib.suppress(*NO_NUMBER, TypeError):  # which the solver met, too
                    as_float(self._function(place, *inputs[self._starts :]), self._name)
        return x

    def _find_inside(self, *inputs: float) -> float:
        parameters = inputs[self._starts :]
        x = float(self._solver(Equation(self._function, self._name, parameters), *inputs[: self._starts]))
        if not isfinite(x):
            raise NotFoundError(f"the solver returned {x!r}")
        try:
            slopes = self._slopes(x, parameters, range(len(parameters)))
        except NO_NUMBER:  # some may exist: each partial will ask again
            slopes = []
        self._latest = x, inputs, slopes
        return x

    def _partial(self, place: int) -> Callable[..., Any]:
        """Make the rule for the derivative with respect to a parameter: -F_p / F_x."""
        on_neurons = grad(self._equation, (0, 1 + place), create_graph=True)

        def partial(xp: Any, out: Any, *inputs: Any) -> Any:
            parameters = inputs[self._starts :]
            if xp.backend == "neuron":
                # Fresh neurons: those of the sweep that runs this rule take no part in another one.
                by_x, by_parameter = on_neurons(out, *map(xp.identity, parameters))
                return -by_parameter / by_x
            if xp.backend != "scalar":
                raise InvalidOperationError(f"{self.op.title} computes its derivatives on floats, not in {xp.backend}")
            x, at, slopes = self._latest
            if slopes and x == out and at == inputs:
                return xp.divide(-slopes[1 + place], slopes[0])
            by_x, by_parameter = self._slopes_again(out, parameters, (place,))
            return xp.divide(-by_parameter, by_x)

        return partial

    def _slopes(self, x: float, parameters: tuple[float, ...], places: Sequence[int]) -> list[float]:
        """Compute the derivatives of F with respect to x, and to some of the parameters.

        It is `grad` without what floats do not need.

        Raises:
            TypeError: F uses a neuron that is not a parameter. Only here does one show that a transform hides.
        """
        entries: list[Any] = list(parameters)
        neuron = Neuron(x)
        for place in places:
            entries[place] = Neuron(entries[place])
        result = nested().run(self._equation, neuron, *entries)
        if type(result) is not Neuron:
            return [0.0] * (1 + len(places))
        for leaf in flatten([result], neuron._stamp).leaves:
            if leaf._stamp < neuron._stamp:
                refuse_captured(leaf, self._name)
        return adjoints([result], [1.0], [neuron, *(entries[place] for place in places)], neuron._stamp + 1)
