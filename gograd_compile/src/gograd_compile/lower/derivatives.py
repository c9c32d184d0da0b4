"""Derivatives as more values of the same graph: adjoints (reverse mode) and tangents (forward mode).

Each use of a value adds a product to its adjoint: the adjoint of what was made of it, times a weight, the local
derivative. So the only new values are weights, and sums of products.
"""

from __future__ import annotations

import attrs
import numpy as np

from gograd_compile.loops import derivatives, views
from gograd_compile.lower.graph import SUM, Graph
from gograd_compile.lower.local_derivatives import Weights, weights_of
from gograd_compile.trace.tape import Integers

__all__ = ["Derived", "with_adjoints", "with_tangents", "without_derivatives"]


@attrs.frozen(eq=False, repr=False)
class Derived:
    """A graph with derivatives, or without any.

    Attributes:
        graph: the graph. It has the outputs of the one that was differentiated.
        weights: the first value that belongs to the derivatives. Local derivatives come first.
        results: the values of the derivatives asked for.
        forward: whether they are tangents.
    """

    graph: Graph
    weights: int
    results: Integers
    forward: bool


def without_derivatives(graph: Graph) -> Derived:
    """Make the record of a graph that has no derivatives."""
    return Derived(graph, len(graph), graph.outputs[:0], forward=False)


def with_adjoints(graph: Graph, wrt: Integers, *, seeded: bool = False) -> Derived:
    """Add the derivatives of the sum of the outputs with respect to the leaves `wrt`.

    If `seeded`, each output is multiplied by its seed.
    """
    if seeded:
        graph = graph.with_seeds(len(graph.outputs))
    seeds = _seeds(graph) if seeded else np.full(len(graph.outputs), graph.one, dtype=np.int32)
    weights = weights_of(graph, wrt)
    most = len(graph.outputs) + len(weights.of)
    adjoints = np.full(graph.leaves, graph.zero, dtype=np.int32)
    uses = np.full(len(graph), -1, np.int32), np.empty(len(graph), np.int32), np.empty(3 * most, np.int32)
    starts, inputs = np.empty(len(graph) + 1, np.int64), np.empty(2 * most, np.int32)
    rows = derivatives.add_adjoints(
        len(graph) + weights.count, graph.one, graph.leaves, views(*graph.rows), weights.varies.data, weights.of.data,
        views(graph.outputs, seeds), views(*uses), adjoints.data, views(starts, inputs),
    )  # fmt: skip
    return _extended(graph, weights, starts[: rows + 1], inputs, adjoints[wrt], forward=False)


def with_tangents(graph: Graph, wrt: Integers) -> Derived:
    """Add the derivative of every output along a direction. The seeds are its components for the leaves `wrt`."""
    graph = graph.with_seeds(len(wrt))
    weights = weights_of(graph, wrt)
    tangents = np.full(len(graph), graph.zero, dtype=np.int32)
    tangents[wrt] = _seeds(graph)
    starts, inputs = np.empty(len(graph) + 1, np.int64), np.empty(2 * len(weights.of), np.int32)
    rows = derivatives.add_tangents(
        len(graph) + weights.count, graph.one, graph.leaves, views(*graph.rows), weights.varies.data, weights.of.data,
        tangents.data, views(starts, inputs),
    )  # fmt: skip
    return _extended(graph, weights, starts[: rows + 1], inputs, tangents[graph.outputs], forward=True)


def _seeds(graph: Graph) -> Integers:
    return np.arange(graph.leaves - graph.seeds, graph.leaves, dtype=np.int32)


def _extended(
    graph: Graph, weights: Weights, starts: Integers, inputs: Integers, results: Integers, *, forward: bool
) -> Derived:
    """Add the weights to the graph, and then sums with these inputs."""
    sums = np.full(len(starts) - 1, SUM, dtype=np.int32), starts, inputs[: starts[-1]]
    extended = graph.extended(weights.calls, weights.rows, sums)
    return Derived(extended, len(graph), results, forward)
