"""Derivatives as more values of the same graph: adjoints (reverse mode) and tangents (forward mode).

The adjoint of a value is the sum, over what was made of it, of the adjoint of that times a weight, the
local derivative. So the only new values are weights, and sums of products.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.graph import SUM, Graph
from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer
from gograd_compile.tape import Integers
from gograd_compile.weights import with_weights

__all__ = ["Derived", "with_adjoints", "with_tangents"]


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
    """Add the derivatives by the leaves `wrt` of the sum of the outputs; if `seeded`, of each times its seed."""
    if seeded:
        graph = graph.with_seeds(len(graph.outputs))
    seeds = _seeds(graph) if seeded else np.full(len(graph.outputs), graph.one, dtype=np.int32)
    graph, first, varies, weights = with_weights(graph, wrt)
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
    graph, first, varies, weights = with_weights(graph, wrt)
    starts, inputs, results = add_tangents(
        first, len(graph), graph.one, graph.leaves, graph.starts, graph.inputs, graph.outputs, _seeds(graph), wrt,
        varies, weights,
    )  # fmt: skip
    return _with_sums(graph, first, starts, inputs, results)


def _seeds(graph: Graph) -> Integers:
    return np.arange(graph.leaves - graph.seeds, graph.leaves, dtype=np.int32)


def _with_sums(graph: Graph, first: int, starts: Integers, inputs: Integers, results: Integers) -> Derived:
    codes = np.full(len(starts) - 1, SUM, dtype=np.int32)
    return Derived(graph.extended(codes, starts, inputs, graph.calls), first, len(graph), results)


@jitted(inline="always")
def _append(use: int, adjoint: int, weight: int, value: int, heads: Any, tails: Any, chain: Any) -> None:
    """To the list of the uses of a value."""
    chain[3 * use], chain[3 * use + 1], chain[3 * use + 2] = adjoint, weight, -1
    if heads[value] < 0:
        heads[value] = use
    else:
        chain[3 * tails[value] + 2] = use
    tails[value] = use


@jitted(no_cpython_wrapper=True)
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
