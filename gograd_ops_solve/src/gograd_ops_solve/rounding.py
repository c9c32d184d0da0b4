"""What rounding leaves of a root: whether a number is one, and whether F_x is known well enough to divide by it.

In both, F is compared with how far rounding may move it. No size is fixed, so equations of any scale are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf, isfinite, isnan, nextafter, ulp

from gograd_ops_solve.equations import Equation, Point
from gograd_ops_solve.errors import NotFoundError

__all__ = ["FACTOR", "checked", "is_root", "is_settled", "is_simple", "nearest", "polished", "tells"]

FACTOR = 16.0  # F may be so many times as large at a root as rounding makes it, and x may be so many units off
REACH = 16.0  # how far to look for a bend of F, in units of the uncertainty of x
SHORTEST = 32.0  # and at least so many units in the last place of x
LADDER = [SHORTEST**step for step in range(6)]  # times that: what an operation errs by disappears farther away
BEND = 0.25  # how far F may be from a straight line there, relative to its change
MOST_STEPS = 60  # of Newton's method
NEAR = 1e-3  # how far from the result of a user's method Newton's method may go, relative to it
NEIGHBOURS = 8  # how many floats to look at on each side
ASIDE = 64.0  # units in the last place, over which |F| grows beside a root
OUTWARD = 1024.0  # how far to look beside a root where F is rounding, in units of the uncertainty of x


def is_root(point: Point, direction: float = 0.0, factor: float = FACTOR) -> bool:
    """Return whether F is as near to 0 as rounding lets it come.

    Args:
        point: F at the number in question.
        direction: the sign of F to the right of the root, if F has the other one to the left. F has a slope of that
            sign at a root, and the opposite one at a pole.
        factor: how many times as large F may be as rounding makes it.
    """
    size = abs(point.value)
    if size <= factor * abs(point.slope) * ulp(point.x):
        return size == 0.0 or point.slope * direction >= 0.0
    return size <= factor * point.noise


def is_settled(equation: Equation, x: float) -> bool:
    """Return whether F changes from each float to the next by about as much as it is at x.

    Then rounding moves F by more than its operations promise, or F has no derivative here. If F jumps, it changes much
    at one place or two, and little beside it. At a pole it is largest. If it oscillates between floats, its changes are
    smaller than its slope says, or as large as F is anywhere.
    """
    values = [value for value in map(equation.left_of, _neighbours(x)) if not isnan(value)]
    changes = sorted(abs(b - a) for a, b in pairwise(values))
    size, point = abs(equation.left_of(x)), equation.point(x)
    expected = abs(point.slope) * ulp(x) if point is not None else 0.0
    return (
        len(changes) >= NEIGHBOURS
        and changes[-3] >= 0.1 * expected
        and size <= FACTOR * changes[-3]
        and size <= 2.0 * max(abs(values[0]), abs(values[-1]))
        and any(_exceeds(equation, x, OUTWARD**step * ulp(x), max(size, 4.0 * changes[-3])) for step in range(1, 7))
    )


def polished(
    equation: Equation, x: float, *, direction: float = 0.0, reach: float = 1.5, thorough: bool = False
) -> Point | None:
    """Follow the slope from near a root until F is as near to 0 as rounding lets it come. None if it never is.

    Args:
        equation: what is solved.
        x: where to start.
        direction: as for `is_root`.
        reach: how far to go at most, relative to x.
        thorough: go on as long as F becomes smaller.
    """
    start, point = x, equation.point(x)
    for _ in range(MOST_STEPS):
        if point is None or (is_root(point, direction) and not (thorough and point.value)):
            return point
        following = point.x - point.value / point.slope if point.slope else inf
        there = equation.point(following) if abs(following - start) <= reach * abs(start) else None
        if there is None or not abs(there.value) < 0.9 * abs(point.value):
            break
        point = there
    return point if point is not None and is_root(point, direction) else None


def is_simple(equation: Equation, point: Point) -> bool:
    """Return whether F crosses 0 in a line that is straight over more than the uncertainty of x.

    Otherwise F_x at the computed x says nothing about F_x at the root, as near a double root. There F is about half of
    what the slope predicts, however near x is, so this needs no tolerance. (If F_x is 0, so is what divides by it.)

    The line need not be straight at the shortest distance, where operations may err by more than they promise. At a
    multiple root or a kink F bends at all of them.
    """
    x, value, slope, noise, _ = point
    if slope == 0.0:
        return True
    shortest = max(REACH * ((noise + abs(value)) / abs(slope)), SHORTEST * ulp(x))
    sides = 0
    for step in LADDER:
        for place in (x + step * shortest, x - step * shortest):
            there = equation.left_of(place) if isfinite(place) else inf
            change = slope * (place - x)
            if abs(there - value - change) <= BEND * abs(change):
                return True
            if not isnan(there):  # as it is outside of the domain of F
                sides += 1
    return sides == 0


def tells(equation: Equation, point: Point) -> bool:
    """Return whether what `is_root` accepts stands out from other numbers: whether F grows beside it.

    Beside a pole F becomes smaller, on both sides. Where it oscillates faster than floats can follow, rounding makes
    more of it than it has anywhere, so that any float would pass for a root.
    """
    x, value, slope, noise, _ = point
    if value == 0.0 or slope == 0.0:
        return True
    size = abs(value)
    if size > FACTOR * noise:  # its slope is why it is accepted. F has to grow by about as much
        for distance in (ASIDE * ulp(x), ASIDE * OUTWARD * ulp(x)):
            around = _beside(equation, x, distance)
            if not around or min(around) >= max(2.0 * size, 0.1 * abs(slope) * distance):
                return True
        return False
    distance = OUTWARD * max((size + noise) / abs(slope), ulp(x))
    around = _beside(equation, x, distance)
    if around and max(around) < size:
        return False
    while around and max(around) <= FACTOR * noise and distance <= abs(x):
        distance *= OUTWARD
        around = _beside(equation, x, distance)
    return not around or max(around) > FACTOR * noise


def _beside(equation: Equation, x: float, distance: float) -> list[float]:
    """Compute |F| on both sides, where it has a value."""
    return [abs(value) for value in map(equation.left_of, (x - distance, x + distance)) if not isnan(value)]


def _exceeds(equation: Equation, x: float, distance: float, size: float) -> bool:
    return max(_beside(equation, x, distance), default=inf) > size


def nearest(equation: Equation, x: float) -> float:
    """Return the one of the neighbouring floats at which F is nearest to 0."""
    places = _neighbours(x)
    sizes = [abs(equation.left_of(place)) for place in places]
    return min(zip(sizes, places, strict=True), key=lambda pair: inf if isnan(pair[0]) else pair[0])[1]


def _neighbours(x: float) -> list[float]:
    places = [x]
    for _ in range(NEIGHBOURS):
        places = [nextafter(places[0], -inf), *places, nextafter(places[-1], inf)]
    return places


def checked(method: Callable[..., float]) -> Callable[..., float]:
    """Make a solver of a method that a user gave. Newton's method finds the last digits, if any are left."""

    def solve(equation: Equation, *start: float) -> float:
        x = float(method(equation, *start))
        point = polished(equation, x, reach=NEAR) if isfinite(x) else None
        if point is not None:
            if tells(equation, point):
                return point.x
            if equation.left_of(better := nearest(equation, point.x)) == 0.0:
                return better
        if isfinite(x) and (point is not None or not is_settled(equation, x)):
            raise NotFoundError(
                f"the method returned {x!r}, but the equation is off by {equation.left_of(x)!r} there, and there is no "
                "solution nearby"
            )
        return x

    return solve
