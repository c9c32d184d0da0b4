"""Derivatives of functions of floats, as well as differences can tell them."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["extrapolated"]

STEP, ROWS = 0.01, 8  # the first step as a fraction of x, and how often it is halved


def extrapolated(f: Callable[[float], float], x: float) -> tuple[float, float]:
    """The derivative of f at x, and an estimate of its error.

    Central differences with steps that are halved, extrapolated to a step of 0 (Richardson; the
    choice of the entry with the least error is Ridders', Advances in Engineering Software 4, 1982).
    """
    step = STEP * (abs(x) or 1.0)
    best, error = 0.0, float("inf")
    above: list[float] = []
    for row in range(ROWS):
        h = step / 2.0**row
        current = [(f(x + h) - f(x - h)) / (2.0 * h)]
        for column, before in enumerate(above, start=1):
            current.append(current[-1] + (current[-1] - before) / (4.0**column - 1.0))
            change = max(abs(current[-1] - current[-2]), abs(current[-1] - before))
            if change < error:
                best, error = current[-1], change
        above = current
    return best, error
