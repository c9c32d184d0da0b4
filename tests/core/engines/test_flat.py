"""Graphs as arrays of numbers; values and gradients of many neurons at once."""

from __future__ import annotations

import math
import random
import signal
import struct
import threading

import numpy as np
import pytest

from gograd_core import Neuron, Op, StaleGraphError, ops
from gograd_core.engines import flatten, next_stamp

BITS = struct.Struct("<d").pack


def plain(outputs, since=0):
    """A graph walked neuron by neuron: what `flatten` is to give, as lists."""
    found, stack = {}, list(outputs)
    while stack:
        neuron = stack.pop()
        if id(neuron) not in found:
            found[id(neuron)] = neuron
            if neuron.operation is not None and neuron._stamp >= since:
                stack.extend(entry for entry in neuron.constituents if type(entry) is Neuron)
    by_age = sorted(found.values(), key=lambda neuron: neuron._stamp)
    leaves = [neuron for neuron in by_age if neuron.operation is None or neuron._stamp < since]
    interior = [neuron for neuron in by_age if neuron.operation is not None and neuron._stamp >= since]
    numbers = {id(neuron): number for number, neuron in enumerate([*leaves, *interior])}
    operations, constants, inputs, codes = [], [], [], []
    for neuron in interior:
        if neuron.operation not in operations:
            operations.append(neuron.operation)
        codes.append(operations.index(neuron.operation))
        inputs.append([])
        for entry in neuron.constituents:
            if type(entry) is Neuron:
                inputs[-1].append(numbers[id(entry)])
                continue
            if BITS(entry) not in constants:
                constants.append(BITS(entry))
            inputs[-1].append(~constants.index(BITS(entry)))
    return {
        "leaves": [id(leaf) for leaf in leaves],
        "operations": [operation.name for operation in operations],
        "codes": codes,
        "inputs": inputs,
        "constants": constants,
        "values": [BITS(neuron.value) for neuron in (*leaves, *interior)],
        "stamps": [neuron._stamp for neuron in (*leaves, *interior)],
        "outputs": [numbers[id(output)] for output in outputs],
    }


def lists(flat):
    """The same of what was found."""
    assert [getattr(flat, name).typecode for name in ("codes", "starts", "inputs", "constants")] == ["i", "q", "i", "d"]
    assert [getattr(flat, name).typecode for name in ("values", "stamps", "outputs")] == ["d", "q", "i"]
    assert (flat.starts[0], flat.starts[-1], len(flat.starts)) == (0, len(flat.inputs), len(flat.codes) + 1)
    return {
        "leaves": [id(leaf) for leaf in flat.leaves],
        "operations": [operation.name for operation in flat.operations],
        "codes": list(flat.codes),
        "inputs": [list(flat.inputs[a:b]) for a, b in zip(flat.starts, flat.starts[1:], strict=False)],
        "constants": list(map(BITS, flat.constants)),
        "values": list(map(BITS, flat.values)),
        "stamps": list(flat.stamps),
        "outputs": list(flat.outputs),
    }


def nothing(x, y):
    return []


def shared(x, y):
    z = x * y
    return [z + z, z]


GRAPHS = {
    "nothing": nothing,
    "a leaf": lambda x, y: [x],
    "a leaf twice, and what it is part of": lambda x, y: [y, x * y, y],
    "one operation": lambda x, y: [x * y],
    "with a constant": lambda x, y: [2.0 - x],
    "the same neuron twice": lambda x, y: [x * x],
    "shared": shared,
    "one input": lambda x, y: [-ops.tanh(x)],
    "three inputs": lambda x, y: [ops.clip(x, 0.0, y)],
    "columns": lambda x, y: [ops.sum([x, 1.0, y, x]) * ops.dot([x, 2.0], [y, y])],
    "empty columns beside others": lambda x, y: [ops.sum([x * y] * 100) + 1.0],
    "zeros of both signs": lambda x, y: [(x + 0.0) * (y + -0.0) + 0.0],
    "an infinity": lambda x, y: [ops.minimum(x, math.inf)],
    "many constants": lambda x, y: [ops.sum([x + 1.0 / (1 + i % 300) for i in range(1000)])],
    "of different ages": lambda x, y: [y + Neuron(5.0) * (x * y)],
}


class TestFlatten:
    @pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
    def test_is_what_a_walk_finds(self, make):
        y, x = Neuron(3.0, "y"), Neuron(2.0, "x")
        outputs = make(x, y)
        assert lists(flatten(outputs, 0)) == plain(outputs)

    @pytest.mark.parametrize("seed", range(20))
    def test_random_graphs(self, seed):
        rng = random.Random(seed)
        neurons = [Neuron(rng.uniform(-1.0, 1.0)) for _ in range(5)]
        since = 0
        for k in range(300):
            a, b = rng.choices(neurons, k=2)
            constant = rng.choice([0.0, -0.0, 0.5, rng.random()])
            neurons.append(
                rng.choice([lambda a=a, b=b: a * b, lambda a=a, c=constant: c - a, lambda a=a: ops.tanh(a),
                            lambda a=a, b=b, c=constant: ops.sum([a, c, b]), lambda: Neuron(1.0),
                            lambda a=a, b=b: ops.where(1.0, a, b)])()
            )  # fmt: skip
            if k == 150 and seed % 2:
                since = next_stamp()
        outputs = rng.choices(neurons, k=10)
        assert lists(flatten(outputs, since)) == plain(outputs, since)

    def test_older_neurons_are_leaves(self):
        x = Neuron(2.0)
        old = x * 3.0
        since = next_stamp()
        flat = flatten([old + x, old], since)
        assert [id(leaf) for leaf in flat.leaves] == [id(x), id(old)]
        assert list(flat.outputs) == [2, 1]

    def test_numpy_takes_the_arrays_as_they_are(self):
        flat = flatten([Neuron(2.0) * 3.0], 0)
        for name, kind in {"codes": np.intc, "starts": np.int64, "inputs": np.intc, "values": np.float64}.items():
            found = np.frombuffer(getattr(flat, name), kind)
            assert found.tolist() == list(getattr(flat, name))

    def test_changes_nothing(self):
        x, y = Neuron(2.0), Neuron(3.0)
        z = ops.tanh(x) * y
        z.backward()
        before = [(n.value, n.grad, n._stamp) for n in (x, y, z)]
        flatten([z], 0)
        assert [(n.value, n.grad, n._stamp) for n in (x, y, z)] == before
        z.backward()
        assert (x.grad, y.grad) == (2 * before[0][1], 2 * before[1][1])

    def test_again_and_in_between_sweeps_is_the_same(self):
        x, y = Neuron(2.0), Neuron(3.0)
        outputs = shared(x, y)
        first = lists(flatten(outputs, 0))
        outputs[0].backward()
        flatten([x * y], 0)
        assert lists(flatten(outputs, 0)) == first

    def test_within_a_sweep_disturbs_it_not(self):
        x = Neuron(2.0)
        held = []

        def partial(xp, out, a):
            flatten(held, 0)
            return 5.0

        op = Op("mine", forward=lambda xp, a: 5.0 * a, partials=(partial,))
        held.append(op(x * x) + x)
        held[0].backward()
        assert x.grad == 21.0

    def test_a_stale_graph_is_refused(self):
        x = Neuron(2.0)
        z = x * x
        x.value = 3.0
        with pytest.raises(StaleGraphError):
            flatten([z], 0)

    @pytest.mark.parametrize("thing", [1.0, None, "x", [Neuron(1.0)]])
    def test_only_neurons(self, thing):
        with pytest.raises(TypeError, match="expected neurons, got"):
            flatten([Neuron(1.0), thing], 0)

    def test_a_deep_graph(self):
        y = Neuron(0.0)
        for i in range(200_000):
            y = y + float(i % 1000)
        flat = flatten([y], 0)
        assert (len(flat.codes), len(flat.constants), flat.outputs[0]) == (200_000, 1000, 200_000)
        assert flat.values[-1] == y.value

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
    def test_handlers_of_signals_that_sweep_the_same_graph_change_nothing(self):
        x = Neuron(0.5)
        y = x
        for _ in range(30_000):
            y = y * 0.5 + x
        expected = lists(flatten([y], 0))
        swept = 0

        def sweep(*_):
            nonlocal swept
            swept += 1
            flatten([y.constituents[0]], 0)
            y.backward()

        before = signal.signal(signal.SIGALRM, sweep)
        try:
            while swept < 5:
                signal.setitimer(signal.ITIMER_REAL, 0.002)
                assert lists(flatten([y], 0)) == expected
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)

    def test_from_several_threads_at_once(self):
        outputs = [ops.sum([Neuron(float(i)) * 2.0 for i in range(2000)])]
        expected = lists(flatten(outputs, 0))
        found = []

        def work():
            for _ in range(5):
                found.append(lists(flatten(outputs, 0)))
                outputs[0].backward()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 20
