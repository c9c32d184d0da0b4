"""Sums that grow together."""

from __future__ import annotations

import numpy as np

from gograd_compile.loops import sums
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
    """Gather sums. Gives the rows of the computed values that remain, and the new number of each value.

    Args:
        tape: what to lower.
        added: how many constants were put in front of its own, from where on nodes are numbered anew.
        kinds: which terms each operation has.
        codes: what each becomes: a sum (0) or a call.
        kept: the values that are asked for.
        patterns: the terms of each kind; how many columns it has; where its terms begin.
        needs: which inputs the calls of each code take, and where these begin.
        most_terms: how many terms there are, or more.
    """
    terms_of, columns, term_starts = patterns
    places, place_starts = needs
    one, leaves, rows = tape.arguments + len(tape.captured), tape.leaves + added, len(codes)
    same, uses = np.arange(leaves + rows, dtype=np.int32), np.zeros(leaves + rows, dtype=np.int32)
    taken, lengths = np.empty_like(tape.inputs), np.zeros(rows, dtype=np.int32)
    terms = np.empty(2 * most_terms, dtype=np.int32)
    made = sums.take_terms(
        leaves, one, added, kinds.data, codes.data, tape.starts.data, tape.inputs.data,
        terms_of.data, columns.data, term_starts.data, same.data, uses.data, taken.data, lengths.data, terms.data,
    )  # fmt: skip
    uses[same[kept]] = 2  # or more
    gone, ends, after = np.zeros(rows, np.uint8), np.empty(2 * rows, np.int32), np.empty(made, np.int32)
    sums.chain_up(
        leaves, one, codes.data, same.data, uses.data, terms.data, lengths.data, gone.data, ends.data, after.data
    )
    new_codes, new_starts = np.empty(rows, np.int32), np.empty(rows + 1, np.int64)
    new_inputs = np.empty(len(taken) + 2 * made, np.int32)
    left = sums.emit(
        leaves, codes.data, tape.starts.data, taken.data, same.data, gone.data, ends.data, after.data, terms.data,
        lengths.data, places.data, place_starts.data, new_codes.data, new_starts.data, new_inputs.data,
    )  # fmt: skip
    return new_codes[:left], new_starts[: left + 1], new_inputs[: new_starts[left]], same
