"""From a tape to a graph: operations whose inputs are fixed numbers."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile.lower.derivatives import without_derivatives
from gograd_compile.lower.lowering import lower
from gograd_compile.lower.rules import rules_of
from gograd_compile.nesting import trees
from gograd_compile.run.backends import backend as find_backend
from gograd_compile.run.program import Program
from gograd_compile.trace.recording import record
from gograd_core import Neuron, ops

NOTHING = np.empty(0)


def lowered(f, *args):
    """The graph of a recording as it is, before any pass, and the numbers of the arguments."""
    numbers, structure = trees.flatten(args)
    tape = record(f, structure, numbers, "f").tape
    return lower(tape, {op: rules_of(op) for op in tape.operations}), numbers


def test_what_is_fixed_is_an_input_of_that_operation():
    def f(x, y):
        choices = ops.where(x > 0.0, y, 5.0) * ops.where(y > 0.0, x, 5.0)
        return choices + ops.atan2(x, 2.0) + ops.pow(y, 2.5)

    graph, _ = lowered(f, 1.0, 2.0)
    fixed = {call.rules.op.name: dict(call.rules.fixed) for call in graph.calls if call.rules.fixed}
    assert fixed == {"greater": {1: 0.0}, "where": {2: 5.0}, "atan2": {1: 2.0}, "pow": {1: 2.5}}


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_operations_on_constants_alone(backend):
    """Programs in files may have them: nothing has folded those."""
    graph, numbers = lowered(lambda x: x * ops.fma(Neuron(0.0), Neuron(1.0), Neuron(2.0)) + ops.exp(Neuron(0.0)), 3.0)
    program = Program(without_derivatives(graph), find_backend(backend))
    memory, status = program.at(numbers, NOTHING, NOTHING, None)
    assert (memory[program.output_slots].tolist(), status) == ([7.0], 0)
