"""The steps of a sweep add up to what the sweep of the running engine gives, bit for bit."""

from __future__ import annotations

import math
import random

import pytest

from gograd_core import (
    DomainError,
    Neuron,
    RuleError,
    StaleGraphError,
    current,
    errstate,
    ops,
    sweep_steps,
    tangent_steps,
)
from gograd_core.derivatives.forward import ForwardSweep, creation_order

GRAPHS, LEAVES, NODES = 300, 4, 12
OPERATIONS = [op for op in current.registry.operations() if op.samples]
ODD = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e200, -1e-200, 5e-324]


def random_graph(seed, *, odd):
    """Apply random operations to neurons and constants. Numbers of an `odd` graph overflow, vanish, or are NaN."""
    chance = random.Random(seed)
    numbers = [
        chance.choice(ODD) if odd and chance.random() < 0.3 else chance.uniform(-2.0, 2.0) for _ in range(LEAVES)
    ]
    leaves = [*map(Neuron, numbers)]
    pool = [*leaves, 0.5, 2.0]
    while len(pool) < LEAVES + 2 + NODES:
        op = chance.choice(OPERATIONS)

        def entry(number, pool=tuple(pool)):
            return chance.choice([*pool[-4:], *pool, number])

        sample = chance.choice(op.samples)
        inputs = [[*map(entry, column)] if op.variadic else entry(column) for column in sample]
        try:
            with errstate(domain="ignore" if odd else "raise"):
                made = op(*inputs)
        except (DomainError, RuleError, TypeError):
            continue  # not in the domain of the operation
        if type(made) is Neuron:
            pool.append(made)
    with errstate(domain="ignore"):
        return leaves, ops.sum([entry for entry in pool if type(entry) is Neuron])


def outcome(compute, *args):
    """Return what `compute` returns, or the text of the `DomainError` that it raises."""
    try:
        return compute(*args)
    except DomainError as error:
        return str(error)


def bits(number):
    return "nan" if math.isnan(number) else number.hex()


def last_totals(steps, receiver, neurons):
    totals = dict.fromkeys(neurons, 0.0)
    totals.update((getattr(step, receiver), step.total) for step in steps)
    return [bits(totals[neuron]) for neuron in neurons]


def by_steps(output, leaves):
    return last_totals(sweep_steps(output), "constituent", leaves)


def by_tangent_steps(output, tangents):
    return last_totals(tangent_steps(output, tangents), "neuron", [output])


def gradients(output, leaves):
    output.backward()
    return [bits(leaf.grad) for leaf in leaves]


def tangent(output, tangents):
    return [bits(number) for number in ForwardSweep(tangents).tangents([output], creation_order([output]))]


@pytest.mark.parametrize("odd", [False, True], ids=["ordinary", "odd"])
@pytest.mark.parametrize("part", range(10))
def test_the_last_totals_are_those_of_the_engine(part, odd):
    for seed in range(part, GRAPHS, 10):
        leaves, output = random_graph(seed, odd=odd)
        tangents = dict(zip(leaves, [1.0, 0.0, -0.5, 3.0], strict=True))
        with errstate(domain="ignore" if odd and seed % 3 else "raise"):
            found = outcome(by_steps, output, leaves)
            assert [leaf.grad for leaf in leaves] == [0.0] * LEAVES
            assert found == outcome(gradients, output, leaves), seed
            assert outcome(by_tangent_steps, output, tangents) == outcome(tangent, output, tangents), seed


def test_the_graphs_use_every_operation_that_has_derivatives():
    with errstate(domain="ignore"):
        graphs = [random_graph(seed, odd=False)[1] for seed in range(GRAPHS)]
        used = {step.neuron.operation for output in graphs for step in sweep_steps(output)}
    without = [op.name for op in OPERATIONS if op not in used and any(op.partials)]
    assert without == []


def test_a_record_for_each_share():
    x, y = Neuron(2.0, "x"), Neuron(3.0, "y")
    output = ops.dot([x, y], [x, 5.0]) * x
    dot = output.constituents[0]
    records = [
        (s.neuron, s.input, s.place, s.constituent, s.local, s.adjoint, s.share, s.total) for s in sweep_steps(output)
    ]
    assert records == [
        (output, 0, 0, dot, 2.0, 1.0, 2.0, 2.0),
        (output, 1, 0, x, 19.0, 1.0, 19.0, 19.0),
        (dot, 0, 0, x, 2.0, 2.0, 4.0, 23.0),
        (dot, 0, 1, y, 5.0, 2.0, 10.0, 10.0),
        (dot, 1, 0, x, 2.0, 2.0, 4.0, 27.0),
    ]
    forward = [
        (s.neuron, s.input, s.place, s.constituent, s.local, s.tangent, s.share, s.total)
        for s in tangent_steps(output, {x: 1.0})
    ]
    assert forward == [
        (dot, 0, 0, x, 2.0, 1.0, 2.0, 2.0),
        (dot, 1, 0, x, 2.0, 1.0, 2.0, 4.0),
        (output, 0, 0, dot, 2.0, 4.0, 8.0, 8.0),
        (output, 1, 0, x, 19.0, 1.0, 19.0, 27.0),
    ]


def test_inputs_are_the_constituents_by_input():
    x, y = Neuron(2.0), Neuron(3.0)
    assert x.inputs == ()
    assert [*map(id, (x * y).inputs)] == [id(x), id(y)]
    assert (x**2.0).inputs[1] == 2.0
    first, second = ops.dot([x, 1.0], [y, x]).inputs
    assert [id(first[0]), first[1], id(second[0]), id(second[1])] == [id(x), 1.0, id(y), id(x)]


def test_no_share_goes_where_no_leaf_is_reached():
    x, condition = Neuron(2.0), ops.stop_gradient(Neuron(1.0))
    steps = [*sweep_steps(ops.where(condition > 0.0, x, 3.0) + condition)]
    assert {step.constituent for step in steps} <= {x, steps[0].constituent}
    assert [step.total for step in steps] == [1.0, 1.0]


def test_what_backward_refuses_is_refused_at_once():
    x = Neuron(2.0)
    output = x * x
    x.value = 3.0
    with pytest.raises(StaleGraphError):
        sweep_steps(output)
    with pytest.raises(StaleGraphError):
        tangent_steps(output, {x: 1.0})
    with pytest.raises(TypeError, match=r"sweep_steps\(\) expects a neuron, got 1.0"):
        sweep_steps(1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"sweep_steps\(seed\) expects a real number, got 'a'"):
        sweep_steps(Neuron(1.0), "a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"expects the tangents of neurons, got 2.0 as a key"):
        tangent_steps(Neuron(1.0), {2.0: 1.0})


def test_the_error_comes_after_the_steps():
    x = Neuron(0.0, "x")
    steps, seen = sweep_steps(ops.sqrt(x) * 2.0), []
    with pytest.raises(DomainError, match="the derivative of sqrt"):
        seen.extend(steps)
    assert [(step.local, step.total) for step in seen] == [(2.0, 2.0), (math.inf, math.inf)]
