"""What differs between two recordings of a function at one point."""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from gograd_compile.nesting.structure_json import structure_text
from gograd_compile.trace.recording import Recording
from gograd_compile.trace.tape import GUARDS, UNUSED, Tape

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["difference"]


def difference(first: Recording, second: Recording) -> str:
    """Describe the first difference, with its line. It is "" if both do the same with the same numbers."""
    one, other = first.tape, second.tape
    mine, others = _identities(one, first.made), _identities(other, second.made)
    nothing: tuple[Op | None, list[int]] = None, []
    operations = zip_longest(_operations(one), _operations(other), fillvalue=nothing)
    for place, ((op, inputs), (other_op, other_inputs)) in enumerate(operations):
        if op is not other_op or len(inputs) != len(other_inputs):
            return f"it runs {_ran(one, place)}, then {_ran(other, place)}"
        for node, twin in zip(inputs, other_inputs, strict=True):
            if mine[node] != others[twin]:
                return f"{_ran(one, place)} takes {_name(first, node)}, then {_name(second, twin)}"
    for asked, asked_then in zip_longest(_questions(one, mine), _questions(other, others), fillvalue=("nothing", None)):
        if asked != asked_then:
            return f"it asks {asked[0]}, then {asked_then[0]}"
    if first.structure != second.structure:
        return f"the result is nested as {structure_text(first.structure)}, then as {structure_text(second.structure)}"
    for place, (node, twin) in enumerate(zip(one.outputs.tolist(), other.outputs.tolist(), strict=True)):
        if mine[node] != others[twin]:
            return f"number {place} of the result is {_name(first, node)}, then {_name(second, twin)}"
    return ""


def _identities(tape: Tape, made: int) -> list[tuple[str, Any]]:
    """List for each node what is equal for the same node of another tape, if that does the same.

    The first `made` constants are leaves that the function made.
    """
    return [
        *(("argument", place) for place in range(tape.arguments)),
        *(("captured", id(neuron)) for neuron in tape.captured),
        *(
            ("leaf" if place < made else "constant", number.hex())
            for place, number in enumerate(tape.constants.tolist())
        ),
        *(("result", place) for place in range(len(tape.codes))),
    ]


def _operations(tape: Tape) -> list[tuple[Op | None, list[int]]]:
    """List each operation that ran, with its inputs."""
    inputs, bounds = tape.inputs.tolist(), pairwise(tape.starts.tolist())
    return [
        (tape.operations[code], inputs[start:end])
        for code, (start, end) in zip(tape.codes.tolist(), bounds, strict=True)
    ]


def _questions(tape: Tape, identities: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """List what was asked, in words, and about which node."""
    guards = tape.guards
    asked = zip(guards.kinds.tolist(), guards.lines, guards.outcomes.tolist(), guards.nodes.tolist(), strict=True)
    return [
        (f"for {GUARDS[kind]}() of a number at {line}, which is {outcome:g}", identities[node])
        for kind, line, outcome, node in asked
        if kind != UNUSED
    ]


def _name(recording: Recording, node: int) -> str:
    tape = recording.tape
    if node < tape.arguments:
        return f"number {node} of the arguments"
    if node < tape.arguments + len(tape.captured):
        return f"the captured {tape.captured[node - tape.arguments]!r}"
    if node < tape.leaves:
        place = node - tape.arguments - len(tape.captured)
        number = float(tape.constants[place])
        return f"a leaf {number!r} that the function made" if place < recording.made else f"the constant {number!r}"
    return f"the result of {_ran(tape, node - tape.leaves)}"


def _ran(tape: Tape, place: int) -> str:
    """Name the operation that ran at that place, and its line."""
    if place >= len(tape.codes):
        return "nothing"
    name = tape.operations[tape.codes[place]].name
    return f"{name} at {tape.line(place)}" if tape.line(place) else name
