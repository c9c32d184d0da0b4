"""check_grad at kinks: it names the operation that has one, or the decision that changes the formula."""

from __future__ import annotations

import pytest

from gograd_core import check_grad, math, ops


def with_tie(x, y):
    """One formula, x * y, by which only a comparison with an equal number hides a derivative."""
    if x == y:
        return x * x
    return x * y


@pytest.mark.parametrize(
    ("f", "x", "name"),
    [
        (lambda x: math.copysign(abs(x), x) * 3.0, 0.0, "copysign"),
        (lambda x: ops.sin(abs(x - 2.0)) + ops.relu(x - 2.0), 2.0, "abs"),
        (lambda x: ops.relu(ops.sin(x)) + 1e3 * ops.cos(x - 0.5), 0.0, "relu"),
    ],
)
def test_an_operation_with_a_kink_is_named(f, x, name):
    report = check_grad(f, (x,))
    assert report.kink.op.name == name
    assert report.kink.comparison.kink
    assert "likely kink" in str(report)


def test_an_operation_on_which_nothing_depends_is_innocent():
    report = check_grad(lambda x: 0.0 * abs(x) + math.copysign(abs(x - 0.0), x), (0.0,))
    assert report.kink.op.name == "copysign"


@pytest.mark.parametrize(("f", "x"), [(lambda x: ops.sin(1e3 * x), 0.7), (lambda x: (x + 1e6) - 1e6, 0.3)])
def test_a_function_without_a_kink_has_none(f, x):
    assert check_grad(f, (x,)).kink is None


def test_a_comparison_of_equal_numbers_is_named():
    report = check_grad(with_tie, (3.0, 3.0))
    assert not report.passed
    assert report.kink.kind == "bool"
    assert report.kink.use == "equal(3.0, 3.0)"
    assert "equal(3.0, 3.0) is True here, and not beside this point" in str(report)


def test_a_comparison_that_changes_on_both_sides_is_to_blame():
    def f(x, y):
        small, large = (x, y) if x < y else (y, x)
        return small * large if small != large else small**2

    assert check_grad(f, (3.0, 3.0)).kink.use.startswith("not_equal(")


def test_an_integer_is_named():
    report = check_grad(lambda x: (x * x, 3.0 * x - 2.0)[math.floor(x)], (1.0,))
    assert (report.kink.kind, report.kink.outcome, report.kink.use) == ("index", 1, "index(1.0)")
    assert "index(1.0) is 1 here" in str(report)


def test_a_function_that_fails_under_a_recorder_has_no_decision():
    report = check_grad(lambda x: x * x.value, (3.0,))
    assert report.kink is None
    assert "partials of every operation are right" in str(report)
