"""Makes the error that the engine would raise for a value of a tape that is not finite."""

from __future__ import annotations

from typing import Any

from gograd_compile.trace.tape import Floats, Tape
from gograd_core import DomainError, Neuron
from gograd_core.extend import describe, judge

__all__ = ["error_of"]


def error_of(tape: Tape, node: int, values: Floats) -> DomainError | None:
    """Make the error that the engine would raise for a node, given all values. It is None if it would not raise."""
    op = tape.operations[tape.codes[node - tape.leaves]]
    entries = tape.inputs_of(node)
    inputs = values[entries].tolist()
    try:
        judge(op, inputs, float(values[node]), lambda: describe(op, _labelled(tape, entries, inputs)), is_value=True)
    except DomainError as error:
        return error
    return None


def _labelled(tape: Tape, entries: Any, values: list[float]) -> list[Any]:
    """Replace the values of captured neurons by neurons with their labels."""
    neurons = dict(enumerate(tape.captured, tape.arguments))
    return [
        Neuron(value, neurons[entry].label) if entry in neurons else value
        for entry, value in zip(entries.tolist(), values, strict=True)
    ]
