"""Logistic regression on scikit-learn's breast-cancer data, written as one scalar loss.

The loss over all 569 samples is recorded once. SciPy minimises it with the compiled gradient, and
finds the same coefficients as scikit-learn's own solver::

    $ python examples/logistic_regression.py
    loss 37.758945962 after 43 iterations, 48 evaluations of value and gradient
    largest difference of a coefficient: 1.8e-07
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import gograd_compile
from gograd_core import ops

C = 1.0  # the weight of the samples relative to the regularisation; scikit-learn uses the same name

data = load_breast_cancer()
FEATURES = StandardScaler().fit_transform(data.data)
LABELS = np.where(data.target == 1, 1.0, -1.0)


@gograd_compile.compile
def loss(parameters: Any) -> Any:
    """Add half the sum of the squared weights and, for each sample, C * log(1 + exp(-label * score))."""
    *weights, intercept = parameters
    total = 0.5 * ops.dot(weights, weights)
    for row, label in zip(FEATURES.tolist(), LABELS.tolist(), strict=True):
        score = ops.dot(weights, row) + intercept
        total = total + C * ops.softplus(-label * score)
    return total


def main() -> None:
    start = np.zeros(FEATURES.shape[1] + 1)
    found = minimize(loss.value_and_grad, start, jac=True, method="BFGS", options={"gtol": 1e-6})
    reference = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12).fit(FEATURES, LABELS)
    expected = np.append(reference.coef_[0], reference.intercept_)
    print(f"loss {found.fun:.9f} after {found.nit} iterations, {found.nfev} evaluations of value and gradient")
    print(f"largest difference of a coefficient: {np.abs(found.x - expected).max():.1e}")


if __name__ == "__main__":
    main()
