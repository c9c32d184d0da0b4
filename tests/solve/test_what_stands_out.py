"""A root stands out from other numbers: not a pole, nor any float where rounding exceeds the range of the function."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_core import Neuron, grad, ops
from gograd_ops_solve import SolveError, root

PAIRS = [(1.0, 1.3), (1.01, 1.27), (7.0, 11.0)]
METHODS = ["bisect", "brentq", "brenth", "ridder", "toms748", "newton"]


def halving(f, low, high):
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if f(middle) > 0.0 else (middle, high)
    return low


def moved(x, floats):
    for _ in range(abs(floats)):
        x = math.nextafter(x, math.copysign(math.inf, floats))
    return x


POLES = {
    "simple": lambda x, q: 2.0 / (x - q),
    "large": lambda x, q: 1e60 / (x - q),
    "of order three": lambda x, q: -1e-30 / (x - q) ** 3,
    "a tangent": lambda x, q: ops.tan(x / q - 1.0 + 0.5 * math.pi),
    "on a slope": lambda x, q: q * q / (x - q) + x + 7.0 * abs(q),
}


class TestMethodsOfYourOwn:
    def test_halving_finds_a_pole(self):
        for function, pair in [(ops.tan, (2.0, 1.0)), (lambda x: -ops.tan(x), (1.0, 2.0))]:
            with pytest.raises(SolveError, match="the method returned 1.570796326794.* is off by .*no solution nearby"):
                root(function, pair, method=halving)

    @pytest.mark.parametrize("place", [0.3, 1.0, -7e5, 1e-9])
    @pytest.mark.parametrize("floats", [-30, -5, -2, -1, 1, 2, 3, 4, 9, 40])
    @pytest.mark.parametrize("name", POLES)
    def test_beside_a_pole(self, name, place, floats):
        x = moved(place, floats)
        for start in (place, (place - abs(place), place + 0.7 * abs(place))):
            with pytest.raises(SolveError):
                root(POLES[name], start, place, method=lambda f, *start: x)

    @pytest.mark.parametrize("floats", [-40, -2, -1, 0, 1, 3, 40])
    @pytest.mark.parametrize("p", [0.2, 2.0, 3.7, 1e10])
    def test_beside_a_root_it_is_found(self, floats, p):
        method = lambda f, *start: moved(math.sqrt(p), floats)  # noqa: E731
        for function in (lambda x, p: x * x - p, lambda x, p: 1.0 - p / x / x, lambda x, p: 1e80 * (p - x * x)):
            for start in (p, (0.0, p + 1.0)):
                f = lambda p: root(function, start, p, method=method)  # noqa: B023, E731
                assert f(p) == pytest.approx(math.sqrt(p), rel=5e-16)
                assert grad(f)(p) == pytest.approx(0.5 / math.sqrt(p), rel=1e-14)

    @pytest.mark.parametrize("place", [-1.0, 0.25, 2.0])
    def test_any_of_several_roots_may_be_found(self, place):
        f = lambda p: root(  # noqa: E731
            lambda x, p: (x + 1.0) * (x - p) * (x - 2.0), (-3.0, 4.0), p, method=lambda f, *start: place + 1e-9
        )
        assert f(0.25) == place
        assert grad(f)(0.25) == (place == 0.25)

    def test_halving_from_any_sign(self):
        for p in np.linspace(0.1, 90.0, 57).tolist():
            assert root(lambda x, p: x * x - p, (0.0, 10.0), p, method=halving) == pytest.approx(p**0.5, rel=5e-16)
            tangent = root(lambda x, p: ops.tan(x) - p, (-1.5, 1.57), p, method=halving)
            assert tangent == pytest.approx(math.atan(p), rel=1e-15)


class TestOscillation:
    """If a function turns many times from one float to the next, no float is its root."""

    @pytest.mark.parametrize("frequency", [1e17, 3e19])
    @pytest.mark.parametrize("p", [0.3, -0.6, 0.9])
    @pytest.mark.parametrize(
        ("start", "method"),
        [(1.1, "newton"), *[(start, halving) for start in PAIRS]]
        + [(start, method) for start in (1.1, *PAIRS) for method in METHODS[:-1]],
    )
    def test_it_has_no_root(self, frequency, p, start, method):
        with pytest.raises(SolveError):
            root(lambda x, p: ops.sin(frequency * x) + p, start, p, method=method)

    @pytest.mark.parametrize("method", METHODS)
    def test_what_floats_can_follow_has(self, method):
        start = 1.0 + 1e-9 if method == "newton" else (1.0, 1.0 + 2e-8)
        f = lambda p: root(lambda x, p: ops.sin(1e8 * (x - 1.0) - p), start, p, method=method)  # noqa: E731
        assert f(0.5) == pytest.approx(1.0 + 0.5e-8, rel=4e-16)
        assert grad(f)(0.5) == pytest.approx(1e-8, rel=1e-6)


@pytest.mark.parametrize("method", METHODS[:-1])
@pytest.mark.parametrize("p", [0.3, 1.0, 2.0, 3.7, 8.1])
@pytest.mark.parametrize("steepness", [1e14, 1e15, 1e16, 1e30])
def test_a_root_between_floats_that_differ_is_the_one_where_the_function_is_zero(method, p, steepness):
    for chosen in (method, halving):
        found = root(lambda x, p: ops.tanh(steepness * (x - p)), (0.0, 10.0), p, method=chosen)
        assert found == pytest.approx(p, rel=3e-16)


@pytest.mark.parametrize("method", METHODS)
def test_a_plain_value_takes_no_sweep(method):
    """Only who asks for a derivative pays for one, besides the slopes of Newton's method."""
    met = []

    def kepler(x, mean):
        met.append(type(x) is Neuron)
        return x - 0.5 * ops.sin(x) - mean

    for mean in np.linspace(0.3, 2.9, 20).tolist():
        met.clear()
        x = root(kepler, mean, mean, method=method)
        assert x - 0.5 * math.sin(x) == pytest.approx(mean, rel=1e-15)
        if method != "newton":
            assert sum(met) <= 1
        slopes = met.count(True)
        met.clear()
        assert grad(lambda mean: root(kepler, mean, mean, method=method))(mean) == pytest.approx(
            1.0 / (1.0 - 0.5 * math.cos(x)), rel=1e-14
        )
        assert met.count(True) <= slopes + 1
