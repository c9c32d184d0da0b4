"""Passes over a tape: they fold constants, remove dead operations and merge duplicates.

Each takes a tape and makes one that computes the same, to the last bit, in time linear in the length of the tape.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.loops import tapes, views
from gograd_compile.trace.tape import Floats, Guards, Integers, Tape

__all__ = ["fold_constants", "merge_duplicates", "remove_dead"]

LARGEST_TABLE = 2**17


def fold_constants(tape: Tape, values: Floats) -> Tape:
    """Replace what depends neither on arguments nor on captured neurons by constants with its value in `values`.

    Guards on such numbers can only turn out as recorded, so they are removed.
    """
    varies = np.zeros(len(tape), dtype=np.bool_)
    varies[: tape.arguments + len(tape.captured)] = True
    used = np.zeros(len(tape), dtype=np.bool_)
    tapes.find_varying(
        tape.leaves, tape.starts.data, tape.inputs.data, varies.view(np.uint8).data, used.view(np.uint8).data
    )
    kept = varies[tape.leaves :]
    guards = tape.guards.select(varies[tape.guards.nodes])
    if kept.all():
        return attrs.evolve(tape, guards=guards)
    used[tape.outputs] = True
    folded = tape.leaves + np.flatnonzero(used[tape.leaves :] & ~kept)
    number = np.arange(len(tape), dtype=np.int32)
    number[folded] = tape.leaves + np.arange(len(folded))
    return _renumbered(tape, kept, number, np.concatenate([tape.constants, values[folded]]), guards)


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
