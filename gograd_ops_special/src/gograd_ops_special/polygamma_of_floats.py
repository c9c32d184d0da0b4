"""SciPy's polygamma is made for arrays: for a single number this is ten times as fast. It imports SciPy."""

from __future__ import annotations

import math
from math import nan

from scipy.special import psi, zeta  # type: ignore[import-untyped]

__all__ = ["polygamma"]


def polygamma(n: float, x: float) -> float:
    """The n-th derivative of digamma at x: (-1)**(n+1) * n! * zeta(n+1, x); NaN if n is no natural number."""
    if n == 0.0:
        return float(psi(x))
    if not (n > 0.0 and n % 1.0 == 0.0):
        return nan
    factorial = math.gamma(n + 1.0) if n < 171.0 else math.inf
    return (factorial if n % 2.0 else -factorial) * float(zeta(n + 1.0, x))
