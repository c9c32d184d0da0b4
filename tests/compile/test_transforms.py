"""Derivatives of compiled functions beside those of the engine: any order, nesting, and as SciPy calls them.

Both sides add few terms of one magnitude, in different orders: 1e-12 of the largest derivative is generous to
rounding, and no wrong term is that small.
"""

from __future__ import annotations

import numpy as np
import pytest

import gograd_core
from gograd_core import current, derivative, hessian, hvp, jacobian, jvp, ops, value_and_grad

REL = 1e-12


def assert_same(found, expected):
    """Equal nesting, equal numbers up to rounding."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        return
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    assert found == pytest.approx(expected, rel=REL, abs=REL * np.abs(expected).max(initial=0.0))


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def nested(p):
    return ops.tanh(p["a"][0] * p["b"]) * p["a"][1] + ops.exp(p["b"] * 0.5) / (1.0 + p["a"][0] ** 2)


def branching(x):
    return ops.sin(x[0]) * x[1] * x[1] if x[0] > x[1] else ops.exp(x[0] * x[1]) + x[2]


SCALAR = {
    "rosenbrock": (rosenbrock, [0.5, -1.0, 2.0, 0.25]),
    "array": (rosenbrock, np.array([0.5, -1.0, 2.0])),
    "nested": (nested, {"a": [0.3, -0.8], "b": 1.25}),
    "branch": (branching, [0.5, -1.0, 2.0]),
    "other branch": (branching, [-0.5, 1.0, 2.0]),
    "a number": (lambda x: ops.tanh(x) * x**3, 0.7),
    "constant": (lambda x: 3.0, [1.0, 2.0]),
    "linear": (lambda x: x[0] * 2.0 - x[1], [1.0, 2.0]),
    "matrix": (lambda x: ops.dot(list(x[0]), list(x[1])) * x[0, 1], np.array([[1.0, 2.0], [3.0, -0.5]])),
    "higher inside": (lambda x: derivative(lambda y: ops.sin(y * x[0]), 2)(x[1]) * x[0], [0.4, 1.2]),
}
scalar = pytest.mark.parametrize(("f", "x"), SCALAR.values(), ids=SCALAR)


@scalar
def test_first_derivatives(f, x, compiled):
    assert_same(compiled(f).value_and_grad(x), value_and_grad(f)(x))


@scalar
def test_second_derivatives(f, x, compiled):
    c = compiled(f)
    assert_same(c.hessian(x), hessian(f)(x))
    assert_same(c.hvp(x, x), hvp(f)(x, x))


SEVERAL = {
    "more results than numbers": (lambda x: [x[0], x[1] * x[0], ops.sin(x[1]), 2.0, x[0] / x[1]], [0.5, -2.0]),
    "fewer": (lambda x: [x[0] * x[1] * x[2], ops.exp(x[3]) * x[0]], [0.5, -2.0, 1.5, 0.25]),
    "as many": (lambda x: {"sum": x[0] + x[1], "product": (x[0] * x[1],)}, (3.0, 4.0)),
    "arrays": (lambda x: np.array([[x[0] * x[1], x[0]], [x[1], x[1] ** 2]]), np.array([2.0, 3.0])),
    "an array of three": (lambda x: x * x[::-1], np.array([2.0, 3.0, 5.0])),
    "one number": (rosenbrock, np.array([0.5, -1.0, 2.0])),
    "equal results": (lambda x: [x[0] * x[1], x[0] * x[1], x[0], x[0]], [2.0, 3.0]),
    "branch": (lambda x: [x[0] * x[1] if x[0] > 0.0 else x[1], x[0]], [-2.0, 3.0]),
}


@pytest.mark.parametrize(("f", "x"), SEVERAL.values(), ids=SEVERAL)
def test_jacobians(f, x, compiled):
    assert_same(compiled(f).jacobian(x), jacobian(f)(x))
    assert_same(compiled(f)(x), run(f, x))


def run(f, x):
    return jvp(f, (x,), (x,))[0]


@pytest.mark.parametrize("wrt", [0, 1, 2, -1, (0, 1), (2, 0), (0, 1, 2), (1,)])
def test_several_arguments(wrt, compiled):
    def f(x, p, y):
        return ops.tanh(x * p["w"][0]) * y[0] + p["w"][1] * y[1] * x * x

    args = (0.5, {"w": [0.25, -1.5]}, (2.0, 3.0))
    c = compiled(f)
    assert_same(c.value_and_grad(*args, wrt=wrt), value_and_grad(f, wrt)(*args))
    assert_same(c.grad(*args, wrt=wrt), gograd_core.grad(f, wrt)(*args))
    assert_same(c.jacobian(*args, wrt=wrt), jacobian(f, wrt)(*args))
    assert_same(c.hessian(*args, wrt=wrt), hessian(f, wrt)(*args))
    vector = args[wrt] if isinstance(wrt, int) else tuple(args[position] for position in wrt)
    assert_same(c.hvp(*args, vector, wrt=wrt), hvp(f, wrt)(*args, vector))


def test_arguments_that_are_not_there(compiled):
    c = compiled(lambda x, y: x * y)
    with pytest.raises(IndexError):
        c.grad(1.0, 2.0, wrt=2)
    with pytest.raises(ValueError, match="twice"):
        c.grad(1.0, 2.0, wrt=(0, -2))
    with pytest.raises(ValueError, match="nested"):
        c.hvp([1.0, 2.0], 3.0, [1.0], wrt=0)


NESTED = {
    "perturbations are not confused": lambda x: gograd_core.grad(
        lambda y: x * gograd_core.grad(lambda z: z * y * x)(y)
    )(x),
    "value and gradient": lambda x: sum(value_and_grad(lambda y: ops.sin(y) * x)(x * 2.0)),
    "jacobian": lambda x: jacobian(lambda y: [y[0] * x, y[1] * y[0]])([x, x * x])[1][0],
    "hessian vector product": lambda x: hvp(lambda y: y[0] ** 3 * y[1])([x, 2.0], [1.0, x])[0],
    "forward": lambda x: jvp(lambda y: ops.exp(y * x), (x,), (x * x,))[1],
    "third": lambda x: derivative(lambda y: ops.tanh(y * x), 3)(x),
    "branch inside": lambda x: gograd_core.grad(lambda y: y * y * x if y > 0.5 else ops.exp(y))(x),
}


@pytest.mark.parametrize("f", NESTED.values(), ids=NESTED)
def test_transforms_inside_are_recorded(f, compiled):
    c = compiled(f)
    for x in (0.3, 0.9, 1.4):
        assert_same(c.value_and_grad(x), value_and_grad(f)(x))
        assert_same(c.hessian(x), hessian(f)(x))
    values = c.batch()(np.array([0.3, 0.9, 1.4]))
    assert values.tolist() == [c(x) for x in (0.3, 0.9, 1.4)]


UNARY = [op for op in current.registry.operations() if len(op.partials) == 1 and not op.variadic and op.partials[0]]


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_second_derivatives_far_out(op, compiled, outcome):
    """What a rule computes on the way is its own affair: there 1 / cosh(x) may well go through infinity."""
    c = compiled(op)
    for x in (400.0, -400.0, 1e-8):
        expected = outcome(hessian(op), x)
        found = outcome(c.hessian, x)
        if isinstance(expected, tuple):
            assert found[0] is expected[0], (x, found, expected)
        else:
            # The same rules, on floats and compiled; second derivatives of special functions lose some digits.
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-300), x


def test_minimize_takes_it_as_it_is(compiled):
    optimize = pytest.importorskip("scipy.optimize")
    c = compiled(rosenbrock)
    start = np.array([0.8, 1.2, 0.5, 0.7])
    found = optimize.minimize(c.value_and_grad, start, jac=True, method="BFGS", options={"gtol": 1e-9})
    assert found.x == pytest.approx(np.ones(4), rel=1e-6)  # BFGS stops at gradients of 1e-9
    newton = optimize.minimize(c, start, jac=c.grad, hessp=c.hvp, method="Newton-CG", options={"xtol": 1e-10})
    assert newton.x == pytest.approx(np.ones(4), rel=1e-6)
    trust = optimize.minimize(c, start, jac=c.grad, hess=c.hessian, method="trust-exact", options={"gtol": 1e-9})
    assert trust.x == pytest.approx(np.ones(4), rel=1e-6)


def test_least_squares_takes_it_as_it_is(compiled):
    optimize = pytest.importorskip("scipy.optimize")
    times = np.linspace(0.0, 2.0, 9)
    data = 2.5 * np.exp(-1.3 * times) + 0.5

    def residuals(p):
        return np.array(
            [p[0] * ops.exp(-p[1] * t) + p[2] - y for t, y in zip(times.tolist(), data.tolist(), strict=True)]
        )

    c = compiled(residuals)
    found = optimize.least_squares(c, np.array([1.0, 1.0, 0.0]), jac=c.jacobian, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    assert found.x == pytest.approx([2.5, 1.3, 0.5], rel=1e-7)  # the data are exact
