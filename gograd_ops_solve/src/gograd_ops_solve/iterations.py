"""Solvers for g(x) = x on floats. When an iteration is near, Newton's method finds the last digits.

It ends where g(x) - x is as small as rounding lets it be. How far x still moves says little: if g_x is near 1, each
step is a small part of the way that is left.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from sys import float_info

from gograd_ops_solve.equations import Equation
from gograd_ops_solve.errors import NotFoundError
from gograd_ops_solve.rounding import checked, is_settled, polished

__all__ = ["fixed_point_solver"]

MOST_STEPS = {"steffensen": 200, "iteration": 100_000}
TOLERANCE = 2.0 * float_info.epsilon
SMALLEST = 1e-323  # a step of two units in the last place, where numbers are tiny
NEAR = 1e-12  # relative size of the steps from which on they may be rounding
REACH = 1e-3  # how far Newton's method may go, relative to x


def fixed_point_solver(method: str | Callable[..., float]) -> Callable[..., float]:
    """Choose the solver for a method.

    Raises:
        ValueError: there is no such method.
    """
    if callable(method):
        return checked(method)
    if method not in MOST_STEPS:
        raise ValueError(
            f"fixed_point() knows the methods {', '.join(MOST_STEPS)}, or takes a function; got {method!r}"
        )
    advance = _accelerated if method == "steffensen" else _once

    def solve(g: Equation, guess: float) -> float:
        x, before = guess, float("inf")
        for _ in range(MOST_STEPS[method]):
            following = advance(g, x)
            if not isfinite(following):
                break
            step = abs(following - x)
            # Steps no longer shrink where rounding moves x to and fro.
            if step <= TOLERANCE * abs(following) + SMALLEST or (before <= step <= NEAR * abs(following)):
                return _with_last_digits(g, following)
            x, before = following, step
        raise NotFoundError(
            f"the iteration does not converge: it is at {following!r}. Give a better guess, or solve g(x) - x = 0 with "
            "root()"
        )

    return solve


def _once(g: Equation, x: float) -> float:
    return g(x)


def _accelerated(g: Equation, x: float) -> float:
    """Take a step of Steffensen's method: two iterations, and Aitken's extrapolation of the three points."""
    first = g(x)
    second = g(first)
    step = first - x
    curvature = (second - first) - step
    return x - step * (step / curvature) if curvature else second


def _with_last_digits(g: Equation, x: float) -> float:
    point = polished(g, x, reach=REACH, thorough=True)
    if point is not None:
        return point.x
    if is_settled(g, x):
        return x
    raise NotFoundError(
        f"the iteration ends at {x!r}, but {g.name} is {g(x)!r} there. Solve g(x) - x = 0 with root(), from a pair of "
        "numbers between which there is one solution"
    )
