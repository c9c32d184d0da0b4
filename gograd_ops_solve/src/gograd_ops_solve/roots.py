"""Solvers for F(x) = 0 on floats: SciPy's, and a search for a place where F changes its sign."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, isnan, nan, nextafter, ulp
from sys import float_info
from typing import Any

from gograd_core.extend import resolve
from gograd_ops_solve.equations import Equation, Point
from gograd_ops_solve.errors import NotFoundError
from gograd_ops_solve.rounding import FACTOR, checked, is_root, is_settled, is_simple, nearest, polished, tells

__all__ = ["METHODS", "root_solver"]

BRACKETING = ("bisect", "brentq", "brenth", "ridder", "toms748")
METHODS = (*BRACKETING, "newton")

RTOL = 4.0 * float_info.epsilon  # the smallest that SciPy accepts
XTOL = 5e-324  # so that only the relative tolerance counts
MOST_ITERATIONS = 200  # a method that needs more has stalled, as Brent's does near roots as small as 1e-290
MOST_BISECTIONS = 2200  # from 1e308 to the smallest number, with some to spare
STEP_RTOL = 1e-12  # of a step of Newton's method, whose error is about its square
MOST_NEWTON_STEPS = 200
FAST = 1e-3  # a step that is so much shorter than the one before confirms the slope
SLOW = 0.25  # a step of Newton's method is a larger part of the one before only near a multiple root, or far away
CLEAR = 1e-9  # F changes by a smaller part of what it is elsewhere over a few units in the last place of a plain root
STARTS_NEAR = 1e-6  # of F at the guess, relative to that one step away: the guess may be the root already
FLAT = 1e-2  # relative distance at which F is not 0 any more, if it is so at one place only, even a multiple root
FIRST_STEP = 0.1  # of the search, relative to the guess unless that is 0
MOST_STEPS = 2200  # each twice as long as the one before: enough from the smallest number to the largest


def root_solver(method: str | Callable[..., float], starts: int) -> Callable[..., float]:
    """Choose the solver for a method and a guess of one number, or a pair.

    Raises:
        ValueError: there is no such method, or it does not take such a guess.
    """
    if callable(method):
        return checked(method)
    if method not in METHODS:
        raise ValueError(f"root() knows the methods {', '.join(METHODS)}, or takes a function; got {method!r}")
    if method not in BRACKETING:
        if starts == 2:
            raise ValueError(f"method {method!r} starts from one number, not from a pair")
        return _newton

    solve = _toms748 if method == "toms748" else resolve(f"scipy.optimize:{method}")

    def from_pair(equation: Equation, low: float, high: float) -> float:
        return _in_bracket(solve, equation, low, high)

    def from_number(equation: Equation, guess: float) -> float:
        return _in_bracket(solve, equation, *_bracket_around(equation, guess))

    return from_pair if starts == 2 else from_number


def _in_bracket(solve: Callable[..., Any], equation: Equation, low: float, high: float) -> float:
    """Find a root between two points where F has different signs, to the last digits."""
    low, high = min(low, high), max(low, high)
    at_low, at_high = equation(low), equation(high)
    if at_low == 0.0 or at_high == 0.0:
        return _exact(equation, low if at_low == 0.0 else high, high - low or abs(low))
    if isnan(at_low) or isnan(at_high) or (at_low > 0.0) is (at_high > 0.0):
        if (end := _root_at_end(equation, low, high)) is not None:
            return end
        raise NotFoundError(
            f"{equation.name} is {at_low!r} at {low!r} and {at_high!r} at {high!r}, which is no change of sign. Give a "
            "pair of numbers at which it has different signs"
        )
    options: dict[str, Any] = {"xtol": XTOL, "rtol": RTOL, "full_output": True, "disp": False}
    try:
        x, report = solve(equation, low, high, maxiter=MOST_ITERATIONS, **options)
        if not report.converged:
            x, report = _toms748(equation, low, high, maxiter=MOST_BISECTIONS, **options)
        if not report.converged:
            bisect = resolve("scipy.optimize:bisect")
            x, report = bisect(equation, low, high, maxiter=MOST_BISECTIONS, **options)
    except ValueError as error:  # NaN on the way
        raise NotFoundError(f"{equation.name} has no value somewhere between ({error})") from None
    if not report.converged:
        raise NotFoundError(f"it did not converge in {report.iterations} steps")
    return _certified(equation, float(x), (low, at_low), (high, at_high))


def _certified(equation: Equation, x: float, below: tuple[float, float], above: tuple[float, float]) -> float:
    """Return x, or what is nearer to the root, if F has one there and not a jump or a pole."""
    (low, at_low), (high, at_high) = below, above
    at_root, least = equation(x), min(abs(at_low), abs(at_high))
    if _crosses(equation, x, at_root, at_high, CLEAR * least):
        return x
    if at_root == 0.0:
        return _exact(equation, x, 0.0)
    if abs(at_root) <= least:  # a pole between the two has a larger value
        point = polished(equation, x, direction=at_high)
        if point is not None and low <= point.x <= high:
            # If F changes as much from one float to the next as between the ends, any float would pass for a root. So
            # it would if rounding makes as much of it.
            passes = FACTOR * max(abs(point.slope) * ulp(x), point.noise)
            if passes < least or is_simple(equation, point):
                return point.x
        elif is_settled(equation, x):
            return x
    if (end := _root_at_end(equation, low, high, at_high)) is not None:  # the pair is too narrow for the method
        return end
    if equation(better := nearest(equation, x)) == 0.0:
        return _exact(equation, better, 0.0)
    raise NotFoundError(
        f"{equation.name} changes its sign at {x!r}, but by a jump or at a pole, or it oscillates faster than floats "
        f"can follow: its value there is {at_root!r}"
    )


def _crosses(equation: Equation, x: float, value: float, direction: float, most: float) -> bool:
    """Return whether F crosses 0 at x in a straight line. This costs two values, `is_root` costs a sweep.

    Args:
        equation: what is solved.
        x: the place.
        value: F(x).
        direction: as for `is_root`.
        most: how much F may change over a few units in the last place.
    """
    distance = FACTOR * ulp(x)
    before, after = value - equation(x - distance), equation(x + 2.0 * distance) - value
    if direction < 0.0:
        before, after = -before, -after
    return before > 0.0 and abs(value) <= before and 1.5 * before <= after <= min(most, 3.0 * before)


def _toms748(equation: Equation, low: float, high: float, **options: Any) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):  # it divides differences of values, which may be infinite or 0
        return resolve("scipy.optimize:toms748")(equation, low, high, **options)


def _exact(equation: Equation, x: float, reach: float) -> float:
    """Return a place where F is 0, unless it jumps there, or is 0 far and wide, as where it underflows.

    Args:
        equation: what is solved.
        x: where F is 0.
        reach: how far the search went. If it is 0.0, F is known to change its sign.
    """
    point = equation.point(x)
    if point is None:
        return x
    before, after = nextafter(x, -inf), nextafter(x, inf)
    if _jumps(equation, point, before) and _jumps(equation, point, after):
        raise NotFoundError(
            f"{equation.name} is 0.0 at {x!r}, but only there: it is {equation(before)!r} and {equation(after)!r} at "
            "the floats beside it, which is a jump"
        )
    near, far = FLAT * abs(x), FLAT * reach
    if (
        not point.slope
        and near
        and reach
        and not (equation(x - near) or equation(x + near))
        and not (equation(x - far) and equation(x + far))
    ):
        raise NotFoundError(
            f"{equation.name} is 0.0 at {x!r} and all around it, so no single x is the root. If it becomes too small "
            "for a float there, give a guess nearer to the root, or a pair of numbers at which it has different signs"
        )
    return x


def _jumps(equation: Equation, point: Point, beside: float) -> bool:
    """Return whether F has another value at the next float, and about the same one at the float after that."""
    there, beyond = abs(equation(beside)), abs(equation(beside + (beside - point.x)))
    return there > FACTOR * (point.noise + abs(point.slope) * ulp(point.x)) and beyond < 1.2 * there


def _root_at_end(equation: Equation, low: float, high: float, direction: float = 0.0) -> float | None:
    """Return the root at an end of a pair, if one of them is a root but for rounding, and not beside a pole."""
    end = min((low, high), key=lambda end: abs(equation(end)))
    point = equation.point(end)
    if point is None or not is_root(point, direction):
        return end if is_settled(equation, end) else None
    if not tells(equation, point):
        return None
    better = polished(equation, end, direction=direction, thorough=True)
    return better.x if better is not None and (low <= better.x <= high or low == high) else end


def _is_accepted(equation: Equation, x: float, factor: float = FACTOR) -> bool:
    point = equation.point(x)
    return point is not None and is_root(point, factor=factor) and tells(equation, point)


def _bracket_around(equation: Equation, guess: float) -> tuple[float, float]:
    """Search to both sides of the guess, in steps that double, for a change of sign.

    Once it met a point where F has no value, its steps halve, towards the border of the domain.
    """
    value = equation(guess)
    if value == 0.0:
        return guess, guess
    if isnan(value):
        raise NotFoundError(f"{equation.name} has no value at the guess {guess!r}")
    step = FIRST_STEP * abs(guess) or FIRST_STEP
    ends, steps, growth = [guess, guess], [step, -step], [2.0, 2.0]
    for _ in range(MOST_STEPS):
        for side in (0, 1):
            x = ends[side] + steps[side]
            if not isfinite(x) or x == ends[side]:
                continue
            there = equation(x)
            is_near = ends[side] == guess and abs(value) <= STARTS_NEAR * abs(there)
            if is_near and (root := _root_at_end(equation, guess, guess)) is not None:
                return root, root
            if isnan(there):
                growth[side] = 0.5
            elif there == 0.0 or (there > 0.0) is not (value > 0.0):
                return ends[side], x
            else:
                ends[side] = x
            steps[side] *= growth[side]
    if (root := _root_at_end(equation, guess, guess)) is not None:
        return root, root
    raise NotFoundError(
        f"{equation.name} has the same sign at all points tried, from {ends[1]!r} to {ends[0]!r}. Give a pair of "
        "numbers at which it has different signs"
    )


def _newton(equation: Equation, guess: float) -> float:
    """Follow the slope, until a step is so small that the next one would change nothing.

    Near a multiple root, steps shrink slowly. There it follows the slope until F is nothing but rounding.
    """
    x, before = guess, 0.0  # of which a first step is no small part, so a guess that is a multiple root is seen
    nearest, least = guess, inf
    for _ in range(MOST_NEWTON_STEPS):
        value, slope = equation(x), equation.slope(x)
        if value == 0.0:
            if slope and _crosses(equation, x, value, slope, 4.0 * FACTOR * abs(slope) * ulp(x)):
                return x
            return _exact(equation, x, abs(x - guess) or abs(guess))
        if abs(value) < least:
            nearest, least = x, abs(value)
        step = value / slope if slope else nan
        following = x - step
        if abs(step) <= STEP_RTOL * abs(following):
            if abs(step) <= FAST * before and abs(equation(following)) <= FACTOR * abs(slope) * ulp(following):
                return following
            if _is_accepted(equation, following) or is_settled(equation, following):
                return following
        elif SLOW * before < abs(step):
            if _is_accepted(equation, x, 1.0):
                return x
            if abs(step) < before:  # near a multiple root: each step leaves the same part of the way
                leap = x - step / (1.0 - abs(step) / before)
                following = leap if abs(equation(leap)) < abs(equation(following)) else following
        if not isfinite(following):
            break
        x, before = following, abs(step)
    if _is_accepted(equation, nearest):
        return nearest
    raise NotFoundError(
        f"Newton's method did not converge: it is at {x!r}. Give a better guess, or a pair of numbers at which "
        f"{equation.name} has different signs"
    )
