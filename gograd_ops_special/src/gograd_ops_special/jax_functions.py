"""Functions that JAX calls differently. This module imports JAX."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]
import jax.scipy.special as special  # type: ignore[import-not-found, unused-ignore]

__all__ = ["polygamma"]


def polygamma(n: Any, x: Any) -> Any:
    """Compute polygamma with JAX, which takes an array of integers as the order."""
    return special.polygamma(jnp.asarray(n).astype(int), x)
