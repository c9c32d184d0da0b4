"""Loops of derivatives: what they depend on, local ones, adjoints and tangents."""

from __future__ import annotations

from typing import Any

__all__ = ["KINDS", "add_adjoints", "add_tangents", "add_weights", "find_varying"]

KINDS = NONE, VALUE, PLACE, RULE = range(4)
"""What the weight of an input of a call is: none, a value, an input of the call (-1: its output), or a rule's."""


def find_varying(
    leaves: int, codes: Any, starts: Any, inputs: Any, begins: Any, kinds: Any, lengths: Any, depends: Any, needed: Any
) -> None:
    """Complete what `depends` on something, and what of that is `needed` by something, with derivatives all the way."""
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
    filling: bool, nodes: int, leaves: int, codes: Any, starts: Any, inputs: Any, varies: Any, begins: Any, kinds: Any,
    lengths: Any, whats: Any, widths: Any, need_starts: Any, needs: Any, weights: Any,
    new_codes: Any, new_starts: Any, new_inputs: Any,
) -> tuple[int, int]:  # fmt: skip
    """Fill the rows of local derivatives, and the weight of each input. Returns the counts of rows and entries.

    Unless it is `filling`, it only counts them.
    """
    rows = entries = 0
    for k in range(len(codes)):
        if not varies[leaves + k]:
            continue
        code, start = codes[k], starts[k]
        if code == 0:
            if filling:
                for e in range(start, starts[k + 1], 2):
                    weights[e] = inputs[e + 1] if varies[inputs[e]] else -1
                    weights[e + 1] = inputs[e] if varies[inputs[e + 1]] else -1
            continue
        length = lengths[code]
        for column in range(begins[code], begins[code + 1]):
            begin = start + (column - begins[code]) * length
            kind, what, found = kinds[column], whats[column], 0
            for entry in range(length):
                found |= varies[inputs[begin + entry]]
            if kind == NONE or not found:
                continue
            for entry in range(length if filling else 0):
                if varies[inputs[begin + entry]]:
                    if kind == VALUE:
                        weights[begin + entry] = what
                    elif kind == PLACE:
                        weights[begin + entry] = leaves + k if what < 0 else inputs[start + what * length + entry]
                    else:
                        weights[begin + entry] = nodes + rows + entry
            if kind != RULE:
                continue
            for need in range(need_starts[what], need_starts[what + 1]):  # the rule gives all of the column's
                place = needs[need]
                for entry in range(1 if place < 0 else length):
                    if filling:
                        new_inputs[entries] = leaves + k if place < 0 else inputs[start + place * length + entry]
                    entries += 1
            for _ in range(widths[what]):
                if filling:
                    new_codes[rows] = what
                    new_starts[rows + 1] = entries
                rows += 1
    return rows, entries


def _append(use: int, adjoint: int, weight: int, value: int, heads: Any, tails: Any, chain: Any) -> None:
    """Append to the list of the uses of a value."""
    chain[3 * use], chain[3 * use + 1], chain[3 * use + 2] = adjoint, weight, -1
    if heads[value] < 0:
        heads[value] = use
    else:
        last = tails[value]
        chain[3 * last + 2] = use
    tails[value] = use


def add_adjoints(
    known: int, nodes: int, one: int, leaves: int, starts: Any, inputs: Any, outputs: Any, seeds: Any, places: Any,
    varies: Any, weights: Any, heads: Any, tails: Any, chain: Any, new_starts: Any, new_inputs: Any, results: Any,
) -> int:  # fmt: skip
    """Fill the rows of the adjoints, those of the youngest values first, and `results`. Returns the count of rows.

    The uses of a value are a chain of (adjoint, weight, next). `heads` and `tails` have the first and the last.
    Results are the adjoints of the leaves that have `places` among them.
    """
    made = rows = entries = 0
    new_starts[0] = 0
    for place in range(len(outputs)):
        if varies[outputs[place]]:
            _append(made, seeds[place], one, outputs[place], heads, tails, chain)
            made += 1
    for value in range(known - 1, -1, -1):
        use = heads[value]
        if use < 0:
            continue
        if chain[3 * use + 2] < 0 and (chain[3 * use + 1] == one or chain[3 * use] == one):
            own = chain[3 * use] if chain[3 * use + 1] == one else chain[3 * use + 1]
        else:
            own = nodes + rows
            while use >= 0:
                new_inputs[entries], new_inputs[entries + 1] = chain[3 * use], chain[3 * use + 1]
                entries += 2
                use = chain[3 * use + 2]
            rows += 1
            new_starts[rows] = entries
        if value < leaves:
            results[places[value]] = own
            continue
        for e in range(starts[value - leaves], starts[value - leaves + 1]):
            if weights[e] >= 0:
                _append(made, own, weights[e], inputs[e], heads, tails, chain)
                made += 1
    return rows


def add_tangents(
    nodes: int, one: int, leaves: int, starts: Any, inputs: Any, varies: Any, weights: Any, tangents: Any,
    new_starts: Any, new_inputs: Any,
) -> int:  # fmt: skip
    """Fill the rows of the tangents, those of the oldest values first. `tangents` has those of the leaves."""
    rows = entries = 0
    new_starts[0] = 0
    for k in range(len(starts) - 1):
        if not varies[leaves + k]:
            continue
        begun = entries
        for e in range(starts[k], starts[k + 1]):
            if weights[e] >= 0:
                new_inputs[entries], new_inputs[entries + 1] = tangents[inputs[e]], weights[e]
                entries += 2
        if entries == begun + 2 and new_inputs[begun + 1] == one:
            tangents[leaves + k] = new_inputs[begun]
            entries = begun
        else:
            tangents[leaves + k] = nodes + rows
            rows += 1
            new_starts[rows] = entries
    return rows
