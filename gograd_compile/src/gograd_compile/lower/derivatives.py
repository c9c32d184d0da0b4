"""Derivatives as more values of the same graph: adjoints (reverse mode) and tangents (forward mode).

The adjoint of a value is the sum, over what was made of it, of the adjoint of that times a weight, the
local derivative. So the only new values are weights, and sums of products.
"""

from __future__ import annotations

import attrs
import numpy as np

from gograd_compile.loops import derivatives
from gograd_compile.lower.graph import SUM, Graph
from gograd_compile.lower.local_derivatives import Weights, weights_of
from gograd_compile.trace.tape import Integers

__all__ = ["Derived", "with_adjoints", "with_tangents"]


@attrs.frozen(eq=False)
class Derived:
    """A graph with derivatives.

    Attributes:
        graph: it, with the outputs of the original one.
        weights: the first value that belongs to the derivatives: local derivatives come first.
        sums: the first of the adjoints or tangents.
        results: the values of the derivatives asked for.
        forward: whether they are tangents.
    """

    graph: Graph
    weights: int
    sums: int
    results: Integers
    forward: bool


def with_adjoints(graph: Graph, wrt: Integers, *, seeded: bool = False) -> Derived:
    """Add the derivatives by the leaves `wrt` of the sum of the outputs; if `seeded`, of each times its seed."""
    if seeded:
        graph = graph.with_seeds(len(graph.outputs))
    seeds = _seeds(graph) if seeded else np.full(len(graph.outputs), graph.one, dtype=np.int32)
    weights = weights_of(graph, wrt)
    most = len(graph.outputs) + len(weights.of)
    places = np.full(graph.leaves, -1, dtype=np.int32)
    places[wrt] = np.arange(len(wrt))
    results = np.full(len(wrt), graph.zero, dtype=np.int32)
    heads, tails = np.full(len(graph), -1, np.int32), np.empty(len(graph), np.int32)
    chain = np.empty(3 * most, np.int32)
    starts, inputs = np.empty(len(graph) + 1, np.int64), np.empty(2 * most, np.int32)
    rows = derivatives.add_adjoints(
        len(graph), len(graph) + weights.count, graph.one, graph.leaves, graph.starts.data, graph.inputs.data,
        graph.outputs.data, seeds.data, places.data, weights.varies.data, weights.of.data,
        heads.data, tails.data, chain.data, starts.data, inputs.data, results.data,
    )  # fmt: skip
    return _extended(graph, weights, starts[: rows + 1], inputs, results, forward=False)


def with_tangents(graph: Graph, wrt: Integers) -> Derived:
    """Add the derivative of every output along a direction, whose components by the leaves `wrt` are the seeds."""
    graph = graph.with_seeds(len(wrt))
    weights = weights_of(graph, wrt)
    tangents = np.full(len(graph), graph.zero, dtype=np.int32)
    tangents[wrt] = _seeds(graph)
    starts, inputs = np.empty(len(graph) + 1, np.int64), np.empty(2 * len(weights.of), np.int32)
    rows = derivatives.add_tangents(
        len(graph) + weights.count, graph.one, graph.leaves, graph.starts.data, graph.inputs.data,
        weights.varies.data, weights.of.data, tangents.data, starts.data, inputs.data,
    )  # fmt: skip
    return _extended(graph, weights, starts[: rows + 1], inputs, tangents[graph.outputs], forward=True)


def _seeds(graph: Graph) -> Integers:
    return np.arange(graph.leaves - graph.seeds, graph.leaves, dtype=np.int32)


def _extended(
    graph: Graph, weights: Weights, starts: Integers, inputs: Integers, results: Integers, *, forward: bool
) -> Derived:
    """Add the weights to the graph, and then these sums."""
    sums = np.full(len(starts) - 1, SUM, dtype=np.int32), starts, inputs[: starts[-1]]
    extended = graph.extended(weights.calls, weights.rows, sums)
    return Derived(extended, len(graph), len(graph) + weights.count, results, forward)
