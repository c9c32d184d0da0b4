"""Solvers inside of compiled functions: called back as one operation, alone and in batches, with two derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_compile import RecordingError, compile
from gograd_core import DomainError, Neuron, errstate, grad, hessian, hvp, ops, value_and_grad
from gograd_ops_solve import fixed_point, minimize_scalar, root


@pytest.fixture(params=["native", "numpy"])
def compiled(request):
    """A function that compiles for a backend."""
    if request.param == "native":
        pytest.importorskip("numba")
    return lambda f, **options: compile(f, backend=request.param, **options)


def kepler(anomaly, mean, eccentricity):
    return anomaly - eccentricity * ops.sin(anomaly) - mean


def orbit(mean, eccentricity):
    return 2.0 * root(kepler, mean, mean, eccentricity) + mean


class TestOnePoint:
    @pytest.mark.parametrize("point", [(1.0, 0.5), (-2.0, 0.9), (0.3, 0.05)])
    def test_value_and_derivatives_are_those_of_the_engine(self, compiled, point):
        c = compiled(orbit)
        value, slopes = value_and_grad(orbit, wrt=(0, 1))(*point)
        assert c(*point) == pytest.approx(value, rel=1e-15)
        assert c.value_and_grad(*point, wrt=(0, 1))[1] == pytest.approx(slopes, rel=1e-14)
        assert c.jacobian(*point, wrt=(0, 1)) == pytest.approx(slopes, rel=1e-14)
        curvatures = hessian(orbit, wrt=(0, 1))(*point)
        assert np.allclose(c.hessian(*point, wrt=(0, 1)), curvatures, rtol=1e-13)
        vector = (0.3, -0.2)
        assert c.hvp(*point, vector, wrt=(0, 1)) == pytest.approx(hvp(orbit, (0, 1))(*point, vector), rel=1e-13)

    def test_third_derivatives_of_a_compiled_gradient(self, compiled):
        c = compiled(grad(orbit))
        assert c.hessian(1.0, 0.5) == pytest.approx(grad(grad(grad(orbit)))(1.0, 0.5), rel=1e-12)

    def test_the_solver_is_one_operation(self, compiled):
        c = compiled(lambda mean: root(kepler, (mean - 1.0, mean + 1.0), mean, 0.5))
        c(1.0)
        (path,) = c.explain()["recordings"][0]["paths"]
        assert path["operations"]["recorded"] == 3  # the ends of the pair, and the root
        assert c(2.5) == root(kepler, (1.5, 3.5), 2.5, 0.5)
        assert len(c.explain()["recordings"][0]["paths"]) == 1

    @pytest.mark.parametrize(
        ("f", "at", "exact"),
        [
            (lambda p: fixed_point(lambda x, p: 0.5 * (x + p / x), p, p), 7.0, (0.5 / 7.0**0.5, -0.25 / 7.0**1.5)),
            (lambda p: minimize_scalar(lambda x, p: ops.exp(x) - p * x, 0.0, p), 3.0, (1.0 / 3.0, -1.0 / 9.0)),
            (lambda p: root(grad(lambda x, p: x**4 / 4.0 - p * x), 1.0, p), 8.0, (1.0 / 12.0, -1.0 / 144.0)),
        ],
        ids=["fixed point", "minimum", "root of a derivative"],
    )
    def test_the_other_solvers(self, compiled, f, at, exact):
        c = compiled(f)
        assert c(at) == pytest.approx(f(at), rel=1e-15)
        assert (c.grad(at), c.hessian(at)) == pytest.approx(exact, rel=1e-12)

    def test_a_lambda_made_in_every_call_records_the_same_twice(self, compiled):
        c = compiled(lambda p: root(lambda x, p: x * x - p, (0.0, 9.0), p), check=True)
        assert c.grad(4.0) == 0.25


class TestBatches:
    def test_every_mode_point_by_point(self, compiled):
        c = compiled(orbit)
        means, eccentricities = np.linspace(-3.0, 3.0, 301), np.linspace(0.01, 0.95, 301)
        batch = c.batch((0, 0))
        points = list(zip(means.tolist(), eccentricities.tolist(), strict=True))
        values, slopes = batch.value_and_grad(means, eccentricities, wrt=(0, 1))
        assert batch(means, eccentricities).tolist() == values.tolist() == [c(*point) for point in points]
        assert np.array_equal(np.transpose(slopes), [c.grad(*point, wrt=(0, 1)) for point in points])
        curvatures = np.moveaxis(np.array(batch.hessian(means, eccentricities, wrt=(0, 1))), -1, 0)
        exact = [hessian(orbit, wrt=(0, 1))(*point) for point in points]
        assert np.allclose(curvatures, exact, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize("points", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
    def test_many_points(self, compiled, points):
        means = np.linspace(0.0, 2.0 * math.pi, points)
        c = compiled(lambda mean: root(kepler, (mean - 1.0, mean + 1.0), mean, 0.3)).batch()
        anomalies, slopes = c.value_and_grad(means)
        assert np.abs(anomalies - 0.3 * np.sin(anomalies) - means).max() < 4e-15
        assert np.allclose(slopes, 1.0 / (1.0 - 0.3 * np.cos(anomalies)), rtol=1e-14)
        curvatures = c.hessian(means)
        exact = -0.3 * np.sin(anomalies) * slopes**3
        assert np.allclose(curvatures, exact, rtol=1e-12, atol=1e-15)

    def test_points_that_take_another_path_are_not_solved(self, compiled):
        tried = []

        def square(x, p):
            if type(p) is float:
                tried.append(p)
            return x * x - p

        c = compiled(lambda p: root(square, (0.0, 99.0), p) if p > 0.0 else -p)
        assert c.batch()(np.array([4.0, -1.0, 9.0, -2.0])).tolist() == [2.0, 1.0, 3.0, 2.0]
        assert c.batch().grad(np.array([4.0, -1.0, 9.0, -2.0])).tolist() == [0.25, -1.0, 1.0 / 6.0, -1.0]
        assert {4.0, 9.0} <= set(tried)

    def test_branches_of_the_function(self, compiled):
        def tax(income, net):
            return income - (0.2 * income if income < 100.0 else 20.0 + 0.5 * (income - 100.0)) - net

        c = compiled(lambda net: root(tax, net, net) ** 2)
        values, slopes = c.batch().value_and_grad(np.array([40.0, 130.0]))
        assert values == pytest.approx([2500.0, 40_000.0], rel=1e-14)
        assert slopes == pytest.approx([125.0, 800.0], rel=1e-14)
        assert c.batch().hessian(np.array([40.0, 130.0])) == pytest.approx([3.125, 8.0], rel=1e-13)


class TestErrors:
    def test_no_solution_is_an_error_of_a_domain(self, compiled):
        c = compiled(lambda p: 2.0 * root(lambda x, p: x * x - p, (0.0, 9.0), p))
        assert c(4.0) == 4.0
        with pytest.raises(DomainError, match=r"root_of_lambda\(0.0, 9.0, -1.0\) is nan"):
            c(-1.0)
        with pytest.raises(DomainError, match="root_of_lambda"):
            c.batch()(np.array([4.0, -1.0]))
        with errstate(domain="ignore"):
            assert math.isnan(c(-1.0))

    def test_a_captured_neuron_is_refused(self, compiled):
        level = Neuron(4.0, "level")
        with pytest.raises(TypeError, match="label='level'.*not among its parameters"):
            compiled(lambda p: p * root(lambda x: x * x - level, (0.0, 9.0)))(1.0)

    def test_an_argument_that_is_captured_is_refused(self, compiled):
        with pytest.raises((TypeError, RecordingError), match="not among its parameters|while it is recorded"):
            compiled(lambda p: root(lambda x: x * x - p, (0.0, 9.0)))(4.0)

    def test_no_derivative_where_the_root_is_double(self, compiled):
        c = compiled(lambda p: root(lambda x, p: x * x - p, (0.0, 1.0), p))
        assert c(0.25) == 0.5
        with pytest.raises(DomainError, match="root_of_lambda"):
            c.grad(0.0)
