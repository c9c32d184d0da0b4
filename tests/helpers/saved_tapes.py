"""Tapes made by hand, and a file with a program of two of them."""

from __future__ import annotations

import io

import attrs
import numpy as np

from archives import members_of, seal
from gograd_compile.compiled import Compiled
from gograd_compile.files.portable import with_tapes
from gograd_compile.files.storage import Recorded, to_bytes
from gograd_compile.nesting.trees import flatten
from gograd_compile.paths.store import Store
from gograd_compile.run.backends import backend
from gograd_compile.trace.tape import GUARDS, Guards, Tape
from gograd_core import Neuron, ops


def make_tape(arguments, captured, constants, calls, outputs, guards=()):
    """A tape from calls (operation, nodes) and guards (node, kind, outcome, calls before, line)."""
    operations = tuple(dict.fromkeys(op for op, _ in calls))
    nodes, kinds, outcomes, after, lines = zip(*guards, strict=True) if guards else [()] * 5
    return Tape(
        arguments=arguments,
        captured=captured,
        constants=np.array(constants, dtype=float),
        operations=operations,
        codes=np.array([operations.index(op) for op, _ in calls], dtype=np.int32),
        starts=np.cumsum([0, *(len(inputs) for _, inputs in calls)]),
        inputs=np.array([node for _, inputs in calls for node in inputs], dtype=np.int32),
        outputs=np.array(outputs, dtype=np.int32),
        guards=Guards(
            nodes=np.array(nodes, dtype=np.int32),
            kinds=np.array([GUARDS.index(kind) for kind in kinds], dtype=np.int32),
            outcomes=np.array(outcomes, dtype=float),
            after=np.array(after, dtype=np.int64),
            lines=tuple(lines),
        ),
    )


def program():
    """f(x, p) = [tanh(w x[0]) + dot(x, (p, 2))], where tanh(w x[0]) < 2, and int(p) is 1."""
    calls = [(ops.mul, (0, 3)), (ops.tanh, (5,)), (ops.less, (6, 4)), (ops.dot, (0, 1, 2, 4)), (ops.add, (6, 8))]
    guards = [(2, "trunc", 1.0, 0, "model.py:3 in f"), (7, "bool", 1.0, 3, "model.py:4 in f")]
    tape = make_tape(3, (Neuron(0.5, label="w"),), [2.0], calls, [9], guards)
    tape = attrs.evolve(
        tape,
        lines=("model.py:4 in f",),
        line_of=np.zeros(5, dtype=np.int32),
        ignored=np.zeros(5, dtype=np.uint8),
    )
    return to_bytes([Recorded(flatten((np.zeros(2), 1.0))[1], flatten([0.0])[1], tape)] * 2, "f")


PROGRAM = program()
MEMBERS = members_of(PROGRAM)


def array_of(name):
    return np.load(io.BytesIO(MEMBERS[name]))


def with_array(name, array):
    return with_arrays({name: array})


def with_arrays(arrays):
    """The file with other arrays."""
    return seal(MEMBERS | {name: _saved(array) for name, array in arrays.items()})


def compiled(tapes, name):
    """The compiled function that a file with these tapes gives."""
    store = Store(None, name, backend("numpy"), check=False, max_paths=8)
    with_tapes(store, tapes)
    return Compiled(store)


def _saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
