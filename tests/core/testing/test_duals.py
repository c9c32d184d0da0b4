"""Derivatives of rules in many digits, beside those that mpmath finds from values."""

from __future__ import annotations

import mpmath
import pytest

from gograd_core import Op, ops
from gograd_core.testing.duals import derivative

pytestmark = pytest.mark.any_engine

FUNCTIONS = {"pow": lambda x, y: x**y, "atan2": mpmath.atan2, "hypot": mpmath.hypot, "divide": lambda x, y: x / y}
ORDERS = [(0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)]


@pytest.mark.parametrize("entries", ORDERS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_are_those_of_mpmath(name, entries):
    with mpmath.workdps(50):
        point = mpmath.mpf("1.25"), mpmath.mpf("0.75")
        found = derivative(ops[name], point, entries)
        expected = mpmath.diff(FUNCTIONS[name], point, (entries.count(0), entries.count(1)))
        assert abs(found - expected) <= mpmath.mpf("1e-40") * max(1, abs(expected))  # differences lose some digits


def test_by_what_nothing_depends_on_are_0():
    first = Op("first", forward=lambda xp, x, y: x * x, partials=(lambda xp, out, x, y: 2.0 * x, None))
    with mpmath.workdps(50):
        point = mpmath.mpf(3), mpmath.mpf(2)
        assert derivative(first, point, (0, 0)) == 2
        assert [derivative(first, point, entries) for entries in ((1,), (0, 1), (1, 0), (0, 0, 1), (0, 0, 0))] == [
            0
        ] * 5


def test_constants_of_rules_are_not_rounded():
    op = Op("sixth", forward=lambda xp, x: x * x / 6.0, partials=(lambda xp, out, x: xp.divide(1.0, 3.0) * x,))
    with mpmath.workdps(50):
        assert derivative(op, (mpmath.mpf(2),), (0, 0)) == mpmath.mpf(1) / 3
