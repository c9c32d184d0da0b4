"""The forward sweep where derivatives leave the real numbers: it judges what reaches an output, and names the cause."""

from __future__ import annotations

from math import isnan

import pytest

from gograd_core import DomainError, Op, errstate, jvp, ops
from slopes import second_slope, slope


@pytest.mark.parametrize("derivative", [slope, second_slope])
def test_a_tangent_that_is_not_finite_is_an_error_naming_the_partial(derivative):
    with pytest.raises(DomainError, match=r"derivative of sqrt\(0.0\) with respect to input 0 is inf") as caught:
        derivative(lambda x: ops.sqrt(x) + x, 0.0)
    assert caught.value.operation is ops.sqrt


def test_the_first_cause_is_named_not_what_it_spoils():
    with pytest.raises(DomainError, match=r"of sqrt\(0.0\) with respect to input 0 is inf"):
        slope(lambda x: ops.exp(ops.sqrt(x)) * 2.0 - 3.0 * ops.sqrt(x), 0.0)


def test_overflows_of_products_and_sums():
    with pytest.raises(DomainError, match="times the tangent 1e"):
        jvp(lambda x: x * 1e200, (0.5,), (1e200,))
    with pytest.raises(DomainError, match="added to 1e.308, is inf"):
        slope(lambda x: x * 1e308 + x * 1e308, 0.5)


def test_one_output_of_several_is_enough():
    for sign in (1.0, -1.0):
        with pytest.raises(DomainError, match="times the tangent"):
            jvp(lambda x: [x, x * (sign * 1e200), x], (0.5,), (1e200,))  # noqa: B023


def test_under_errstate_the_ieee_result_stands():
    with errstate(domain="ignore"):
        assert slope(ops.sqrt, 0.0) == float("inf")
        assert isnan(slope(lambda x: ops.sqrt(x) - ops.sqrt(x), 0.0))


def test_only_if_an_output_has_it():
    assert jvp(lambda x, y: [ops.sqrt(x), y][1], (0.0, 1.0), (1.0, 1.0)) == (1.0, 1.0)
    assert slope(lambda x: 0.0 * ops.sqrt(x) + x, 0.0) == 1.0


@pytest.mark.parametrize("derivative", [slope, second_slope])
def test_an_arm_not_taken_neither_raises_nor_poisons(derivative):
    def f(x):
        with errstate(domain="ignore"):
            return ops.where(x > 0.0, ops.log(x) * ops.sqrt(x), x * x)

    assert derivative(f, -2.0) == {slope: -4.0, second_slope: 2.0}[derivative]


def test_a_rule_that_python_refuses_runs_by_ieee():
    partial = lambda xp, out, x: -2 * x * out * out + 0 * (1 / x)  # noqa: E731
    inverse = Op("inverse", forward=lambda xp, x: 1 / (1 + x * x), partials=(partial,))
    with errstate(domain="ignore"):
        assert isnan(slope(inverse, 0.0))  # 0 / 0
    assert slope(inverse, 1.0) == -0.5


def test_infinite_tangents_of_the_caller_are_not_judged():
    inf = float("inf")
    assert jvp(lambda x: [2.0 * x, x], (1.0,), (inf,))[1] == [inf, inf]
