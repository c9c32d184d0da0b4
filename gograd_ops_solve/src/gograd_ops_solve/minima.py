"""Solvers for the smallest f(x) on floats: SciPy's, followed by Newton steps for f'(x) = 0.

A minimum is flat, so values of f show only half of the digits of x. Its derivative shows all.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from gograd_core import grad
from gograd_core.extend import resolve
from gograd_ops_solve.errors import NotFoundError
from gograd_ops_solve.implicit import Equation

__all__ = ["minimum_solver"]

MOST_STEPS = 50  # of Newton's method, which takes two or three
FIRST_STEP = 0.1  # of SciPy's search for an interval, relative to the guess
XATOL = 1e-9  # relative to the interval
NEAR = 1e-3  # how far Newton's method may move, relative to x or the interval


def minimum_solver(method: Callable[..., float] | None) -> Callable[..., float]:
    """Choose the solver: SciPy's, or the function that is given."""

    def solve(f: Equation, *start: float) -> float:
        found = float((method or _by_scipy)(f, *start))
        if not isfinite(found):
            raise NotFoundError(f"the solver gave {found!r}")
        scale = abs(start[1] - start[0]) if len(start) == 2 else max(abs(found), abs(start[0] - found))
        x = _polished(f, found)
        outside = len(start) == 2 and not min(start) <= x <= max(start)
        if outside or abs(x - found) > NEAR * scale:
            raise NotFoundError(
                f"the smallest value is at {found!r}, where the derivative of {f.name} is not 0. That is at the end of "
                "the interval, or at a kink, and there is no implicit function"
            )
        return x

    return solve


def _by_scipy(f: Equation, *start: float) -> float:
    import numpy as np

    options: dict[str, Any]
    if len(start) == 2:
        low, high = min(start), max(start)
        options = {"bounds": (low, high), "method": "bounded", "options": {"xatol": XATOL * (high - low)}}
    else:
        step = FIRST_STEP * (abs(start[0]) or 1.0)
        options = {"bracket": (start[0], start[0] + step), "method": "brent"}
    try:
        with np.errstate(all="ignore"):
            found = resolve("scipy.optimize:minimize_scalar")(f, **options)
    except RuntimeError as error:
        raise NotFoundError(f"SciPy's minimize_scalar says: {error}") from None
    if not (found.success and isfinite(found.x)):
        raise NotFoundError(f"SciPy's minimize_scalar says: {found.message.strip()}")
    return float(found.x)


def _polished(f: Equation, x: float) -> float:
    """Solve f'(x) = 0 from nearby, until the steps no longer shrink."""
    slope = Equation(grad(f.function), f.name, f.parameters)
    before = float("inf")
    for _ in range(MOST_STEPS):
        curvature = slope.slope(x)
        if not curvature > 0.0:
            raise NotFoundError(
                f"the second derivative of {f.name} is {curvature!r} at {x!r}. It has to be positive, so that the "
                "minimum is a function of the parameters"
            )
        step = slope(x) / curvature
        if not abs(step) < 0.5 * before:
            break
        x, before = x - step, abs(step)
    return x
