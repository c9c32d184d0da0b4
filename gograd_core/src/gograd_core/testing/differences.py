"""Derivatives computed as central differences in many digits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath  # type: ignore[import-untyped]

__all__ = ["central_difference", "scales_of"]

# The coefficients of f(x + i * step) in the derivative of each order.
STENCILS: tuple[dict[int, float], ...] = (
    {0: 1.0},
    {-1: -0.5, 1: 0.5},
    {-1: 1.0, 0: -2.0, 1: 1.0},
    {-2: -0.5, -1: 1.0, 1: -1.0, 2: 0.5},
    {-2: 1.0, -1: -4.0, 0: 6.0, 1: -4.0, 2: 1.0},
)


def central_difference(
    f: Callable[[list[Any]], Any], point: Sequence[float], orders: Sequence[int], scales: Sequence[float], digits: int
) -> Any:
    """Compute a derivative of `f` by computing with `digits` digits.

    The result is 0 if the difference is only rounding, and NaN if `f` is not finite nearby. The step is 10**-k of the
    scale on which `f` changes. The error of the formula is about 10**-2k. With n + 2 times k digits, rounding costs
    about as much.

    Args:
        f: the function of a point, which is a list of mpmath's numbers.
        point: where the derivative is wanted.
        orders: the order of the derivative with respect to each entry of the point, at most 4.
        scales: the scale on which `f` changes with each entry.
        digits: the digits in which `f` computes.
    """
    fraction = mpmath.mpf(10) ** -(digits // (sum(orders) + 2))
    steps = [fraction * scale for scale in scales]
    difference = largest = mpmath.mpf(0)
    for chosen in itertools.product(*(STENCILS[order].items() for order in orders)):
        shifted = [mpmath.mpf(x) + i * step for x, (i, _), step in zip(point, chosen, steps, strict=True)]
        value = f(shifted)
        difference += value * math.prod(coefficient for _, coefficient in chosen)
        largest = max(largest, abs(value))
    if not mpmath.isfinite(largest):
        return mpmath.nan
    if abs(difference) <= largest * mpmath.mpf(10) ** (2 - digits):
        return mpmath.mpf(0)
    return difference / mpmath.fprod(step**order for step, order in zip(steps, orders, strict=True))


def scales_of(point: Sequence[float]) -> list[float]:
    """Guess the scale on which a function changes: that of x, so that no step leaves the domain, and at most 1."""
    return [min(abs(x), 1.0) or 1.0 for x in point]
