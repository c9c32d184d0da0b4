"""Solvers for g(x) = x on floats."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from sys import float_info

from gograd_ops_solve.errors import NotFoundError
from gograd_ops_solve.implicit import Equation

__all__ = ["fixed_point_solver"]

MOST_STEPS = {"steffensen": 200, "iteration": 100_000}
TOLERANCE = 2.0 * float_info.epsilon


def fixed_point_solver(method: str | Callable[..., float]) -> Callable[..., float]:
    """Choose the solver for a method.

    Raises:
        ValueError: there is no such method.
    """
    if callable(method):
        return method
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
            if step <= TOLERANCE * abs(following) or (before <= step <= 1e-12 * abs(following)):
                return following
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
    curvature = second - 2.0 * first + x
    return x - (first - x) ** 2 / curvature if curvature else second
