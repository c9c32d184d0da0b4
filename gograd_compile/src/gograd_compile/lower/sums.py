"""Joins sums: a sum that is used once, as a term of another sum, becomes part of it."""

from __future__ import annotations

import numpy as np

from gograd_compile.loops import sums, views
from gograd_compile.trace.tape import Integers, Tape

__all__ = ["gather_sums"]


def gather_sums(
    tape: Tape,
    added: int,
    kinds: Integers,
    codes: Integers,
    kept: Integers,
    patterns: tuple[Integers, Integers, Integers],
    needs: tuple[Integers, Integers],
    most_terms: int,
) -> tuple[Integers, Integers, Integers, Integers]:
    """Join sums. Returns the rows of the computed values that remain, and the new number of each value.

    Args:
        tape: what to lower.
        added: how many constants were put in front of those of the tape.
        kinds: the kind of each operation.
        codes: what each operation becomes: a sum (0) or a call.
        kept: the values that are asked for.
        patterns: the factors of the terms of all kinds, how many columns each kind has, and where its factors begin.
        needs: which inputs the calls of each code take, and where these begin.
        most_terms: how many terms there are at most.
    """
    one, leaves, rows = tape.arguments + len(tape.captured), tape.leaves + added, len(codes)
    same, uses = np.arange(leaves + rows, dtype=np.int32), np.zeros(leaves + rows, dtype=np.int32)
    taken, gone = np.empty_like(tape.inputs), np.zeros(rows, np.uint8)
    lengths_and_terms = views(np.zeros(rows, dtype=np.int32), np.empty(2 * most_terms, dtype=np.int32))
    made = sums.take_terms(
        leaves, one, added, kinds.data, views(codes, tape.starts, tape.inputs), views(*patterns),
        same.data, uses.data, taken.data, lengths_and_terms,
    )  # fmt: skip
    uses[same[kept]] = 2  # or more
    chains = views(np.empty(2 * rows, np.int32), np.empty(made, np.int32))
    sums.chain_up(leaves, one, codes.data, same.data, uses.data, lengths_and_terms, gone.data, chains)
    new_codes, new_starts = np.empty(rows, np.int32), np.empty(rows + 1, np.int64)
    new_inputs = np.empty(len(taken) + 2 * made, np.int32)
    left = sums.emit(
        leaves, views(codes, tape.starts, taken), same.data, gone.data, lengths_and_terms, chains, views(*needs),
        views(new_codes, new_starts, new_inputs),
    )  # fmt: skip
    return new_codes[:left], new_starts[: left + 1], new_inputs[: new_starts[left]], same
