"""An implicit function as an operation: a solver of floats gives the value, and the equation gives the derivatives.

If F(x, p) = 0 defines x as a function of p, then dx/dp = -F_p / F_x. The solver is never differentiated. The partial is
a rule like any other: on neurons it runs `grad` on neurons, so that it can be differentiated again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from math import isfinite, isnan, nan
from typing import Any

import attrs

from gograd_core import DomainError, InvalidOperationError, Op, grad
from gograd_core.extend import NO_NUMBER, as_float, domain_errors_raise, outside_transforms, recorder
from gograd_ops_solve.equations import Equation, Point
from gograd_ops_solve.errors import NotFoundError, SolveError
from gograd_ops_solve.rounding import is_simple

__all__ = ["Implicit"]

Solver = Callable[..., float]


@attrs.define(eq=False)
class Solution:
    """A root, and the inputs of the operation that it belongs to.

    Attributes:
        point: what is known of the equation there.
        is_simple: whether the root is simple.
        slope: F_x if all derivatives exist, else 0.0. All three are asked only if someone wants a derivative.
    """

    x: float
    inputs: tuple[float, ...]
    equation: Equation
    point: Point | None = attrs.field(default=None, init=False)
    is_simple: bool | None = attrs.field(default=None, init=False)
    slope: float | None = attrs.field(default=None, init=False)


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
        self._slopes = outside_transforms(self._slopes_inside)
        self._examined = outside_transforms(_examined)
        self._has_derivative = outside_transforms(self._has_derivative_inside)
        self._latest: Solution | None = None
        name = "".join(letter if letter.isalnum() else "_" for letter in title)
        self.op = Op(
            name,
            implementations={"scalar": self._value},
            partials=(*[None] * starts, *map(self._partial, range(count))),
            doc=f"The {title}(x, ...), as a function of the parameters. The first inputs are where the solver starts.",
        )
        self._slope_of_simple = Op(
            f"slope_at_{name}",
            implementations={"scalar": self._slope_or_nan},
            partials=(_one, *[_zero_or_nan] * (1 + count)),
            doc="F_x (the first input) if the root is simple, else NaN. The root and the parameters follow.",
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
        equation = self._equation_with(parameters)
        x = float(self._solver(equation, *inputs[: self._starts]))
        if not isfinite(x):
            raise NotFoundError(f"the solver returned {x!r}")
        if equation.makes_neurons(x):
            equation.point(x)  # it refuses those that F captured
        self._latest = Solution(x, inputs, equation)
        return x

    def _equation_with(self, parameters: tuple[float, ...]) -> Equation:
        return Equation(self._equation, self._function, self._name, parameters)

    def _solution(self, x: float, parameters: tuple[float, ...]) -> Solution:
        """Look at a root again, unless it is the latest one."""
        latest = self._latest
        if latest is not None and latest.x == x and latest.inputs[self._starts :] == parameters:
            return latest
        equation = self._equation_with(parameters)
        return Solution(x, parameters, equation)

    def _partial(self, place: int) -> Callable[..., Any]:
        """Make the rule for the derivative with respect to a parameter: -F_p / F_x."""
        on_neurons = grad(self._equation, (0, 1 + place), create_graph=True)

        def partial(xp: Any, out: Any, *inputs: Any) -> Any:
            if xp.backend == "scalar":
                latest = self._latest
                if latest is not None and latest.x == out and latest.inputs == inputs:
                    slope = latest.slope
                    if slope is None:
                        slope = self._examined(latest).slope
                    if slope and latest.point is not None:
                        return -latest.point.by_parameters[place] / slope
                by_x, by_parameter = self._slopes(out, inputs, place)
                return xp.divide(-by_parameter, by_x)
            if xp.backend != "neuron":
                raise InvalidOperationError(f"{self.op.title} computes its derivatives on floats, not in {xp.backend}")
            # Fresh neurons: those of the sweep that runs this rule take no part in another one.
            parameters = inputs[self._starts :]
            by_x, by_parameter = on_neurons(out, *map(xp.identity, parameters))
            return -by_parameter / self._slope_of_simple(by_x, out, *parameters)

        return partial

    def _slopes_inside(self, x: float, inputs: tuple[float, ...], place: int) -> tuple[float, float]:
        """Compute the derivatives of F with respect to x, and to a parameter. The first is NaN at a multiple root.

        Raises:
            DomainError: one of them does not exist, or the root is not simple.
        """
        solution = _examined(self._solution(x, inputs[self._starts :]))
        is_simple, point = solution.is_simple, solution.point
        if point is None or not point.by_parameters:  # a derivative does not exist: is it this one?
            point = solution.equation.seen_from(x, (place,))
            by_parameter = point.by_parameters[0]
        else:
            by_parameter = point.by_parameters[place]
        if domain_errors_raise() and recorder() is None and not (is_simple and point.slope):
            fact = "the slope is 0.0. So it is at double roots and very near them"
            if point.slope:
                fact = (
                    f"the derivative of the equation, {point.slope!r}, is not its slope beside the root, as at a "
                    "multiple root, a kink or a vertical tangent"
                )
            raise DomainError(
                f"{self.op.name}({', '.join(map(repr, inputs))}) has no derivative with respect to input "
                f"{self._starts + place}: at the {self.title}, which is {x!r}, {fact}",
                operation=self.op,
                inputs=inputs,
            )
        return point.slope if is_simple else nan, by_parameter

    def _slope_or_nan(self, by_x: float, x: float, *parameters: float) -> float:
        return by_x if self._has_derivative(x, parameters) else nan

    def _has_derivative_inside(self, x: float, parameters: tuple[float, ...]) -> bool:
        return bool(_examined(self._solution(x, parameters)).is_simple)


def _examined(solution: Solution) -> Solution:
    """Find out whether there are derivatives. Where F has none, nothing is known, and others say so."""
    if solution.slope is None:
        point = solution.point = solution.equation.point(solution.x)
        simple = solution.is_simple = point is None or is_simple(solution.equation, point)
        solution.slope = point.slope if simple and point is not None and point.by_parameters else 0.0
    return solution


def _one(xp: Any, out: Any, *inputs: Any) -> float:
    return 1.0


def _zero_or_nan(xp: Any, out: Any, *inputs: Any) -> Any:
    return out - out
