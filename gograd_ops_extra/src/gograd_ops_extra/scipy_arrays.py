"""Functions that SciPy computes a little differently from Python's math. This module imports SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln  # type: ignore[import-untyped]

__all__ = ["lgamma"]


def lgamma(x: Any) -> Any:
    """Compute log(abs(gamma(x))) as `math.lgamma` does: finite near 0, and inf at both infinities."""
    size = np.abs(x)
    with np.errstate(divide="ignore"):
        return np.where(size < 1e-300, -np.log(size), gammaln(np.where(np.isinf(x), size, x)))
