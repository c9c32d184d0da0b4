"""Errors that a function catches: what compiled code does there is what the function does, on a path of its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from catching import CAUGHT, reciprocal, two_of_one_try
from gograd_core import grad, ops, value_and_grad
from source_lines import line_of


@pytest.mark.parametrize("check", [False, True], ids=["", "checked"])
@pytest.mark.parametrize(("f", "points"), CAUGHT, ids=[f.__name__ for f, _ in CAUGHT])
class TestAPathOfItsOwn:
    def test_is_taken_whatever_was_recorded_first(self, compiled, f, points, check, bits):
        expected = [value_and_grad(f)(x) for x in points]
        for first in points:
            c = compiled(f, check=check)
            c(first)
            for x, (value, slope) in zip(points, expected, strict=True):
                assert c(x) == value
                assert c.value_and_grad(x) == (value, pytest.approx(slope, rel=1e-14, nan_ok=True))  # a few products

    def test_is_taken_in_batches(self, compiled, f, points, check):
        xs = np.array([*points, *points[::-1]])
        expected = [value_and_grad(f)(x) for x in xs.tolist()]
        for before in ((), points[:1], points[1:]):
            c = compiled(f, check=check)
            for x in before:
                c(x)
            values, slopes = c.batch().value_and_grad(xs)
            assert values.tolist() == [value for value, _ in expected]
            np.testing.assert_allclose(slopes, [slope for _, slope in expected], rtol=1e-14)


@pytest.mark.parametrize("order", list(itertools.permutations([0.0, 0.5, -2.0])), ids=str)
def test_errors_of_one_block_in_a_batch(compiled, order):
    expected = [two_of_one_try(x) for x in (*order, 0.25)]
    assert compiled(two_of_one_try).batch()(np.array([*order, 0.25])).tolist() == expected


def test_second_derivatives(compiled):
    for first in (2.0, 0.0):
        c = compiled(reciprocal)
        c.hessian(first)
        expected = [grad(grad(reciprocal))(x) for x in (0.0, 2.0, 0.0, 3.0)]
        assert [c.hessian(x) for x in (0.0, 2.0, 0.0, 3.0)] == pytest.approx(expected, rel=1e-13)  # some ten roundings
        xs = np.array([0.0, 2.0, 0.0, 3.0])
        np.testing.assert_allclose(c.batch().hessian(xs), expected, rtol=1e-13)
        np.testing.assert_allclose(c.batch().hvp(xs, np.ones(4)), expected, rtol=1e-13)
        np.testing.assert_allclose(c.batch().jacobian(xs), [grad(reciprocal)(x) for x in xs.tolist()], rtol=1e-13)


def test_sums_over_points_do_not_depend_on_what_was_recorded(compiled):
    f = compiled(lambda w, x: w * reciprocal(x))
    points = np.random.default_rng(0).integers(-3, 4, 3001) * 0.37
    expected = f.batch((None, 0)).grad(1.7, points).hex()
    for before in (0.0, 0.37):
        f(1.0, before)
        assert f.batch((None, 0)).grad(1.7, points).hex() == expected


def test_a_path_is_shown_with_what_it_catches(compiled):
    c = compiled(reciprocal)
    c(0.0)
    line = line_of(reciprocal, 2)
    assert c.explain()["recordings"][0]["paths"][0]["guards"] == [{"asked": "domain", "outcome": 6, "line": line}]
    assert f"guard: a domain error is ZeroDivisionDomainError, at {line}" in str(c.explain())


def test_paths_that_lead_to_the_same_error_share_the_one_behind_it(compiled):
    """An infinity has the sign of the zero, so that one of the two paths is left first, and then the other."""

    def signed(x):
        try:
            y = 1.0 / x
        except ArithmeticError:
            y = 3.0
        return y * 2.0 if y > 0.0 else y * 5.0

    c = compiled(signed)
    assert [c(1.0), c(-1.0)] == [2.0, -5.0]
    xs = np.array([1.0, 0.0, -1.0, -0.0, 0.0, -0.0])
    assert c.batch()(xs).tolist() == [2.0, 6.0, -5.0, 6.0, 6.0, 6.0]


def two_caught(x):
    try:
        a = ops.log(x)
    except ValueError:
        a = 1.0 / x
    try:
        b = ops.log(x - 1.0)
    except ValueError:
        b = x
    return a if a < 1.5 else b * 10.0


def two_that_return(x):
    try:
        a = ops.log(x)
    except ValueError:
        return -x
    try:
        b = ops.log(x - 1.0)
    except ValueError:
        return x
    return a if a < 5.0 else b


@pytest.mark.parametrize("points", [*itertools.permutations([2.0, -8.0, 0.5, 9.0])], ids=str)
@pytest.mark.parametrize("f", [two_caught, two_that_return])
def test_points_that_share_a_guard_may_differ_before_it(compiled, f, points):
    """The guard of an operation whose value is used comes into a recording only where its error is caught."""
    expected = pytest.approx([f(x) for x in points], rel=1e-15)  # the last digit of a logarithm
    assert compiled(f).batch()(np.array(points)).tolist() == expected
    assert [*map(compiled(f), points)] == expected
