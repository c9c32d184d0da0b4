"""A nonlinear least-squares fit with a compiled Jacobian: two kinds of iris by the length of their petals.

The share of flowers with petals up to each length is fitted by a mixture of two normal
distributions: one for the species with short petals, a third of the flowers, and one for the others.
SciPy needs the residuals six times for a Jacobian by differences, and gograd once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, least_squares
from sklearn.datasets import load_iris

import gograd_compile
from gograd_core import ops

LENGTHS, COUNTS = np.unique(load_iris().data[:, 2], return_counts=True)
SHARES = (np.cumsum(COUNTS) - 0.5 * COUNTS) / COUNTS.sum()
START = np.array([0.5, 2.0, 1.0, 5.0, 1.0])


@gograd_compile.compile
def residuals(parameters: Any) -> list[Any]:
    """Per length the mixture's share less the flowers'."""
    weight, mean, deviation, other_mean, other_deviation = parameters
    return [
        weight * ops.ndtr((length - mean) / deviation)
        + (1.0 - weight) * ops.ndtr((length - other_mean) / other_deviation)
        - share
        for length, share in zip(LENGTHS.tolist(), SHARES.tolist(), strict=True)
    ]


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[[np.ndarray], Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, x: np.ndarray) -> Any:
        self.calls += 1
        return self.function(x)


def fit(jacobian: Any) -> tuple[OptimizeResult, int]:
    """The optimum, and how often residuals were asked for; a Jacobian of gograd's counts as once."""
    values = Counted(residuals)
    found = least_squares(values, START, jac=jacobian, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return found, values.calls + getattr(jacobian, "calls", 0)


def main() -> None:
    differences, evaluations_by_differences = fit("2-point")
    found, evaluations = fit(Counted(residuals.jacobian))
    print("weight, mean, deviation, mean, deviation:", *(f"{x:.4f}" for x in found.x))
    print(f"cost {found.cost:.9f}; by differences {differences.cost:.9f}")
    print(f"residuals evaluated {evaluations} times; by differences {evaluations_by_differences} times")
    assert found.success, found.message
    # Differences are right to half the digits; so is the optimum found with them, or better.
    np.testing.assert_allclose(found.x, differences.x, rtol=1e-6)
    assert found.cost <= differences.cost * (1.0 + 1e-12)
    assert evaluations < evaluations_by_differences
    assert abs(found.x[0] - 1.0 / 3.0) < 0.02


if __name__ == "__main__":
    main()
