"""check_grad: agreement, and what it cannot resolve."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, check_grad, errstate, grad, ops
from made_up import operation

# Functions that are right, and arguments at which that is hard to see.
RIGHT = {
    "an ordinary point": (ops.tanh, (0.3,)),
    "a tiny value": (ops.exp, (-700.0,)),
    "beside the border of the domain": (ops.log, (1e-8,)),
    "a tiny number": (ops.sqrt, (1e-300,)),
    "a pole close by": (lambda x: 1.0 / x, (1e-6,)),
    "a tiny slope": (lambda x: 1.0 / x, (1e150,)),
    "many periods away": (ops.sin, (1e6,)),
    "a small part of the value": (lambda x: 1.0 + ops.sin(x), (1e-9,)),
    "a narrow peak": (lambda x: ops.exp(-1e6 * (x - 1.0) ** 2), (1.0001,)),
    "a whole number": (lambda x, y: x**y, (2.5, 3)),
    "beside a pole": (ops.tan, (1.5707963,)),
    "between two poles": (ops.gamma, (-2.9999,)),
    "a short period": (lambda x: ops.sin(1e6 * x), (1.0,)),
    "a steep slope": (lambda x: ops.atan(1e8 * (x - 1.0)), (1.0,)),
    "ever shorter periods": (lambda x: ops.sin(1.0 / x), (1e-4,)),
    "nested arguments": (lambda p: p["w"][0] * ops.tanh(p["w"][1]), ({"w": [0.5, -0.2]},)),
    "arrays": (lambda m, v: ((m @ v) ** 2).sum(), (np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 0.5]))),
    "a derivative inside": (lambda x: grad(lambda y: x * y**3)(x), (2.0,)),
    "a constant": (lambda x: 5.0, (2.0,)),
    "an argument that does not matter": (lambda x, y: x, (2.0, 3.0)),
}


class TestAgreement:
    @pytest.mark.parametrize(("f", "args"), RIGHT.values(), ids=RIGHT)
    def test_of_right_rules(self, f, args):
        report = check_grad(f, args)
        assert report.passed
        assert report.worst is report.culprit is None
        assert report.chosen("agrees") == report.inputs
        report.raise_if_failed()

    def test_steps_that_leave_the_domain_are_left_out_under_errstate_too(self):
        with errstate(domain="ignore"):
            report = check_grad(ops.log, (1e-8,))
        assert report.chosen("agrees") == report.inputs

    def test_counts_are_reported(self):
        assert str(check_grad(ops.sum, ([1.0, 2.0],))) == (
            "gradient check of 2 numbers: 2 agrees, 0 differs, 0 unresolved"
        )

    def test_keywords_and_other_arguments_are_passed_through(self):
        f = lambda x, kind, *, scale: ops[kind](x) * scale  # noqa: E731
        report = check_grad(f, (0.5, "sin"), {"scale": 3.0}, wrt=0)
        assert report.passed
        assert report.inputs[0].comparison.derivative == 3.0 * math.cos(0.5)

    def test_neurons_count_as_their_values(self):
        x = Neuron(0.5)
        assert check_grad(lambda y: y * x, (x,)).passed
        assert x.grad == 0.0

    def test_errors_are_those_of_grad(self):
        with pytest.raises(DomainError, match=r"derivative of sqrt\(.*\) with respect to input 0"):
            check_grad(ops.sqrt, (0.0,))
        with pytest.raises(TypeError, match="must return one number"):
            check_grad(lambda x: [x], (0.0,))
        with pytest.raises(IndexError, match="was called with 1 positional"):
            check_grad(ops.sin, (0.0,), wrt=3)


class TestUnresolved:
    @pytest.mark.parametrize(
        ("f", "x"),
        [(ops.relu, 0.0), (abs, 0.0), (lambda x: abs(x - 2.0) + 3.0 * x, 2.0), (lambda x: ops.maximum(x, 1.0), 1.0)],
    )
    def test_a_slope_between_those_of_both_sides_of_a_kink(self, f, x):
        assert check_grad(f, (x,)).passed

    @pytest.mark.parametrize("x", [1e8, 1e-10])
    def test_kinks_at_large_and_small_numbers(self, x):
        """Steps are small beside the number, and beside 1."""
        period = max(1.0, 0.1 / x)
        wave = lambda y: ops.sin(period * (y - x))  # noqa: E731
        report = check_grad(lambda y: ops.relu(wave(y)) + 3.0 * wave(y), (x,))
        assert report.chosen("unresolved") == report.inputs
        assert report.inputs[0].comparison.kink

    def test_a_slope_beyond_those_of_both_sides_differs(self):
        wrong = operation("ramp", lambda xp, x: xp.maximum(x, 0.0), lambda xp, out, x: 2.0)
        assert not check_grad(wrong, (0.0,)).passed

    def test_no_kink_is_seen_in_a_hole_of_the_domain(self):
        wrong = operation("wrong", lambda xp, x: x * x, lambda xp, out, x: 2.00001 * x)

        def f(x):
            hole = 0.0 < abs(x.value - 1.0) < 1e-4
            return ops.log(x - 2.0) if hole else wrong(x)

        report = check_grad(f, (1.0,))
        assert report.worst.comparison.kink is False

    def test_kinks_are_reported(self):
        report = check_grad(ops.relu, (0.0,))
        assert report.chosen("unresolved") == report.inputs
        assert "a kink" in str(report)

    def test_what_is_lost_in_rounding(self):
        report = check_grad(lambda x: 1.0 + 1e-18 * x, (1.0,))
        assert report.passed
        assert len(report.chosen("unresolved")) == 1

    TOO_FAST_OR_LOST = {  # noqa: RUF012
        "at a pole": (ops.tan, math.pi / 2.0),
        "beside a pole": (ops.gamma, -2.9999999999),
        "closer to a pole than the smallest step": (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-13),
        "a shorter period": (lambda x: ops.sin(1e13 * x), 1.0),
        "a steep step": (lambda x: ops.sigmoid(1e10 * (x - 1.0)), 1.0),
        "a steeper step": (lambda x: ops.sigmoid(1e13 * (x - 1.0)), 1.0),
        "rounded away": (lambda x: (1e10 + ops.sin(x)) - 1e10, 0.5),
        "an underflow": (lambda x: x * x, 1e-300),
    }

    @pytest.mark.parametrize(("f", "x"), TOO_FAST_OR_LOST.values(), ids=TOO_FAST_OR_LOST)
    def test_what_changes_faster_than_the_smallest_step_or_not_at_all(self, f, x):
        report = check_grad(f, (x,))
        assert report.chosen("unresolved") == report.inputs
        assert report.culprit is None

    def test_where_no_step_stays_inside_the_domain(self):
        report = check_grad(border, (1.0,))
        assert report.passed
        assert math.isnan(report.inputs[0].comparison.estimate)

    def test_a_function_that_changes_from_call_to_call_does_not_pass_unseen(self):
        noise = itertools.cycle([0.1, -0.3, 0.2])
        report = check_grad(lambda x: x + next(noise), (1.0,))
        assert not report.chosen("agrees")


def border(x):
    """Defined at 1 alone."""
    return 2.0 * x if x == 1.0 else ops.log(x * 0.0 - 1.0)
