"""The digits network by hand, with matrix products of NumPy: what `tables.py` and `tables_jax.py` are compared with.

NumPy's BLAS has one thread. Importing this module arranges that, so it comes before NumPy.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["INPUTS", "OUTPUTS", "SIZES", "assert_same", "blas", "by_hand", "data"]

INPUTS, OUTPUTS = 64, 10
SIZES = ((16, 32), (64, 32), (64, 256), (256, 64))
"""Hidden units, and examples of a batch."""

Parameters = tuple[Any, Any, Any, Any]
"""Two layers, each a matrix with a row per unit, and a row of biases."""


def data(hidden: int, count: int) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """Draw parameters, examples such as digits are, and the classes as one-hot rows."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(hidden, INPUTS)) / 8.0, rng.normal(size=(OUTPUTS, hidden)) / hidden**0.5
    biases = rng.normal(size=hidden) * 0.1, rng.normal(size=OUTPUTS) * 0.1
    examples = rng.integers(0, 17, (count, INPUTS)) / 16.0
    return (first, biases[0], second, biases[1]), examples, np.eye(OUTPUTS)[rng.integers(0, OUTPUTS, count)]


def by_hand(parameters: Parameters, x: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, Parameters]:
    """Compute the loss of each example, and the derivatives of their sum by all parameters."""
    first, first_bias, second, second_bias = parameters
    hidden = np.tanh(x @ first.T + first_bias)
    scores = hidden @ second.T + second_bias
    largest = scores.max(axis=1, keepdims=True)
    powers = np.exp(scores - largest)
    totals = powers.sum(axis=1, keepdims=True)
    losses = (largest + np.log(totals))[:, 0] - (classes * scores).sum(axis=1)
    by_scores = powers / totals - classes
    by_sums = (by_scores @ second) * (1.0 - hidden * hidden)
    return losses, (by_sums.T @ x, by_sums.sum(axis=0), by_scores.T @ hidden, by_scores.sum(axis=0))


def assert_same(found: Any, expected: Any) -> None:
    """Compare losses and derivatives: each array to 1e-10 of its largest number."""
    for mine, other in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert np.shape(mine) == np.shape(other), (np.shape(mine), np.shape(other))
        assert np.abs(np.asarray(mine) - other).max() <= 1e-10 * np.abs(other).max(), "something else was computed"


def blas() -> str:
    """Say which BLAS NumPy calls, and which of its kernels runs on this processor."""
    name = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]  # type: ignore[index,call-overload]
    for file in (Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*"):
        library = ctypes.CDLL(str(file))
        for symbol in ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
            if hasattr(library, symbol):
                corename = getattr(library, symbol)
                corename.restype = ctypes.c_char_p
                return f"{name}, kernel {corename().decode()}"
    return f"{name}, kernel unknown"
