"""Graphs for tests of pictures: random ones, and some that are large in a certain way."""

import random

from gograd_core import Neuron, ops

__all__ = ["SHAPES", "random_graph"]


def random_graph(seed, count=None):
    """Up to 60 operations, or so many, on leaves with and without labels: some use an input twice, some a column."""
    rng = random.Random(seed)
    pool = [Neuron(rng.uniform(0.5, 1.5), rng.choice(["", "x", "a.b.w", "a.c.w", "a.c.d.w"])) for _ in range(5)]
    kinds = (
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, b: a * a,
        lambda a, b: ops.tanh(a),
        lambda a, b: 0.5 - b,
        lambda a, b: ops.dot([a, b, 1.0, a], [b, 2.0, a, a]),
        lambda a, b: ops.sum([a, b, a]),
    )
    for _ in range(rng.randrange(1, 60) if count is None else count):
        near = pool[-8:] if rng.random() < 0.7 else pool
        made = ops.tanh(rng.choice(kinds)(rng.choice(near), rng.choice(near)))
        if rng.random() < 0.2:
            made.label = rng.choice(["a.sum", "b.c.y", "y"])
        pool.append(made)
    return [pool[-1], *rng.sample(pool, rng.randrange(3))]


def long_sum():
    total = Neuron(0.0, "start")
    for index in range(600):
        total = total + Neuron(float(index), f"t{index}")
    return [total]


def deep_chain():
    x = y = Neuron(0.5, "x")
    for _ in range(1000):
        y = ops.tanh(y * 1.01)
    assert y is not x
    return [y]


def wide_dot():
    return [ops.dot([Neuron(1.0, f"w{index}") for index in range(500)], [2.0] * 500)]


def labelled_layers():
    values = [0.1, 0.2]
    for layer in range(3):
        values = [
            ops.tanh(ops.dot([Neuron(0.1, f"layer{layer}.unit{unit}.w{i}") for i in range(len(values))], values))
            for unit in range(12)
        ]
    return [ops.sum(values)]


def used_twice():
    """A label whose neurons come before and after others: as one box, they would form a circle with them."""
    shared = [Neuron(0.1, f"shared.w{index}") for index in range(40)]
    y = Neuron(1.0, "x")
    for turn in range(6):
        y = ops.dot(shared, [y] * 40)
        y = ops.dot([Neuron(0.1, f"own{turn}.w{index}") for index in range(20)], [y] * 20)
    return [y]


def many_outputs():
    return [ops.tanh(Neuron(float(index))) for index in range(400)]


SHAPES = {each.__name__: each for each in (long_sum, deep_chain, wide_dot, labelled_layers, used_twice, many_outputs)}
