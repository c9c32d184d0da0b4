"""Expressions in JavaScript mean what they mean in Python, where languages have ways of their own."""

from __future__ import annotations

import math
from functools import cache

import pytest

from gograd_draw.javascript import rules_script
from javascript import called, needs_node
from made_up import operation

pytestmark = needs_node

NAN, INF = math.nan, math.inf
SQUARED = [1.1 + 0.01 * place for place in range(200)]

NUMBERS = (
    (lambda xp, x: xp.where(x, 1.0, 2.0), [0.0, -0.0, NAN, 5e-324], [2.0, 2.0, 1.0, 1.0]),
    (lambda xp, x: xp.where(xp.logical_not(x), 1.0, 2.0), [0.0, NAN, 3.0], [1.0, 2.0, 2.0]),
    (lambda xp, x: xp.where(xp.logical_xor(x, x < 1), 1.0, 2.0), [0.0, 0.5, 2.0, NAN], [1.0, 2.0, 1.0, 1.0]),
    (lambda xp, x: xp.logical_and(x, xp.logical_or(x < 1, x > 2)), [0.0, 0.5, 1.5, 3.0], [0.0, 1.0, 0.0, 1.0]),
    (lambda xp, x: xp.logical_xor(x < 1, True), [0.0, 2.0], [0.0, 1.0]),
    (lambda xp, x: xp.logical_xor(x < 1, False), [0.0, 2.0], [1.0, 0.0]),
    (lambda xp, x: xp.where((x < 0) == (x < 1), 1.0, x), [-1.0, 0.5, 2.0], [1.0, 0.5, 1.0]),
    (lambda xp, x: 2.0 * (x > 0), [1.0, -1.0, NAN], [2.0, 0.0, 0.0]),
    (lambda xp, x: x > 0, [1.0, -1.0], [1.0, 0.0]),
    (lambda xp, x: xp.where(True, x, 0.0), [3.0], [3.0]),
    (lambda xp, x: xp.where(x > 0, x > 1, True), [-1.0, 0.5, 2.0], [1.0, 0.0, 1.0]),
    (lambda xp, x: x * -0.0, [1.0, -1.0], [-0.0, 0.0]),
    (lambda xp, x: -xp.negative(x) - -1.0, [1.0], [2.0]),
    (lambda xp, x: x + 0.1, [0.2], [0.30000000000000004]),
    (lambda xp, x: x * 1e-320, [1e10], [1e10 * 1e-320]),
    (lambda xp, x: xp.inf - x, [INF, 1.0], [NAN, INF]),
    (lambda xp, x: x + xp.nan, [1.0], [NAN]),
    (lambda xp, x: x + 2**100, [1.0], [1.2676506002282294e30]),
    (lambda xp, x: x % 3, [-1.0, -0.0, INF, 7.5, -3.0], [2.0, 0.0, NAN, 1.5, 0.0]),
    (lambda xp, x: 5 % x, [-INF, INF, 0.0, -3.0], [-INF, 5.0, NAN, -1.0]),
    (lambda xp, x: x // 0.1, [1.0, -1.0, 0.3], [9.0, -10.0, 2.0]),
    (lambda xp, x: -0.5 // x, [-3.0, -INF, 3.0, INF], [0.0, 0.0, -1.0, -1.0]),
    (lambda xp, x: 1 // x, [0.0, -0.0, INF, -INF], [INF, -INF, 0.0, -1.0]),
    (
        lambda xp, x: xp.round(x),
        [0.5, 1.5, -0.5, 2.5, 4503599627370495.5, 1e300, NAN],
        [0.0, 2.0, -0.0, 2.0, 4503599627370496.0, 1e300, NAN],
    ),
    (lambda xp, x: 1**x, [NAN, INF, -INF, 3.0], [1.0, 1.0, 1.0, 1.0]),
    (lambda xp, x: (-1.0) ** x, [INF, -INF, NAN, 3.0, 0.5], [1.0, 1.0, NAN, -1.0, NAN]),
    (lambda xp, x: x**0, [NAN, INF, 0.0], [1.0, 1.0, 1.0]),
    (lambda xp, x: x**2, SQUARED, [x * x for x in SQUARED]),
    (lambda xp, x: x**-3, [0.0, -0.0, -INF, -2.0], [INF, -INF, -0.0, -0.125]),
    (lambda xp, x: x ** (1 / 3), [-8.0, -INF, 0.0, -0.0], [NAN, INF, 0.0, 0.0]),
    (
        lambda xp, x: xp.nextafter(x, 1.0),
        [0.0, -0.0, 1.0, -5e-324, INF, NAN, 2.0],
        [5e-324, 5e-324, 1.0, -0.0, 1.7976931348623157e308, NAN, 1.9999999999999998],
    ),
    (lambda xp, x: xp.nextafter(0.0, x), [-1.0, 0.0, -0.0, NAN], [-5e-324, 0.0, -0.0, NAN]),
    (lambda xp, x: xp.signbit(x), [-0.0, 0.0, -INF, 1.0], [1.0, 0.0, 1.0, 0.0]),
    (lambda xp, x: xp.copysign(x, -0.0), [1.0, -1.0, 0.0], [-1.0, -1.0, -0.0]),
    (lambda xp, x: xp.maximum(x, 0.0), [NAN, -0.0, 0.0, -1.0], [NAN, -0.0, 0.0, 0.0]),
    (lambda xp, x: xp.minimum(0.0, x), [NAN, -0.0, 1.0], [NAN, 0.0, 0.0]),
    (lambda xp, x: xp.sign(x), [-0.0, -3.0, 5e-324, NAN], [0.0, -1.0, 1.0, NAN]),
)
"""Rules of a number, points, and what they give there."""

COLUMNS = (
    (lambda xp, x: xp.sum(x), 6.5),
    (lambda xp, x: xp.prod(x), 7.5),
    (lambda xp, x: xp.max(x) - xp.min(x), 2.0),
    (lambda xp, x: xp.sum(x * x) / len(x), 16.25 / 3),
    (lambda xp, x: xp.sum(xp.abs(x - xp.sum(x) / xp.add(len(x), 10.0))), 5.0),
    (lambda xp, x: xp.sum(xp.where(x > 2.0, 1.0, 0.0)), 2.0),
    (lambda xp, x: xp.where(xp.sum(x) > 1.0, xp.max(xp.floor(x)), 0.0), 3.0),
    (lambda xp, x: xp.sum(x > 2.0), 2.0),
    (lambda xp, x: xp.max(x) > 2.0, 1.0),
    (lambda xp, x: 4.0, 4.0),
)
"""Rules of a column, and what they give at ENTRIES."""
ENTRIES = [1.0, 2.5, 3.0]


def made(name, rule, partial, **fields):
    return operation(name, rule, lambda xp, out, x: partial(xp, x), **fields)


@cache
def script():
    ops = [made(f"rule{place}", rule, rule) for place, (rule, _, _) in enumerate(NUMBERS)]
    for place, (rule, _) in enumerate(COLUMNS):
        ops.append(made(f"column{place}", rule, lambda xp, x, rule=rule: rule(xp, x) * x, variadic=True))
    ops.append(made("left_to_right", lambda xp, x: xp.sum(x), lambda xp, x: 1.0, variadic=True))
    ops.append(made("product", lambda xp, x: xp.prod(x), lambda xp, x: xp.max(x) - x, variadic=True))
    ops.append(made("largest", lambda xp, x: xp.max(x), lambda xp, x: 1.0, variadic=True))
    printed = rules_script(ops)
    assert printed.refusals == {}
    return printed.source


@cache
def values():
    """What all rules of numbers give at their points, as values and as partials."""
    calls = [(f"rule{place}", x) for place, (_, points, _) in enumerate(NUMBERS) for x in points]
    found = called(script(), [(key, None, [x]) for key, x in calls] + [(key, 0, [7.0, x]) for key, x in calls])
    both = list(zip(found[: len(calls)], found[len(calls) :], strict=True))
    return {
        f"rule{place}": [pair for (key, _), pair in zip(calls, both, strict=True) if key == f"rule{place}"]
        for place in range(len(NUMBERS))
    }


def written(number):
    return "nan" if math.isnan(number) else repr(number)


@pytest.mark.parametrize("place", range(len(NUMBERS)))
def test_expressions(place):
    _, points, expected = NUMBERS[place]
    assert len(points) == len(expected)
    assert [tuple(map(written, pair)) for pair in values()[f"rule{place}"]] == [(written(x),) * 2 for x in expected]


def test_columns():
    calls = [
        call
        for place in range(len(COLUMNS))
        for call in ((f"column{place}", None, [ENTRIES]), (f"column{place}", 0, [7.0, ENTRIES]))
    ]
    found = called(script(), calls)
    expected = [value for _, value in COLUMNS]
    assert found[::2] == pytest.approx(expected, rel=1e-15)
    assert found[1::2] == [pytest.approx([value * x for x in ENTRIES], rel=1e-15) for value in expected]


def test_sums_are_rounded_from_left_to_right():
    assert called(script(), [("left_to_right", None, [[1.0, 1e16, 1.0, -1e16]])]) == [0.0]
    assert 1.0 + 1e16 + 1.0 - 1e16 == 0.0


def test_empty_columns():
    calls = [("left_to_right", None, [[]]), ("product", None, [[]]), ("product", 0, [1.0, []])]
    assert called(script(), calls) == [0.0, 1.0, []]
    assert math.isnan(called(script(), [("largest", None, [[]])])[0])
