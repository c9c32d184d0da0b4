"""Loops that lower a tape: they find inputs that are constants, and join sums."""

from __future__ import annotations

from typing import Any

__all__ = ["chain_up", "emit", "find_patterns", "take_terms"]


def find_patterns(
    rows: Any, first: int, leaves: int, eligible: Any, are_special: Any, most: int, patterns: Any, kinds: Any, ran: Any
) -> int:
    """Find the kind of each operation, and how often each kind `ran`. Returns the count of patterns of constants.

    A kind is a code, or len(eligible) plus the number of a pattern. A pattern is a row with the code and, per input,
    the constant that it is, or -1. Patterns are found until `patterns` is full. At `most` so many have constants
    that are not special.
    """
    codes, starts, inputs = rows
    count = ordinary = 0
    room = len(patterns)
    width = patterns.shape[1]
    for k in range(len(codes)):
        kind = codes[k]
        start, arity, fixed, special = starts[k], starts[k + 1] - starts[k], 0, 0
        if eligible[codes[k]] and arity < width:
            for e in range(start, start + arity):
                if first <= inputs[e] < leaves:
                    fixed += 1
                    special += are_special[inputs[e] - first]
        if fixed == arity:  # it would have no input left
            fixed = 0
        is_special = special == fixed
        until = count
        if fixed and count < room and (is_special or ordinary < most):
            until = count + 1
            patterns[count, 0] = codes[k]
            for i in range(width - 1):
                node = inputs[start + i] if i < arity else -1
                patterns[count, 1 + i] = node if first <= node < leaves else -1
        for number in range(until if fixed else 0):
            equal = patterns[number, 0] == codes[k]
            for i in range(arity):
                node = inputs[start + i]
                equal = equal and patterns[number, 1 + i] == (node if first <= node < leaves else -1)
            if equal:
                kind = len(eligible) + number
                if number == count:
                    count += 1
                    ordinary += not is_special
                break
        kinds[k] = kind
        ran[kind] += 1
    return count


def _factor(factor: int, start: int, length: int, taken: Any) -> int:
    """Find the value that a factor stands for: an entry of that column, or a constant."""
    return taken[start + factor * length] if factor >= 0 else ~factor


def take_terms(
    leaves: int, one: int, added: int, kinds: Any, rows: Any, patterns: Any, same: Any, uses: Any, taken: Any, sums: Any
) -> int:
    """Take the factors of the terms of all sums, one after the other, and count the terms of each. Returns the total.

    The number of a node from the leaf `one` on is now greater by `added`. A value times 1.0 is the `same` as the value.
    Inputs are `taken` with that replaced, and the uses of each value are counted.
    """
    codes, starts, inputs = rows
    factors, columns, factor_starts = patterns
    lengths, terms = sums
    made = 0
    for k in range(len(kinds)):
        start, end, kind = starts[k], starts[k + 1], kinds[k]
        for e in range(start, end):
            node = inputs[e]
            taken[e] = same[node + added if node >= one else node]
        if codes[k]:  # inputs that are fixed count too, which does not matter: they are constants
            for e in range(start, end):
                uses[taken[e]] += 1
            continue
        begun, at, until, length = made, factor_starts[kind], factor_starts[kind + 1], 1
        count = (until - at) // 2
        if columns[kind]:  # a sum over entries begins with 0.0
            length = (end - start) // columns[kind]
            count = length
            terms[2 * made], terms[2 * made + 1] = one + 1, one
            made += 1
        for _ in range(count):
            terms[2 * made] = _factor(factors[at], start, length, taken)
            terms[2 * made + 1] = _factor(factors[at + 1], start, length, taken)
            made += 1
            if columns[kind]:
                start += 1
            else:
                at += 2
        if made == begun + 1 and (terms[2 * begun] == one or terms[2 * begun + 1] == one):
            same[leaves + k] = terms[2 * begun + 1] if terms[2 * begun] == one else terms[2 * begun]
            made = begun
            continue
        lengths[k] = made - begun
        for t in range(2 * begun, 2 * made):
            uses[terms[t]] += 1
    return made


def chain_up(leaves: int, one: int, codes: Any, same: Any, uses: Any, sums: Any, gone: Any, chains: Any) -> None:
    """Make a chain of the terms of each sum: which comes `after` which, -1 at the end. `ends` has the first and last.

    A sum that is used once, as a term of another one, becomes part of it. It goes in front, so that the order of the
    additions stays the same. A single product goes in the place of the term.
    """
    lengths, terms = sums
    ends, after = chains
    made = 0
    for k in range(len(codes)):
        if codes[k]:
            continue
        if same[leaves + k] != leaves + k:
            gone[k] = 1
            continue
        whole = 0
        for term in range(made, made + lengths[k]):
            a, b = terms[2 * term], terms[2 * term + 1]
            value = b if a == one else a
            other = value - leaves
            head, tail, length = term, term, 1
            after[term] = -1
            if (
                (a == one or b == one) and other >= 0 and uses[value] == 1 and codes[other] == 0
                and (lengths[other] == 1 or whole <= 1)
            ):  # fmt: skip
                gone[other] = 1
                head, tail, length = ends[2 * other], ends[2 * other + 1], lengths[other]
            if whole == 0:
                ends[2 * k], ends[2 * k + 1] = head, tail
            elif length > 1:  # a + (b + c) is (b + c) + a, to the last bit
                after[tail] = ends[2 * k]
                ends[2 * k] = head
            else:
                after[ends[2 * k + 1]] = head
                ends[2 * k + 1] = tail
            whole += length
        made += lengths[k]
        lengths[k] = whole


def emit(leaves: int, rows: Any, same: Any, gone: Any, sums: Any, chains: Any, needed: Any, new_rows: Any) -> int:
    """Write the rows that are not gone, one after the other, and return how many. `same` gets all new numbers."""
    codes, starts, taken = rows
    lengths, terms = sums
    ends, after = chains
    needs, need_starts = needed
    new_codes, new_starts, new_inputs = new_rows
    row = entry = 0
    new_starts[0] = 0
    for k in range(len(codes)):
        value = leaves + k
        if same[value] != value:
            same[value] = same[same[value]]
        if gone[k]:
            continue
        if codes[k]:
            begin, end = need_starts[codes[k]], need_starts[codes[k] + 1]
            for need in range(begin, end):
                new_inputs[entry] = same[taken[starts[k] + needs[need]]]
                entry += 1
            if begin == end:
                for e in range(starts[k], starts[k + 1]):
                    new_inputs[entry] = same[taken[e]]
                    entry += 1
        else:
            term = ends[2 * k]
            for _ in range(lengths[k]):
                new_inputs[entry], new_inputs[entry + 1] = same[terms[2 * term]], same[terms[2 * term + 1]]
                term = after[term]
                entry += 2
        new_codes[row] = codes[k]
        same[value] = leaves + row
        row += 1
        new_starts[row] = entry
    return row
