"""Local derivatives as values of a graph: what each value changes by with what it is made of.

The local derivative of a sum by a factor is the other factor. That of a call is a constant, an input or the output
itself, where its rule expands to that; else a call of the rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gograd_compile.graph import FORWARD, SUM, Call, Graph
from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer
from gograd_compile.rules import OUTPUT
from gograd_compile.tape import Integers

__all__ = ["with_weights"]

# What the weight of an input of a call is.
NONE, VALUE, PLACE, RULE = range(4)


def with_weights(graph: Graph, wrt: Integers) -> tuple[Graph, int, Any, Integers]:
    """The graph with all local derivatives that are needed, and the first of these; what varies; the weights.

    What varies depends on `wrt`, and an output depends on it. A weight is the value of the local derivative by an
    entry of `inputs`, -1 where none is needed.
    """
    calls, table = _table(graph)
    kinds = weight_kinds(graph.codes, graph.starts, *table[:3])
    varies = find_varying(len(graph), graph.leaves, graph.starts, graph.inputs, kinds, wrt, graph.outputs)
    codes, starts, inputs, weights = add_weights(
        len(graph), graph.leaves, graph.codes, graph.starts, graph.inputs, varies, kinds, table[0], *table[2:]
    )
    return graph.extended(codes, starts, inputs, calls), len(graph), varies, weights


def _table(graph: Graph) -> tuple[tuple[Call, ...], tuple[Integers, ...]]:
    """All calls, those of derivative rules added; and what the weights of their inputs are, by code.

    In the table: where the inputs (the columns) of a code begin; of each input what kind its weight is, and
    which value, which place or which code; the length of a code's columns; how many values a code gives;
    where the places that a code needs begin; these.
    """
    calls = list(graph.calls)
    kinds: list[int] = []
    whats: list[int] = []
    begins = [0, 0]
    positions = [{OUTPUT: OUTPUT, **{place: index for index, place in enumerate(call.needs)}} for call in calls]
    for call, position in zip(graph.calls, list(positions), strict=True):
        for place in call.needs if call.what == FORWARD else ():
            partial = call.rules.partials[place]
            if partial is None:
                kind, what = NONE, 0
            elif partial.constant is not None:
                kind, what = VALUE, graph.constant(partial.constant)
            elif partial.place is not None:
                kind, what = PLACE, position[partial.place]
            else:
                calls.append(Call(call.rules, place, call.length, partial.needs))
                positions.append(position)
                kind, what = RULE, len(calls)
            kinds.append(kind)
            whats.append(what)
        begins.append(len(kinds))
    needs = [[position[place] for place in call.needs] for call, position in zip(calls, positions, strict=True)]
    return tuple(calls), (
        np.array(begins),
        np.array(kinds, dtype=np.int64),
        np.array([0, *(call.length for call in calls)]),
        np.array(whats, dtype=np.int64),
        np.array([1, *(call.width for call in calls)]),
        np.cumsum([0, 0, *map(len, needs)]),
        np.array([place for each in needs for place in each], dtype=np.int64),
    )


@jitted
def weight_kinds(codes: Any, starts: Any, begins: Any, kinds: Any, lengths: Any) -> Any:
    """What kind the weight of each entry of `inputs` is; that of a factor is the value of the other one."""
    rows = len(codes)
    codes, starts, begins, kinds, lengths = (
        pointer(codes),
        pointer(starts),
        pointer(begins),
        pointer(kinds),
        pointer(lengths),
    )
    found = np.empty(starts[rows], np.uint8)
    for k in range(rows):
        code, start = codes[k], starts[k]
        length = max(lengths[code], 1)
        for e in range(start, starts[k + 1]):
            found[e] = VALUE if code == SUM else kinds[begins[code] + (e - start) // length]
    return found


@jitted
def find_varying(nodes: int, leaves: int, starts: Any, inputs: Any, kinds: Any, wrt: Any, outputs: Any) -> Any:
    """What depends on `wrt`, and is needed by an output, with a derivative all the way."""
    starts, inputs, kinds = pointer(starts), pointer(inputs), pointer(kinds)
    depends = np.zeros(nodes, np.bool_)
    for leaf in wrt:
        depends[leaf] = True
    for k in range(nodes - leaves):
        for e in range(starts[k], starts[k + 1]):
            if depends[inputs[e]] and kinds[e] != NONE:
                depends[leaves + k] = True
                break
    needed = np.zeros(nodes, np.bool_)
    for output in outputs:
        needed[output] = depends[output]
    for k in range(nodes - leaves - 1, -1, -1):
        if needed[leaves + k]:
            for e in range(starts[k], starts[k + 1]):
                if depends[inputs[e]] and kinds[e] != NONE:
                    needed[inputs[e]] = True
    return needed


@jitted
def add_weights(
    nodes: int, leaves: int, codes: Any, starts: Any, inputs: Any, varies: Any, kinds: Any,
    begins: Any, lengths: Any, whats: Any, widths: Any, need_starts: Any, needs: Any,
) -> Any:  # fmt: skip
    """The rows of local derivatives; and for each entry of `inputs` the value of its weight, -1 if none is needed."""
    total, weights = len(codes), np.full(len(inputs), -1, np.int32)
    codes, starts, inputs, varies, kinds = (
        pointer(codes),
        pointer(starts),
        pointer(inputs),
        pointer(varies),
        pointer(kinds),
    )
    rows = entries = 0
    for filling in range(2):  # count, then write
        new_codes, new_starts, new_inputs = (
            np.empty(rows, np.int32),
            np.zeros(rows + 1, np.int64),
            np.empty(entries, np.int32),
        )
        rows = entries = 0
        for k in range(total):
            if not varies[leaves + k]:
                continue
            code, start, end = codes[k], starts[k], starts[k + 1]
            if code == SUM:
                for e in range(start, end):
                    if varies[inputs[e]]:
                        weights[e] = inputs[start + ((e - start) ^ 1)]
                continue
            length = max(lengths[code], 1)
            for e in range(start, end):
                if not varies[inputs[e]] or kinds[e] == NONE:
                    continue
                column, entry = (e - start) // length, (e - start) % length
                what = whats[begins[code] + column]
                if kinds[e] == VALUE:
                    weights[e] = what
                elif kinds[e] == PLACE:
                    weights[e] = leaves + k if what == OUTPUT else inputs[start + what * length + entry]
                elif weights[e] < 0 or (filling and weights[e] == nodes + rows + entry):
                    # the first entry of its column that is needed: the rule gives all of the column's
                    for other in range(length):
                        if varies[inputs[start + column * length + other]]:
                            weights[start + column * length + other] = nodes + rows + other
                    for need in range(need_starts[what], need_starts[what + 1]):
                        place = needs[need]
                        for i in range(1 if place == OUTPUT else length):
                            if filling:
                                new_inputs[entries] = (
                                    leaves + k if place == OUTPUT else inputs[start + place * length + i]
                                )
                            entries += 1
                    for _ in range(widths[what]):
                        if filling:
                            new_codes[rows] = what
                            new_starts[rows + 1] = entries
                        rows += 1
    return new_codes, new_starts, new_inputs, weights
