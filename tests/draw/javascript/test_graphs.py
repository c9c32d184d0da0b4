"""Whole graphs computed in JavaScript have the values and the gradients that the engine computes."""

from __future__ import annotations

import json
import math
import random

import pytest

from gograd_core import DomainError, Neuron, RuleError, current, errstate, ops, sweep_steps
from gograd_draw.javascript import rules_script
from javascript import CALL, evaluated, read, written

GRAPHS, LEAVES, NODES = 300, 4, 20
OPERATIONS = [op for op in current.registry.operations() if op.samples]
SCRIPT = rules_script(OPERATIONS)
TOLERANCE = 1e-10
"""Of the largest number that a graph meets: each operation may enlarge the differences of those before."""

SWEEP = """
const given = (values, it) => Array.isArray(it) ? it.map((each) => given(values, each))
    : typeof it === "number" ? values[it] : read(it);
const sweep = ({leaves, steps}) => {
    const values = leaves.map(read), taken = [];
    for (const [key, inputs] of steps) {
        taken.push(given(values, inputs));
        values.push(rules[key].forward(...taken.at(-1)));
    }
    const adjoints = values.map(() => 0);
    adjoints[adjoints.length - 1] = 1;
    for (let k = steps.length - 1; k >= 0; k--) {
        const [key, inputs] = steps[k], at = leaves.length + k;
        if (adjoints[at] === 0) continue;
        inputs.forEach((input, position) => {
            const places = Array.isArray(input) ? input : [input], partial = rules[key].partials[position];
            if (partial === null || !places.some((place) => typeof place === "number")) return;
            const local = partial(values[at], ...taken[k]);
            places.forEach((place, i) => {
                const factor = Array.isArray(local) ? local[i] : local;
                if (typeof place === "number") adjoints[place] += adjoints[at] * factor;
            });
        });
    }
    return [values, adjoints.slice(0, leaves.length)].map(write);
};
"""


def random_graph(seed):
    """Apply random operations to neurons and constants, near the samples of the operations."""
    chance = random.Random(seed)
    leaves = [Neuron(chance.uniform(-2.0, 2.0)) for _ in range(LEAVES)]
    pool = [*leaves, 0.5, 2.0]
    while len(pool) < LEAVES + 2 + NODES:
        op = chance.choice(OPERATIONS)

        def entry(number, pool=tuple(pool)):
            return chance.choice([*pool[-4:], *pool, number])

        inputs = [[*map(entry, each)] if op.variadic else entry(each) for each in chance.choice(op.samples)]
        try:
            made = op(*inputs)
        except (DomainError, RuleError, TypeError):
            continue  # not in the domain of the operation
        if type(made) is Neuron and abs(made.value) < 1e6:
            pool.append(made)
    with errstate(domain="ignore"):
        return [*(each for each in pool if type(each) is Neuron), ops.sum(pool[LEAVES:])]


def as_data(neurons):
    places = {neuron: place for place, neuron in enumerate(neurons)}

    def place(entry):
        if isinstance(entry, (list, tuple)):
            return [place(each) for each in entry]
        return places[entry] if type(entry) is Neuron and entry in places else written(number(entry))

    steps = [[SCRIPT.keys[each.operation], [place(entry) for entry in each.inputs]] for each in neurons[LEAVES:]]
    return {"leaves": [written(leaf.value) for leaf in neurons[:LEAVES]], "steps": steps}


def numbers_met(neurons):
    """The sizes of all numbers of a graph and of its reverse sweep."""
    met = [abs(neuron.value) for neuron in neurons]
    with errstate(domain="ignore"):
        for step in sweep_steps(neurons[-1]):
            met += map(abs, (step.local, step.adjoint, step.share, step.total))
    return met


def number(entry):
    return entry.value if type(entry) is Neuron else float(entry)


@pytest.fixture(scope="module")
def graphs(run):
    """Graphs in which every number is finite, each with the largest, and with what JavaScript gives."""
    sizes = [(neurons, numbers_met(neurons)) for neurons in map(random_graph, range(GRAPHS))]
    made = [(neurons, max(met)) for neurons, met in sizes if all(map(math.isfinite, met))]
    data = json.dumps([as_data(neurons) for neurons, _ in made])
    found = evaluated(SCRIPT.source + CALL + SWEEP, f"{data}.map(sweep)", run)
    return [(*each, *read(numbers)) for each, numbers in zip(made, found, strict=True)]


def test_there_are_enough_graphs(graphs):
    assert len(graphs) > GRAPHS / 2
    used = {neuron.operation for neurons, *_ in graphs for neuron in neurons[LEAVES:]}
    assert used >= {op for op in OPERATIONS if any(op.partials)}  # most others give bools


def test_values_and_gradients_are_those_of_the_engine(graphs):
    for neurons, largest, values, gradients in graphs:
        neurons[-1].backward()
        close = {"rel": 0.0, "abs": TOLERANCE * largest}
        assert values == pytest.approx([neuron.value for neuron in neurons], **close)
        assert gradients == pytest.approx([leaf.grad for leaf in neurons[:LEAVES]], **close)
