"""Functions whose values are a staircase: what a search by comparisons, a table or rounding makes of numbers.

The derivative of a staircase is that of one of its steps. It is exact, and says nothing about where the stairs lead.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, nan, nextafter, ulp

import attrs

__all__ = ["Staircase", "find_staircase"]

REACH = 1.0 / 8.0  # how far away jumps are looked for, relative to the number or to 1
DISAGREEMENT = 0.25  # of the slope over that distance and the derivative, relative to the larger of the two
LATEST = 10  # halvings of an interval during which a difference that is a jump does not shrink
SMALLEST = 64  # a jump, in ulps of the value; what is smaller may be rounding


@attrs.frozen
class Staircase:
    """A function that jumps on both sides of a point, with a slope that differs from its derivative.

    Attributes:
        place: where one of the jumps is.
        jump: how large that is.
        distance: how far away from the point, on both sides, values were compared.
        slope: the difference of these two values, divided by the distance between them.
    """

    place: float
    jump: float
    distance: float
    slope: float

    def __str__(self) -> str:
        return (
            f"the values are a staircase. They jump by {self.jump:.3g} at {self.place!r}, and differences over a "
            f"distance of {self.distance:.3g} to both sides give {self.slope:.6g}"
        )


def find_staircase(f: Callable[[float], float], x: float, derivative: float) -> Staircase | None:
    """Look for jumps of `f` on both sides of x, if its slope over a larger distance is not the derivative at x."""
    step = REACH * (abs(x) or 1.0)
    values = _Values(f, x, derivative)
    low, high = values(x - step), values(x + step)
    slope = derivative + (high - low) / (2.0 * step)
    if not abs(slope - derivative) > DISAGREEMENT * max(abs(slope), abs(derivative)):
        return None
    above = values.jump(x, x + step)
    if above is None or values.jump(x - step, x) is None:
        return None
    return Staircase(above[0], above[1], step, slope)


class _Values:
    """The values of a function, less the line through x that has the derivative as its slope; NaN if there is none."""

    def __init__(self, f: Callable[[float], float], x: float, derivative: float) -> None:
        self._f, self._x, self._derivative = f, x, derivative

    def __call__(self, x: float) -> float:
        try:
            return self._f(x) - self._derivative * (x - self._x)
        except (ArithmeticError, ValueError):
            return nan

    def jump(self, low: float, high: float) -> tuple[float, float] | None:
        """Follow the larger difference into ever smaller intervals, and give the place and size of a jump there."""
        at_low, at_high = self(low), self(high)
        differences = [at_high - at_low]
        while nextafter(low, high) < high:
            middle = low + 0.5 * (high - low)
            at_middle = self(middle)
            if not isfinite(at_middle):
                return None
            if abs(at_middle - at_low) > abs(at_high - at_middle):
                high, at_high = middle, at_middle
            else:
                low, at_low = middle, at_middle
            differences.append(at_high - at_low)
        jump = differences[-1]
        is_jump = (
            len(differences) > LATEST
            and abs(jump) > 0.5 * abs(differences[-1 - LATEST])
            and abs(jump) > SMALLEST * ulp(max(abs(at_low), abs(at_high)))
        )
        return (high, jump) if is_jump else None
