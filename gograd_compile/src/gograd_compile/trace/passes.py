"""Passes over a tape: they fold constants, remove dead operations and merge duplicates.

Each takes a tape and makes one that computes the same, to the last bit, in time linear in the length of the tape.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.loops import tapes, views
from gograd_compile.trace.tape import Floats, Guards, Integers, Tape
from gograd_core.extend import gives_plain, variable

__all__ = ["fold_constants", "merge_duplicates", "remove_dead"]

LARGEST_TABLE = 2**17


def fold_constants(tape: Tape, values: Floats, made: int) -> Tape:
    """Replace what depends neither on arguments nor on captured neurons by constants with its value in `values`.

    The first `made` constants are leaves that the function made. They and what is made of them stay neurons, behind a
    `variable`, since a constant zero passes no derivative on and a neuron of value zero does. Guards on constants can
    only turn out as recorded, so they are removed.
    """
    first = tape.arguments + len(tape.captured)
    varies, used = _depending(tape, first, np.ones(len(tape.operations), dtype=np.uint8))
    kept = varies[tape.leaves :]
    guards = tape.guards.select(varies[tape.guards.nodes])
    if kept.all() and not made:
        return attrs.evolve(tape, guards=guards)
    used[tape.outputs] = True
    folded = tape.leaves + np.flatnonzero(used[tape.leaves :] & ~kept)
    number = np.arange(len(tape), dtype=np.int32)
    number[folded] = tape.leaves + np.arange(len(folded))
    constants = np.concatenate([tape.constants, values[folded]])
    shorter = _renumbered(tape, kept, number, constants, guards)
    if not made:
        return shorter
    is_neuron, _ = _depending(tape, first + made, _give_neurons(tape, values))
    of_made = len(tape.constants) + np.flatnonzero(is_neuron[folded])
    return _with_variables(shorter, np.concatenate([np.flatnonzero(used[first : first + made]), of_made]))


def _depending(tape: Tape, first: int, passes_on: Integers) -> tuple[Integers, Integers]:
    """Find the nodes that depend on the `first` leaves, through operations that pass this on, and what these use."""
    varies, used = np.zeros(len(tape), dtype=np.bool_), np.zeros(len(tape), dtype=np.bool_)
    varies[:first] = True
    tapes.find_varying(
        tape.leaves, views(*tape.rows), passes_on.data, varies.view(np.uint8).data, used.view(np.uint8).data
    )
    return varies, used


def _give_neurons(tape: Tape, values: Floats) -> Integers:
    """Find the operations that give neurons where the engine runs, and not plain numbers as comparisons do."""
    found = np.ones(len(tape.operations), dtype=np.uint8)
    for code, op in enumerate(tape.operations):
        first = int(np.argmax(tape.codes == code)) if len(tape.codes) else 0
        if tape.codes[first : first + 1] == code:
            found[code] = not gives_plain(op, values[tape.inputs_of(tape.leaves + first)].tolist())
    return found


def _with_variables(tape: Tape, which: Integers) -> Tape:
    """Put a `variable` behind some constants, which are neurons and not plain numbers."""
    own, count = tape.arguments + len(tape.captured) + which, len(which)
    number = np.arange(len(tape), dtype=np.int32)
    number[tape.leaves :] += count
    number[own] = tape.leaves + np.arange(count)
    guards, no_line = tape.guards, np.full(count, len(tape.lines), dtype=np.int32)
    operations = tape.operations if variable in tape.operations else (*tape.operations, variable)
    return attrs.evolve(
        tape,
        operations=operations,
        codes=np.concatenate([np.full(count, operations.index(variable), dtype=np.int32), tape.codes]),
        starts=np.concatenate([np.arange(count), count + tape.starts]),
        inputs=np.concatenate([own.astype(np.int32), number[tape.inputs]]),
        outputs=number[tape.outputs],
        guards=attrs.evolve(guards, nodes=number[guards.nodes], after=guards.after + count),
        lines=(*tape.lines, "") if tape.lines else (),
        line_of=np.concatenate([no_line, tape.line_of]) if len(tape.line_of) else tape.line_of,
        ignored=np.concatenate([np.zeros(count, np.uint8), tape.ignored]) if len(tape.ignored) else tape.ignored,
    )


def remove_dead(tape: Tape) -> Tape:
    """Remove operations and constants on which no output and no guard depends."""
    inputs = tape.arguments + len(tape.captured)
    live = np.zeros(len(tape), dtype=np.bool_)
    live[:inputs] = live[tape.outputs] = live[tape.guards.nodes] = True
    tapes.find_live(tape.leaves, tape.starts.data, tape.inputs.data, live.view(np.uint8).data)
    if live.all():
        return tape
    number = np.empty(len(tape), dtype=np.int32)
    number[: tape.leaves] = np.cumsum(live[: tape.leaves]) - 1
    return _renumbered(tape, live[tape.leaves :], number, tape.constants[live[inputs : tape.leaves]], tape.guards)


def merge_duplicates(tape: Tape) -> Tape:
    """Merge an operation with an earlier one on the same inputs in the same order (value numbering).

    Opaque operations are not merged, since their rules may do more than compute. A question that was asked before is
    asked only once. (If the answers differ, a last digit decided, and both remain.) The errors of merged operations are
    ignored only if the function ignores those of each.
    """
    opaque = np.array([op.opaque for op in tape.operations], dtype=np.bool_)
    first = tape.arguments + len(tape.captured)
    same, number = np.arange(len(tape), dtype=np.int32), np.arange(len(tape), dtype=np.int32)
    bits = tape.constants.view(np.int64)  # 0.0 and -0.0 are two
    remain = tapes.merge_constants(first, bits.data, _table(len(bits), np.int32).data, same.data, number.data)
    codes, starts, inputs = np.empty_like(tape.codes), np.empty_like(tape.starts), np.empty_like(tape.inputs)
    rows = tapes.merge_operations(
        tape.leaves, first + remain, views(*tape.rows), opaque.view(np.uint8).data,
        _table(min(len(tape.codes), LARGEST_TABLE // 2), np.int64).data, same.data, number.data,
        views(codes, starts, inputs),
    )  # fmt: skip
    kept = same == np.arange(len(tape), dtype=np.int32)
    ignored = tape.ignored.copy()
    if len(ignored):
        np.bitwise_and.at(ignored, same[tape.leaves :] - tape.leaves, tape.ignored)
    guards = tape.guards
    questions = list(zip(same[guards.nodes].tolist(), guards.kinds.tolist(), guards.outcomes.tolist(), strict=True))
    asked_first = np.zeros(len(questions), dtype=np.bool_)
    asked_first[list(dict(zip(reversed(questions), reversed(range(len(questions))), strict=True)).values())] = True
    return _with_rows(
        attrs.evolve(tape, constants=tape.constants[kept[first : tape.leaves]], ignored=ignored),
        (codes[:rows], starts[: rows + 1], inputs[: starts[rows]]),
        kept[tape.leaves :], number, tape.guards.select(asked_first),
    )  # fmt: skip


def _table(entries: int, dtype: Any) -> Integers:
    """Make an empty hash table with room for so many entries."""
    return np.full(max(16, 1 << (2 * entries - 1).bit_length()), -1, dtype=dtype)


def _renumbered(tape: Tape, kept: Integers, number: Integers, constants: Floats, guards: Guards) -> Tape:
    """Make a tape of the operations that are kept. `number` has the new numbers of leaves, and gets all others."""
    count = np.count_nonzero(kept)
    new_leaves = tape.arguments + len(tape.captured) + len(constants)
    codes, starts, inputs = np.empty(count, np.int32), np.empty(count + 1, np.int64), np.empty_like(tape.inputs)
    own, new = views(*tape.rows), views(codes, starts, inputs)
    tapes.take_rows(tape.leaves, new_leaves, own, kept.view(np.uint8).data, number.data, new)
    rows = codes, starts, inputs[: starts[-1]]
    return _with_rows(attrs.evolve(tape, constants=constants), rows, kept, number, guards)


def _with_rows(
    tape: Tape, rows: tuple[Integers, Integers, Integers], kept: Integers, number: Integers, guards: Guards
) -> Tape:
    """Make a tape with these rows: the operations of the old tape that are kept, with new numbers."""
    codes, starts, inputs = rows
    after = np.searchsorted(np.flatnonzero(kept), guards.after)
    return attrs.evolve(
        tape,
        codes=codes,
        starts=starts,
        inputs=inputs,
        outputs=number[tape.outputs],
        guards=attrs.evolve(guards, nodes=number[guards.nodes], after=after),
        line_of=tape.line_of[kept] if len(tape.line_of) else tape.line_of,
        ignored=tape.ignored[kept] if len(tape.ignored) else tape.ignored,
    )
