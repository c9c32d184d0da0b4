"""Loops that add derivatives to a graph: what varies, local derivatives, adjoints and tangents."""

from __future__ import annotations

from typing import Any

__all__ = ["KINDS", "add_adjoints", "add_tangents", "add_weights", "find_varying"]

KINDS = NONE, VALUE, PLACE, RULE = range(4)
"""The kinds of weights: no derivative, a value of the graph, an input of the call (-1: its output), a rule's result."""


def find_varying(leaves: int, rows: Any, columns: Any, depends: Any, needed: Any) -> None:
    """Complete `depends` (on something) and `needed` (by something). Only inputs that have derivatives are followed."""
    codes, starts, inputs = rows
    begins, kinds, lengths = columns
    for k in range(len(codes)):
        code, start, end = codes[k], starts[k], starts[k + 1]
        found = 0
        if code == 0:  # a sum
            for e in range(start, end):
                found |= depends[inputs[e]]
        else:
            for column in range(begins[code], begins[code + 1]):
                if kinds[column] != NONE:
                    for e in range(start, start + lengths[code]):
                        found |= depends[inputs[e]]
                start += lengths[code]
        depends[leaves + k] = found
    for k in range(len(codes) - 1, -1, -1):
        needed[leaves + k] &= depends[leaves + k]
        if not needed[leaves + k]:
            continue
        code, start, end = codes[k], starts[k], starts[k + 1]
        if code == 0:
            for e in range(start, end):
                needed[inputs[e]] = 1
        else:
            for column in range(begins[code], begins[code + 1]):
                if kinds[column] != NONE:
                    for e in range(start, start + lengths[code]):
                        needed[inputs[e]] = 1
                start += lengths[code]
    for leaf in range(leaves):
        needed[leaf] &= depends[leaf]


def add_weights(
    leaves: int, rows: Any, varies: Any, columns: Any, rules: Any, weights: Any, new_rows: Any
) -> tuple[int, int]:
    """Fill the `weights` of all inputs, and the new rows of local derivatives. Returns how many rows and inputs."""
    codes, starts, inputs = rows
    begins, kinds, lengths = columns
    whats, widths, need_starts, needs = rules
    new_codes, new_starts, new_inputs = new_rows
    nodes = leaves + len(codes)
    row = end = 0
    new_starts[0] = 0
    for k in range(len(codes)):
        if not varies[leaves + k]:
            continue
        code, start = codes[k], starts[k]
        if code == 0:
            for e in range(start, starts[k + 1], 2):
                weights[e] = inputs[e + 1] if varies[inputs[e]] else -1
                weights[e + 1] = inputs[e] if varies[inputs[e + 1]] else -1
            continue
        length = lengths[code]
        for column in range(begins[code], begins[code + 1]):
            begin = start + (column - begins[code]) * length
            kind, what, found = kinds[column], whats[column], 0
            if kind == NONE:
                continue
            for entry in range(length):
                if varies[inputs[begin + entry]]:
                    found = 1
                    if kind == VALUE:
                        weights[begin + entry] = what
                    elif kind == PLACE:
                        weights[begin + entry] = leaves + k if what < 0 else inputs[start + what * length + entry]
                    else:
                        weights[begin + entry] = nodes + row + entry
            if kind != RULE or not found:
                continue
            for need in range(need_starts[what], need_starts[what + 1]):  # the rule gives all of the column's
                place = needs[need]
                for entry in range(1 if place < 0 else length):
                    new_inputs[end] = leaves + k if place < 0 else inputs[start + place * length + entry]
                    end += 1
            for _ in range(widths[what]):
                new_codes[row] = what
                row += 1
                new_starts[row] = end
    return row, end


def _append(use: int, adjoint: int, weight: int, value: int, heads: Any, tails: Any, chain: Any) -> None:
    """Append a use to the chain of the uses of a value."""
    chain[3 * use], chain[3 * use + 1], chain[3 * use + 2] = adjoint, weight, -1
    if heads[value] < 0:
        heads[value] = use
    else:
        last = tails[value]
        chain[3 * last + 2] = use
    tails[value] = use


def add_adjoints(
    nodes: int, one: int, leaves: int, rows: Any, varies: Any, weights: Any, ends: Any, uses: Any, adjoints: Any,
    new_rows: Any,
) -> int:  # fmt: skip
    """Fill the `adjoints` of the leaves, and the new rows of sums, from the youngest value to the oldest.

    The numbers of new values begin at `nodes`. `ends` are the outputs and their seeds. The uses of a value are a chain
    of (adjoint, weight, next), with the places of the first and of the last one. Returns how many rows there are.
    """
    _, starts, inputs = rows
    outputs, seeds = ends
    heads, tails, chain = uses
    new_starts, new_inputs = new_rows
    made = row = end = 0
    new_starts[0] = 0
    for place in range(len(outputs)):
        if varies[outputs[place]]:
            _append(made, seeds[place], one, outputs[place], heads, tails, chain)
            made += 1
    for value in range(len(heads) - 1, -1, -1):
        use = heads[value]
        if use < 0:
            continue
        if chain[3 * use + 2] < 0 and (chain[3 * use + 1] == one or chain[3 * use] == one):
            own = chain[3 * use] if chain[3 * use + 1] == one else chain[3 * use + 1]
        else:
            own = nodes + row
            while use >= 0:
                new_inputs[end], new_inputs[end + 1] = chain[3 * use], chain[3 * use + 1]
                end += 2
                use = chain[3 * use + 2]
            row += 1
            new_starts[row] = end
        if value < leaves:
            adjoints[value] = own
            continue
        for e in range(starts[value - leaves], starts[value - leaves + 1]):
            if weights[e] >= 0:
                _append(made, own, weights[e], inputs[e], heads, tails, chain)
                made += 1
    return row


def add_tangents(
    nodes: int, one: int, leaves: int, rows: Any, varies: Any, weights: Any, tangents: Any, new_rows: Any
) -> int:
    """Complete the `tangents`, and fill the new rows of sums, from the oldest value to the youngest.

    The numbers of new values begin at `nodes`. Returns how many rows there are.
    """
    _, starts, inputs = rows
    new_starts, new_inputs = new_rows
    row = end = 0
    new_starts[0] = 0
    for k in range(len(starts) - 1):
        if not varies[leaves + k]:
            continue
        begun = end
        for e in range(starts[k], starts[k + 1]):
            if weights[e] >= 0:
                new_inputs[end], new_inputs[end + 1] = tangents[inputs[e]], weights[e]
                end += 2
        if end == begun + 2 and new_inputs[begun + 1] == one:
            tangents[leaves + k] = new_inputs[begun]
            end = begun
        else:
            tangents[leaves + k] = nodes + row
            row += 1
            new_starts[row] = end
    return row
