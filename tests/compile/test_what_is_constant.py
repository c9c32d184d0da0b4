"""A constant zero passes nothing on, and a neuron of value zero does; compiled functions know which is which.

A leaf that the function makes is a neuron, and so is a derivative that it takes, even if that is always 0. A whole
number, and what arithmetic makes of it, is a constant where the engine runs. Each case is a function that multiplies
one of these with an infinite slope.
"""

from __future__ import annotations

import pytest

import gograd_compile
from gograd_core import DomainError, Neuron, grad, hessian, jvp, math, ops


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
    "the slope of a whole number": lambda x: slope_of_whole(x + 0.5) * distance(x) + x * x,
    "what is made of that slope": lambda x: ops.sqrt(slope_of_whole(x + 0.5)) * distance(x) + x * x,
    "a variable at a whole number": lambda x: grad(lambda t: t * t)(math.floor(x)) * distance(x) + x * x,
    "whole numbers that cancel": lambda x: cancelling(x, lambda x: math.floor(x) + 1),
    "comparisons that cancel": lambda x: cancelling(x, lambda x: x > -1.0),
    "sums of whole numbers that cancel": lambda x: ops.cbrt(sum_that_cancels(x)),
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


def test_a_leaf_that_a_loaded_program_makes_is_a_neuron_too(compiled, backend, tmp_path):

    c = compiled(CASES["a leaf"])
    assert c.hessian(1.5) == 2.0
    c.save(tmp_path / "leaf.gograd")
    loaded = gograd_compile.load(tmp_path / "leaf.gograd", backend=backend)
    assert loaded.hessian(1.5) == 2.0
    for ask in (hessian(CASES["a leaf"]), c.hessian, loaded.hessian):
        with pytest.raises(DomainError):
            ask(0.0)
