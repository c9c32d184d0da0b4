"""`round(x, n)` with a constant n in native code: the bits of Python's `round`, which works with exact decimals."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gograd_compile
from gograd_compile.lower.rules import rules_of, specialized
from gograd_core import current, grad

pytest.importorskip("numba")

DIGITS = range(-22, 23)
HARD = (
    0.0, -0.0, 0.5, -0.5, 1.5, 2.5, 0.25, 0.125, 2.675, 1.005, -1.005, 1e22, 1e23, 5e-324, -5e-324, 2.3e-308, 1e-310,
    1.7976931348623157e308, -1.7976931348623157e308, 2.0**52 + 0.5, 2.0**50 + 0.25, 2.0**53 - 1.0, 2.0**53,
    math.inf, -math.inf, math.nan,
)  # fmt: skip


@functools.cache
def rounded(digits):
    """The function over many points, by native code."""
    return gograd_compile.compile(lambda x: round(x, digits), backend="native").batch()


def expected(x, digits):
    return round(x, digits) if math.isfinite(x) else x


def neighbours(fraction):
    """The floats about a fraction."""
    x = float(fraction)
    return [x, math.nextafter(x, math.inf), math.nextafter(x, -math.inf)]


@pytest.mark.parametrize("digits", DIGITS)
def test_hard_numbers(digits, bits):
    unit = Fraction(10) ** -digits
    wholes = [*range(12), 12345, 2**31, 2**51 + 1, 2**52 - 1, 2**52 + 1, 2**53 - 1, 2**53, 2**53 + 2, 2**54 + 4]
    xs = list(HARD)
    for whole in wholes:
        xs += [sign * x for half in (0, 1) for x in neighbours((whole + Fraction(half, 2)) * unit) for sign in (1, -1)]
    assert bits(rounded(digits)(np.array(xs))) == bits(np.array([expected(x, digits) for x in xs]))


@given(st.sampled_from(DIGITS), st.integers(0, 2**54), st.booleans())
def test_numbers_near_ties(digits, whole, is_tie):
    xs = neighbours((whole + Fraction(is_tie, 2)) * Fraction(10) ** -digits)
    assert rounded(digits)(np.array(xs)).tolist() == [round(x, digits) for x in xs]


@given(st.sampled_from(DIGITS), st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_any_numbers(digits, xs):
    found = rounded(digits)(np.array(xs))
    assert [x.hex() for x in found.tolist()] == [round(x, digits).hex() for x in xs]


@pytest.mark.parametrize("digits", [-400, -23, 0, 3, 23, 330])
@pytest.mark.parametrize("x", [2.675, -1e-22, 1.5e23])
def test_one_point_in_every_mode(digits, x, compiled, bits):
    f = compiled(lambda x: round(x, digits) * x)
    one = f.value_and_grad(x)
    assert one == (round(x, digits) * x, round(x, digits))  # its slope is 0.0
    values, slopes = f.batch().value_and_grad(np.array([x, 0.5, x]))
    assert bits(values[[0, 2]]) == bits(np.array([one[0]] * 2))
    assert slopes[0] == one[1] == grad(lambda x: round(x, digits) * x)(x)


def test_digits_decide_whether_python_is_needed():
    rules = rules_of(current.registry["round_to"])
    assert rules.forward is None
    assert "constant" in rules.reason
    assert specialized(rules, {1: 22.0}).forward is not None
    assert specialized(rules, {1: 23.0}) is specialized(rules, {0: 0.5}) is rules
