"""Builds random graphs, always the same, and prints their values and gradients to the last bit, as JSON."""

from __future__ import annotations

import json
import random

from gograd_core import DomainError, Neuron, errstate, gradient, ops

UNARY = [
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sin",
    "cos",
    "abs",
    "neg",
    "square",
    "reciprocal",
    "relu",
    "expm1",
    "log1p",
]
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "copysign"]
COLUMNS = ["sum", "dot", "mean", "max"]


def grow(choose, size):
    """Leaves, and a neuron made of them by `size` operations; one that is refused is left out."""
    leaves = [Neuron(choose.uniform(-3.0, 3.0)) for _ in range(4)]
    known = [*leaves, choose.uniform(-3.0, 3.0), -0.0]
    made = leaves[0]
    for _ in range(size):
        pick = lambda: choose.choice(known[-12:] if choose.random() < 0.7 else known)  # noqa: E731
        try:
            match choose.randrange(5):
                case 0 | 1:
                    found = getattr(ops, choose.choice(UNARY))(pick())
                case 2 | 3:
                    found = getattr(ops, choose.choice(BINARY))(pick(), pick())
                case _:
                    name, n = choose.choice(COLUMNS), choose.randrange(1, 6)
                    columns = [[pick() for _ in range(n)] for _ in range(2 if name == "dot" else 1)]
                    found = getattr(ops, name)(*columns)
        except DomainError:
            continue
        known.append(found)
        if isinstance(found, Neuron):
            made = found
    return leaves, made


def told(leaves, made, sweep):
    try:
        sweep()
    except DomainError as error:
        return [made.value.hex(), str(error), [leaf.grad.hex() for leaf in leaves]]
    return [made.value.hex(), [leaf.grad.hex() for leaf in leaves]]


def one(seed):
    choose = random.Random(seed)
    leaves, made = grow(choose, choose.randrange(1, 60))
    found = [told(leaves, made, made.backward), told(leaves, made, lambda: made.backward(-0.3))]
    with errstate(domain="ignore"):
        found.append([slope.hex() for slope in gradient(made, leaves)])
        second = gradient(made, leaves, create_graph=True)
        found.append([slope.value.hex() if isinstance(slope, Neuron) else slope.hex() for slope in second])
        if isinstance(second[0], Neuron):
            found.append([slope.hex() for slope in gradient(second[0], leaves)])
    return found


print(json.dumps([one(seed) for seed in range(300)]))
