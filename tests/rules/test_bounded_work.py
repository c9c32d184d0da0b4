"""The work of a rule does not grow with its inputs: huge, tiny and negative ones take no longer than others.

A rule computes both arms of a `where`, and passes to functions what the arm that is discarded makes of any
input. So every operation is run far outside of its domain too: each way of running it in a process of its own,
which says what it is at, and is ended if it does not come back.
"""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import Neuron, current, errstate, gradient

pytestmark = pytest.mark.filterwarnings("ignore")

SIZES = (1e-300, 0.3, 2.0, 2.5, 1e8 + 0.3, 1e15 + 0.5, 1e300)  # no loop over the integers ends at the last two
NUMBERS = (0.0, *(sign * size for size in SIZES for sign in (1.0, -1.0)))
FEWER = (0.0, 1e-300, 2.0, -1e15 - 0.5, 1e300, -1e300)
PATIENCE = 120.0  # seconds for all operations together, which take some two


def points(op):
    if op.variadic:
        return [((x, y),) * len(op.partials) for x in NUMBERS for y in FEWER]
    return list(itertools.product(NUMBERS if len(op.partials) < 3 else FEWER, repeat=len(op.partials)))


def flat(inputs):
    return [x for column in inputs for x in (column if isinstance(column, list) else [column])]


def eager(op):
    """The value and all derivatives of first and second order, through neurons."""
    for point in points(op):
        inputs = [[Neuron(x) for x in column] for column in point] if op.variadic else [Neuron(x) for x in point]
        value, entries = op(*inputs), flat(inputs)
        if isinstance(value, Neuron):
            for slope in gradient(value, entries, create_graph=True):
                if isinstance(slope, Neuron):
                    gradient(slope, entries)


def arrays(op):
    if not op.opaque and not op.variadic:
        with contextlib.suppress(TypeError):  # an operation that chooses with if
            op(*map(np.array, zip(*points(op), strict=True)))


def compiled(op):
    """All points at once, and the arms that they discard with them; first and second derivatives."""
    if op.variadic or op.opaque or not any(op.partials):
        return
    batch = compile(lambda point: op(*(point[i] for i in range(len(op.partials)))), backend="numpy").batch()
    for derivatives in (batch.value_and_grad, batch.hessian):
        derivatives(np.array([op.samples[0], *points(op)]))


WAYS = {way.__name__: way for way in (eager, arrays, compiled)}


def run_all(way):
    with errstate(domain="ignore"), np.errstate(all="ignore"):
        for op in current.registry.operations():
            print(op.name, flush=True)
            WAYS[way](op)
    print("end")


@pytest.mark.parametrize("way", WAYS)
def test_every_operation_comes_back(way):
    process = subprocess.Popen(
        [sys.executable, __file__, way], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        pytest.fail(f"{way}: {output.split()[-1]} did not come back within {PATIENCE:.0f} s\n{errors}")
    assert output.split()[-1] == "end", errors


if __name__ == "__main__":
    run_all(sys.argv[1])
