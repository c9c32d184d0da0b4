"""A nonlinear least-squares fit with a compiled Jacobian.

The data are the lengths of the petals of 150 irises. For each length, the model predicts the share of
flowers whose petals are not longer. It is a mixture of two normal distributions: one for the species
with short petals, to which a third of the flowers belong, and one for the other two species.

To compute a Jacobian from finite differences, SciPy evaluates the residuals six times. gograd needs
only one evaluation, as the last line shows::

    $ python examples/least_squares_fit.py
    weight, mean, deviation, mean, deviation: 0.3189 1.4482 0.1493 4.8595 0.8723
    cost 0.001076160, with finite differences 0.001076160
    residuals evaluated 24 times, with finite differences 68 times
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
    """Compute, for each length, the share that the model predicts minus the share in the data."""
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
    """Find the optimum, and count evaluations of the residuals. A Jacobian that gograd computes counts as one."""
    values = Counted(residuals)
    found = least_squares(values, START, jac=jacobian, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return found, values.calls + getattr(jacobian, "calls", 0)


def main() -> None:
    differences, evaluations_with_differences = fit("2-point")
    found, evaluations = fit(Counted(residuals.jacobian))
    print("weight, mean, deviation, mean, deviation:", *(f"{x:.4f}" for x in found.x))
    print(f"cost {found.cost:.9f}, with finite differences {differences.cost:.9f}")
    print(f"residuals evaluated {evaluations} times, with finite differences {evaluations_with_differences} times")


if __name__ == "__main__":
    main()
