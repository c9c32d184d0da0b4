"""Functions of `math` that are not one operation, recorded: they give what eager mode gives."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import math, value_and_grad

POINTS = [2.75, -2.75, 0.5, -1.0, 0.0, 3e-300, 1e300, 1.0 + 1e-10, 3.0, 1.05]


def split(x):
    fraction, whole = math.modf(x)
    return fraction * x + whole


def scaled(x):
    mantissa, exponent = math.frexp(x)
    return mantissa * mantissa + exponent


def close(x):
    return 2.0 * x if math.isclose(x, 1.0, rel_tol=1e-2, abs_tol=0.04) else -x


def close_by_default(x):
    return 2.0 * x if math.isclose(x, 1.0) else -x


def product(x):
    return math.prod([x, 3.0, x], start=0.5)


@pytest.mark.parametrize("f", [split, scaled, close, close_by_default, product])
@pytest.mark.parametrize("first", [0, 4, 9])
def test_as_in_eager_mode(compiled, f, first):
    points = POINTS if f is not product else POINTS[:6]  # beyond, it overflows
    c = compiled(f)
    c(points[first % len(points)])
    expected = [value_and_grad(f)(x) for x in points]
    assert [c.value_and_grad(x) for x in points] == expected
    assert np.transpose(compiled(f).batch().value_and_grad(np.array(points))).tolist() == list(map(list, expected))
