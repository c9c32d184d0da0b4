"""Polygamma from SciPy's zeta, ten times as fast as SciPy's polygamma for one number. This module imports SciPy."""

from __future__ import annotations

import math
from math import nan
from typing import Any

import numpy as np
from scipy.special import gamma, psi, zeta  # type: ignore[import-untyped]

__all__ = ["polygamma_of_array", "polygamma_of_float", "scaled_product"]

SMALL = 1e-290  # below, zeta has lost digits, or is 0
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""The Bernoulli numbers B2, B4, …"""


@np.errstate(all="ignore")
def zeta_left_of_zero(s: Any, x: Any) -> Any:
    """Compute the sum of 1 / (x + k)**s over k = 0, 1, …, for x < 0 and a whole s > 1.

    SciPy's zeta adds up all terms left of 0, and their number grows with abs(x). The sum over all integers k
    has the period 1, and its terms with negative k form a sum to the right of 0. So three sums are enough.
    """
    apart = x - np.round(x)
    size = np.abs(apart)
    sign = np.where(s % 2.0 == 0.0, 1.0, -1.0)  # of (-1)**s
    everywhere = np.where(apart < 0.0, sign, 1.0) * (zeta(s, size) + sign * zeta(s, 1.0 - size))
    return everywhere - sign * zeta(s, 1.0 - x)


def polygamma_of_float(n: float, x: float) -> float:
    """Compute the n-th derivative of digamma at x, (-1)**(n+1) * n! * zeta(n+1, x). NaN if n is no such order."""
    if n == 0.0:
        return float(psi(x))
    if not (n > 0.0 and n % 1.0 == 0.0):
        return nan
    factorial = math.gamma(n + 1.0) if n < 171.0 else math.inf
    total = float(zeta_left_of_zero(n + 1.0, x) if x < 0.0 else zeta(n + 1.0, x))
    sign = 1.0 if n % 2.0 else -1.0
    if 0.0 <= total < SMALL and n < 171.0 and 0.0 < x < math.inf:
        return sign * scaled_product(factorial, n + 1.0, x)
    return sign * factorial * total


def scaled_product(factor: float, s: float, x: float) -> float:
    """Compute factor * zeta(s, x) where zeta is too small for a float, for s from 2 to 171 and x > 1.

    It is factor / x**s times the sum of (1 + k / x)**-s over k = 0, 1, …, which is found by the formula of Euler and
    Maclaurin (DLMF 25.11.5 with 25.11.43). Powers of 2 are kept apart, so that nothing overflows or underflows.
    """
    count = max(0, math.ceil(s - x) + 10)
    start = x + count
    terms = [math.exp(-s * math.log1p(k / x)) for k in range(count)]
    rest, term = start / (s - 1.0) + 0.5, s / start
    for place, number in enumerate(BERNOULLI, 1):
        rest += number * term / math.factorial(2 * place)
        term *= (s + 2 * place - 1) * (s + 2 * place) / (start * start)
    total = math.fsum([*terms, math.exp(-s * math.log1p(count / x)) * rest])
    (a, exponent), (b, other) = math.frexp(factor), math.frexp(x)
    return math.ldexp(a * b ** (1.0 - s) * (total / x), exponent - (int(s) - 1) * other)  # total may be as large as x


@np.errstate(all="ignore")
def polygamma_of_array(n: Any, x: Any) -> Any:
    """Compute the n-th derivative of digamma at x, for arrays."""
    is_left = x < 0.0
    total = zeta(n + 1.0, np.where(is_left, 1.0, x))
    if np.any(is_left):
        total = np.where(is_left, zeta_left_of_zero(n + 1.0, np.where(is_left, x, -1.0)), total)
    derivative = np.where(n % 2.0 == 0.0, -1.0, 1.0) * gamma(n + 1.0) * total
    n, x = np.broadcast_arrays(n, x)
    for at in np.argwhere((total >= 0.0) & (total < SMALL) & (n > 0.0) & (n < 171.0) & (x > 0.0) & np.isfinite(x)):
        derivative[tuple(at)] = polygamma_of_float(float(n[tuple(at)]), float(x[tuple(at)]))
    return np.where(n == 0.0, psi(x), np.where((n > 0.0) & (n % 1.0 == 0.0), derivative, nan))
