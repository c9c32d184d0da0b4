"""Which layer each box is on, and in which order the boxes of a layer are, so that few edges cross."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

import attrs

from gograd_draw.diagrams import Edge

__all__ = ["Layered", "Link", "layered"]

SWEEPS = 12
ROOM, ROOM_FOR_EACH = 40_000, 16
"""How many layers all edges together may cross, and how many more for each box and edge."""


@attrs.frozen
class Link:
    """A piece of an edge, between items on two layers next to each other, or all of a very long edge.

    Attributes:
        source: the item that it comes from.
        target: the item that it leads to.
        port: where it arrives, from 0 to 1: the edges into a box are spread along one side, in the order of the inputs.
    """

    source: int
    target: int
    port: float = 0.5


@attrs.frozen
class Layered:
    """Items on layers. The first items are the boxes; the others are places where long edges cross a layer.

    Attributes:
        layers: the items of each layer, in order.
        layer_of: the layer of each item.
        before: the links that arrive at each item.
        after: the links that leave each item.
        routes: for each edge, the links that it is made of. A very long one may be a single link.
    """

    layers: list[list[int]]
    layer_of: list[int]
    before: list[list[Link]]
    after: list[list[Link]]
    routes: list[list[Link]]

    def place(self, layer: Sequence[int], links: list[list[Link]], positions: list[float], *, forward: bool) -> None:
        """Sort a layer by where the neighbours of its items are; items without neighbours stay where they are."""
        wanted = {item: float(positions[item]) for item in layer}
        for item in layer:
            if links[item]:
                where = (positions[e.source] if forward else positions[e.target] + e.port - 0.5 for e in links[item])
                wanted[item] = sum(where) / len(links[item])
        for position, item in enumerate(sorted(layer, key=lambda item: (wanted[item], positions[item]))):
            positions[item] = position


def layered(count: int, edges: Sequence[Edge]) -> Layered:
    """Arrange so many boxes in layers, along the edges."""
    levels = _levels(count, edges)
    ports = _ports(edges)
    layer_of, routes = list(levels), []
    longest = _longest([levels[edge.target] - levels[edge.source] for edge in edges], count)
    chains: dict[tuple[int, int], int] = {}
    before: list[list[Link]] = [[] for _ in levels]
    after: list[list[Link]] = [[] for _ in levels]
    for edge, port in zip(edges, ports, strict=True):
        at, route = edge.source, []
        is_short = levels[edge.target] - levels[edge.source] <= longest
        for level in range(levels[edge.source] + 1, levels[edge.target]) if is_short else ():
            place = chains.get((edge.source, level))  # edges from one box share their way
            link = Link(at, len(layer_of) if place is None else place)
            if place is None:
                chains[edge.source, level] = link.target
                layer_of.append(level)
                before.append([link])
                after.append([])
                after[at].append(link)
            at = link.target
            route.append(link)
        last = Link(at, edge.target, port)
        before[edge.target].append(last)
        after[at].append(last)
        routes.append([*route, last])
    found = Layered([[] for _ in range(max(levels) + 1)], layer_of, before, after, routes)
    _order(found, count)
    return found


def _longest(lengths: Sequence[int], boxes: int) -> float:
    """Return over how many layers an edge may lead to have a place on each. Longer ones lead straight to their target.

    Otherwise the places would be as many as the square of the boxes, in a graph in which each uses all before.
    """
    room = ROOM + ROOM_FOR_EACH * (boxes + len(lengths))
    for length in sorted(lengths):
        room -= length
        if room < 0:
            return length - 1
    return math.inf


def _levels(count: int, edges: Sequence[Edge]) -> list[int]:
    """Put each box right after the last box that leads to it, and inputs right before the first that uses them."""
    targets: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for edge in edges:
        targets[edge.source].append(edge.target)
        waiting[edge.target] += 1
    levels = [0] * count
    inputs = ready = [box for box in range(count) if not waiting[box]]
    ready = list(ready)
    for box in ready:
        for target in targets[box]:
            levels[target] = max(levels[target], levels[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for box in inputs:
        levels[box] = min((levels[target] for target in targets[box]), default=1) - 1
    return levels


def _ports(edges: Sequence[Edge]) -> list[float]:
    """Spread the edges into each box evenly, in their order."""
    numbers: list[int] = []
    counts: dict[int, int] = {}
    for edge in edges:
        numbers.append(counts.get(edge.target, 0))
        counts[edge.target] = numbers[-1] + 1
    return [(number + 0.5) / counts[edge.target] for number, edge in zip(numbers, edges, strict=True)]


def _order(graph: Layered, boxes: int) -> None:
    """Order the items of each layer: first as a walk from the outputs meets them, then in sweeps over the layers."""
    positions = _first_positions(graph, boxes)
    for item in sorted(range(len(positions)), key=positions.__getitem__):
        graph.layers[graph.layer_of[item]].append(item)
    for layer in graph.layers:
        for position, item in enumerate(layer):
            positions[item] = position
    fewest, best = _crossings(graph, positions), list(positions)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 1
        for layer in graph.layers if forward else reversed(graph.layers):
            graph.place(layer, graph.before if forward else graph.after, positions, forward=forward)
        if (crossings := _crossings(graph, positions)) < fewest:
            fewest, best = crossings, list(positions)
    for layer in graph.layers:
        layer.sort(key=best.__getitem__)


def _first_positions(graph: Layered, boxes: int) -> list[float]:
    """Number the items in the order in which a walk from the outputs along the inputs leaves them."""
    positions: dict[int, int] = {}
    pending = [(box, False) for box in reversed(range(boxes)) if not graph.after[box]]
    met = set()
    while pending:
        item, done = pending.pop()
        if done:
            positions[item] = len(positions)
        elif item not in met:
            met.add(item)
            pending.append((item, True))
            pending += [(link.source, False) for link in reversed(graph.before[item])]
    return [float(positions[item]) for item in range(len(graph.layer_of))]


def _crossings(graph: Layered, positions: Sequence[float]) -> int:
    """Count how often edges cross between layers."""
    total = 0
    for layer in graph.layers:
        links = sorted(
            (positions[link.source], positions[link.target] + link.port) for item in layer for link in graph.after[item]
        )
        met: list[float] = []
        for _, end in links:
            total += len(met) - bisect.bisect_right(met, end)
            bisect.insort(met, end)
    return total
