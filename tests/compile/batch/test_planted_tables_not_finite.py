"""Programs with tables of sums at points that are not finite: other points of the batch do not notice.

A product over points would spread one point's infinity into all totals, since 0 times infinity is NaN.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from comparing import assert_sum_of
from gograd_core import DomainError, Neuron, errstate, ops
from planted_tables import every_program, planted

pytestmark = pytest.mark.repeated_later

BAD, PLACE = 3, 5
"""The point that gets a number that is not finite, and which of its numbers."""

every_number = pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])


def with_bad(xs, number, point=BAD):
    changed = xs.copy()
    changed[point, PLACE] = number
    return changed


@every_program
@pytest.mark.parametrize("count", [7, 140])
def test_other_points_do_not_notice(seed, count, compiled, bits):
    """At the last point too, which may stand for lanes without a point; and if it overflows within the program."""
    f = planted(seed)
    p, xs = f.point(), f.points(count)
    place = BAD if seed % 2 else count - 1
    bad = with_bad(xs, (math.inf, -math.inf, math.nan, 1e200)[seed // 2 % 4], place)
    run = (c := compiled(f.loss)).batch((None, 0))
    values, (by_p, by_x) = run.value_and_grad(p, xs, wrt=(0, 1), per_point=True)
    with errstate(domain="ignore"):
        alone, (own, of_x) = c.value_and_grad(p, bad[place], wrt=(0, 1))
        found, (found_by_p, found_by_x) = run.value_and_grad(p, bad, wrt=(0, 1), per_point=True)
        _, total = run.value_and_grad(p, bad)
        again = [run.value_and_grad(p, bad)[1].tobytes() for run in (c.batch((None, 0), threads=n) for n in (1, 2, 3))]
    rows, found_rows = np.column_stack([values, by_p, by_x]), np.column_stack([found, found_by_p, found_by_x])
    assert bits(np.delete(found_rows, place, axis=0)) == bits(np.delete(rows, place, axis=0)), str(f)
    assert bits(found_rows[place]) == bits([alone, *own, *of_x]), str(f)
    assert_sum_of(total, found_by_p)
    assert {*again} == {total.tobytes()}


@every_program
def test_an_error_is_raised_at_that_point_and_only_there(seed, compiled, outcome, bits):
    f = planted(seed)
    p, bad = f.point(), with_bad(f.points(20), math.inf if seed % 2 else -math.inf)
    run = (c := compiled(f.loss)).batch((None, 0))
    alone = outcome(c.value_and_grad, p, bad[BAD])
    many = outcome(run.value_and_grad, p, bad, per_point=True)
    if alone[0] is DomainError:
        assert many == alone, str(f)
        with pytest.raises(DomainError) as caught:
            run.value_and_grad(p, bad)
        assert f"point {BAD}" in "".join(caught.value.__notes__)
    else:
        assert bits([many[0][BAD], *many[1][BAD]]) == bits([alone[0], *alone[1]]), str(f)


@every_program
def test_captured_neurons_and_seeds(seed, compiled):
    """The seeds of a point that is not finite are 0.0: it adds nothing to the captured neurons but its own NaN."""
    f = planted(seed)
    leaves, xs = [*map(Neuron, f.point().tolist())], f.points(9)
    seeds = np.random.default_rng(seed).choice([1.0, -0.5, 2.0], (9, 3))
    run = compiled(lambda x: f(leaves, x)).batch()

    def gradient(points, factors):
        for leaf in leaves:
            leaf.grad = 0.0
        with errstate(domain="ignore"):
            run.backward(points, seeds=factors)
        return np.array([leaf.grad for leaf in leaves])

    bad = with_bad(xs, math.inf)
    each = np.array([gradient(bad[i : i + 1], seeds[i : i + 1]) for i in range(9)])
    assert_sum_of(gradient(bad, seeds), each)
    seeds[BAD] = 0.0
    each[BAD] = gradient(bad[BAD : BAD + 1], seeds[BAD : BAD + 1])
    assert_sum_of(gradient(bad, seeds), each)


def layer(p, x):
    """Eight sums of eight products, and a loss in which infinity becomes 1.0."""
    return [ops.tanh(sum(p[8 * i + k] * x[k] for k in range(8))) for i in range(8)]


@every_number
@pytest.mark.parametrize("count", [4, 8, 40, 300])
def test_a_layer_of_which_one_number_is_not_finite(number, count, compiled, bits):
    """Where tanh ends at 1.0, its slope is 0.0, so that point adds nothing to the derivatives: 0.0, and not NaN."""
    c = compiled(lambda p, x: sum(layer(p, x)))
    p, xs = np.random.default_rng(0).normal(size=64), np.random.default_rng(1).normal(size=(count, 8))
    run, bad = c.batch((None, 0)), with_bad(xs, number)
    with errstate(domain="ignore"):
        values, total = run.value_and_grad(p, bad)
        _, each = run.value_and_grad(p, bad, per_point=True)
    assert bits(np.delete(values, BAD)) == bits(np.delete(run(p, xs), BAD))
    others = np.delete(run.grad(p, xs, per_point=True), BAD, axis=0)
    assert bits(np.delete(each, BAD, axis=0)) == bits(others)
    if math.isnan(number):
        assert np.isnan(total).all()
    else:
        assert not each[BAD].any()
        assert_sum_of(total, others)
