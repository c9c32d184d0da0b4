"""Programs that were written for Python's `math` differentiate after one import is changed.

The programs beside this file know nothing of gograd. Each is run as it stands, and once more with
its only import replaced: values must be the same to the last bit, derivatives those of a closed
form, or of HIPS autograd, to 1e-10 relative.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace

import autograd
import numpy as np
import pytest

from gograd_core import Neuron, grad, value_and_grad

IMPORT = "import math"
CHANGED = "from gograd_core import math"
HIPS = "import autograd.numpy as math"
TOLERANCE = 1e-10

CALL = (105.0, 100.0, 0.03, 0.2, 0.75)
VELOCITY_AND_TIME = (0.1, 1.1, 8.0)  # an ellipse, a little more than one round
MATRIX = [[4.0, 1.2, -0.6, 0.3], [1.2, 5.0, 0.8, -1.1], [-0.6, 0.8, 3.0, 0.4], [0.3, -1.1, 0.4, 2.5]]
RIGHT = [1.0, -2.0, 0.5, 3.0]
WEIGHTS = [0.7, -0.2, 1.5, 0.4]
LISBON_TO_TOKYO = (38.72, -9.14, 35.68, 139.69)
LOAN = (250_000.0, 0.0035, 240.0)
PAID = 100


def load(name, replacement=IMPORT):
    """The program as a module, its one import replaced."""
    path = Path(__file__).with_name(f"{name}.py")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "import" in line.split()] == [IMPORT]
    lines[lines.index(IMPORT)] = replacement
    namespace = {"__name__": name}
    exec(compile("\n".join(lines), str(path), "exec"), namespace)
    return SimpleNamespace(**namespace)


def close(found, exact):
    np.testing.assert_allclose(found, exact, rtol=TOLERANCE, atol=0.0)


def as_neurons(arguments):
    return [
        as_neurons(argument) if type(argument) is list else Neuron(argument) if type(argument) is float else argument
        for argument in arguments
    ]


def values(result):
    if isinstance(result, (list, tuple)):
        return [values(entry) for entry in result]
    return result.value if type(result) is Neuron else result


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("black_scholes", "call", CALL),
        ("two_body", "position", VELOCITY_AND_TIME),
        ("cholesky", "solve", (MATRIX, RIGHT)),
        ("cholesky", "log_determinant", (MATRIX,)),
        ("great_circle", "haversine", LISBON_TO_TOKYO),
        ("great_circle", "by_arctangent", LISBON_TO_TOKYO),
        ("great_circle", "bearing", LISBON_TO_TOKYO),
        ("kepler", "eccentric_anomaly", (1.0, 0.6)),
        ("kepler", "eccentric_anomaly", (0.3, 0.9)),
        ("loan", "effective_rate", (0.05, 12.0)),
        ("loan", "instalment", LOAN),
        ("loan", "balance", (*LOAN, PAID)),
        ("kalman", "log_likelihood", (0.2, 0.3, 0.4)),
    ],
)
def test_values_are_those_of_plain_math(name, function, arguments):
    expected = values(getattr(load(name), function)(*arguments))
    changed = getattr(load(name, CHANGED), function)
    assert values(changed(*arguments)) == expected
    of_neurons = changed(*as_neurons(arguments))
    assert values(of_neurons) == expected
    assert all(type(entry) is Neuron for entry in np.ravel(np.array(of_neurons, dtype=object)))


class TestBlackScholes:
    """Against the textbook's Greeks, with the standard library's normal distribution."""

    @pytest.fixture
    def greeks(self):
        spot, strike, rate, volatility, time = CALL
        normal = NormalDist()
        d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * time) / (volatility * math.sqrt(time))
        d2 = d1 - volatility * math.sqrt(time)
        density, discount = normal.pdf(d1), math.exp(-rate * time)
        vega = spot * density * math.sqrt(time)
        rho = strike * time * discount * normal.cdf(d2)
        return SimpleNamespace(
            delta=normal.cdf(d1),
            by_strike=-discount * normal.cdf(d2),
            rho=rho,
            vega=vega,
            by_time=vega * volatility / (2 * time) + rate * rho / time,
            gamma=density / (spot * volatility * math.sqrt(time)),
            vanna=-density * d2 / volatility,
            volga=vega * d1 * d2 / volatility,
        )

    def test_first_derivatives(self, greeks):
        call = load("black_scholes", CHANGED).call
        close(
            grad(call, wrt=(0, 1, 2, 3, 4))(*CALL),
            [greeks.delta, greeks.by_strike, greeks.rho, greeks.vega, greeks.by_time],
        )

    def test_second_derivatives(self, greeks):
        call = load("black_scholes", CHANGED).call
        close(grad(grad(call))(*CALL), greeks.gamma)
        close(grad(grad(call, wrt=3))(*CALL), greeks.vanna)
        close(grad(grad(call), wrt=3)(*CALL), greeks.vanna)
        close(grad(grad(call, wrt=3), wrt=3)(*CALL), greeks.volga)


class TestTwoBody:
    @pytest.mark.parametrize("coordinate", [0, 1])
    def test_gradient_is_autograds(self, coordinate):
        def by(replacement):
            position = load("two_body", replacement).position
            return lambda *arguments: position(*arguments)[coordinate]

        close(
            grad(by(CHANGED), wrt=(0, 1, 2))(*VELOCITY_AND_TIME),
            autograd.grad(by(HIPS), argnum=(0, 1, 2))(*VELOCITY_AND_TIME),
        )


class TestCholesky:
    """Against NumPy's solver. Of the symmetric matrix the program reads the lower triangle alone."""

    @staticmethod
    def of_lower_triangle(by_entries):
        """The derivative by an entry of the lower triangle, which stands for two of the matrix."""
        return np.tril(by_entries + by_entries.T) - np.diag(np.diag(by_entries))

    def test_gradient_of_a_solution(self):
        solve = load("cholesky", CHANGED).solve

        def weighted(matrix, right):
            return sum(weight * x for weight, x in zip(WEIGHTS, solve(matrix, right), strict=True))

        value, (by_matrix, by_right) = value_and_grad(weighted, wrt=(0, 1))(MATRIX, RIGHT)
        x, multipliers = np.linalg.solve(MATRIX, RIGHT), np.linalg.solve(MATRIX, WEIGHTS)
        close(value, WEIGHTS @ x)
        close(by_right, multipliers)
        close(by_matrix, self.of_lower_triangle(-np.outer(multipliers, x)))

    def test_gradient_of_the_log_determinant(self):
        log_determinant = load("cholesky", CHANGED).log_determinant
        close(grad(log_determinant)(MATRIX), self.of_lower_triangle(np.linalg.inv(MATRIX)))


class TestGreatCircle:
    """A step north brings the goal nearer by the cosine of the bearing, a step east by its sine."""

    @pytest.mark.parametrize("function", ["haversine", "by_arctangent"])
    def test_gradient_is_the_bearing(self, function):
        phi1, lambda1, phi2, lambda2 = np.radians(LISBON_TO_TOKYO)
        turn = lambda2 - lambda1
        there = math.atan2(
            math.cos(phi2) * math.sin(turn),
            math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(turn),
        )
        back = math.atan2(
            -math.cos(phi1) * math.sin(turn),
            math.cos(phi2) * math.sin(phi1) - math.sin(phi2) * math.cos(phi1) * math.cos(turn),
        )
        degree = 6371.0 * math.pi / 180
        program = getattr(load("great_circle", CHANGED), function)
        close(
            grad(program, wrt=(0, 1, 2, 3))(*LISBON_TO_TOKYO),
            [
                -degree * math.cos(there),
                -degree * math.sin(there) * math.cos(phi1),
                -degree * math.cos(back),
                -degree * math.sin(back) * math.cos(phi2),
            ],
        )

    def test_gradient_of_the_bearing(self):
        phi1, lambda1, phi2, lambda2 = np.radians(LISBON_TO_TOKYO)
        turn = lambda2 - lambda1
        # The tangent of the bearing is p / q; both change with the first latitude and longitude.
        p, q = math.cos(phi2) * math.sin(turn), math.cos(phi1) * math.sin(phi2)
        q -= math.sin(phi1) * math.cos(phi2) * math.cos(turn)
        q_by_phi1 = -math.sin(phi1) * math.sin(phi2) - math.cos(phi1) * math.cos(phi2) * math.cos(turn)
        p_by_lambda1, q_by_lambda1 = -math.cos(phi2) * math.cos(turn), -math.sin(phi1) * p
        square = p * p + q * q
        bearing = load("great_circle", CHANGED).bearing
        close(
            grad(bearing, wrt=(0, 1))(*LISBON_TO_TOKYO),
            [-p * q_by_phi1 / square, (q * p_by_lambda1 - p * q_by_lambda1) / square],
        )


class TestKepler:
    """The derivative of a root, through the loop that finds it, is that of the implicit function."""

    @pytest.mark.parametrize(("mean_anomaly", "eccentricity"), [(1.0, 0.6), (0.3, 0.9), (2.5, 0.01)])
    def test_gradient_is_that_of_the_implicit_function(self, mean_anomaly, eccentricity):
        program = load("kepler", CHANGED).eccentric_anomaly
        anomaly, derivatives = value_and_grad(program, wrt=(0, 1))(mean_anomaly, eccentricity)
        slope = 1 - eccentricity * math.cos(anomaly)
        close(derivatives, [1 / slope, math.sin(anomaly) / slope])


class TestLoan:
    def test_effective_rate(self):
        rate, periods = 0.05, 12.0
        part = rate / periods
        growth = (1 + part) ** periods
        close(
            grad(load("loan", CHANGED).effective_rate, wrt=(0, 1))(rate, periods),
            [growth / (1 + part), growth * (math.log1p(part) - part / (1 + part))],
        )

    def test_instalment(self):
        amount, rate, months = LOAN
        share = -math.expm1(-months * math.log1p(rate))
        by_rate, by_months = months * (1 - share) / (1 + rate), (1 - share) * math.log1p(rate)
        close(
            grad(load("loan", CHANGED).instalment, wrt=(0, 1, 2))(*LOAN),
            [rate / share, amount * (share - rate * by_rate) / share**2, -amount * rate * by_months / share**2],
        )

    def test_balance(self):
        amount, rate, months = LOAN
        all_of_it, so_far = (1 + rate) ** months, (1 + rate) ** PAID
        by_rate_all, by_rate_so_far = months * all_of_it / (1 + rate), PAID * so_far / (1 + rate)
        change = (by_rate_all - by_rate_so_far) * (all_of_it - 1) - (all_of_it - so_far) * by_rate_all
        close(
            grad(load("loan", CHANGED).balance, wrt=(0, 1))(*LOAN, PAID),
            [(all_of_it - so_far) / (all_of_it - 1), amount * change / (all_of_it - 1) ** 2],
        )


class TestKalman:
    def test_gradient_is_autograds(self):
        point = (0.2, 0.3, 0.4)
        close(
            grad(load("kalman", CHANGED).log_likelihood, wrt=(0, 1, 2))(*point),
            autograd.grad(load("kalman", HIPS).log_likelihood, argnum=(0, 1, 2))(*point),
        )
