"""Zeros have the same sign natively, on NumPy and in eager mode, whichever of 0.0 and -0.0 an operation may choose."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest

import gograd_compile
from gograd_core import Neuron, current, errstate

ZEROS = (0.0, -0.0, 1.0, -1.0)
OPERATIONS = [op for op in current.registry.operations() if not op.opaque and len(op.partials) <= 3]


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_of_values(op, bits):
    count = len(op.partials) * (2 if op.variadic else 1)
    points = list(itertools.product(ZEROS, repeat=count))

    def f(p):
        return op(*[p[k : k + 2] for k in range(0, count, 2)]) if op.variadic else op(*p)

    backends = ["numpy", "native"] if importlib.util.find_spec("numba") else ["numpy"]
    with errstate(domain="ignore"):
        eager = [f([Neuron(x) for x in point]) for point in points]
        values = np.array([y.value if type(y) is Neuron else float(y) for y in eager])
        for backend in backends:
            found = gograd_compile.compile(f, backend=backend).batch()(np.array(points))
            zeros = (values == 0.0) & (found == 0.0)
            assert bits(found[zeros]) == bits(values[zeros]), backend
