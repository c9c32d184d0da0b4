"""Logistic regression on scikit-learn's breast-cancer data, written as one scalar loss.

The loss over all 569 samples is recorded once. SciPy minimises it with the compiled gradient, and
finds the coefficients that scikit-learn's own solver finds.
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

C = 1.0  # the weight of the samples against the regularisation, as scikit-learn calls it

data = load_breast_cancer()
FEATURES = StandardScaler().fit_transform(data.data)
LABELS = np.where(data.target == 1, 1.0, -1.0)


@gograd_compile.compile
def loss(parameters: Any) -> Any:
    """Half the squared weights, and C times log(1 + exp(-label * score)) of every sample."""
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
    assert found.success, found.message
    np.testing.assert_allclose(found.x, expected, rtol=0, atol=1e-5)


if __name__ == "__main__":
    main()
