"""Zeros by value beside poles: compiled functions give what the engine gives, in whichever mode that is."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import DomainError, grad, hessian, jacobian, jvp, ops, value_and_grad
from round_trips import reloaded


def caught_pole(x):
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = x - x
    return y**1.5


def squared_root(x):
    return (lambda root: root * root)(ops.sqrt(x)) + 3.0 * x


def cancelled(x):
    return x - 2.0 * x + x


def beside(x):
    return [cancelled(ops.sqrt(x)) + x, x * 2.0]


def slope(x):
    return grad(squared_root)(x) * x


def tangent(x):
    return jvp(squared_root, (x,), (0.0,))[1] + x


def decided_by_a_slope(x):
    return x * 2.0 if grad(squared_root)(x) < 3.5 else -x


# What is compiled; what is asked of that, and of the engine.
QUESTIONS = {
    "hessian": (caught_pole, lambda c: c.hessian, hessian),
    "jacobian of one": (squared_root, lambda c: c.jacobian, jacobian),
    "jacobian of several": (beside, lambda c: c.jacobian, jacobian),
    "value of a gradient": (grad(squared_root), lambda c: c, lambda f: f),
    "values of a gradient": (value_and_grad(squared_root), lambda c: c, lambda f: f),
    "made of a gradient": (slope, lambda c: c, lambda f: f),
    "along nothing": (tangent, lambda c: c, lambda f: f),
    "decided by a gradient": (decided_by_a_slope, lambda c: c, lambda f: f),
}
AT_MANY = {**dict.fromkeys(QUESTIONS, lambda c: c), "hessian": lambda c: c.hessian} | {
    name: (lambda c: c.jacobian) for name in QUESTIONS if name.startswith("jacobian")
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("first", [0.0, 4.0])
def test_there_the_number_is_that_of_the_engine(compiled, name, first):
    f, ask, engine = QUESTIONS[name]
    question = ask(compiled(f))
    for x in (first, 0.0, 4.0, 0.0):
        np.testing.assert_allclose(question(x), engine(f)(x), rtol=1e-14)
    assert np.isfinite(question(0.0)).all()


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("points", [[0.0], [4.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0], [0.0] * 5])
def test_in_batches(compiled, name, points):
    f, _, engine = QUESTIONS[name]
    found = AT_MANY[name](compiled(f).batch())(np.array(points))
    expected = np.array([engine(f)(x) for x in points])
    np.testing.assert_allclose(found, expected.T, rtol=1e-14)


@pytest.mark.parametrize("name", ["hessian", "jacobian of one", "jacobian of several"])
def test_in_saved_programs(compiled, tmp_path, name):
    f, ask, engine = QUESTIONS[name]
    c = compiled(f)
    ask(c)(4.0), ask(c)(0.0)
    loaded = reloaded(c, tmp_path)
    assert ask(loaded)(0.0) == engine(f)(0.0)
    found = AT_MANY[name](loaded.batch())(np.array([4.0, 0.0]))
    np.testing.assert_allclose(found, np.array([engine(f)(4.0), engine(f)(0.0)]).T, rtol=1e-14)


@pytest.mark.parametrize("shared", [False, True])
def test_gradients_by_what_points_share_are_added_up(compiled, shared):
    def f(w, x):
        return w * grad(squared_root)(x)

    batch = compiled(f).batch((None, 0))
    points = np.array([1.0, 4.0, 1.0])
    assert batch.grad(2.0, points, per_point=not shared) == pytest.approx(12.0 if shared else [4.0] * 3)


def test_the_point_is_named_where_the_engine_raises_too(compiled):
    batch = compiled(grad(squared_root)).batch()
    points = np.array([4.0, 0.0, 0.0, 1.0, 0.0, -1.0, 2.0])
    with pytest.raises(DomainError, match=r"sqrt\(-1.0\) is nan.*recorded at") as caught:
        batch(points)
    assert caught.value.__notes__ == ["at point 5 of the batch"]


@pytest.mark.parametrize(("points", "place"), [([4.0, 0.0], 1), ([0.0, 4.0, 9.0], 1), ([4.0, 4.0, 4.0, 0.0], 3)])
def test_results_nested_otherwise_are_refused(compiled, points, place):
    def f(x):
        return [x] if grad(squared_root)(x) < 3.5 else x

    with pytest.raises(ValueError, match=f"differently nested results at different points: .*, and at point {place} "):
        compiled(f).batch()(np.array(points))


def test_several_numbers_by_several(compiled):
    def f(p):
        return [cancelled(ops.sqrt(p[0])) + p[1], p[1] * p[0], p[1] * p[1]]

    c = compiled(f)
    for point in ([4.0, 2.0], [0.0, 2.0], [0.0, -3.0]):
        np.testing.assert_allclose(c.jacobian(point), jacobian(f)(point), rtol=1e-14)
    g = compiled(lambda p: caught_pole(p[0]) * p[1] + p[1] * p[1] * p[0])
    at = [0.0, 3.0]
    assert g.hessian(at) == [[0.0, 6.0], [6.0, 0.0]]
    assert g.batch().hessian(np.array([[1.0, 2.0], at]))[1].tolist() == [[0.0, 6.0], [6.0, 0.0]]
