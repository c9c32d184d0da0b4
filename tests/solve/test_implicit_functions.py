"""Roots, fixed points and minima: values, and derivatives of every order, beside closed forms in 40 digits."""

from __future__ import annotations

import math
import threading

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gograd_core import (
    Neuron,
    check_grad,
    derivative,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    ops,
    value_and_grad,
)
from gograd_core import math as gmath
from gograd_ops_solve import fixed_point, minimize_scalar, root

BRACKETING = ["bisect", "brentq", "brenth", "ridder", "toms748"]


def kepler(anomaly, mean, eccentricity):
    return anomaly - eccentricity * ops.sin(anomaly) - mean


def orbit(point):
    mean, eccentricity = point
    return root(kepler, mean, mean, eccentricity)


ORBITS = [(1.0, 0.5), (3.0, 0.9), (-2.0, 0.6), (40.0, 0.0167), (0.3, 0.8), (6.0, 0.2)]


def closed_form(mean, eccentricity):
    """The anomaly, its gradient and its Hessian, by formulas on the solution in 40 digits."""
    mean, e = mpmath.mpf(mean), mpmath.mpf(eccentricity)
    anomaly = mpmath.findroot(lambda x: x - e * mpmath.sin(x) - mean, mean + e * mpmath.sin(mean))
    s, c = mpmath.sin(anomaly), mpmath.cos(anomaly)
    d = 1 - e * c
    mixed = c / d**2 - e * s**2 / d**3
    by_both = [[-e * s / d**3, mixed], [mixed, 2 * s * c / d**2 - e * s**3 / d**3]]
    return anomaly, [1 / d, s / d], by_both


class TestKepler:
    @pytest.mark.parametrize("point", ORBITS)
    @mpmath.workdps(40)
    def test_gradient_and_hessian_are_those_of_the_closed_form(self, point):
        anomaly, slopes, curvatures = closed_form(*point)
        value, found = value_and_grad(orbit)(list(point))
        assert value == pytest.approx(float(anomaly), rel=1e-14)
        assert found == pytest.approx([*map(float, slopes)], rel=1e-13)
        for row, expected in zip(hessian(orbit)(list(point)), curvatures, strict=True):
            assert row == pytest.approx([*map(float, expected)], rel=1e-12)

    @pytest.mark.parametrize("point", ORBITS)
    @mpmath.workdps(40)
    def test_third_order(self, point):
        e = mpmath.mpf(point[1])
        anomaly, _, _ = closed_form(*point)
        s, c = mpmath.sin(anomaly), mpmath.cos(anomaly)
        d = 1 - e * c
        exact = -e * c / d**4 + 3 * e**2 * s**2 / d**5
        found = derivative(lambda m: root(kepler, m, m, point[1]), order=3)(point[0])
        assert found == pytest.approx(float(exact), rel=1e-11)

    @pytest.mark.parametrize("method", [*BRACKETING, "newton"])
    def test_derivatives_do_not_depend_on_the_method_or_the_guess(self, method):
        expected = hessian(orbit)([1.0, 0.5])
        found = hessian(lambda p: root(kepler, 2.0 * p[0], *p, method=method))([1.0, 0.5])
        assert np.allclose(found, expected, rtol=1e-12)
        if method != "newton":
            paired = hessian(lambda p: root(kepler, (p[0] - p[1], p[0] + p[1]), *p, method=method))([1.0, 0.5])
            assert np.allclose(paired, expected, rtol=1e-12)

    def test_every_mode_gives_the_same(self):
        point, direction = [1.0, 0.5], [0.3, -0.7]
        slopes, curvatures = grad(orbit)(point), np.array(hessian(orbit)(point))
        assert jvp(orbit, (point,), (direction,))[1] == pytest.approx(np.dot(slopes, direction), rel=1e-15)
        assert jacobian(orbit, mode="forward")(point) == pytest.approx(slopes, rel=1e-15)
        assert hvp(orbit)(point, direction) == pytest.approx(list(curvatures @ direction), rel=1e-14)
        assert grad(lambda p: grad(orbit)(p)[0])(point) == pytest.approx(list(curvatures[0]), rel=1e-14)
        mean, e = Neuron(1.0), Neuron(0.5)
        (by_mean,) = gradient(root(kepler, 1.0, mean, e), [mean], create_graph=True)
        by_mean.backward()
        assert [mean.grad, e.grad] == pytest.approx(list(curvatures[0]), rel=1e-14)


def exactly(f, *point, orders):
    """The derivative of a function of mpmath numbers, in 40 digits."""
    with mpmath.workdps(60):
        return float(mpmath.diff(f, tuple(map(mpmath.mpf, point)), orders))


def inverse_of_tangent(x, p):
    return gmath.tan(x) - p


# What is solved, with which parameters, and the solution in mpmath.
CLOSED_FORMS = {
    "square root": (lambda p: root(lambda x, p: x * x - p, (0.0, 10.0), p), [2.0], mpmath.sqrt),
    "cube root": (lambda p: root(lambda x, p: x**3 - p, -1.0, p), [-5.0], lambda p: -mpmath.cbrt(-p)),
    "Lambert's function": (
        lambda p: root(lambda x, p: x * ops.exp(x) - p, 0.5, p), [3.0], lambda p: mpmath.lambertw(p).real
    ),
    "arc tangent": (lambda p: root(inverse_of_tangent, 0.1, p), [1.5], mpmath.atan),
    "quadratic": (
        lambda a, b, c: root(lambda x, a, b, c: (a * x + b) * x + c, (0.0, 10.0), a, b, c),
        [1.5, -4.0, -2.0],
        lambda a, b, c: (-b + mpmath.sqrt(b * b - 4 * a * c)) / (2 * a),
    ),
    "fixed point": (
        lambda p: fixed_point(lambda x, p: 0.5 * (x + p / x), 1.0, p), [7.0], mpmath.sqrt
    ),
    "fixed point by iteration": (
        lambda p: fixed_point(lambda x, p: 0.5 * (x + p / x), 1.0, p, method="iteration"),
        [7.0],
        mpmath.sqrt,
    ),
    "fixed point that repels": (
        lambda p: fixed_point(lambda x, p: ops.exp(x) - p, 2.0, p), [2.0],
        lambda p: mpmath.findroot(lambda x: mpmath.exp(x) - p - x, 1.1),
    ),
    "minimum": (lambda p: minimize_scalar(lambda x, p: ops.exp(x) - p * x, 0.0, p), [3.0], mpmath.log),
    "minimum in an interval": (
        lambda p: minimize_scalar(lambda x, p: x / p + p * p / x, (0.1, 50.0), p), [3.0], lambda p: p * mpmath.sqrt(p)
    ),
    "minimum of two parameters": (
        lambda p, q: minimize_scalar(lambda x, p, q: p * (x - q) ** 2 + ops.cosh(x - q), 0.3, p, q),
        [2.0, 0.7],
        lambda p, q: q + 0 * p,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED_FORMS)
class TestClosedForms:
    def test_value(self, name):
        f, point, exact = CLOSED_FORMS[name]
        with mpmath.workdps(40):
            assert f(*point) == pytest.approx(float(exact(*map(mpmath.mpf, point))), rel=1e-14)

    @pytest.mark.parametrize("order", [1, 2, 3])
    def test_derivatives_with_respect_to_each_parameter(self, name, order):
        f, point, exact = CLOSED_FORMS[name]
        for place in range(len(point)):

            def along(p, place=place):
                return f(*point[:place], p, *point[place + 1 :])

            orders = [order if other == place else 0 for other in range(len(point))]
            expected = exactly(exact, *point, orders=orders)
            found = derivative(along, order=order)(point[place])
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-12), place

    def test_check_grad(self, name):
        f, point, _ = CLOSED_FORMS[name]
        report = check_grad(f, point)
        assert report.chosen("agrees") == report.inputs
        assert not any(check.staircase for check in report.inputs)


@given(p=st.floats(-1e6, 1e6), guess=st.floats(-1e3, 1e3))
@example(p=2.1189778602170667e-292, guess=1.0)  # where Brent's method stalls
def test_of_an_increasing_function_the_slopes_of_root_and_function_are_reciprocal(p, guess):
    x, slope = value_and_grad(lambda p: root(lambda x, p: x**3 + x - p, guess, p))(p)
    assert x**3 + x == pytest.approx(p, rel=1e-13, abs=1e-300)
    assert slope * (3.0 * x * x + 1.0) == pytest.approx(1.0, rel=1e-14)


@given(p=st.floats(0.01, 100.0), scale=st.floats(0.01, 100.0))
def test_a_factor_of_the_function_changes_no_derivative(p, scale):
    def scaled(x, p, scale):
        return scale * (ops.exp(x) - p)

    by_p, by_scale = grad(lambda p, scale: root(scaled, (-10.0, 10.0), p, scale), wrt=(0, 1))(p, scale)
    assert by_p == pytest.approx(1.0 / p, rel=1e-13)
    assert abs(by_scale) <= 1e-12 / scale


class TestGuess:
    def test_it_has_no_derivative(self):
        guess, p = Neuron(1.0), Neuron(4.0)
        root(lambda x, p: x * x - p, guess, p).backward()
        assert (guess.grad, p.grad) == (0.0, 0.25)
        low, high = Neuron(0.0), Neuron(9.0)
        root(lambda x, p: x * x - p, (low, high), p).backward()
        assert (low.grad, high.grad, p.grad) == (0.0, 0.0, 0.5)

    def test_plain_numbers_give_a_float(self):
        found = root(lambda x, p: x * x - p, [0, 9], 4)
        assert (type(found), found) == (float, 2.0)
        assert root(ops.cos, 1.0) == pytest.approx(math.pi / 2.0, rel=1e-15)

    @pytest.mark.parametrize(
        ("f", "guess", "expected"),
        [
            (lambda x: x - 1e9, 1.0, 1e9),
            (lambda x: x - 1e-9, 1.0, 1e-9),
            (lambda x: x + 1e9, 1e-3, -1e9),
            (lambda x: x, 3.0, 0.0),
            (lambda x: x - 5.0, 5.0, 5.0),
            (lambda x: x - 5.0, 0.0, 5.0),
            (lambda x: ops.log(x) + 30.0, 2.0, math.exp(-30.0)),
            (lambda x: gmath.sqrt(x) - 1e-3, 1.0, 1e-6),  # which has no value left of 0
        ],
    )
    def test_the_search_goes_as_far_as_needed(self, f, guess, expected):
        assert root(f, guess) == pytest.approx(expected, rel=1e-14, abs=1e-299)

    @pytest.mark.parametrize("pair", [(0.0, 2.0), (2.0, 0.0), (2.0, 5.0), (-3.0, 2.0)])
    def test_the_ends_of_a_pair_may_be_in_any_order_or_the_root(self, pair):
        assert root(lambda x: x**3 - 8.0, pair) == 2.0

    @pytest.mark.parametrize("method", [*BRACKETING, "newton"])
    def test_a_root_at_zero(self, method):
        assert abs(root(lambda x: x + x**3, 0.7, method=method)) < 1e-290

    def test_a_method_of_your_own(self):
        def halving(f, low, high):
            for _ in range(200):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if f(middle) > 0.0 else (middle, high)
            return low

        f = lambda p: root(lambda x, p: x * x - p, (0.0, 9.0), p, method=halving)  # noqa: E731
        assert f(2.0) == pytest.approx(math.sqrt(2.0), rel=1e-15)
        assert derivative(f, order=2)(2.0) == pytest.approx(-0.25 * 2.0**-1.5, rel=1e-14)


class TestNesting:
    def test_a_root_of_a_derivative(self):
        f = lambda x, p: x**4 / 4.0 - p * x  # noqa: E731
        stationary = lambda p: root(grad(f), 1.0, p)  # noqa: E731
        assert stationary(8.0) == pytest.approx(2.0, rel=1e-15)
        assert grad(stationary)(8.0) == pytest.approx(1.0 / 12.0, rel=1e-14)
        assert derivative(stationary, order=2)(8.0) == pytest.approx(-2.0 / 9.0 * 8.0 ** (-5.0 / 3.0), rel=1e-13)

    def test_a_root_inside_of_a_root(self):
        def outer(x, p):
            return x - 1.0 - p * root(lambda y, x: y * y - x, (0.0, 10.0), x)

        f = lambda p: root(outer, (0.0, 10.0), p)  # noqa: E731  x = 1 + p sqrt(x)
        exact = lambda p: ((p + mpmath.sqrt(p * p + 4)) / 2) ** 2  # noqa: E731
        for order in (1, 2, 3):
            assert derivative(f, order=order)(0.5) == pytest.approx(exactly(exact, 0.5, orders=(order,)), rel=1e-12)

    def test_no_dependence_is_lost_between_levels(self):
        """d/dx [x * d/dy sqrt(x * y)] at y = 1 is 3/4 * sqrt(x)."""
        square = lambda z, t: z * z - t  # noqa: E731
        f = lambda x: x * grad(lambda y: root(square, (0.0, 99.0), x * y))(1.0)  # noqa: E731
        assert grad(f)(4.0) == pytest.approx(1.5, rel=1e-14)

    def test_a_sweep_inside_of_a_transform(self):
        def f(x):
            inner = Neuron(9.0)
            root(lambda z, t: z * z - t, (0.0, 9.0), inner).backward()
            return x * inner.grad

        assert grad(f)(1.0) == pytest.approx(1.0 / 6.0, rel=1e-15)

    def test_in_a_no_grad_block(self):
        with no_grad():
            found = root(lambda x, p: x * x - p, (0.0, 9.0), Neuron(4.0))
            assert (found.value, found.constituents) == (2.0, ())
            assert grad(lambda p: root(lambda x, p: x * x - p, (0.0, 9.0), p))(4.0) == 0.25

    def test_branches_in_the_function(self):
        def tax(income, net):
            return income - (0.2 * income if income < 100.0 else 20.0 + 0.5 * (income - 100.0)) - net

        f = lambda net: root(tax, net, net)  # noqa: E731
        assert [f(40.0), f(130.0)] == pytest.approx([50.0, 200.0], rel=1e-15)
        assert [grad(f)(40.0), grad(f)(130.0)] == pytest.approx([1.25, 2.0], rel=1e-15)


class TestOperation:
    def test_the_result_is_one_neuron(self):
        mean = Neuron(1.0, "mean")
        found = root(kepler, mean, mean, 0.5)
        assert found.operation.name == "root_of_kepler"
        assert found.constituents == (mean, mean, 0.5)

    def test_a_function_has_one_operation_and_so_does_a_lambda_in_a_loop(self):
        kept = {root(lambda x, p: x - p, 1.0, Neuron(2.0)).operation for _ in range(5)}
        kept |= {root(kepler, 1.0, Neuron(1.0), 0.5).operation for _ in range(5)}
        assert len(kept) == 2

    def test_functions_that_capture_something_are_told_apart(self):
        found = [root(lambda x: x - k, 0.5) for k in (1.0, 2.0, 3.0)]  # noqa: B023
        assert found == [1.0, 2.0, 3.0]
        assert [root(lambda x, k=k: x - k, 0.5) for k in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]

    def test_functions_with_the_same_code_and_other_globals_are_told_apart(self):
        found = []
        for k in (1.0, 2.0):
            namespace = {"k": k}
            exec("f = lambda x: x - k", namespace)
            found.append(root(namespace["f"], 0.5))
        assert found == [1.0, 2.0]

    def test_any_object_that_can_be_called(self):
        class Line:
            __hash__ = None

            def __init__(self, level):
                self.level = level

            def __call__(self, x, p):
                return p * x - self.level

            def shifted(self, x, p):
                return self(x, p) + 1.0

        line = Line(6.0)
        assert grad(lambda p: root(line, 1.0, p))(2.0) == -1.5
        assert grad(lambda p: root(line.shifted, 1.0, p))(2.0) == -1.25

    def test_a_sweep_long_after_other_solutions(self):
        """What is kept of the latest solution is used for that one only."""
        square = lambda x, p: x * x - p  # noqa: E731
        numbers = [Neuron(float(n)) for n in range(1, 20)]
        roots = [root(square, (0.0, 99.0), p) for p in numbers]
        for found in roots:
            found.backward()
        assert [p.grad for p in numbers] == pytest.approx([0.5 / math.sqrt(n) for n in range(1, 20)], rel=1e-15)

    def test_in_threads(self):
        results = {}

        def work(n):
            results[n] = [grad(orbit)([m / 10.0, 0.1 * n]) for m in range(1, 30)]

        threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for n, found in results.items():
            assert found == [grad(orbit)([m / 10.0, 0.1 * n]) for m in range(1, 30)]

    def test_arrays_point_by_point(self):
        means = np.linspace(0.1, 3.0, 7)
        found = root(kepler, means, means, 0.5)
        assert found.tolist() == [root(kepler, m, m, 0.5) for m in means.tolist()]
        neurons = np.array([Neuron(1.0), Neuron(2.0)])
        total = root(kepler, neurons, neurons, 0.5).sum()
        total.backward()
        assert [n.grad for n in neurons] == [grad(orbit)([m, 0.5])[0] for m in (1.0, 2.0)]
