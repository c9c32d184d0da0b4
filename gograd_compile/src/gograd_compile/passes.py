"""Passes over a tape: constants folded, dead operations removed, duplicates merged.

Each takes a tape and gives one that computes the same, to the last bit; each costs time linear in its length.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer
from gograd_compile.tape import Floats, Guards, Integers, Tape

__all__ = ["fold_constants", "merge_duplicates", "remove_dead"]

LARGEST_TABLE, PROBES = 2**17, 4
LOW = 0xFFFFFFFF


def fold_constants(tape: Tape, values: Floats) -> Tape:
    """What depends on no argument and no captured neuron becomes a constant: its value in `values`, one per node.

    Guards on such numbers can only turn out as recorded, and go.
    """
    varies = find_varying(len(tape), tape.leaves, tape.arguments + len(tape.captured), tape.starts, tape.inputs)
    kept = varies[tape.leaves :]
    folded = find_used(len(tape), tape.leaves, kept, tape.starts, tape.inputs)
    folded[tape.outputs] = True
    folded[: tape.leaves] = False
    folded &= ~varies
    number = np.arange(len(tape), dtype=np.int32)
    number[folded] = tape.leaves + np.arange(np.count_nonzero(folded))
    number[tape.leaves :][kept] = tape.leaves + np.count_nonzero(folded) + np.arange(np.count_nonzero(kept))
    constants = np.concatenate([tape.constants, values[folded]])
    return _renumbered(tape, kept, number, constants, tape.guards.select(varies[tape.guards.nodes]))


def remove_dead(tape: Tape) -> Tape:
    """Operations and constants on which no output and no guard depends go."""
    live = find_live(len(tape), tape.leaves, tape.starts, tape.inputs, tape.outputs, tape.guards.nodes)
    inputs = tape.arguments + len(tape.captured)
    live[:inputs] = True
    number = np.cumsum(live, dtype=np.int32) - np.int32(1)
    return _renumbered(tape, live[tape.leaves :], number, tape.constants[live[inputs : tape.leaves]], tape.guards)


def merge_duplicates(tape: Tape) -> Tape:
    """An operation on the same inputs as an earlier one, in the same order, is that one (value numbering).

    Opaque operations are called as often as they were: their rules may do more than compute. A guard
    that was asked before is asked once.
    """
    opaque = np.array([op.opaque for op in tape.operations], dtype=np.bool_)
    inputs = tape.arguments + len(tape.captured)
    same = np.arange(len(tape), dtype=np.int32)
    _, firsts, which = np.unique(tape.constants.view(np.int64), return_index=True, return_inverse=True)
    same[inputs : tape.leaves] = inputs + firsts[which]  # bit for bit: 0.0 and -0.0 are two
    merge_operations(tape.leaves, tape.codes, tape.starts, tape.inputs, opaque, same)
    first = same == np.arange(len(tape))
    number = (np.cumsum(first, dtype=np.int32) - np.int32(1))[same]
    questions = np.stack([same[tape.guards.nodes], tape.guards.kinds])
    asked_first = np.zeros(len(tape.guards), dtype=np.bool_)
    asked_first[np.unique(questions, axis=1, return_index=True)[1]] = True
    constants = tape.constants[first[inputs : tape.leaves]]
    return _renumbered(tape, first[tape.leaves :], number, constants, tape.guards.select(asked_first))


def _renumbered(tape: Tape, kept: Integers, number: Integers, constants: Floats, guards: Guards) -> Tape:
    """The operations that are kept, with new numbers for all nodes."""
    starts, inputs = take_rows(tape.starts, tape.inputs, kept, number)
    ran = np.concatenate([[0], np.cumsum(kept)])
    guards = attrs.evolve(guards, nodes=number[guards.nodes], after=ran[guards.after])
    return attrs.evolve(
        tape,
        constants=constants,
        codes=tape.codes[kept],
        starts=starts,
        inputs=inputs,
        outputs=number[tape.outputs],
        guards=guards,
        line_of=tape.line_of[kept] if len(tape.line_of) else tape.line_of,
    )


@jitted
def find_varying(nodes: int, leaves: int, inputs_end: int, starts: Any, inputs: Any) -> Any:
    """Which nodes depend on the first `inputs_end` ones."""
    starts, inputs = pointer(starts), pointer(inputs)
    varies = np.zeros(nodes, np.bool_)
    varies[:inputs_end] = True
    for k in range(nodes - leaves):
        for e in range(starts[k], starts[k + 1]):
            if varies[inputs[e]]:
                varies[leaves + k] = True
                break
    return varies


@jitted
def find_used(nodes: int, leaves: int, kept: Any, starts: Any, inputs: Any) -> Any:
    """Which nodes the operations that are kept take as inputs."""
    kept, starts, inputs = pointer(kept), pointer(starts), pointer(inputs)
    used = np.zeros(nodes, np.bool_)
    for k in range(nodes - leaves):
        if kept[k]:
            for e in range(starts[k], starts[k + 1]):
                used[inputs[e]] = True
    return used


@jitted
def find_live(nodes: int, leaves: int, starts: Any, inputs: Any, outputs: Any, guarded: Any) -> Any:
    """Which nodes the outputs and guards depend on."""
    starts, inputs = pointer(starts), pointer(inputs)
    live = np.zeros(nodes, np.bool_)
    for node in outputs:
        live[node] = True
    for node in guarded:
        live[node] = True
    for k in range(nodes - leaves - 1, -1, -1):
        if live[leaves + k]:
            for e in range(starts[k], starts[k + 1]):
                live[inputs[e]] = True
    return live


@jitted(inline="always")
def _room(entries: int) -> int:
    """How large the table for so many is: bounded, to stay in the cache, where it finds the latest, not the oldest."""
    room = 16
    while room < 2 * entries and room < LARGEST_TABLE:
        room *= 2
    return room


@jitted(inline="always")
def _mixed(number: int, other: int) -> int:
    """Of two numbers below 2**31 one more, for a hash; nothing overflows on the way."""
    return (((number ^ other) * 2654435761) >> 13) & 0x7FFFFFFF


@jitted(inline="always")
def _equal(one: int, other: int, codes: Any, starts: Any, inputs: Any, same: Any) -> bool:
    count = starts[one + 1] - starts[one]
    if codes[one] != codes[other] or starts[other + 1] - starts[other] != count:
        return False
    for i in range(count):  # noqa: SIM110 - Numba has no all()
        if same[inputs[starts[one] + i]] != same[inputs[starts[other] + i]]:
            return False
    return True


@jitted
def merge_operations(leaves: int, codes: Any, starts: Any, inputs: Any, opaque: Any, same: Any) -> None:
    """Equal operations on inputs that are the same are one."""
    rows = len(codes)
    codes, starts, inputs, same = pointer(codes), pointer(starts), pointer(inputs), pointer(same)
    mask = _room(rows) - 1
    table = np.full(mask + 1, -1, np.int64)  # the hash above, the operation below: unequal ones are told apart here
    for k in range(rows):
        if opaque[codes[k]]:
            continue
        place = int(codes[k])
        for e in range(starts[k], starts[k + 1]):
            place = _mixed(place, int(same[inputs[e]]))
        first, entry = k, place << 32 | k
        for probe in range(PROBES):
            other = table[(place + probe) & mask]
            if other >= 0 and other >> 32 == place and _equal(other & LOW, k, codes, starts, inputs, same):
                first = other & LOW
                break
            if other < 0 or probe == PROBES - 1:
                table[(place + probe if other < 0 else place) & mask] = entry
                break
        same[leaves + k] = leaves + first


@jitted
def take_rows(starts: Any, inputs: Any, kept: Any, number: Any) -> Any:
    """The rows that are kept, their entries renumbered."""
    count = len(kept)
    starts, inputs, kept, number = pointer(starts), pointer(inputs), pointer(kept), pointer(number)
    rows = entries = 0
    for k in range(count):
        if kept[k]:
            rows += 1
            entries += starts[k + 1] - starts[k]
    new_starts, new_inputs = np.empty(rows + 1, np.int64), np.empty(entries, np.int32)
    row = entry = 0
    new_starts[0] = 0
    for k in range(count):
        if kept[k]:
            for e in range(starts[k], starts[k + 1]):
                new_inputs[entry] = number[inputs[e]]
                entry += 1
            row += 1
            new_starts[row] = entry
    return new_starts, new_inputs
