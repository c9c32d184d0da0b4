"""Solvers for the smallest f(x) on floats: SciPy's, followed by Newton steps for f'(x) = 0.

A minimum is flat, so values of f show only half of the digits of x. Its derivative shows all.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, nan
from typing import Any

from gograd_core.extend import NO_NUMBER, resolve
from gograd_ops_solve.equations import Equation, Point
from gograd_ops_solve.errors import NotFoundError
from gograd_ops_solve.rounding import is_root, is_settled, is_simple

__all__ = ["minimum_solver"]

MOST_STEPS = 100  # of Newton's method, which takes two or three, and many where the minimum is flat
SLOW = 0.9  # how much shorter each step has to be than the one before
FACTOR = 16.0  # how many times what rounding does f may become larger
FIRST_STEP = 0.1  # of SciPy's search for an interval, relative to the guess. Where f is flat it grows
FLAT = 1e-13  # relative change of f that may be rounding
XATOL = 1e-9  # relative to the interval


def minimum_solver(method: Callable[..., float] | None) -> Callable[..., float]:
    """Choose the solver: SciPy's, or the function that is given."""

    def solve(f: Equation, *start: float) -> float:
        found = float((method or _by_scipy)(f, *start))
        if not isfinite(found):
            raise NotFoundError(f"the solver gave {found!r}")
        low, high = (min(start), max(start)) if len(start) == 2 else (-inf, inf)
        point = _polished(f, found, low, high)
        if not is_simple(f, point) and (is_root(point) or low < point.x < high):
            raise NotFoundError(
                f"the second derivative of {f.name} at the minimum {point.x!r}, {point.slope!r}, is not the slope of "
                "the first one beside it, as where a minimum is flat or the first derivative has a kink. It has to be, "
                "and has to be positive, so that the minimum is a function of the parameters"
            )
        if not (is_root(point) or is_settled(f, point.x)) or not f(point.x) <= f(found) + _noise(f, found):
            raise NotFoundError(
                f"the smallest value is at {found!r}, where the derivative of {f.name} is not 0. That is at the end of "
                "the interval, or at a kink, and there is no implicit function"
            )
        return point.x

    return solve


def _by_scipy(f: Equation, *start: float) -> float:
    import numpy as np

    options: dict[str, Any]
    if len(start) == 2:
        low, high = min(start), max(start)
        options = {"bounds": (low, high), "method": "bounded", "options": {"xatol": XATOL * (high - low)}}
    else:
        options = {"bracket": (start[0], start[0] + _first_step(f, start[0])), "method": "brent"}
    try:
        with np.errstate(all="ignore"):
            found = resolve("scipy.optimize:minimize_scalar")(f, **options)
    except RuntimeError as error:
        raise NotFoundError(f"SciPy's minimize_scalar says: {error}") from None
    if not (found.success and isfinite(found.x)):
        raise NotFoundError(f"SciPy's minimize_scalar says: {found.message.strip()}")
    return float(found.x)


def _first_step(f: Equation, x: float) -> float:
    """Choose a step over which f changes by more than rounding."""
    first = step = FIRST_STEP * (abs(x) or 1.0)
    while isfinite(x + step):
        if not abs(f(x + step) - f(x)) <= FLAT * abs(f(x)):
            return step
        step *= 8.0
    return first


def _polished(f: Equation, x: float, low: float, high: float) -> Point:
    """Solve f'(x) = 0 from nearby, until the steps no longer shrink."""
    before, steps = inf, 0
    while True:
        point = f.point(x)
        if point is None or not point.slope > 0.0:
            raise NotFoundError(
                f"the second derivative of {f.name} is {point.slope if point else nan!r} at {x!r}. It has to be "
                "positive, so that the minimum is a function of the parameters"
            )
        following = min(max(x - point.value / point.slope, low), high)
        step = abs(following - x)
        if not 0.0 < step < SLOW * before or steps == MOST_STEPS:
            return point
        x, before, steps = following, step, steps + 1


def _noise(f: Equation, x: float) -> float:
    """Compute how far rounding may move f itself, to which its derivatives are blind."""
    try:
        return FACTOR * Equation(f.function, f.function, f.name, f.parameters).seen_from(x, ()).noise
    except NO_NUMBER:
        return 0.0
