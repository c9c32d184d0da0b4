"""A constant zero passes nothing on, and a neuron of value zero does; compiled functions know which is which.

A leaf that the function makes is a neuron, and so is a derivative that it takes, even if that is always 0. A whole
number, and what arithmetic makes of it, is a constant where the engine runs. Each case is a function that multiplies
one of these with an infinite slope.
"""

from __future__ import annotations

import numpy as np
import pytest

import gograd_compile
from gograd_core import DomainError, Neuron, grad, hessian, jacobian, jvp, math, ops, value_and_grad


def distance(x):
    return ops.sqrt(x * x)


def slope_of_whole(x):
    """The derivative of a whole number times t: that number, as a neuron."""
    return grad(lambda t: t * math.floor(t))(x)


def cancelling(x, choose):
    return ops.cbrt(x * choose(x) - x * choose(x))


def sum_that_cancels(x):
    return x * (math.floor(x) // 2) + x * (math.ceil(x) % 3)  # 0 at -2


CASES = {
    "a constant zero below a root": lambda x: ops.sqrt(0.0 * x),
    "a leaf below a root": lambda x: ops.sqrt(Neuron(0.0) * x),
    "a constant zero": lambda x: 0.0 * distance(x) + x * x,
    "a leaf": lambda x: Neuron(0.0) * distance(x) + x * x,
    "what is made of a leaf": lambda x: ops.sqrt(Neuron(0.0)) * distance(x) + x * x,
    "a whole number": lambda x: math.floor(x + 0.5) * distance(x) + x * x,
    "a new neuron of a whole number": lambda x: ops.identity(math.floor(x + 0.5)) * distance(x) + x * x,
    "a comparison of leaves": lambda x: ops.sqrt((Neuron(0.0) > 1.0) * x) + x,
    "a truth value of a leaf": lambda x: ops.sqrt(ops.logical_not(Neuron(1.0)) * x) + x,
    "a whole number that a transform returns": lambda x: value_and_grad(math.floor)(x + 0.5)[0] * distance(x),
    "another one": lambda x: jvp(math.floor, (x + 0.5,), (1.0,))[0] * distance(x),
    "the slope of a whole number": lambda x: slope_of_whole(x + 0.5) * distance(x) + x * x,
    "what is made of that slope": lambda x: ops.sqrt(slope_of_whole(x + 0.5)) * distance(x) + x * x,
    "that slope and a constant": lambda x: grad(lambda t: 2.0 * t + t * math.floor(t))(x - 2.0) * distance(x),
    "a variable at a whole number": lambda x: grad(lambda t: t * t)(math.floor(x)) * distance(x) + x * x,
    "whole numbers that cancel": lambda x: cancelling(x, lambda x: math.floor(x) + 1),
    "comparisons that cancel": lambda x: cancelling(x, lambda x: x > -1.0),
    "sums of whole numbers that cancel": lambda x: ops.cbrt(sum_that_cancels(x)),
    "a cancelled sum and a whole number": lambda x: ops.cbrt((x - x) + x * math.floor(x)),
    "the smaller of such a sum": lambda x: ops.minimum(1.0, sum_that_cancels(x)) ** 0.5,
    "arms that cancel": lambda x: ops.cbrt(ops.where(x > -5.0, x, 0.0) - ops.where(x > -6.0, x, 0.0)),
}


def along(f):
    return lambda x: jvp(f, (x,), (1.0,))[1]


def value(f):
    """As the engine runs a function of a neuron."""
    return lambda x: (lambda result: getattr(result, "value", result))(f(Neuron(x)))


# What of the function is compiled, what is asked of that, and of the engine.
WAYS = {
    "grad": (lambda f: f, lambda c: c.grad, grad),
    "hessian": (lambda f: f, lambda c: c.hessian, hessian),
    "grad inside": (grad, lambda c: c, value),
    "grad of grad inside": (grad, lambda c: c.grad, grad),
    "jvp inside": (along, lambda c: c, value),
    "grad of jvp inside": (along, lambda c: c.grad, grad),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("first", [0.0, 1.5, -2.0])
def test_compiled_functions_treat_it_as_the_engine_does(compiled, outcome, name, way, first):
    inside, ask, engine = WAYS[way]
    g = inside(CASES[name])
    at_one = ask(compiled(g))
    for x in (first, 0.0, 1.5, -2.0):
        got, expected = outcome(at_one, x), outcome(engine(g), x)
        if isinstance(expected, float):
            assert got == pytest.approx(expected, rel=1e-15), x  # sums in another order
        else:
            assert got == expected, x


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("a constant") or "cancel" in name])
@pytest.mark.parametrize("x", [0.0, 1.5, -2.0])
def test_forward_mode_gives_the_same_whether_its_graph_is_kept_or_not(outcome, name, x):
    def with_graph(x):
        return jvp(CASES[name], (x,), (1.0,), create_graph=True)[1].value

    assert outcome(with_graph, x) == outcome(along(CASES[name]), x)


LOADED = {  # the gradient at 1.5, None if it raises
    "a constant zero below a root": 0.0,
    "a leaf below a root": None,
    "a comparison of leaves": 1.0,
    "a truth value of a leaf": 1.0,
}


@pytest.mark.parametrize("name", LOADED)
def test_loaded_programs_know_what_is_constant(compiled, backend, tmp_path, name):
    """They have no function with which the engine could be asked."""
    c = compiled(CASES[name])
    c(1.5)
    c.save(tmp_path / "f.gograd")
    loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
    for ask in (grad(CASES[name]), loaded.grad):
        if LOADED[name] is None:
            with pytest.raises(DomainError, match=r"sqrt\(0.0\)"):
                ask(1.5)
        else:
            assert ask(1.5) == LOADED[name]


UNUSED = {
    "a gradient": lambda x: value_and_grad(distance)(x)[0],
    "one of two gradients": lambda x: grad(lambda a, b: distance(a) + b * b, (0, 1))(x, x + 1.0)[1],
    "one of two tangents": lambda x: jvp(lambda t: [distance(t), t * t], (x,), (1.0,))[1][1],
    "a row of a Jacobian": lambda x: jacobian(lambda p: [distance(p[0]), p[0] * p[0]])([x])[1][0],
}


@pytest.mark.parametrize("name", UNUSED)
@pytest.mark.parametrize("first", [0.0, 2.0])
def test_a_pole_of_a_derivative_that_nobody_uses_is_an_error(compiled, name, first):
    c = compiled(UNUSED[name])
    if first:
        c(first)
    for ask in (value(UNUSED[name]), c, lambda x: c.batch()(np.array([2.0, x]))):
        with pytest.raises(DomainError, match=r"sqrt\(0.0\)"):
            ask(0.0)


def test_a_loop_that_waits_for_a_number_ends_at_a_pole(compiled):
    steps = []

    def newton(x):
        while abs(step := (distance(x) + 1.0) / grad(distance)(x)) > 1e-9:
            steps.append(1)
            assert len(steps) < 100
            x = x - step
        return x

    with pytest.raises(DomainError, match=r"sqrt\(0.0\)"):
        compiled(newton)(0.0)


def test_check_tells_a_leaf_from_a_constant(compiled):
    kinds = iter([Neuron, float] * 2)
    with pytest.raises(gograd_compile.RecordingError, match="takes a leaf 2.0 that the function made, then the const"):
        compiled(lambda x: next(kinds)(2.0) * x, check=True)(1.0)
