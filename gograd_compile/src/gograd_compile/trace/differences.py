"""What differs between two recordings of a function at one point."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.nesting.structure_json import structure_text
from gograd_compile.trace.recording import Recording
from gograd_compile.trace.tape import GUARDS, UNUSED, Floats, Integers, Tape

__all__ = ["difference"]


def difference(first: Recording, second: Recording) -> str:
    """Describe the first difference, with its line. It is "" if both do the same with the same numbers."""
    one, other = _Comparable.of(first.tape), _Comparable.of(second.tape)
    found = _in_operations(one, other) or _in_guards(first.tape, second.tape, one, other)
    if found:
        return found
    if first.structure != second.structure:
        return f"the result is nested as {structure_text(first.structure)}, then as {structure_text(second.structure)}"
    differ = one.nodes[first.tape.outputs] != other.nodes[second.tape.outputs]
    if differ.any():
        place = int(np.argmax(differ))
        return f"number {place} of the result is {one.name(first.tape.outputs[place])}, then " + other.name(
            second.tape.outputs[place]
        )
    return ""


@attrs.frozen(eq=False)
class _Comparable:
    """A tape in numbers that are the same for another one that does the same.

    Attributes:
        tape: the tape.
        operations: for each operation that ran a number of its own.
        counts: how many inputs it has.
        nodes: for each node what it is, as two numbers in one: the bits of a constant, the identity of a captured
            neuron, or the place of an argument or an operation.
    """

    tape: Tape
    operations: Integers
    counts: Integers
    nodes: Integers

    @classmethod
    def of(cls, tape: Tape) -> _Comparable:
        nodes = np.zeros(len(tape), dtype=[("kind", np.int8), ("what", np.int64)])
        first, leaves = tape.arguments + len(tape.captured), tape.leaves
        parts: list[tuple[slice, Any]] = [
            (slice(0, tape.arguments), np.arange(tape.arguments)),
            (slice(tape.arguments, first), [id(neuron) for neuron in tape.captured]),
            (slice(first, leaves), tape.constants.view(np.int64)),
            (slice(leaves, len(tape)), np.arange(len(tape.codes))),
        ]
        for kind, (part, what) in enumerate(parts):
            nodes["kind"][part] = kind
            nodes["what"][part] = what
        operations = np.array([id(op) for op in tape.operations], dtype=np.int64)[tape.codes]
        return cls(tape, operations, np.diff(tape.starts), nodes)

    def name(self, node: int) -> str:
        kind, what = self.nodes[node].item()
        if kind == 0:
            return f"number {what} of the arguments"
        if kind == 1:
            return f"the captured {self.tape.captured[node - self.tape.arguments]!r}"
        if kind == 2:
            return f"the constant {float(np.int64(what).view(np.float64))!r}"
        return f"the result of {self.ran(what)}"

    def ran(self, place: int) -> str:
        """Name the operation that ran at that place, and its line."""
        if place >= len(self.operations):
            return "nothing"
        name = self.tape.operations[self.tape.codes[place]].name
        return f"{name} at {self.tape.line(place)}" if self.tape.line(place) else name


def _in_operations(one: _Comparable, other: _Comparable) -> str:
    count = min(len(one.operations), len(other.operations))
    differ = (one.operations[:count] != other.operations[:count]) | (one.counts[:count] != other.counts[:count])
    same = int(np.argmax(differ)) if differ.any() else count
    entries = int(one.tape.starts[same])
    inputs, others = one.tape.inputs[:entries], other.tape.inputs[:entries]
    unequal = one.nodes[inputs] != other.nodes[others]
    if unequal.any():
        entry = int(np.argmax(unequal))
        place = int(np.searchsorted(one.tape.starts, entry, side="right")) - 1
        return f"{one.ran(place)} takes {one.name(inputs[entry])}, then {other.name(others[entry])}"
    if same < max(len(one.operations), len(other.operations)):
        return f"it runs {one.ran(same)}, then {other.ran(same)}"
    return ""


def _in_guards(first: Tape, second: Tape, one: _Comparable, other: _Comparable) -> str:
    asked, again = (_questions(tape, each) for tape, each in ((first, one), (second, other)))
    for place in range(max(len(asked), len(again))):
        if asked[place : place + 1] != again[place : place + 1]:
            words = [guard[place][0] if place < len(guard) else "nothing" for guard in (asked, again)]
            return f"it asks {words[0]}, then {words[1]}"
    return ""


def _questions(tape: Tape, comparable: _Comparable) -> list[tuple[str, Any]]:
    outcomes: Floats = tape.guards.outcomes
    return [
        (f"for {GUARDS[kind]}() of a number at {line}, which is {outcome:g}", comparable.nodes[node].item())
        for kind, line, outcome, node in zip(
            tape.guards.kinds.tolist(), tape.guards.lines, outcomes.tolist(), tape.guards.nodes.tolist(), strict=True
        )
        if kind != UNUSED
    ]
