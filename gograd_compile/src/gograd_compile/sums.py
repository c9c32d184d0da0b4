"""The loops of `lowering`: which inputs are fixed, and sums that grow together."""

from __future__ import annotations

from typing import Any

import numpy as np

from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer

__all__ = ["find_patterns", "gather_sums"]


@jitted
def find_patterns(codes: Any, starts: Any, inputs: Any, first: int, leaves: int, eligible: Any, patterns: Any) -> Any:
    """The kind of each operation that ran, and how many patterns of constants were found.

    A kind is a code, or len(eligible) plus the number of a pattern: a row with the code and, per input, the
    constant that it is, or -1. `patterns` has room for so many.
    """
    kinds = codes.copy()
    count = 0
    for k in range(len(codes)):
        start, arity = starts[k], starts[k + 1] - starts[k]
        fixed = 0
        if eligible[codes[k]] and arity < patterns.shape[1]:
            for e in range(start, start + arity):
                fixed += first <= inputs[e] < leaves
        if fixed == 0:
            continue
        if count < len(patterns):
            patterns[count, 0] = codes[k]
            for i in range(arity):
                node = inputs[start + i]
                patterns[count, 1 + i] = node if first <= node < leaves else -1
        for number in range(min(count + 1, len(patterns))):
            equal = patterns[number, 0] == codes[k]
            for i in range(arity):
                node = inputs[start + i]
                equal = equal and patterns[number, 1 + i] == (node if first <= node < leaves else -1)
            if equal:
                kinds[k] = len(eligible) + number
                count = max(count, number + 1)
                break
    return kinds, count


@jitted(inline="always")
def _count_terms(op: int, code: int, entries: int, columns: Any, pattern_starts: Any) -> Any:
    """How many terms an operation adds up; those of columns begin with 0.0."""
    if code:
        return 0
    if columns[op]:
        return 1 + entries // columns[op]
    return (pattern_starts[op + 1] - pattern_starts[op]) // 2


@jitted(inline="always")
def _term(
    t: int, op: int, start: int, end: int, one: int, inputs: Any, same: Any,
    patterns: Any, columns: Any, pattern_starts: Any,
) -> Any:  # fmt: skip
    """The two factors of a term."""
    at, length, entry = pattern_starts[op], 1, 0
    if columns[op]:
        if t == 0:
            return np.int32(one + 1), np.int32(one)
        length, entry = (end - start) // columns[op], t - 1
    else:
        at += 2 * t
    a, b = patterns[at], patterns[at + 1]
    return (
        same[inputs[start + a * length + entry]] if a >= 0 else np.int32(~a),
        same[inputs[start + b * length + entry]] if b >= 0 else np.int32(~b),
    )


@jitted(no_cpython_wrapper=True)
def count_uses(
    leaves: int, one: int, ops: Any, codes: Any, starts: Any, inputs: Any, kept: Any,
    patterns: Any, columns: Any, pattern_starts: Any, same: Any, uses: Any,
) -> int:  # fmt: skip
    """How often each value is used, and which is the `same` as another one. How many terms there are."""
    rows = len(codes)
    ops, codes, starts, inputs = pointer(ops), pointer(codes), pointer(starts), pointer(inputs)
    patterns, columns, pattern_starts = pointer(patterns), pointer(columns), pointer(pattern_starts)
    same, uses = pointer(same), pointer(uses)
    terms = 0
    for k in range(rows):
        count = _count_terms(ops[k], codes[k], starts[k + 1] - starts[k], columns, pattern_starts)
        terms += count
        if codes[k]:  # whatever is fixed is a constant, of which it does not matter
            for e in range(starts[k], starts[k + 1]):
                uses[same[inputs[e]]] += 1
        for t in range(count):
            a, b = _term(t, ops[k], starts[k], starts[k + 1], one, inputs, same, patterns, columns, pattern_starts)
            if count == 1 and (a == one or b == one):
                same[leaves + k] = b if a == one else a
            else:
                uses[a] += 1
                uses[b] += 1
    for value in kept:
        uses[same[value]] += 2
    return terms


@jitted(no_cpython_wrapper=True)
def chain_up(
    leaves: int, one: int, ops: Any, codes: Any, starts: Any, inputs: Any, patterns: Any, columns: Any,
    pattern_starts: Any, same: Any, uses: Any, gone: Any, lengths: Any, ends: Any, chain: Any,
) -> None:  # fmt: skip
    """The terms of each sum as a chain of (factor, factor, next), of which `ends` has the first and the last."""
    rows = len(codes)
    ops, codes, starts, inputs = pointer(ops), pointer(codes), pointer(starts), pointer(inputs)
    patterns, columns, pattern_starts = pointer(patterns), pointer(columns), pointer(pattern_starts)
    same, uses, gone, lengths = pointer(same), pointer(uses), pointer(gone), pointer(lengths)
    ends, chain = pointer(ends), pointer(chain)
    made = 0
    for k in range(rows):
        if codes[k] or same[leaves + k] != leaves + k:
            gone[k] = codes[k] == 0
            continue
        for t in range(_count_terms(ops[k], 0, starts[k + 1] - starts[k], columns, pattern_starts)):
            a, b = _term(t, ops[k], starts[k], starts[k + 1], one, inputs, same, patterns, columns, pattern_starts)
            value = b if a == one else a
            other = value - leaves
            within = (a == one or b == one) and other >= 0 and uses[value] == 1 and codes[other] == 0
            if within and (lengths[other] == 1 or lengths[k] <= 1):
                gone[other] = True
                head, tail, length = ends[2 * other], ends[2 * other + 1], lengths[other]
            else:
                chain[3 * made], chain[3 * made + 1], chain[3 * made + 2] = a, b, -1
                head, tail, length = np.int32(made), np.int32(made), np.int32(1)
                made += 1
            if lengths[k] == 0:
                ends[2 * k], ends[2 * k + 1] = head, tail
            elif length > 1:  # a + (b + c) is (b + c) + a, to the last bit
                chain[3 * tail + 2] = ends[2 * k]
                ends[2 * k] = head
            else:
                chain[3 * ends[2 * k + 1] + 2] = head
                ends[2 * k + 1] = tail
            lengths[k] += length


@jitted(no_cpython_wrapper=True)
def _emit(
    leaves: int, codes: Any, starts: Any, inputs: Any, same: Any, gone: Any, ends: Any, chain: Any, lengths: Any,
    needs: Any, need_starts: Any,
) -> Any:  # fmt: skip
    """The rows that are not gone, written one after the other; and the new number of each value."""
    numbers, all_rows = same, len(codes)  # the new numbers take the place of the old ones, from the front
    codes, starts, inputs, same = pointer(codes), pointer(starts), pointer(inputs), pointer(same)
    gone, ends, chain, lengths = pointer(gone), pointer(ends), pointer(chain), pointer(lengths)
    rows = entries = 0
    for k in range(all_rows):
        if not gone[k]:
            rows += 1
            entries += starts[k + 1] - starts[k] if codes[k] else 2 * lengths[k]
    new_codes, new_starts, new_inputs = (
        np.empty(rows, np.int32),
        np.empty(rows + 1, np.int64),
        np.empty(entries, np.int32),
    )
    into = pointer(new_inputs)
    row = entry = 0
    new_starts[0] = 0
    for k in range(all_rows):
        value = leaves + k
        if same[value] != value:
            same[value] = same[same[value]]
        if gone[k]:
            continue
        if codes[k]:
            begin, end = need_starts[codes[k]], need_starts[codes[k] + 1]
            for need in range(begin, end):
                into[entry] = same[inputs[starts[k] + needs[need]]]
                entry += 1
            if begin == end:
                for e in range(starts[k], starts[k + 1]):
                    into[entry] = same[inputs[e]]
                    entry += 1
        else:
            term = ends[2 * k]
            for _ in range(lengths[k]):
                into[entry], into[entry + 1] = same[chain[3 * term]], same[chain[3 * term + 1]]
                term = chain[3 * term + 2]
                entry += 2
        new_codes[row] = codes[k]
        same[value] = leaves + row
        row += 1
        new_starts[row] = entry
    return new_codes, new_starts, new_inputs[:entry], numbers


@jitted
def gather_sums(
    leaves: int, one: int, ops: Any, codes: Any, starts: Any, inputs: Any, kept: Any,
    patterns: Any, columns: Any, pattern_starts: Any, needs: Any, need_starts: Any,
) -> Any:  # fmt: skip
    """The computed values that remain, and the new number of each value.

    A sum that is used once, as a term of another one, becomes part of it: in front, so that terms are
    added in the order in which they were, or in its place, if it is a single product.
    """
    rows = len(codes)
    same, uses = np.arange(leaves + rows).astype(np.int32), np.zeros(leaves + rows, np.int32)
    terms = count_uses(leaves, one, ops, codes, starts, inputs, kept, patterns, columns, pattern_starts, same, uses)
    gone, lengths = np.zeros(rows, np.bool_), np.zeros(rows, np.int32)
    ends, chain = np.full(2 * rows, -1, np.int32), np.empty(3 * terms, np.int32)
    chain_up(
        leaves,
        one,
        ops,
        codes,
        starts,
        inputs,
        patterns,
        columns,
        pattern_starts,
        same,
        uses,
        gone,
        lengths,
        ends,
        chain,
    )
    return _emit(leaves, codes, starts, inputs, same, gone, ends, chain, lengths, needs, need_starts)
