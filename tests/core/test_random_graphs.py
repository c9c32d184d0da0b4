"""Random graphs of all installed operations, against HIPS autograd: an engine that shares nothing with ours.

Derivatives agree to 1e-10, relative to the largest term that any path contributes: the two
engines add adjoints in different orders, and where terms cancel, what is left is rounding.
"""

from __future__ import annotations

import functools
import math
import operator

import autograd
import autograd.numpy as anp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gograd_core import DomainError, Neuron, gradient, registry

# What each operation is to autograd. Points at which autograd chooses otherwise than we do (ties,
# kinks) have probability zero here and are avoided; what has no derivative gets a constant.
PEERS = {
    "abs": anp.abs,
    "add": lambda x, y: x + y,
    "cos": anp.cos,
    "div": lambda x, y: x / y,
    "dot": lambda x, y: anp.dot(anp.array(x), anp.array(y)),
    "exp": anp.exp,
    "identity": lambda x: x,
    "log": anp.log,
    "maximum": anp.maximum,
    "minimum": anp.minimum,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "pow": lambda x, y: x**y,
    "relu": lambda x: anp.maximum(x, 0.0),
    "sigmoid": lambda x: 1.0 / (1.0 + anp.exp(-x)),
    "sign": anp.sign,
    "sin": anp.sin,
    "sqrt": anp.sqrt,
    "stop_gradient": autograd.tracer.getval,
    "sub": lambda x, y: x - y,
    "sum": lambda x: anp.sum(anp.array(x)),
    "tanh": anp.tanh,
    "where": lambda c, x, y: anp.where(autograd.tracer.getval(c) != 0.0, x, y),
}
OPERATIONS = [op for op in registry.active.operations() if op.name in PEERS or (any(op.partials) and not op.variadic)]
LEAVES = 3
POINTS = st.builds(operator.mul, st.floats(0.01, 3.0), st.sampled_from((-1, 1)))
TOLERANCE = 1e-10


def peer_of(op):
    """What the operation is to autograd: without an entry above, its forward rule, which autograd differentiates."""
    return PEERS.get(op.name, functools.partial(op.forward, anp))


@st.composite
def programs(draw):
    """A list of (operation, positions of its inputs among leaves and earlier results)."""
    program = []
    for length in range(LEAVES, LEAVES + draw(st.integers(1, 12))):
        op = draw(st.sampled_from(OPERATIONS))
        position = st.integers(0, length - 1)
        column = st.lists(position, min_size=2, max_size=2)
        program.append((op, [draw(column if op.variadic else position) for _ in op.partials]))
    return program


def run(program, leaves, operations):
    results = list(leaves)
    for op, positions in program:
        inputs = [[results[i] for i in p] if op.variadic else results[p] for p in positions]
        results.append(operations(op)(*inputs))
    return results


def is_ordinary(program, values):
    """No overflow, no tie, no kink, and no sum so small that only the rounding of its terms is left."""
    for (op, positions), result in zip(program, values[LEAVES:], strict=True):
        inputs = [[values[i] for i in p] if op.variadic else values[p] for p in positions]
        if op.name in {"maximum", "minimum", "abs", "relu", "sign"} and has_tie([*inputs, 0.0]):
            return False
        if op.name in {"add", "sub", "sum", "dot"}:
            columns = inputs if op.variadic else [inputs]
            terms = [math.prod(entries) for entries in zip(*columns, strict=True)]
            if abs(result) < 1e-5 * max(map(abs, terms)):
                return False
    return all(abs(value) < 1e6 for value in values)


def has_tie(values):
    return any(abs(x - y) < 1e-6 for index, x in enumerate(values) for y in values[:index])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(programs(), st.lists(POINTS, min_size=LEAVES, max_size=LEAVES, unique_by=abs))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_agree_with_autograd(program, points):
    neurons = [Neuron(point) for point in points]
    try:
        results = run(program, neurons, lambda op: op)
        assume(is_ordinary(program, [result.value for result in results]))
        results[-1].backward()
    except DomainError:
        assume(False)

    def peer(leaves):
        return run(program, leaves, peer_of)[-1] + 0.0 * leaves[0]  # depends on a leaf in any case

    expected = [float(derivative) for derivative in autograd.grad(peer)(points)]
    assert results[-1].value == pytest.approx(float(peer(points)), rel=TOLERANCE, abs=0)
    largest = max([abs(result.grad * result.value) for result in results] + [abs(n.grad) for n in results])
    for neuron, derivative in zip(neurons, expected, strict=True):
        assume(math.isfinite(derivative))
        assert abs(neuron.grad - derivative) <= TOLERANCE * max(abs(derivative), largest)
        assert gradient(results[-1], neuron) == neuron.grad
