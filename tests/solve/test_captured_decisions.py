"""What a function decides by numbers that it captures is known to compiled code."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import RecordingError, compile
from gograd_core import math, value_and_grad
from gograd_ops_solve import fixed_point, root


def by_comparison(k, p):
    return root(lambda x, p: x * x - p if k > 1.0 else x * x * x - p, (0.0, 10.0), p)


def by_integer(k, p):
    return root(lambda x, p: x ** int(k) - p, (0.5, 10.0), p)


def by_text(k, p):
    return fixed_point(lambda x, p: 0.5 * (x + p / x) if {2: True}.get(round(k)) else 0.5 * x + 0.25 * p, 1.0, p)


@pytest.mark.parametrize("f", [by_comparison, by_integer, by_text])
@pytest.mark.parametrize("first", [2.0, 3.2])
def test_decisions_are_guarded(f, first):
    c = compile(f)
    c(first, 8.0)
    points = [2.0, 3.2, 1.0, 2.0]
    expected = [value_and_grad(f, wrt=1)(k, 8.0) for k in points]
    assert [c.value_and_grad(k, 8.0, wrt=1) for k in points] == expected
    found = compile(f).batch((0, None)).value_and_grad(np.array(points), 8.0, wrt=1, per_point=True)
    assert np.transpose(found).tolist() == list(map(list, expected))


def test_an_integer_is_guarded_wherever_it_is_used():
    c = compile(lambda k, p: root(lambda x, p: x * math.floor(k) - p, (0.0, 10.0), p))
    assert [c(k, 8.0) for k in (2.5, 4.5, 2.0)] == [4.0, 2.0, 4.0]


def test_a_value_is_refused():
    with pytest.raises(RecordingError, match="uses .value"):
        compile(lambda k, p: root(lambda x, p: x * k.value - p, (0.0, 10.0), p))(2.5, 8.0)
