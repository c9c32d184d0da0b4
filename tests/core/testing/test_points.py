"""Where operations are tried."""

from __future__ import annotations

import math
import re

import pytest

from gograd_core import Edge, InvalidOperationError, Op, ops
from gograd_core.extend import inside
from gograd_core.testing.points import BEYOND, points_of

pytestmark = pytest.mark.any_engine


def op_of(forward, count=1, **fields):
    return Op("f", forward=forward, partials=(lambda xp, out, *inputs: 0.0,) * count, **fields)


def tried(op):
    return points_of(op).tried


def test_are_the_same_every_time():
    assert points_of(ops.pow).tried == points_of(ops.pow).tried


def test_contain_the_samples():
    assert set(ops.tanh.samples) <= set(tried(ops.tanh))


def test_begin_where_numbers_are_of_ordinary_size():
    (first,), (last,) = tried(ops.sin)[0], tried(ops.sin)[-1]
    assert 0.1 < abs(first) < 10.0
    assert not 1e-100 < abs(last) < 1e100


def test_are_of_both_signs_and_every_size():
    found = [x for (x,) in tried(op_of(lambda xp, x: x))]
    for negative in (False, True):
        sizes = [abs(x) for x in found if (x < 0.0) is negative]
        assert min(sizes) < 1e-50
        assert max(sizes) > 1e50
        assert sum(1e-3 <= size <= 10.0 for size in sizes) >= 5


@pytest.mark.parametrize(("op", "holds"), [(ops.log, lambda x: x > 0.0), (ops.asin, lambda x: -1.0 <= x <= 1.0)])
def test_lie_in_the_domain(op, holds):
    points = points_of(op)
    assert all(holds(x) for (x,) in (*points.tried, *points.beyond, *points.undecided))
    assert points.unreal == []


def test_without_a_domain_lie_where_the_value_is_real():
    assert all(x > 0.0 for (x,) in tried(op_of(lambda xp, x: xp.sqrt(x) + xp.log(x), samples=((1.0,),))))


@pytest.mark.parametrize("x", [1.0, -1.0])
def test_lie_beside_the_borders_of_the_domain(x):
    found = [point[0] for point in tried(ops.asin)]
    assert {math.nextafter(x, 0.0), x * (1 - 1e-9), x * (1 - 1e-3)} <= set(found)


def test_lie_beside_edges_but_not_on_them():
    op = op_of(lambda xp, x, y: x * y, 2, edges=(Edge((3.0, 0.0), 0.0, (0.0, 0.0), "pinned"),))
    found = set(tried(op))
    assert {(math.nextafter(3.0, 4.0), 0.0), (3.0 + 3.0 * 1e-3, 0.0), (3.0, -1e-9)} <= found
    assert (3.0, 0.0) not in found


def test_have_values_that_floats_can_hold():
    points = points_of(ops.sinh)
    assert all(abs(x) < 711.0 for (x,) in points.tried)
    assert points.beyond
    assert all(abs(x) > 710.0 for (x,) in points.beyond)


def test_inputs_without_derivative_are_those_of_samples():
    assert {point[0] for point in tried(ops.where)} == {sample[0] for sample in ops.where.samples}


def test_unless_no_input_has_one():
    assert len({x for x, _ in tried(ops.less)}) > 20


def test_of_columns_have_several_lengths():
    lengths = {len(point) for point in tried(ops.dot)}
    assert lengths == {2, 4, 6, 8, 10, 12, 14}


def test_columns_without_derivative_are_those_of_samples():
    weighted = Op(
        "weighted",
        forward=lambda xp, weights, x: xp.sum(weights * x),
        partials=(None, lambda xp, out, weights, x: weights),
        variadic=True,
        samples=(((1.0, 2.0), (3.0, 4.0)), ((5.0,), (6.0,))),
    )
    assert {point[: len(point) // 2] for point in tried(weighted)} == {(1.0, 2.0), (5.0,)}


def test_of_an_opaque_operation_are_known_by_its_floats():
    found = tried(op_of(lambda xp, x: math.sqrt(x), opaque=True, samples=((4.0,),)))
    assert (4.0,) in found
    assert all(x >= 0.0 for (x,) in found)


def test_inside_the_domain_without_a_value_are_told():
    points = points_of(op_of(lambda xp, x: xp.log(x), domain="x > -1", samples=((1.0,),)))
    assert points.unreal
    assert all(-1.0 < x < 0.0 for (x,) in points.unreal)


def test_are_not_tried_twice():
    for op in (ops.tanh, ops.pow, ops.log):
        points = points_of(op)
        for kind in (points.tried, points.beyond, points.unreal):
            assert len(set(kind)) == len(kind)


@pytest.mark.parametrize("domain", ["x >= 3", "3 <= x", "3 <= x < 100", "not 3 > x"])
def test_lie_beside_borders_however_these_are_written(domain):
    op = op_of(lambda xp, x: x * 1.0, domain=domain, samples=((5.0,),))
    assert any(3.0 < x < 3.0 + 1e-8 for (x,) in tried(op))


def test_samples_without_a_real_value_are_kept():
    assert points_of(op_of(lambda xp, x: xp.sqrt(x), samples=((-1.0,), (4.0,)))).unreal == [(-1.0,)]


def test_few_are_kept_where_values_are_too_large_for_floats():
    points = points_of(op_of(lambda xp, x: xp.exp(x * x + 1000.0), samples=((1.0,),)))
    assert 0 < len(points.beyond) <= BEYOND


class TestDomains:
    @pytest.mark.parametrize(
        ("domain", "point", "expected"),
        [
            ("", (math.pi,), True),
            ("0 <= x < 1", (0.0,), True),
            ("0 <= x < 1", (1.0,), False),
            ("x > 0 or x != floor(x)", (-2.5,), True),
            ("x > 0 or x != floor(x)", (-2.0,), False),
            ("1 / x > 0", (0.0,), False),
            ("log(x) > 0", (-1.0,), False),
            ("exp(x) > 0", (1e3,), False),
        ],
    )
    def test_are_conditions_in_python(self, domain, point, expected):
        assert inside(op_of(lambda xp, x: x, domain=domain), point) is expected

    def test_of_columns(self):
        op = op_of(lambda xp, x: xp.sum(x), domain="all(entry > 0 for entry in x)", variadic=True)
        assert inside(op, (1.0, 2.0))
        assert not inside(op, (1.0, -2.0))
        assert not inside(op_of(lambda xp, x: xp.sum(x), domain="max(x) > 0", variadic=True), ())

    @pytest.mark.parametrize(
        ("domain", "message"),
        [
            ("x>", "invalid syntax: it must be a condition in Python, such as 'x > 0'"),
            ("x > 0; x < 1", "invalid syntax"),
            ("y > 0", r"'y' is neither an input \(x\) nor a function of math, nor abs, all,"),
            ("all(p > q for p in x)", "'q' is neither an input"),
            ("sum([p for p in x if p < limit]) > 0", "'limit' is neither an input"),
            ("open('x') > 0", "'open' is neither an input"),
        ],
    )
    def test_that_are_none_are_refused_when_they_are_declared(self, domain, message):
        with pytest.raises(InvalidOperationError, match=f"operation 'f': domain {re.escape(repr(domain))}: {message}"):
            op_of(lambda xp, x: x, domain=domain)

    @pytest.mark.parametrize(
        "domain", ["sum([p for p in x]) > 0", "all(p > q for p in x for q in x)", "isfinite(x) and x < tau"]
    )
    def test_may_use_functions_of_math_and_names_of_their_own(self, domain):
        assert op_of(lambda xp, x: x, domain=domain).domain == domain

    def test_that_raise_are_refused_where_they_are_used(self):
        with pytest.raises(InvalidOperationError, match="operation 'f': domain \"x > 'a'\""):
            points_of(op_of(lambda xp, x: x, domain="x > 'a'", samples=((1.0,),)))
