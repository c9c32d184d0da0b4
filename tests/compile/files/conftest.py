"""A program of two paths, to be saved."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from gograd_compile.files.storage import Recorded
from gograd_compile.nesting.trees import flatten
from gograd_core import Neuron, ops
from saved_tapes import make_tape


@pytest.fixture
def weights():
    return Neuron(0.5, label="w"), Neuron(-1.5, label="bias β")


@pytest.fixture
def program(weights):
    """f(x, {"p": p, 3: [q]}) = {"y": [tanh(w x[0]) + dot(x, (p, q))]} or [w * bias] by two paths."""
    w, bias = weights
    arguments = flatten((np.zeros(2), {"p": 1.0, 3: [2.0]}))[1]
    calls = [
        (ops.mul, (0, 4)),
        (ops.tanh, (6,)),
        (ops.less, (7, 5)),
        (ops.dot, (0, 1, 2, 3)),
        (ops.add, (7, 9)),
    ]
    guards = [(2, "index", 2.0, 0, "model.py:3 in f"), (8, "bool", 1.0, 3, "model.py:4 in f")]
    first = make_tape(4, (w,), [2.0], calls, [10], guards)
    other = [(8, "bool", 0.0, 1, "model.py:4 in f")]
    second = make_tape(4, (bias, w), [np.inf], [(ops.less, (6, 5)), (ops.mul, (5, 4))], [7, 7], other)
    second = attrs.evolve(second, guards=attrs.evolve(second.guards, nodes=np.array([7], dtype=np.int32)))
    return [
        Recorded(arguments, flatten({"y": [0.0]})[1], first),
        Recorded(arguments, flatten(np.zeros((2, 1)))[1], second),
    ]
