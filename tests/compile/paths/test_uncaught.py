"""Errors of results that are not used, and errors that are ignored: raised or not as by the engine."""

from __future__ import annotations

import re

import numpy as np
import pytest

from catching import reciprocal
from gograd_core import DomainError, Neuron, errstate, grad, ops
from round_trips import reloaded


def unused_outside(x):
    ops.log(x)
    return x * x


def unused_on_an_arm(x):
    y = 1.0 / (x - 1.0)
    return y * y if x > 2.0 else x * x


def unused_where_another_is_caught(x):
    y = ops.sqrt(x)
    try:
        z = 1.0 / (x - 2.0)
    except ArithmeticError:
        return x * x
    return y + z if x > 3.0 else z * z


NOT_USED = [
    (unused_outside, (2.0, 0.5), (0.0, -1.0)),
    (unused_on_an_arm, (3.0, 0.5), (1.0,)),
    (unused_where_another_is_caught, (2.0, 4.0, 1.0), (-1.0, -2.0)),
]


@pytest.mark.parametrize("check", [False, True], ids=["", "checked"])
@pytest.mark.parametrize(("f", "points", "poles"), NOT_USED, ids=[f.__name__ for f, *_ in NOT_USED])
class TestErrorsOfResultsNotUsed:
    """They are raised as by the engine, whatever was recorded before."""

    def test_at_one_point(self, compiled, f, points, poles, check):
        for first in points:
            c = compiled(f, check=check)
            c(first)
            for x in points:
                assert c.value_and_grad(x) == (f(x), pytest.approx(grad(f)(x), rel=1e-14))  # a few products
            for pole in poles:
                for ask in c, c.grad, c.hessian, lambda x: c.hvp(x, 1.0):  # noqa: B023
                    with pytest.raises(DomainError) as error:
                        ask(pole)
                    with pytest.raises(DomainError, match=re.escape(error.value.fact.split(",")[0])):
                        f(Neuron(pole))

    def test_in_batches(self, compiled, f, points, poles, check):
        batch = compiled(f, check=check).batch()
        assert batch(np.array(points)).tolist() == [f(x) for x in points]
        for pole in poles:
            for ask in batch, batch.grad, batch.hessian:
                with pytest.raises(DomainError):
                    ask(np.array([*points, pole]))

    def test_in_files(self, compiled, f, points, poles, check, tmp_path):
        c = compiled(f, check=check)
        for x in points:
            c(x)
        loaded = reloaded(c, tmp_path)
        assert [loaded(x) for x in points] == [f(x) for x in points]
        for pole in poles:
            with pytest.raises(DomainError):
                loaded(pole)

    def test_infinite_arguments_are_let_pass(self, compiled, f, points, poles, check):
        for first in (points[0], np.inf):
            c = compiled(f, check=check)
            c(first)
            assert c(np.inf) == f(np.inf)


def caught_if_it_is_raised(x):
    try:
        ops.log(x)
    except ValueError:
        return x * 2.0
    return x * 1.0


def ignored_by_the_function(x):
    with errstate(domain="ignore"):
        try:
            y = ops.log(x)
        except ValueError:
            y = x
    return ops.where(x > 0.0, y, x)


@pytest.mark.parametrize("f", [caught_if_it_is_raised, ignored_by_the_function, unused_outside])
@pytest.mark.parametrize("first", [2.0, -1.0])
def test_what_was_recorded_where_the_caller_ignores_errors_serves_where_they_are_raised(compiled, f, first):
    c = compiled(f)
    with errstate(domain="ignore"):
        assert [c(x) for x in (first, 2.0, -1.0)] == [f(x) for x in (first, 2.0, -1.0)]
    assert c(2.0) == f(2.0)
    if f is unused_outside:
        with pytest.raises(DomainError):
            c(-1.0)
    else:
        assert c(-1.0) == f(-1.0)
        assert c.batch()(np.array([2.0, -1.0])).tolist() == [f(2.0), f(-1.0)]


def test_errors_of_a_compiled_function_inside_of_another(compiled):
    inner = compiled(ops.log)
    c = compiled(lambda x: inner(x) * 2.0)
    for ask in (c, c.grad, c.hessian, lambda x: c.batch()(np.array([1.0, x]))):
        with pytest.raises(DomainError, match="log"):
            ask(-1.0)


def test_sums_over_points_have_those_whose_values_are_infinite(compiled):
    f = compiled(lambda w, x: w * ops.where(x < 1e100, x * x, 2.0))
    with errstate(domain="ignore"):
        assert f.batch((None, 0)).grad(0.5, np.array([1.0, 1e200, 3.0])) == 12.0


def test_nan_of_nan_is_no_error(compiled):
    def constant(x):
        try:
            return 1.0 / x
        except ArithmeticError:
            return 5.0

    for before in (0.0, 2.0):
        c = compiled(constant)
        c(before)
        assert np.isnan(c(np.nan))
        assert np.isnan(c.batch()(np.array([before, np.nan]))[1])


def test_errors_that_are_not_raised_are_not_caught(compiled):
    """Under errstate(domain="ignore") the function goes on with what IEEE 754 says, around the call or inside."""

    def inside(x):
        with errstate(domain="ignore"):
            return reciprocal(x)

    for before in (2.0, 0.0):
        c = compiled(reciprocal)
        c(before)
        with errstate(domain="ignore"):
            assert [c(0.0), c(2.0)] == [0.0, 0.8]
            assert c.batch()(np.array([0.0, 2.0])).tolist() == [0.0, 0.8]
        assert c(0.0) == 1.0 / 10001.0
        c = compiled(inside)
        c(before)
        assert [c(0.0), c(2.0)] == [0.0, 0.8]
        assert c.batch()(np.array([0.0, 2.0])).tolist() == [0.0, 0.8]


def test_errors_that_are_not_raised_need_no_path(compiled, count_paths):
    def f(x):
        with errstate(domain="ignore"):
            try:
                ops.log(x)
            except ArithmeticError:
                return 5.0 * x
        return 2.0 * x

    c = compiled(f)
    assert [c(2.0), c(-3.0), c(0.0)] == [4.0, -6.0, 0.0]
    assert count_paths(c) == 1


def test_a_batch_asks_the_function_once_about_each_point_that_is_not_ignored(compiled):
    calls = []

    def f(x):
        calls.append(x)
        with errstate(domain="ignore"):
            y = 1.0 / x
        try:
            z = 1.0 / (x - 1.0)
        except ArithmeticError:
            z = 5.0
        return y + z

    c = compiled(f)
    assert c(2.0) == 1.5
    calls.clear()
    assert c.batch()(np.array([2.0, 0.0, 1.0])).tolist() == [1.5, np.inf, 6.0]
    assert [x.value for x in calls] == [2.0, 1.0]  # at 2 for the lines of source, which say that 1 / x is ignored
