"""A derivative at a multiple root is refused by every method and in every mode; near-by simple roots keep theirs."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import DomainError, errstate, grad, ops, value_and_grad
from gograd_ops_solve import SolveError, fixed_point, minimize_scalar, root

METHODS = ["bisect", "brentq", "brenth", "ridder", "toms748", "newton"]


def power_of_difference(x, p):
    return (x - p) ** 3


# F(x, p) with a root, its multiplicity, where it is, at which p, a guess, and how accurate the value is.
MULTIPLE = {
    "double, expanded": (lambda x, p: x * x - 2.0 * x + p, 2, 1.0, 1.0, 3.0, 1e-7),
    "double, exact": (lambda x, p: (x - 1.0) ** 2 - p, 2, 1.0, 0.0, 3.0, 1e-13),
    "double, of a cosine": (lambda x, p: ops.cos(x) - p, 2, 0.0, 1.0, 0.5, 1e-7),
    "double, by both": (lambda x, p: (x - p) * (x - 2.0 + p), 2, 1.0, 1.0, 3.0, 1e-13),
    "double, of an exponential": (lambda x, p: ops.exp(x) - x - p, 2, 0.0, 1.0, 0.7, 1e-7),
    "double, beside a simple one": (lambda x, p: (x - 1.0) ** 2 * (x + 2.0) - p, 2, 1.0, 0.0, 2.0, 1e-7),
    "triple, expanded": (lambda x, p: x**3 - 3.0 * x**2 + 3.0 * x - 1.0 - p, 3, 1.0, 0.0, 0.7, 3e-5),
    "triple, at zero": (lambda x, p: x**3 - p, 3, 0.0, 0.0, 0.7, 1e-90),
    "triple, exact": (power_of_difference, 3, 2.0, 2.0, 1.7, 1e-12),
    "triple, of a sine": (lambda x, p: x - ops.sin(x) - p, 3, 0.0, 0.0, 0.7, 1e-5),
    "fifth, expanded": (lambda x, p: ((((x - 5.0) * x + 10.0) * x - 10.0) * x + 5.0) * x - p, 5, 1.0, 1.0, 0.6, 5e-3),
    "fourth": (lambda x, p: (x * x - 2.0 * x + 1.0) ** 2 - p, 4, 1.0, 0.0, 2.0, 1e-3),
}  # fmt: skip


# Where F has the same sign on both sides, only Newton's method finds the root.
CASES = [(name, method) for name, case in MULTIPLE.items() for method in METHODS if case[1] % 2 or method == "newton"]


@pytest.mark.parametrize("scale", [1.0, 1e-40, 1e60])
@pytest.mark.parametrize(("name", "method"), CASES)
def test_a_multiple_root_has_a_value_and_no_derivative(name, scale, method):
    function, _, exact, p, guess, accuracy = MULTIPLE[name]
    f = lambda p: root(lambda x, p: scale * function(x, p), guess, p, method=method)  # noqa: E731
    assert f(p) == pytest.approx(exact, abs=accuracy)
    for derived in (grad(f), grad(grad(f))):
        with pytest.raises(DomainError, match="root_of_lambda|root of lambda"):
            derived(p)


@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize("name", ["double, expanded", "double, exact", "double, of a cosine", "double, by both"])
def test_compiled_functions_and_batches_refuse_it_too(name, backend):
    if backend == "native":
        pytest.importorskip("numba")
    function, _, _, p, guess, _ = MULTIPLE[name]
    f = lambda p: root(function, guess, p, method="newton")  # noqa: E731
    c = compile(f, backend=backend)
    near = 0.875 * p - 0.25 * (p == 0.0) if name == "double, of a cosine" else 0.875 * p + 0.25 * (p == 0.0)
    points = np.array([near, p])
    assert c.batch()(points).tolist() == [f(near), f(p)]
    assert c.grad(near) == grad(f)(near)
    for derived in (c.grad, c.hessian):
        with pytest.raises(DomainError, match="root_of|root of"):
            derived(p)
    for derived in (c.batch().grad, c.batch().hessian):
        with pytest.raises(DomainError, match="root_of|root of"):
            derived(points)
    with errstate(domain="ignore"):
        for found in (c.batch().grad(points), c.batch().hessian(points)):
            assert np.isfinite(found).tolist() == [True, False]


def test_the_message_says_what_and_where():
    f = lambda p: root(lambda x, p: x * x - 2.0 * x + p, 3.0, p, method="newton")  # noqa: E731
    message = r"root_of_lambda\(3.0, 1.0\) has no derivative with respect to input 1: at the root of lambda, which is "
    with pytest.raises(DomainError, match=message):
        grad(f)(1.0)
    with pytest.raises(DomainError, match=r"which is 0.0, the slope is 0.0. So it is at double roots"):
        grad(lambda p: root(lambda x, p: x * x - p, 1.0, p, method="newton"))(0.0)
    triple = lambda p: root(MULTIPLE["triple, expanded"][0], 0.7, p)  # noqa: E731
    reason = r"the derivative of the equation, \S+, is not its slope beside the root, as at a multiple root, a kink or"
    with pytest.raises(DomainError, match=reason):
        grad(triple)(0.0)


def test_under_errstate_the_derivative_is_nan():
    f = lambda p: root(MULTIPLE["triple, expanded"][0], 0.7, p)  # noqa: E731
    with errstate(domain="ignore"):
        assert math.isnan(grad(f)(0.0))
        assert math.isnan(grad(grad(f))(0.0))


@pytest.mark.parametrize(
    ("f", "p"),
    [
        (lambda x, p: ops.cosh(x) - 0.5 * x * x - p * x, 0.0),
        (lambda x, p: x**4 - p * x, 0.0),
        (lambda x, p: x**6 - p * x, 0.0),
        (lambda x, p: x**4 - 4.0 * p * x**3 + 6.0 * p * p * x * x - 4.0 * p**3 * x, 1.0),
        (lambda x, p: 1e30 * (x - p) ** 4, 2.0),
        (lambda x, p: (x - p) ** 4 + 7.0, 0.0),
    ],
)
@pytest.mark.parametrize("guess", [0.3, (-1.0, 3.3)])
def test_a_flat_minimum_is_refused(f, p, guess):
    with pytest.raises(SolveError, match="the second derivative of lambda .* has to be positive"):
        minimize_scalar(f, guess, p)


@pytest.mark.parametrize("method", ["steffensen", "iteration"])
def test_a_fixed_point_with_slope_one_has_no_derivative(method):
    f = lambda p: fixed_point(lambda x, p: p * ops.sin(x), 0.5, p, method=method)  # noqa: E731
    with pytest.raises(DomainError):
        grad(f)(1.0)


# Roots that are simple, however little separates them from multiple ones.
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("distance", [1.0, 1e-2, 1e-4, 1e-6])
def test_roots_that_are_merely_near_each_other_have_derivatives(method, distance):
    guess = 1.0 + 1.3 * distance if method == "newton" else (1.0 + 0.5 * distance, 1.0 + 1.7 * distance)
    f = lambda p: root(lambda x, p: (x - 1.0) * (x - p), guess, p, method=method)  # noqa: E731
    value, slope = value_and_grad(f)(1.0 + distance)
    assert value == pytest.approx(1.0 + distance, rel=1e-14)
    assert slope == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize("factor", [1e-200, 1e-12, 1.0, 1e12, 1e200])
@pytest.mark.parametrize("scale", [1e-90, 1e-8, 1.0, 1e8, 1e90])
@pytest.mark.parametrize("method", METHODS)
def test_simple_roots_of_every_size_and_slope_have_derivatives(method, scale, factor):
    def function(x, p):
        return factor * ((x / scale) ** 3 + x / scale - p)

    f = lambda p: root(function, (0.1 * scale, 3.0 * scale) if method != "newton" else scale, p, method=method)  # noqa: E731
    value, slope = value_and_grad(f)(2.0)
    assert value == pytest.approx(scale, rel=1e-15)
    assert slope == pytest.approx(0.25 * scale, rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1e-200, 1e-12, 1.0, 1e200])
def test_so_do_roots_at_zero(method, factor):
    for function in (lambda x, p: x + x**3 - p, lambda x, p: ops.sin(x) - p, lambda x, p: ops.expm1(x) - p):
        f = lambda p: root(lambda x, p: factor * function(x, p), 0.7, p, method=method)  # noqa: B023, E731
        value, slope = value_and_grad(f)(0.0)
        assert abs(value) < 1e-120  # where F underflows
        assert slope == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("exponent", range(1, 13))
def test_keplers_equation_near_a_parabola(exponent):
    """The derivative is large there, but as accurate as the rounding of the equation permits."""
    e, mean = 1.0 - 10.0**-exponent, 1e-3
    f = lambda m: root(lambda x, m, e: x - e * ops.sin(x) - m, (m - 1.0, m + 1.0), m, e)  # noqa: E731
    value, slope = value_and_grad(f)(mean)
    with mpmath.workdps(40):
        x = mpmath.findroot(lambda x: x - mpmath.mpf(e) * mpmath.sin(x) - mpmath.mpf(mean), value)
        assert value == pytest.approx(float(x), rel=1e-12)
        assert slope == pytest.approx(float(1 / (1 - mpmath.mpf(e) * mpmath.cos(x))), rel=1e-11)


@pytest.mark.parametrize("strike", [150.0, 250.0, 500.0, 1000.0])
@pytest.mark.parametrize("method", METHODS[:-1])
def test_implied_volatility_far_out_of_the_money(strike, method):
    def price(v):
        d = math.log(100.0 / strike) / v + 0.5 * v
        return 100.0 * ops.ndtr(d) - strike * ops.ndtr(d - v)

    f = lambda p: root(lambda v, p: price(v) - p, (0.01, 3.0), p, method=method)  # noqa: E731
    value, slope = value_and_grad(f)(price(0.2))
    assert value == pytest.approx(0.2, rel=1e-11)
    assert slope * grad(price)(0.2) == pytest.approx(1.0, rel=1e-9)
