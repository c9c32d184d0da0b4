"""Opaque operations, whose rules understand floats alone: called back, as often and where the engine calls them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_core import DomainError, Op, value_and_grad


class Counted:
    """A rule that notes at which inputs it is called."""

    def __init__(self, rule):
        self.rule = rule
        self.calls = []

    def __call__(self, xp, *args):
        self.calls.append(args)
        return self.rule(*args)


def solver():
    """An opaque square root, which refuses negative numbers, and its rules."""

    def root(x):
        assert x >= 0.0, f"called at {x}"
        return math.sqrt(x)

    forward, partial = Counted(root), Counted(lambda out, x: 0.5 / out)
    return Op("solver", forward=forward, partials=(partial,), opaque=True, samples=((2.0,),)), forward, partial


def test_values_and_derivatives(compiled):
    op, _, _ = solver()

    def f(x):
        return op(x * x + 1.0) * 2.0 + x

    c = compiled(f)
    for x in (1.0, -2.0, 0.5):
        value, slope = value_and_grad(f)(x)
        assert c(x) == value
        assert c.value_and_grad(x) == pytest.approx((value, slope), rel=1e-15)  # a sum of two terms
    xs = np.linspace(-3.0, 3.0, 37)
    values, slopes = c.batch().value_and_grad(xs)
    for x, value, slope in zip(xs.tolist(), values, slopes, strict=True):
        assert (value, slope) == c.value_and_grad(x)


@pytest.mark.parametrize("points", [1, 5, 8, 9, 33])
def test_it_is_called_once_per_point(points, compiled):
    op, forward, partial = solver()
    c = compiled(lambda x: op(x) * 3.0)
    c(1.0)
    xs = np.arange(1.0, points + 1.0)
    forward.calls.clear()
    c.batch()(xs)
    assert sorted(forward.calls) == [(x,) for x in xs.tolist()]
    forward.calls.clear()
    c.batch().value_and_grad(xs)
    assert sorted(forward.calls) == [(x,) for x in xs.tolist()]
    assert sorted(x for _, x in partial.calls) == xs.tolist()


def test_it_is_called_once_at_one_point(compiled):
    op, forward, partial = solver()
    c = compiled(lambda x: op(x) * 3.0)
    c.value_and_grad(1.0)
    forward.calls.clear()
    partial.calls.clear()
    c.value_and_grad(4.0)
    assert (forward.calls, [x for _, x in partial.calls]) == ([(4.0,)], [4.0])
    c(9.0)
    assert forward.calls == [(4.0,), (9.0,)]


def branching(op):
    def f(x):
        if x > 0.0:
            y = op(x)
            return y * 2.0 if y > 2.0 else y
        return -x

    return f


def test_it_is_called_after_the_guards_before_it(compiled):
    op, forward, _ = solver()
    c = compiled(branching(op))
    assert c(9.0) == 6.0
    forward.calls.clear()
    assert c(-4.0) == 4.0
    assert c.value_and_grad(-5.0) == (5.0, -1.0)
    assert forward.calls == []


def test_in_a_batch_it_is_called_where_the_guards_hold(compiled):
    op, forward, _ = solver()
    c = compiled(branching(op))
    c(9.0)
    forward.calls.clear()
    xs = np.array([9.0, -4.0, 1.0, -9.0, 16.0])
    values, slopes = c.batch().value_and_grad(xs)
    assert values.tolist() == [6.0, 4.0, 1.0, 9.0, 8.0]
    assert slopes.tolist() == pytest.approx([1.0 / 3.0, -1.0, 0.5, -1.0, 0.25], rel=1e-15)
    assert all(x > 0.0 for (x,) in forward.calls)


def test_two_of_them_behind_different_guards(compiled):
    """Both are ready at once; the second one's guard decides about it alone."""
    op, forward, _ = solver()

    def f(x, y):
        first = op(x)
        return first + op(y) if y > 0.0 else first

    c = compiled(f)
    assert c(4.0, 9.0) == 5.0
    assert c(4.0, -9.0) == 2.0
    assert c.batch()(np.array([4.0, 4.0]), np.array([9.0, -9.0])).tolist() == [5.0, 2.0]
    assert all(x > 0.0 for (x,) in forward.calls)


def test_equal_calls_stay_two(compiled):
    """The rule may do more than compute."""
    op, forward, _ = solver()
    c = compiled(lambda x: op(x) + op(x))
    c(4.0)
    forward.calls.clear()
    assert c(9.0) == 6.0
    assert len(forward.calls) == 2


def test_its_errors(compiled):
    def log(xp, x):
        return math.log(x) if x > 0.0 else math.nan

    op = Op("strict", forward=log, partials=(lambda xp, out, x: 1.0 / x,), opaque=True)
    c = compiled(lambda x: op(x) * 2.0)
    c(1.0)
    with pytest.raises(DomainError, match="strict"):
        c(-1.0)
    with pytest.raises(DomainError, match="strict"):
        c.batch()(np.array([1.0, -1.0]))

    def broken(xp, x):
        raise LookupError("no table")

    other = Op("broken", forward=broken, partials=(None,), opaque=True)
    with pytest.raises(LookupError):
        compiled(other)(1.0)


def test_columns(compiled):
    """A variadic one takes columns."""
    op = Op(
        "opaque_dot", variadic=True, opaque=True,
        forward=lambda xp, x, y: xp.sum(x * y),
        partials=(lambda xp, out, x, y: y, lambda xp, out, x, y: x),
    )  # fmt: skip

    def f(x, y):
        return op(x, y) * 2.0

    c = compiled(f)
    x, y = [1.0, 2.0, -0.5], [0.25, 3.0, 4.0]
    assert c.value_and_grad(x, y, wrt=(0, 1)) == value_and_grad(f, (0, 1))(x, y)
    assert c.batch()([np.full(3, a) for a in x], [np.full(3, b) for b in y]).tolist() == [c(x, y)] * 3


def test_is_not_called_where_a_batch_goes_another_way(compiled):
    """Its own input is the same at all points; whether it is reached is not."""
    op, forward, _ = solver()

    def f(x, shared):
        return x * op(shared) if x > 0.0 and op(shared + 1.0) > 1.0 else x

    c = compiled(f)
    assert c(3.0, 4.0) == 6.0
    assert c.batch((0, None))(np.array([3.0, -1.0, 5.0]), 9.0).tolist() == [9.0, -1.0, 15.0]
    assert c.batch((0, None)).grad(np.array([3.0, -1.0, 5.0]), 9.0).tolist() == [3.0, 1.0, 3.0]
    del forward.calls[:]
    assert c.batch((0, None))(np.array([-1.0, -2.0]), -5.0).tolist() == [-1.0, -2.0]
    assert not forward.calls
