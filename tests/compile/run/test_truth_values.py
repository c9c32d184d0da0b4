"""Rules that give truth values: these have no derivative, in compiled functions as in eager mode."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_core import Op, grad

RULES = {
    "opaque": (lambda xp, x: x > 1.0, True),
    "opaque, of math": (lambda xp, x: math.tanh(x) > 0.75, True),
    "always true": (lambda xp, x: True, False),
    "always true, opaque": (lambda xp, x: True, True),
    "written out": (lambda xp, x: x > 1.0, False),
    "written out, with a function": (lambda xp, x: xp.tanh(x) > 0.75, False),
    "for floats": (lambda xp, x: math.floor(x) > 1, False),
    "with a cast": (lambda xp, x: bool(float(x) > 1.0), False),
}
FUNCTIONS = {
    "product": lambda op: lambda x: op(x) * x * 3.0 + x * x,
    "branch": lambda op: lambda x: x * x if op(x) else 2.0 * x,
    "place": lambda op: lambda x: [x, x * x * x][op(x)],
}
POINTS = (2.0, 0.25, 2.5)


@pytest.fixture(params=RULES.values(), ids=RULES)
def op(request):
    rule, opaque = request.param
    return Op("odd", forward=rule, partials=(lambda xp, out, x: 2.0,), opaque=opaque)


@pytest.mark.parametrize("make", FUNCTIONS.values(), ids=FUNCTIONS)
class TestOfNumbers:
    def test_at_one_point(self, op, make, compiled):
        f = make(op)
        c = compiled(f)
        for x in POINTS * 2:
            assert c(x) == f(x)
            assert c.grad(x) == grad(f)(x)
            assert c.hessian(x) == grad(grad(f))(x)
            assert c.jacobian(x) == grad(f)(x)

    def test_at_many_points(self, op, make, compiled):
        f = make(op)
        assert compiled(f).batch()(np.array(POINTS)).tolist() == [f(x) for x in POINTS]
        assert compiled(f).batch().grad(np.array(POINTS)).tolist() == [grad(f)(x) for x in POINTS]

    def test_without_recordings(self, op, make, compiled):
        f = make(op)
        c = compiled(f, max_paths=1)
        assert [c.grad(x) for x in POINTS] == [grad(f)(x) for x in POINTS]


@pytest.mark.parametrize("opaque", [False, True])
def test_of_columns(opaque, compiled):
    def forward(xp, x):
        return xp.max(x) > 1.0

    op = Op("odd", variadic=True, forward=forward, partials=(lambda xp, out, x: x * 0.0 + 2.0,), opaque=opaque)

    def f(x, y):
        return op([x, y]) * x * 3.0 + x * y

    c = compiled(f)
    for point in ((2.0, 0.5), (0.5, 0.25)):
        assert c(*point) == f(*point)
        assert c.grad(*point) == grad(f)(*point)
