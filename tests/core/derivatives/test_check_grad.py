"""check_grad: agreement, which argument differs, which operation is to blame, and what it cannot resolve."""

from __future__ import annotations

import itertools
import math
from collections import namedtuple

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, Op, check_grad, errstate, grad, ops, stop_gradient
from gograd_core.derivatives.finite_differences import compare

Point = namedtuple("Point", "x y")


def operation(name, forward, *partials, **fields):
    return Op(name, forward=forward, partials=partials, **fields)


# Operations with a wrong partial, each with the right derivative.
WRONG = {
    "dropped": (lambda xp, x: xp.tanh(x), lambda xp, out, x: 1.0, lambda x: 1 - math.tanh(x) ** 2),
    "negative": (lambda xp, x: xp.exp(-x), lambda xp, out, x: out, lambda x: -math.exp(-x)),
    "one_digit": (lambda xp, x: x * x, lambda xp, out, x: 2.00001 * x, lambda x: 2 * x),
    "zero": (lambda xp, x: xp.sin(x), lambda xp, out, x: 0.0, math.cos),
    "nothing": (lambda xp, x: xp.sin(x), None, math.cos),
}
negative, one_digit, dropped = (operation(name, *WRONG[name][:2]) for name in ("negative", "one_digit", "dropped"))


class TestAgreement:
    @pytest.mark.parametrize(
        ("f", "args"),
        [
            (ops.tanh, (0.3,)),
            (ops.exp, (-700.0,)),
            (ops.log, (1e-8,)),
            (ops.sqrt, (1e-300,)),
            (lambda x: 1.0 / x, (1e-6,)),
            (lambda x: 1.0 / x, (1e150,)),
            (ops.sin, (1e6,)),
            (lambda x: 1.0 + ops.sin(x), (1e-9,)),
            (lambda x: ops.exp(-1e6 * (x - 1.0) ** 2), (1.0001,)),
            (lambda x, y: x**y, (2.5, 3)),
            (ops.tan, (1.5707963,)),
            (ops.gamma, (-2.9999,)),
            (lambda x: ops.sin(1e6 * x), (1.0,)),
            (lambda x: ops.atan(1e8 * (x - 1.0)), (1.0,)),
            (lambda x: ops.sin(1.0 / x), (1e-4,)),
            (lambda p: p["w"][0] * ops.tanh(p["w"][1]), ({"w": [0.5, -0.2]},)),
            (lambda m, v: ((m @ v) ** 2).sum(), (np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 0.5]))),
            (lambda x: grad(lambda y: x * y**3)(x), (2.0,)),
            (lambda x: 5.0, (2.0,)),
            (lambda x, y: x, (2.0, 3.0)),
        ],
    )
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


class TestDisagreement:
    @pytest.mark.parametrize(("name", "forward", "partial", "exact"), [(name, *rules) for name, rules in WRONG.items()])
    def test_the_operation_is_named(self, name, forward, partial, exact):
        wrong = operation(name, forward, partial)

        def f(x, y):
            return ops.exp(x) * wrong(x * y) + ops.dot([x, y], [y, 1.0])

        report = check_grad(f, (0.7, 1.3))
        assert not report.passed
        assert report.culprit.op is wrong
        assert report.culprit.index == 0
        assert report.culprit.comparison.estimate == pytest.approx(exact(0.7 * 1.3), rel=1e-9)
        with pytest.raises(
            AssertionError, match=rf"likely culprit: {name} \(not registered\): partial 0 of {name}\(0.9"
        ):
            report.raise_if_failed()

    def test_the_one_that_explains_most_is_named(self):
        f = lambda x: one_digit(x) + ops.tanh(negative(x))  # noqa: E731
        assert check_grad(f, (0.5,)).culprit.op is negative

    def test_errors_that_cancel_are_no_explanation(self):
        wrong_product = operation(
            "wrong_product", lambda xp, x, y: x * y, lambda xp, out, x, y: 1.001 * y, lambda xp, out, x, y: x
        )
        report = check_grad(lambda x: dropped(x) - dropped(x) + wrong_product(x, x), (0.7,))
        assert report.culprit.op is wrong_product
        report = check_grad(lambda x: dropped(x) - dropped(x) + x * x.value, (0.7,))
        assert not report.passed
        assert report.culprit is None

    def test_errors_of_the_inputs_of_one_operation_are_added(self):
        opposite = operation(
            "opposite", lambda xp, x, y: x * y, lambda xp, out, x, y: y + 1.0, lambda xp, out, x, y: x - 1.0
        )
        assert check_grad(lambda x: opposite(x, x) + one_digit(x), (0.7,)).culprit.op is one_digit

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_of_several_uses_the_worst_is_named(self, sign):
        f = lambda x: sign * (one_digit(x) + one_digit(9.0 * x) + one_digit(3.0 * x))  # noqa: E731
        assert check_grad(f, (1.0,)).culprit.use == "one_digit(9.0)"

    def test_errors_are_weighed_by_how_much_depends_on_the_number(self):
        f = lambda x: dropped(1e-3 * x + 1.0) + one_digit(300.0 * x)  # noqa: E731
        assert check_grad(f, (1.0,)).culprit.op is one_digit

    def test_an_error_too_small_to_explain_the_difference_is_no_explanation(self):
        report = check_grad(lambda x: 1e-9 * one_digit(x) + x * x.value, (3.0,))
        assert not report.passed
        assert report.culprit is None

    def test_the_worst_number_is_the_one_that_differs_most_whichever_way(self):
        report = check_grad(lambda x, y: one_digit(x) - one_digit(1e3 * y), (1.0, 1.0))
        assert report.worst.path == "y"

    def test_errors_are_weighed_by_right_derivatives(self):
        """A wrong derivative of 0 hides no error before it."""
        zero = operation("zero", *WRONG["zero"][:2])
        assert check_grad(lambda x: zero(2.0 * x), (0.5,)).culprit.op is zero
        assert check_grad(lambda x: one_digit(zero(x)), (0.5,)).culprit.op is zero

    @pytest.mark.parametrize(
        ("name", "forward", "partial", "x"),
        [
            ("tangent", lambda xp, x: xp.tan(x), lambda xp, out, x: 1.0 + 2.0 * out * out, 1.5707963),
            ("fast", lambda xp, x: xp.sin(1e6 * x), lambda xp, out, x: 1.01e6 * xp.cos(1e6 * x), 1.0),
            ("steep", lambda xp, x: xp.atan(1e8 * (x - 1.0)), lambda xp, out, x: 1.01e8 * x, 1.0),
            ("even", lambda xp, x: xp.cos(x), lambda xp, out, x: 1.0, 0.0),
            ("stairs", lambda xp, x: xp.round(x), lambda xp, out, x: 1.0, 2.3),
        ],
    )
    def test_at_hard_points(self, name, forward, partial, x):
        wrong = operation(name, forward, partial)
        assert check_grad(wrong, (x,)).culprit.op is wrong

    def test_the_input_of_the_operation_is_named(self):
        swapped = operation(
            "swapped", lambda xp, x, y: x * x * y, lambda xp, out, x, y: 2 * x * y, lambda xp, out, x, y: 2 * x
        )
        report = check_grad(swapped, (3.0, 5.0))
        assert [check.comparison.verdict for check in report.inputs] == ["agrees", "differs"]
        assert (report.worst.path, report.culprit.index) == ("y", 1)

    def test_entries_of_columns(self):
        wrong = operation("norm1", lambda xp, x: xp.sum(x * x * x), lambda xp, out, x: 3 * x * x - x, variadic=True)
        report = check_grad(lambda v: wrong([*v, 1.0]) * 2.0, ([2.0, 1.0],))
        assert report.culprit.op is wrong
        assert report.culprit.use == "norm1(2.0, 1.0, 1.0)"

    def test_uses_on_which_no_wrong_derivative_depends_are_innocent(self):
        report = check_grad(lambda x, y: dropped(x) + ops.tanh(y) * y.value, (0.5, 2.0), wrt=1)
        assert not report.passed
        assert report.culprit is None

    def test_the_place_of_the_worst_number_is_named(self):
        def f(p, point, matrix):
            numbers = one_digit(p["w"][1]) + 10.0 * one_digit(point.y) + one_digit(matrix[1, 0])
            return numbers + p["w"][0] + point.x + matrix[0, 0]

        report = check_grad(f, ({"w": (1.0, 2.0)}, Point(3.0, 4.0), np.ones((2, 1))))
        assert [check.path for check in report.inputs] == [
            "p['w'][0]", "p['w'][1]", "point.x", "point.y", "matrix[0, 0]", "matrix[1, 0]",
        ]  # fmt: skip
        assert [check.path for check in report.chosen("differs")] == ["p['w'][1]", "point.y", "matrix[1, 0]"]
        assert report.worst.path == "point.y"
        assert "point.y: differs: 80.0004, by finite differences 80.0" in str(report)

    def test_a_derivative_that_is_cut_off_on_purpose(self):
        report = check_grad(lambda x: x * stop_gradient(x), (3.0,))
        assert report.culprit.op is stop_gradient

    def test_a_value_taken_out_of_the_graph_is_no_operation_s_fault(self):
        report = check_grad(lambda x: x * x.value, (3.0,))
        assert not report.passed
        assert report.culprit is None
        assert "partials of every operation are right" in str(report)

    @pytest.mark.parametrize("error", [1e-6, 1e-7])
    def test_a_slope_between_those_of_both_sides_of_a_smooth_point(self, error):
        bowl = operation("bowl", lambda xp, x: x * x + x, lambda xp, out, x: 2 * x + 1 + error)
        assert check_grad(bowl, (0.0,), rtol=error / 10.0).culprit.op is bowl

    def test_at_points_that_swallow_steps_of_one(self):
        assert not check_grad(one_digit, (1e20,)).passed

    def test_the_tolerance_is_relative(self):
        for scale in (1e-200, 1.0, 1e200):
            f = lambda x: one_digit(x) * scale  # noqa: B023, E731
            assert not check_grad(f, (3.0,)).passed
            assert check_grad(f, (3.0,), rtol=1e-4).passed

    def test_what_does_not_depend_on_a_wrong_number_is_not_tried(self):
        tried = []
        note = operation("note", lambda xp, x: tried.append(x) or x, lambda xp, out, x: 1.0)
        report = check_grad(lambda x, y: one_digit(x) + note(y) * 2.0, (3.0, 5.0))
        assert report.culprit.op is one_digit
        assert tried.count(5.0 - 5.0 / 8.0) == 1  # as a step of y itself

    @pytest.mark.parametrize(("wrt", "path"), [(-1, "b"), (-2, "a"), ([-1], "b")])
    def test_arguments_counted_from_the_end(self, wrt, path):
        def f(a, b, c=1.0):
            return a * b * c

        report = check_grad(f, (2.0, 3.0), wrt=wrt)
        assert [check.path for check in report.inputs] == [path]
        assert report.chosen("agrees") == report.inputs

    def test_arguments_that_have_no_name_of_their_own(self):
        assert [check.path for check in check_grad(lambda x, *rest: x * rest[0], (1.0, 2.0)).inputs] == [
            "x", "argument 1",
        ]  # fmt: skip

    def test_a_function_without_a_signature(self):
        assert [check.path for check in check_grad(max, (1.0, 2.0)).inputs] == ["argument 0", "argument 1"]


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
        def f(x):
            hole = 0.0 < abs(x.value - 1.0) < 1e-4
            return ops.log(x - 2.0) if hole else one_digit(x)

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

    @pytest.mark.parametrize(
        ("f", "x"),
        [
            (ops.tan, math.pi / 2.0),
            (ops.gamma, -2.9999999999),
            (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-13),
            (lambda x: ops.sin(1e13 * x), 1.0),
            (lambda x: ops.sigmoid(1e10 * (x - 1.0)), 1.0),
            (lambda x: ops.sigmoid(1e13 * (x - 1.0)), 1.0),
            (lambda x: (1e10 + ops.sin(x)) - 1e10, 0.5),
            (lambda x: x * x, 1e-300),
        ],
    )
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


def searched(width, start=lambda p: 0.0):
    """The square root by bisection, down to intervals of some width."""

    def f(p):
        low, high = start(p), start(p) + 2.0
        while high - low > width:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if middle * middle > p else (middle, high)
        return low

    return f


class TestStaircases:
    @pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
    @pytest.mark.parametrize("start", [lambda p: 0.0, lambda p: 0.1 * p], ids=["constant start", "moving start"])
    def test_of_a_search_by_comparisons(self, width, start):
        report = check_grad(searched(width, start), (0.5,))
        staircase = report.inputs[0].staircase
        assert staircase.slope == pytest.approx(0.5 / math.sqrt(0.5), rel=0.1)
        assert width / 4.0 < abs(staircase.jump) < 2.0 * width
        assert abs(staircase.place - 0.5) <= staircase.distance == 0.5 / 8.0
        assert "search by comparisons" in str(report)

    def test_the_derivative_of_one_step_agrees_and_is_reported_still(self):
        report = check_grad(searched(1e-4), (0.5,))
        assert report.passed
        assert report.inputs[0].comparison.derivative == 0.0
        assert "p: agrees: 0.0, by finite differences 0.0" in str(report)
        assert "the values are a staircase. They jump by 6.1e-05 at 0.50" in str(report)

    @pytest.mark.parametrize(
        ("f", "x", "slope"),
        [
            (lambda x: ops.round(100.0 * x) / 100.0, 2.5031, 1.0),
            (lambda x: x - (x % 0.125), 3.01, 1.0),
            (lambda x: x + [n * n for n in range(1000)][int(100.0 * x.value)], 5.003, 1.0 + 2e4 * 5.003),
        ],
        ids=["rounding", "remainder", "table"],
    )
    def test_of_other_functions(self, f, x, slope):
        assert check_grad(f, (x,)).inputs[0].staircase.slope == pytest.approx(slope, rel=0.05)

    @pytest.mark.parametrize(
        ("f", "x"),
        [
            (ops.relu, 0.0),
            (lambda x: ops.sin(1e6 * x) + x, 1.0),
            (lambda x: ops.atan(1e8 * (x - 1.0)), 1.0),
            (lambda x: ops.where(x > 1.05, 5.0, x), 1.0),  # a jump on one side
            (lambda x: ops.where(ops.abs(x - 1.0) > 0.05, 2.0 * x, 2.0 * x - 0.01), 1.0),  # that leads nowhere else
            (lambda x: (1e10 + ops.sin(x)) - 1e10, 0.5),  # whose slope is the derivative
            (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-13),
            (ops.log, 1e-8),
            (lambda x: x * x.value, 3.0),
            (ops.tan, 1.5),
        ],
    )
    def test_there_is_none(self, f, x):
        assert check_grad(f, (x,)).inputs[0].staircase is None


def border(x):
    """Defined at 1 alone."""
    return 2.0 * x if x == 1.0 else ops.log(x * 0.0 - 1.0)


class TestEstimates:
    @pytest.mark.parametrize(
        ("f", "x", "exact", "digits"),
        [
            (math.exp, 1.0, math.e, 12),
            (math.sin, 1e-5, math.cos(1e-5), 12),
            (math.tan, 1.5, 1 + math.tan(1.5) ** 2, 11),
            (lambda x: 1e6 + math.sin(x), 1.0, math.cos(1.0), 6),
            (lambda x: x**9, 2.0, 9 * 256.0, 12),
            (lambda x: math.sin(1e11 * x), 1e-5, 1e11 * math.cos(1e6), 6),
        ],
    )
    def test_the_error_is_estimated(self, f, x, exact, digits):
        found = compare(f, x, derivative=-exact, rtol=1e-6)
        assert found.verdict == "differs"
        assert abs(found.estimate - exact) <= found.error + 1e-15 * abs(exact)
        assert found.error <= 10.0**-digits * abs(exact)
