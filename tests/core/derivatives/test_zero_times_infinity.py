"""check_grad names an operation whose infinite slope met an adjoint of 0.0, so that a finite limit was lost."""

from __future__ import annotations

import pytest

from gograd_core import DomainError, Neuron, check_grad, grad, ops


@pytest.mark.parametrize(
    ("f", "x", "right", "name"),
    [
        (lambda x: ops.cbrt(x) ** 3, 0.0, 1.0, "cbrt"),
        (lambda x: ops.square(ops.cbrt(x)) * ops.cbrt(x), 0.0, 1.0, "cbrt"),
        (lambda x: ops.cbrt(x - 2.0) ** 3, 2.0, 1.0, "cbrt"),
        (lambda x: ops.sqrt(x) ** 2, 0.0, 1.0, "sqrt"),  # with values on one side only
        (lambda x: ops.acos(x) ** 2, 1.0, -2.0, "acos"),  # on the other
        (lambda x: ops.cos(ops.sqrt(x)), 0.0, -0.5, "sqrt"),
        (lambda x: ops.norm([ops.cbrt(x) ** 3, 1.0]) + ops.cbrt(x) ** 3, 0.0, 1.0, "cbrt"),
    ],
)
def test_the_operation_whose_slope_is_infinite_is_named(f, x, right, name):
    assert grad(f)(x) == 0.0
    report = check_grad(f, (x,))
    assert not report.passed
    assert report.worst.comparison.estimate == pytest.approx(right, rel=1e-9)
    assert report.culprit.op is ops[name]
    fact = f"partial 0 of {report.culprit.use} is {report.culprit.slope!r}, and it is multiplied by the adjoint 0.0"
    assert f"{fact}, which passes nothing on" in str(report)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: ops.sqrt(x) ** 3, 0.0),
        (lambda x: ops.where(x > -1.0, x, ops.cbrt(x)), 0.0),
        (lambda x: ops.atan(1.0 / x), 1e-200),
    ],
)
def test_nothing_is_said_where_0_is_right(f, x):
    report = check_grad(f, (x,))
    assert report.passed
    assert report.culprit is None


def test_an_arm_that_is_not_taken_is_innocent():
    f = lambda x: ops.where(x > -1.0, x, ops.sqrt(x * x)) + ops.cbrt(x) ** 3  # noqa: E731
    assert check_grad(f, (0.0,)).culprit.op is ops.cbrt


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_so_it_is_where_there_are_values_on_one_side_only(side):
    f = lambda x: ops.where(x < 5.0, x, ops.asin(1.0 + 0.0 * x)) + ops.sqrt(side * x) ** 2  # noqa: E731
    assert check_grad(f, (0.0,)).culprit.op is ops.sqrt


def test_what_does_not_depend_on_the_number_is_innocent():
    zero = Neuron(0.0)
    report = check_grad(lambda x: (x - 3.0) * ops.sqrt(1.0 * zero) + x * x.value, (3.0,))
    assert not report.passed
    assert report.culprit is None


def test_a_finite_slope_that_meets_0_is_innocent():
    report = check_grad(lambda x: (x - 3.0) ** 2 + x * x.value, (3.0,))
    assert not report.passed
    assert report.culprit is None


def test_a_function_that_takes_another_path_close_by():
    f = lambda x: ops.cbrt(x) ** 3 if x == 0.0 else x  # noqa: E731
    assert check_grad(f, (0.0,)).culprit.op is ops.cbrt


def test_an_infinite_slope_that_meets_anything_else_is_an_error_as_ever():
    with pytest.raises(DomainError, match=r"derivative of cbrt\(.*\) with respect to input 0"):
        check_grad(lambda x: ops.cbrt(x) * 2.0, (0.0,))
