"""Derivatives as more values of the same graph: adjoints (reverse mode) and tangents (forward mode).

The adjoint of a value is the sum, over what was made of it, of the adjoint of that times a weight, the
local derivative. A weight is a constant, another value, or what a derivative rule gives; so the only new
values are sums of products, and calls of those rules.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.graph import FORWARD, SUM, Call, Graph
from gograd_compile.kernels import jitted
from gograd_compile.pointers import pointer
from gograd_compile.rules import OUTPUT
from gograd_compile.tape import Integers

__all__ = ["Derived", "with_adjoints", "with_tangents"]

# What the weight of an input of a call is.
NONE, VALUE, PLACE, RULE = range(4)


@attrs.frozen(eq=False)
class Derived:
    """A graph with derivatives.

    Attributes:
        graph: it, with the outputs of the original one.
        weights: the first value that belongs to the derivatives: local derivatives come first.
        sums: the first of the adjoints or tangents.
        results: the values of the derivatives asked for.
    """

    graph: Graph
    weights: int
    sums: int
    results: Integers


def with_adjoints(graph: Graph, wrt: Integers, *, seeded: bool = False) -> Derived:
    """Add the derivatives by the leaves `wrt`: of the sum of the outputs, or (seeded) of the outputs times their seeds."""
    if seeded:
        graph = graph.with_seeds(len(graph.outputs))
    seeds = _seeds(graph) if seeded else np.full(len(graph.outputs), graph.one, dtype=np.int32)
    graph, first, varies, weights = _with_weights(graph, wrt)
    starts, inputs, results = add_adjoints(
        first,
        len(graph),
        graph.one,
        graph.leaves,
        graph.starts,
        graph.inputs,
        graph.outputs,
        seeds,
        wrt,
        varies,
        weights,
    )
    return _with_sums(graph, first, starts, inputs, results)


def with_tangents(graph: Graph, wrt: Integers) -> Derived:
    """Add the derivative of every output along a direction, whose components by the leaves `wrt` are the seeds."""
    graph = graph.with_seeds(len(wrt))
    graph, first, varies, weights = _with_weights(graph, wrt)
    starts, inputs, results = add_tangents(
        first,
        len(graph),
        graph.one,
        graph.leaves,
        graph.starts,
        graph.inputs,
        graph.outputs,
        _seeds(graph),
        wrt,
        varies,
        weights,
    )
    return _with_sums(graph, first, starts, inputs, results)


def _seeds(graph: Graph) -> Integers:
    return np.arange(graph.leaves - graph.seeds, graph.leaves, dtype=np.int32)


def _with_weights(graph: Graph, wrt: Integers) -> tuple[Graph, int, Any, Integers]:
    """The graph with all local derivatives that are needed; the first of them; what varies; and the weight of each input.

    What varies depends on `wrt`, and an output depends on it.
    """
    calls, table = _table(graph)
    kinds = weight_kinds(graph.codes, graph.starts, *table[:3])
    varies = find_varying(len(graph), graph.leaves, graph.starts, graph.inputs, kinds, wrt, graph.outputs)
    codes, starts, inputs, weights = add_weights(
        len(graph), graph.leaves, graph.codes, graph.starts, graph.inputs, varies, kinds, table[0], *table[2:]
    )
    return _extended(graph, codes, starts, inputs, calls), len(graph), varies, weights


def _with_sums(graph: Graph, first: int, starts: Integers, inputs: Integers, results: Integers) -> Derived:
    codes = np.full(len(starts) - 1, SUM, dtype=np.int32)
    return Derived(_extended(graph, codes, starts, inputs, graph.calls), first, len(graph), results)


def _extended(graph: Graph, codes: Integers, starts: Integers, inputs: Integers, calls: tuple[Call, ...]) -> Graph:
    return attrs.evolve(
        graph,
        calls=calls,
        codes=np.concatenate([graph.codes, codes]),
        starts=np.concatenate([graph.starts, graph.starts[-1] + starts[1:]]),
        inputs=np.concatenate([graph.inputs, inputs]),
    )


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
    """The rows of local derivatives; and for each entry of `inputs` the value of its weight, -1 where none is needed."""
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
                    for i in range(widths[what]):
                        if filling:
                            new_codes[rows] = what
                            new_starts[rows + 1] = entries
                        rows += 1
    return new_codes, new_starts, new_inputs, weights


@jitted(inline="always")
def _append(use: int, adjoint: int, weight: int, value: int, heads: Any, tails: Any, chain: Any) -> None:
    """To the list of the uses of a value."""
    chain[3 * use], chain[3 * use + 1], chain[3 * use + 2] = adjoint, weight, -1
    if heads[value] < 0:
        heads[value] = use
    else:
        chain[3 * tails[value] + 2] = use
    tails[value] = use


@jitted
def link_uses(
    known: int, nodes: int, one: int, leaves: int, starts: Any, inputs: Any, outputs: Any, seeds: Any, is_wrt: Any,
    varies: Any, weights: Any, heads: Any, tails: Any, chain: Any, new_starts: Any, into: Any, results: Any,
) -> int:  # fmt: skip
    """Fill the rows of the adjoints; how many there are.

    The uses of a value are a chain of (adjoint, weight, next), of which `heads` and `tails` have the first and last.
    """
    starts, inputs, weights, is_wrt = pointer(starts), pointer(inputs), pointer(weights), pointer(is_wrt)
    heads, tails, chain, into, new_starts = (
        pointer(heads),
        pointer(tails),
        pointer(chain),
        pointer(into),
        pointer(new_starts),
    )
    made = rows = entries = 0
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
            own = np.int32(nodes + rows)
            while use >= 0:
                into[entries], into[entries + 1] = chain[3 * use], chain[3 * use + 1]
                entries += 2
                use = chain[3 * use + 2]
            rows += 1
            new_starts[rows] = entries
        if value < leaves:
            results[is_wrt[value]] = own
            continue
        for e in range(starts[value - leaves], starts[value - leaves + 1]):
            if weights[e] >= 0:
                _append(made, own, weights[e], inputs[e], heads, tails, chain)
                made += 1
    return rows


@jitted
def add_adjoints(
    known: int, nodes: int, one: int, leaves: int, starts: Any, inputs: Any, outputs: Any, seeds: Any, wrt: Any,
    varies: Any, weights: Any,
) -> Any:  # fmt: skip
    """The rows of the adjoints, those of the youngest values first; and the adjoints of `wrt`."""
    uses = len(outputs)
    for weight in weights:
        uses += weight >= 0
    new_starts, new_inputs = np.zeros(known + 1, np.int64), np.empty(2 * uses, np.int32)
    results = np.full(len(wrt), one + 1, np.int32)
    is_wrt = np.full(leaves, -1, np.int32)
    for place in range(len(wrt)):
        is_wrt[wrt[place]] = place
    rows = link_uses(
        known, nodes, one, leaves, starts, inputs, outputs, seeds, is_wrt, varies, weights,
        np.full(known, -1, np.int32), np.empty(known, np.int32), np.empty(3 * uses, np.int32), new_starts, new_inputs,
        results,
    )  # fmt: skip
    return new_starts[: rows + 1], new_inputs[: new_starts[rows]], results


@jitted
def add_tangents(
    known: int, nodes: int, one: int, leaves: int, starts: Any, inputs: Any, outputs: Any, seeds: Any, wrt: Any,
    varies: Any, weights: Any,
) -> Any:  # fmt: skip
    """The rows of the tangents, those of the oldest values first; and the tangents of the outputs."""
    most = len(weights)
    starts, inputs, varies, weights = pointer(starts), pointer(inputs), pointer(varies), pointer(weights)
    tangents = np.full(known, one + 1, np.int32)
    for place in range(len(wrt)):
        tangents[wrt[place]] = seeds[place]
    new_starts, new_inputs = np.zeros(known + 1, np.int64), np.empty(2 * most, np.int32)
    rows = entries = 0
    for k in range(known - leaves):
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
    results = np.empty(len(outputs), np.int32)
    for place in range(len(outputs)):
        results[place] = tangents[outputs[place]]
    return new_starts[: rows + 1], new_inputs[:entries], results
