"""check_grad where derivatives differ: which argument, which operation is to blame, and what it cannot explain."""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np
import pytest

from gograd_core import check_grad, ops, stop_gradient
from made_up import operation

Point = namedtuple("Point", "x y")


# Operations with a wrong partial, each with the right derivative.
WRONG = {
    "dropped": (lambda xp, x: xp.tanh(x), lambda xp, out, x: 1.0, lambda x: 1 - math.tanh(x) ** 2),
    "negative": (lambda xp, x: xp.exp(-x), lambda xp, out, x: out, lambda x: -math.exp(-x)),
    "one_digit": (lambda xp, x: x * x, lambda xp, out, x: 2.00001 * x, lambda x: 2 * x),
    "zero": (lambda xp, x: xp.sin(x), lambda xp, out, x: 0.0, math.cos),
    "nothing": (lambda xp, x: xp.sin(x), None, math.cos),
}
negative, one_digit, dropped = (operation(name, *WRONG[name][:2]) for name in ("negative", "one_digit", "dropped"))


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
