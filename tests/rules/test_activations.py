"""Activation functions: the far ends, the kinks, and what they are to each other.

What holds for every operation (accuracy, orders, namespaces, pinned edges) is tested by the conformance kit.
"""

from __future__ import annotations

import math
from math import inf

import numpy as np
import pytest

from gograd_core import Neuron, derivative, grad, ops

SMOOTH = ("sigmoid", "log_sigmoid", "softplus", "silu", "gelu", "gelu_tanh", "mish")
RECTIFIERS = ("relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "gelu_tanh", "mish")
ALL = sorted({*SMOOTH, *RECTIFIERS, "hard_tanh", "softsign"})
HUGE = (1e3, 1e155, 1e300, 1.7e308, inf)


def slope(name, x):
    neuron = Neuron(x)
    ops[name](neuron).backward()
    return neuron.grad


class TestFarFromZero:
    @pytest.mark.parametrize(
        ("name", "left", "right"),
        [
            ("sigmoid", 0.0, 1.0),
            ("hard_tanh", -1.0, 1.0),
            ("elu", -1.0, inf),
            ("relu", 0.0, inf),
            ("softplus", 0.0, inf),
            ("log_sigmoid", -inf, 0.0),
            ("silu", -0.0, inf),
            ("gelu", -0.0, inf),
            ("gelu_tanh", -0.0, inf),
            ("mish", -0.0, inf),
        ],
    )
    @pytest.mark.parametrize("size", HUGE)
    def test_values(self, name, left, right, size):
        assert ops[name](-size) == (-size if left == -inf else left)
        assert ops[name](size) == (size if right == inf else right)

    @pytest.mark.parametrize("name", SMOOTH)
    @pytest.mark.parametrize("size", HUGE)
    def test_slopes_meet_no_infinity_times_zero(self, name, size):
        left, right = {"sigmoid": (0.0, 0.0), "log_sigmoid": (1.0, 0.0)}.get(name, (0.0, 1.0))
        assert (slope(name, -size), slope(name, size)) == (left, right)

    def test_softsign_approaches_slowly(self):
        assert [ops.softsign(x) for x in (-inf, -1e16, 1e16, inf)] == [-1.0, -1.0, 1.0, 1.0]
        assert slope("softsign", 1e150) == 1e-300

    @pytest.mark.parametrize(
        ("name", "x", "value"),
        [
            ("sigmoid", -700.0, math.exp(-700.0)),
            ("softplus", -700.0, math.exp(-700.0)),
            ("log_sigmoid", 700.0, -math.exp(-700.0)),
            ("silu", -700.0, -700.0 * math.exp(-700.0)),
            ("mish", -700.0, -700.0 * math.exp(-700.0)),
            ("elu", -1e-300, -1e-300),
            ("gelu", -20.0, -10.0 * math.erfc(20.0 / math.sqrt(2.0))),
        ],
    )
    def test_tails_keep_their_digits(self, name, x, value):
        assert ops[name](x) == pytest.approx(value, rel=4 * 2.0**-52, abs=0)

    @pytest.mark.parametrize("name", ALL)
    def test_arrays_give_no_warning(self, name):
        far = np.array([-1e100, -1e3, -40.0, -0.0, 0.0, 40.0, 1e3, 1e100])
        assert list(ops[name](far)) == pytest.approx([ops[name](x) for x in far.tolist()], rel=1e-15, abs=0)


class TestKinks:
    @pytest.mark.parametrize(
        ("name", "x", "taken"),
        [
            ("relu", 0.0, 0.0),
            ("leaky_relu", 0.0, 0.01),
            ("elu", 0.0, 1.0),
            ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772),
            ("hard_tanh", 1.0, 0.0),
            ("hard_tanh", -1.0, 0.0),
        ],
    )
    def test_slope(self, name, x, taken):
        assert slope(name, x) == taken

    @pytest.mark.parametrize(("name", "expected"), [("elu", 1.0), ("softsign", 0.0), ("relu", 0.0)])
    def test_second_derivative(self, name, expected):
        """That of the left side; the mean of both for softsign, which is odd."""
        assert derivative(ops[name], order=2)(0.0) == expected

    @pytest.mark.parametrize("name", SMOOTH)
    def test_a_smooth_function_has_none_at_0(self, name):
        """Although the rules choose there between two formulas."""
        for order in (1, 2, 3):
            left, middle, right = (derivative(ops[name], order=order)(x) for x in (-1e-9, 0.0, 1e-9))
            assert left == pytest.approx(middle, abs=1e-8)
            assert right == pytest.approx(middle, abs=1e-8)


@pytest.mark.parametrize("x", [1e-8, -1e-8, 1e-17, 1e-300])
@pytest.mark.parametrize(
    ("f", "order", "sign"),
    [
        (ops.sigmoid, 2, -1.0),
        (ops.expit, 2, -1.0),
        (ops.softplus, 3, -1.0),
        (ops.log_sigmoid, 3, 1.0),
        (lambda x: ops.logaddexp(x, 0.0), 3, -1.0),
    ],
)
def test_curvature_of_the_logistic_function_keeps_its_digits_near_0(f, order, sign, x):
    """It is -x/8 but for a relative x**2, which is below an ulp here."""
    assert derivative(f, order=order)(x) == pytest.approx(sign * x / 8.0, rel=4 * 2.0**-52, abs=0)


@pytest.mark.parametrize("x", [-30.0, -2.0, -0.3, 0.0, 0.7, 3.0, 40.0])
class TestIdentities:
    """To a few ulps: both sides are rounded."""

    def test_sigmoid_and_its_integral(self, x):
        assert grad(ops.softplus)(x) == pytest.approx(ops.sigmoid(x), rel=1e-15, abs=0)
        assert grad(ops.log_sigmoid)(x) == pytest.approx(ops.sigmoid(-x), rel=1e-15, abs=0)
        assert ops.log_sigmoid(x) == -ops.softplus(-x)
        assert math.exp(ops.log_sigmoid(x)) == pytest.approx(ops.sigmoid(x), rel=1e-14, abs=0)

    def test_gated_ones_are_odd_but_for_a_line(self, x):
        for name in ("silu", "gelu", "gelu_tanh"):
            assert ops[name](x) - ops[name](-x) == pytest.approx(x, rel=1e-15, abs=0)
            assert slope(name, x) + slope(name, -x) == pytest.approx(1.0, rel=1e-15, abs=0)

    def test_mish_by_its_definition(self, x):
        def definition(x):
            return x * ops.tanh(ops.softplus(x))

        assert ops.mish(x) == pytest.approx(definition(x), rel=1e-14, abs=0)
        assert grad(ops.mish)(x) == pytest.approx(grad(definition)(x), rel=1e-13, abs=0)

    def test_selu_is_a_scaled_elu(self, x):
        scale, alpha = 1.0507009873554805, 1.6732632423543772
        assert ops.selu(x) == pytest.approx(scale * (ops.elu(x) if x > 0.0 else alpha * ops.elu(x)), rel=1e-15, abs=0)


def test_the_approximation_of_gelu_is_one():
    found = [abs(ops.gelu(x) - ops.gelu_tanh(x)) for x in np.linspace(-6.0, 6.0, 101).tolist()]
    assert 1e-4 < max(found) < 5e-4


def test_swish_is_silu():
    assert ops.swish is ops.silu
