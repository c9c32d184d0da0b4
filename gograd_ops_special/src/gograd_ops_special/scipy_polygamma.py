"""Polygamma from SciPy's zeta, ten times as fast as SciPy's polygamma for one number. This module imports SciPy."""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

import numpy as np
from scipy.special import gamma, psi, zeta  # type: ignore[import-untyped]

__all__ = ["polygamma_of_array", "polygamma_of_float", "scaled_product"]

SMALL = 1e-290  # below, zeta has lost digits, or is 0
HIGHEST = 171.0  # from here on, the factorial overflows
TERMS = 8
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""The Bernoulli numbers B2, B4, …"""


@np.errstate(all="ignore")
def zeta_left_of_zero(s: Any, x: Any, reflected: Any) -> Any:
    """Compute the sum of 1 / (x + k)**s over k = 0, 1, …, for x < 0 and a whole s > 1. `reflected` is zeta(s, 1 - x).

    SciPy's zeta adds up all terms left of 0, and their number grows with abs(x). The sum over all integers k
    has the period 1, and its terms with negative k form a sum to the right of 0. So three sums are enough.
    """
    apart = x - np.rint(x)
    size = abs(apart)
    sign = np.where(s % 2.0 == 0.0, 1.0, -1.0)  # of (-1)**s
    everywhere = np.where(apart < 0.0, sign, 1.0) * (zeta(s, size) + sign * zeta(s, 1.0 - size))
    return everywhere - sign * reflected


def polygamma_of_float(n: float, x: float) -> float:
    """Compute the n-th derivative of digamma at x, (-1)**(n+1) * n! * zeta(n+1, x). NaN if n is no such order."""
    if n == 0.0:
        return float(psi(x))
    if not (n > 0.0 and n % 1.0 == 0.0):
        return nan
    factorial = float(gamma(n + 1.0))
    total = float(zeta(n + 1.0, 1.0 - x if x < 0.0 else x))
    if x < 0.0:
        total = float(zeta_left_of_zero(n + 1.0, x, total))
    sign = 1.0 if n % 2.0 else -1.0
    if 0.0 <= total < SMALL and n < HIGHEST and 0.0 < x < inf:
        return sign * float(scaled_product(factorial, n + 1.0, x))
    return sign * factorial * total


def scaled_product(factor: Any, s: Any, x: Any) -> Any:
    """Compute factor * zeta(s, x) where zeta is too small for a float, for s from 2 to 171, so that x > 49.

    It is factor / x**s times the sum of (1 + k / x)**-s over k = 0, 1, …, which is found by the formula of Euler and
    Maclaurin (DLMF 25.11.5 with 25.11.43). The power is split, so that nothing overflows or underflows.
    """
    start = x + TERMS
    rest, term = start / (s - 1.0) + 0.5, s / start
    for place, number in enumerate(BERNOULLI, 1):
        rest = rest + number / math.factorial(2 * place) * term
        term = term * ((s + (2 * place - 1)) * (s + 2 * place) / (start * start))
    total = np.exp(-s * np.log1p(TERMS / x)) * rest
    for k in range(TERMS - 1, 0, -1):
        total = total + np.exp(-s * np.log1p(k / x))
    root = x ** (-0.5 * s)
    return factor * root * (total + 1.0) * root  # the sum may be as large as x


@np.errstate(all="ignore")
def polygamma_of_array(n: Any, x: Any) -> Any:
    """Compute the n-th derivative of digamma at x, for arrays.

    Compiled code computes it as it is written here, both arms of every choice. Where an arm is not chosen, its order is
    that of the pole of zeta, which takes no time.
    """
    order, is_left = n + 1.0, x < 0.0
    total = zeta(order, np.where(is_left, 1.0 - x, x))
    total = np.where(
        is_left, zeta_left_of_zero(np.where(is_left, order, 1.0), np.where(is_left, x, -1.0), total), total
    )
    factorial = gamma(order)
    is_small = np.logical_and(np.logical_and(total >= 0.0, total < SMALL), np.logical_and(n > 0.0, n < HIGHEST))
    is_small = np.logical_and(is_small, np.logical_and(x > 0.0, x < inf))
    far = np.where(is_small, x, 100.0)
    if isinstance(n, float) and n < 12.0:  # so that x > 1e22, and only the largest part of the sum is left
        scaled = factorial / n * far**-n
    else:
        scaled = scaled_product(factorial, np.where(is_small, order, 2.0), far)
    derivative = np.where(n % 2.0 == 0.0, -1.0, 1.0) * np.where(is_small, scaled, factorial * total)
    return np.where(n == 0.0, psi(x), np.where(np.logical_and(n > 0.0, n % 1.0 == 0.0), derivative, nan))
