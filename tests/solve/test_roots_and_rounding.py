"""What is a root, but for rounding: guesses that are the answer, jumps, poles, slow iterations, minima at 0."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from gograd_core import DomainError, grad, ops, value_and_grad
from gograd_ops_solve import SolveError, fixed_point, minimize_scalar, root

BRACKETING = ["bisect", "brentq", "brenth", "ridder", "toms748"]
METHODS = [*BRACKETING, "newton"]

# F(x, p), and the float next to its root.
INVERSES = {
    "square": (lambda x, p: x**2 - p, math.sqrt),
    "cube": (lambda x, p: x**3 - p, math.cbrt),
    "exponential": (lambda x, p: ops.exp(x) - p, math.log),
    "sine": (lambda x, p: ops.sin(x + 0.0 * p), lambda p: math.pi),
    "cosine": (lambda x, p: ops.cos(x + 0.0 * p), lambda p: 0.5 * math.pi),
    "logarithm": (lambda x, p: ops.log(x) - 0.01 * p, lambda p: math.exp(0.01 * p)),
    "steep": (lambda x, p: 1e90 * (x**2 - p), math.sqrt),
    "shallow": (lambda x, p: 1e-90 * (x**2 - p), math.sqrt),
    "Kepler's": (
        lambda x, p: x - 0.5 * ops.sin(x) - p,
        lambda p: float(mpmath.findroot(lambda x: x - mpmath.sin(x) / 2 - p, p)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", INVERSES)
def test_a_guess_may_be_the_answer(name, method):
    """It may also be an end of a pair, in any order, or one or two floats off, on either side."""
    f, inverse = INVERSES[name]
    for p in map(float, [*range(2, 60), *range(60, 400, 17)]):
        x = inverse(p)
        below, above = math.nextafter(x, 0.0), math.nextafter(x, math.inf)
        starts = [x, below, above, math.nextafter(above, math.inf)]
        if method != "newton":
            ends = [0.9 * x, 1.1 * x]
            pairs = [(start, end) for start in starts for end in ends if equation_has_root(start, end, x)]
            starts += [*pairs, *[(high, low) for low, high in pairs], (below, above), (x, above), (below, x)]
        for start in starts:
            assert root(f, start, p, method=method) == pytest.approx(x, rel=2e-15), (p, start)


def equation_has_root(start, end, x):
    return (start - x) * (end - x) <= 0.0


@pytest.mark.parametrize("method", BRACKETING)
@pytest.mark.parametrize("place", [0.3, -1.7, 1.0, 1e-9, 3e7])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, p: x - p + 0.5 * ops.sign(x - p),
        lambda x, p: x - 2.0 * abs(p) if x < p else x + 2.0 * abs(p),
        lambda x, p: ops.floor(x / p) + x / p - 1.5,
        lambda x, p: 1e-90 if x > p else -1e-90,
        lambda x, p: 1.0 / (x - p),
        lambda x, p: 1e-150 / (x - p) ** 3,
        lambda x, p: ops.tan(x / p - 1.0 + 0.5 * math.pi),
        lambda x, p: ops.atan(p / (x - p)),
        lambda x, p: 1.0 / (x - p) + 1e-3,
    ],
)
def test_jumps_and_poles_are_no_roots(f, place, method):
    pair = (place - 0.3 * abs(place), place + 0.45 * abs(place))
    for low, high in (pair, pair[::-1]):
        try:
            found = root(f, (low, high), place, method=method)
        except SolveError:
            continue
        pytest.fail(f"{found!r}")


@pytest.mark.parametrize("method", BRACKETING)
def test_beside_a_pole_is_no_root(method):
    for low, high in [(math.nextafter(0.3, 0.0), math.nextafter(0.3, 1.0)), (0.3 - 1e-15, 0.3 + 2e-15)]:
        with pytest.raises(SolveError):
            root(lambda x: 1.0 / (x - 0.3), (low, high), method=method)


@pytest.mark.parametrize("f", [lambda x: ops.exp(-x), lambda x: 1e-200 * ops.exp(-x * x)])
@pytest.mark.parametrize("guess", [1.0, (1.0, 900.0), 900.0])
def test_where_a_function_underflows_there_is_no_root(f, guess):
    with pytest.raises(SolveError, match=r"is 0.0 at \d+.\d* and all around it, so no single x is the root"):
        root(f, guess)


@pytest.mark.parametrize("method", BRACKETING)
@pytest.mark.parametrize("place", [0.3, 0.0, -7e5])
def test_infinite_slopes_are_no_jumps(method, place):
    found = root(lambda x, p: ops.cbrt(x - p), (place - 1.0, place + 2.0), place, method=method)
    assert found == pytest.approx(place, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("method", METHODS)
def test_terms_that_cancel_are_rounding_and_no_jump(method):
    f = lambda x, p: (x * x + 1e7) - (p + 1e7)  # noqa: E731
    assert root(f, (0.0, 3.0) if method != "newton" else 1.0, 2.0, method=method) == pytest.approx(2.0**0.5, rel=1e-8)


class TestMethodsOfYourOwn:
    def test_newtons_method_finds_the_digits_that_it_leaves(self):
        f = lambda p: root(lambda x, p: x * x - p, 1.0, p, method=lambda f, guess: 1.41421)  # noqa: E731
        assert value_and_grad(f)(2.0) == pytest.approx((2.0**0.5, 0.5 / 2.0**0.5), rel=1e-15)
        g = lambda p: fixed_point(lambda x, p: 0.5 * (x + p / x), 1.0, p, method=lambda g, guess: 1.41421)  # noqa: E731
        assert value_and_grad(g)(2.0) == pytest.approx((2.0**0.5, 0.5 / 2.0**0.5), rel=1e-15)

    @pytest.mark.parametrize("solve", [root, fixed_point])
    def test_what_is_no_solution_is_refused(self, solve):
        with pytest.raises(SolveError, match="the method returned 3.0, but the equation is off by .* there, and there"):
            solve(lambda x, p: x * x - p, 1.0, 2.0, method=lambda f, guess: 3.0)


@pytest.mark.parametrize("method", ["steffensen", "iteration"])
class TestFixedPoints:
    @pytest.mark.parametrize("contraction", [2e-4, 1e-3, 1e-2, 0.1, 0.5])
    def test_slow_ones_are_as_accurate_as_rounding_permits(self, method, contraction):
        g = lambda x, p, c: x + c * (ops.exp(-x) - p * x)  # noqa: E731
        found = fixed_point(g, 0.5671, 1.0, contraction, method=method)
        assert found == pytest.approx(0.5671432904097838, rel=4e-16 / contraction)

    @pytest.mark.parametrize("slope", [0.5, -0.5, 0.99, 0.999])
    @pytest.mark.parametrize("p", [1e-308, 1e-200, 1e-155, 1e-100, 1.0, 1e100, 1e155, 1e200, 1e300])
    def test_every_scale(self, method, slope, p):
        f = lambda p: fixed_point(lambda x, p: slope * x + p, p, p, method=method)  # noqa: E731
        exact = p / (1.0 - slope)
        tolerance = 4e-15 / (1.0 - slope)
        assert f(p) == pytest.approx(exact, rel=tolerance)
        assert grad(f)(p) == pytest.approx(1.0 / (1.0 - slope), rel=1e-12)

    @pytest.mark.parametrize("slope", [0.5, -0.5])
    def test_the_smallest_numbers(self, method, slope):
        f = lambda p: fixed_point(lambda x, p: slope * x + p, p, p, method=method)  # noqa: E731
        assert f(1e-320) == pytest.approx(1e-320 / (1.0 - slope), abs=2e-323)


# f(x, p), the p for which the minimum is at 0, and how that changes with p.
MINIMA_AT_ZERO = {
    "exp": (lambda x, p: ops.exp(x) - p * x, 1.0, 1.0),
    "cosh": (lambda x, p: ops.cosh(x - p), 0.0, 1.0),
    "cos": (lambda x, p: -ops.cos(x - p), 0.0, 1.0),
    "sum": (lambda x, p: ops.exp(x) + p * ops.exp(-x), 1.0, 0.5),
    "softplus": (lambda x, p: ops.softplus(x) - p * x, 0.5, 4.0),
    "square": (lambda x, p: (x - p) ** 2, 0.0, 1.0),
    "lifted": (lambda x, p: (x - p) ** 2 + 1e9, 0.0, 1.0),
    "high": (lambda x, p: 1e200 * (x - p) ** 2, 0.0, 1.0),
    "low": (lambda x, p: 1e-200 * (x - p) ** 2, 0.0, 1.0),
}


@pytest.mark.parametrize("guess", [0.0, 1e-9, 0.3, -2.0, (-1.0, 1.0), (1.5, -1.0), (0.0, 1.0), (-1.0, 0.0)])
@pytest.mark.parametrize("name", MINIMA_AT_ZERO)
def test_minima_at_zero(name, guess):
    f, p, slope = MINIMA_AT_ZERO[name]
    place = lambda p: minimize_scalar(f, guess, p)  # noqa: E731
    assert abs(place(p)) < 1e-15
    assert grad(place)(p) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("shift", [1e-300, 1e-20, 1e-9, -1e-5, 1e-3, 1.0, 1e8])
def test_minima_near_zero_and_far_from_it(shift):
    for guess in (0.0, shift, (shift - 1.0, shift + 0.5)):
        place = lambda p: minimize_scalar(lambda x, p: (x - p) ** 2, guess, p)  # noqa: B023, E731
        assert value_and_grad(place)(shift) == pytest.approx((shift, 1.0), rel=1e-14)


@pytest.mark.parametrize("guess", [(-1.0, 1.5), 0.0, 0.3])
@pytest.mark.parametrize(
    "f", [lambda x: abs(x) + x * x, lambda x: abs(x) + ops.cosh(x), lambda x: abs(x - 0.2) + x * x]
)
def test_a_minimum_at_a_kink_is_refused(f, guess):
    with pytest.raises(SolveError, match="no minimum of lambda"):
        minimize_scalar(f, guess)


def test_random_polynomials_with_known_roots():
    """Whatever comes out is the root, and its derivative that of the formula or a `DomainError`."""
    random = np.random.default_rng(1)
    for _ in range(400):
        order = int(random.integers(1, 4))
        place, other, size = random.uniform(-2.0, 2.0), random.uniform(3.0, 5.0), 10.0 ** random.uniform(-9.0, 9.0)
        coefficients = [size * float(c) for c in np.poly([place] * order + [other])]

        def polynomial(x, p, coefficients=coefficients):
            value = 0.0
            for c in coefficients:
                value = value * x + c
            return value - p

        method = METHODS[int(random.integers(6))] if order % 2 else "newton"
        guess = place + random.uniform(0.05, 0.4) if method == "newton" else (place - 0.6, place + 0.7)
        f = lambda p: root(polynomial, guess, p, method=method)  # noqa: B023, E731
        assert f(0.0) == pytest.approx(place, abs=40.0 * (2.0**-44) ** (1.0 / order)), (order, place, other, method)
        if order == 1:
            assert grad(f)(0.0) == pytest.approx(1.0 / (size * (place - other)), rel=1e-10)
        else:
            with pytest.raises(DomainError):
                grad(f)(0.0)
