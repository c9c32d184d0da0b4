"""Places for the overview of a whole graph: a column for each level, with the nodes of a level below each other."""

from __future__ import annotations

from collections.abc import Sequence

from gograd_draw.reading import Graph

__all__ = ["levels_of", "places_of"]

ROUNDS = 3


def levels_of(graph: Graph) -> list[int]:
    """Return for each node how long the longest path to it is; of leaves and constants, one less than their users."""
    levels = [0] * len(graph.nodes)
    for node, sources in enumerate(graph.inputs):
        levels[node] = 1 + max((levels[source] for source in sources), default=-1)
    first: dict[int, int] = {}
    for node, sources in enumerate(graph.inputs):
        for source in sources:
            if not graph.inputs[source]:
                first[source] = min(levels[node] - 1, first.get(source, levels[node]))
    for source, level in first.items():
        levels[source] = level
    return levels


def places_of(graph: Graph, levels: Sequence[int]) -> list[float]:
    """Return how far down in its column each node is, counted from the middle.

    Nodes are close to what they are made of: each column is ordered by the mean of the places of inputs, then by that
    of users, a few times.
    """
    columns: list[list[int]] = [[] for _ in range(max(levels, default=-1) + 1)]
    for node, level in enumerate(levels):
        columns[level].append(node)
    users = graph.consumers()
    places = [0.0] * len(levels)
    for column in columns:
        _spread(column, places)
    for turn in range(ROUNDS):
        neighbours = graph.inputs if turn % 2 == 0 else users
        for column in columns if turn % 2 == 0 else reversed(columns):
            means = {node: _mean(neighbours[node], places, places[node]) for node in column}
            column.sort(key=means.__getitem__)
            _spread(column, places)
    return places


def _mean(nodes: Sequence[int], places: Sequence[float], otherwise: float) -> float:
    return sum(places[node] for node in nodes) / len(nodes) if nodes else otherwise


def _spread(column: Sequence[int], places: list[float]) -> None:
    for index, node in enumerate(column):
        places[node] = index - (len(column) - 1) / 2
