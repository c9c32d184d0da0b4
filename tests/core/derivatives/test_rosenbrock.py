"""Rosenbrock's function in 100 dimensions: derivatives in closed form, and Newton's method with them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from gograd_core import grad, hessian, hvp, jacobian

DIMENSIONS = 100
POINT = np.random.default_rng(20).uniform(-2.0, 2.0, DIMENSIONS)


def rosenbrock(x):
    return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def closed_gradient(x):
    found = np.zeros(len(x))
    found[:-1] += -400.0 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2.0 * (1.0 - x[:-1])
    found[1:] += 200.0 * (x[1:] - x[:-1] ** 2)
    return found


def closed_hessian(x):
    found = np.diag(np.append(1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0, 0.0))
    found += np.diag(np.append(0.0, np.full(len(x) - 1, 200.0)))
    return found + np.diag(-400.0 * x[:-1], 1) + np.diag(-400.0 * x[:-1], -1)


def assert_equal(found, exact):
    """To 1e-12, relative entry by entry; what is zero in the closed form is exactly 0.0."""
    assert (found.dtype, found.shape) == (float, exact.shape)
    np.testing.assert_array_equal(found[exact == 0.0], 0.0)
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=0.0)


class TestClosedForms:
    def test_gradient(self):
        assert_equal(grad(rosenbrock)(POINT), closed_gradient(POINT))

    def test_hessian(self):
        exact = closed_hessian(POINT)
        assert (exact == 0.0).sum() == DIMENSIONS**2 - 3 * DIMENSIONS + 2
        assert_equal(hessian(rosenbrock)(POINT), exact)

    def test_hessian_vector_product(self):
        vector = np.random.default_rng(21).normal(size=DIMENSIONS)
        assert_equal(hvp(rosenbrock)(POINT, vector), closed_hessian(POINT) @ vector)

    @pytest.mark.parametrize("outer", ["reverse", "forward"])
    @pytest.mark.parametrize("inner", ["reverse", "forward"])
    def test_every_mixture_of_modes_in_fewer_dimensions(self, outer, inner):
        point = POINT[:8]
        assert_equal(jacobian(jacobian(rosenbrock, mode=inner), mode=outer)(point), closed_hessian(point))


def test_newton_converges_quadratically():
    """Once it is near, the exponent of the error doubles in every step, to within one, until rounding is left."""
    x = np.full(DIMENSIONS, 0.9)
    errors = []
    for _ in range(9):
        x = x - np.linalg.solve(hessian(rosenbrock)(x), grad(rosenbrock)(x))
        errors.append(np.abs(x - 1.0).max())
    print("Newton's method, the largest error after each step:", *(f"{error:.1e}" for error in errors))
    assert errors[-1] < 1e-14
    exponents = [math.log10(error) for error in errors if 1e-14 < error < 1e-2]
    assert len(exponents) >= 4
    for before, after in pairwise(exponents):
        assert after == pytest.approx(2.0 * before, abs=1.0)
