"""Where boxes and edges are: the layers of `ordering`, with coordinates.

It works from left to right. A picture from above to below is one from left to right with x and y exchanged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from gograd_draw.diagrams import Diagram, Edge
from gograd_draw.measuring import Size, size_of
from gograd_draw.ordering import Layered, Link, layered

__all__ = ["Place", "Placed", "place"]

BETWEEN_BOXES, BETWEEN_EDGES = 16.0, 10.0
LEAST_GAP, MOST_GAP = 34.0, 110.0
ROUNDS, LAST_ROUNDS = 8, 4
STRAIGHT = 6.0
"""How much more long edges pull to stay straight than others."""

Point = tuple[float, float]


@attrs.frozen
class Place:
    """Where a box is: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@attrs.frozen
class Placed:
    """A diagram with coordinates: a place for each box, and a route of points for each edge.

    Between two points of a route the edge is straight if they differ in one coordinate only, else a curve. `spaces`
    says how far apart the edges into the same box arrive.
    """

    diagram: Diagram
    across: bool
    boxes: list[Place]
    routes: list[list[Point]]
    spaces: list[float]
    size: Size


def place(diagram: Diagram, *, across: bool) -> Placed:
    """Lay out a diagram from left to right (across), or from above to below."""
    inputs: list[list[Edge]] = [[] for _ in diagram.boxes]
    for edge in diagram.edges:
        inputs[edge.target].append(edge)
    sizes = [size_of(box, edges, across=across) for box, edges in zip(diagram.boxes, inputs, strict=True)]
    turned = sizes if across else [size.turned() for size in sizes]
    graph = layered(len(sizes), diagram.edges)
    heights = [size.height for size in turned] + [2.0] * (len(graph.layer_of) - len(sizes))
    centres = _centres(graph, heights, len(sizes))
    room = [0.0] * len(graph.layers)  # for the counts at the ends of edges
    for edge in diagram.edges if across else ():
        before = graph.layer_of[edge.target] - 1
        room[before] = max(room[before], 7.0 * len(f"{edge.count:,}") if edge.count > 1 else 0.0)
    lefts, rights = _columns(graph, turned, centres, heights, room)
    boxes, routes = [], []
    for box, size in enumerate(turned):
        layer = graph.layer_of[box]
        left = (lefts[layer] + rights[layer] - size.width) / 2
        boxes.append(Place(left, centres[box] - size.height / 2, size.width, size.height))
    for edge, links in zip(diagram.edges, graph.routes, strict=True):
        routes.append(_route(edge, links, boxes, centres, (lefts, rights), graph.layer_of))
    spaces = [turned[edge.target].height / len(inputs[edge.target]) for edge in diagram.edges]
    total = Size(max(rights), max(each.y + each.height for each in boxes))
    total = Size(total.width, max(total.height, *(y for route in routes for _, y in route), 0))
    if not across:
        boxes = [Place(each.y, each.x, each.height, each.width) for each in boxes]
        routes = [[(y, x) for x, y in route] for route in routes]
        total = total.turned()
    return Placed(diagram, across, boxes, routes, spaces, total)


def _route(
    edge: Edge,
    links: Sequence[Link],
    boxes: Sequence[Place],
    centres: Sequence[float],
    columns: tuple[list[float], list[float]],
    layer_of: Sequence[int],
) -> list[Point]:
    """Return the points of an edge, in pairs: those on one layer, between which it is straight."""
    lefts, rights = columns
    source, target = boxes[edge.source], boxes[edge.target]
    points = [(source.x + source.width, centres[edge.source]), (rights[layer_of[edge.source]], centres[edge.source])]
    for link in links[:-1]:
        layer = layer_of[link.target]
        points += [(lefts[layer], centres[link.target]), (rights[layer], centres[link.target])]
    end = target.y + links[-1].port * target.height
    return [*points, (lefts[layer_of[edge.target]], end), (target.x, end)]


def _columns(
    graph: Layered,
    sizes: Sequence[Size],
    centres: Sequence[float],
    heights: Sequence[float],
    room: Sequence[float],
) -> tuple[list[float], list[float]]:
    """Return where each layer begins and ends. The steeper the edges between two layers, the wider is the gap."""
    lefts, rights = [], []
    x = 0.0
    for layer, more in zip(graph.layers, room, strict=True):
        lefts.append(x)
        rights.append(x + max((sizes[item].width for item in layer if item < len(sizes)), default=0.0))
        rises = (
            abs(centres[link.source] - centres[link.target] - (link.port - 0.5) * heights[link.target])
            for item in layer
            for link in graph.after[item]
        )
        x = rights[-1] + min(MOST_GAP, LEAST_GAP + 0.12 * max(rises, default=0.0)) + more
    return lefts, rights


def _centres(graph: Layered, heights: Sequence[float], boxes: int) -> list[float]:
    """Find the middle of each item: close to its neighbours, with space between the items of a layer."""
    centres = [0.0] * len(heights)
    for layer in graph.layers:
        y = 0.0
        for before, item in zip([None, *layer], layer, strict=False):
            y += 0.0 if before is None else _distance(before, item, heights, boxes)
            centres[item] = y
        for item in layer:
            centres[item] -= y / 2
    for turn in range(ROUNDS + LAST_ROUNDS):
        forward = turn % 2 == 0
        for layer in graph.layers if forward else reversed(graph.layers):
            _settle(layer, graph, centres, heights, boxes, (forward, not forward) if turn < ROUNDS else (True, True))
    _straighten(graph, centres, heights, boxes)
    highest = min(centre - height / 2 for centre, height in zip(centres, heights, strict=True))
    return [centre - highest for centre in centres]


def _straighten(graph: Layered, centres: list[float], heights: Sequence[float], boxes: int) -> None:
    """Put the places of a long edge at one height, for as many layers as their neighbours there allow."""
    neighbours = {}
    for layer in graph.layers:
        for before, item, after in zip([None, *layer], layer, [*layer[1:], None], strict=False):
            neighbours[item] = before, after
    begun = set(range(boxes))
    for route in graph.routes:
        chain = [link.target for link in route[:-1] if link.target not in begun]
        begun.update(chain)
        target = route[-1].target
        wanted = centres[target] + (route[-1].port - 0.5) * heights[target]
        straight: list[int] = []
        low, high = -math.inf, math.inf
        for item in [*reversed(chain), -1]:
            before, after = neighbours.get(item, (None, None))
            least = -math.inf if before is None else centres[before] + _distance(before, item, heights, boxes)
            most = math.inf if after is None else centres[after] - _distance(item, after, heights, boxes)
            if item < 0 or max(low, least) > min(high, most):
                wanted = min(max(wanted, low), high)
                for each in straight:
                    centres[each] = wanted
                straight, low, high = [], -math.inf, math.inf
            straight.append(item)
            low, high = max(low, least), min(high, most)


def _distance(upper: int, lower: int, heights: Sequence[float], boxes: int) -> float:
    """Return how far apart the middles of two neighbours are at least."""
    space = BETWEEN_BOXES if upper < boxes and lower < boxes else BETWEEN_EDGES
    return (heights[upper] + heights[lower]) / 2 + space


def _settle(
    layer: Sequence[int],
    graph: Layered,
    centres: list[float],
    heights: Sequence[float],
    boxes: int,
    sides: tuple[bool, bool],
) -> None:
    """Move the items of one layer as close to their neighbours on these sides as their order and sizes allow.

    This minimises the sum of squared distances, by joining items that would overlap into blocks.
    """
    blocks: list[tuple[float, float, int]] = []  # the position of the first item, the weight, how many items
    offsets, offset = [], 0.0
    for index, item in enumerate(layer):
        offset += _distance(layer[index - 1], item, heights, boxes) if index else 0.0
        offsets.append(offset)
        wanted, weight = _wanted(item, graph, centres, heights, boxes, sides)
        at, count = wanted - offset, 1
        while blocks and blocks[-1][0] >= at:
            other, more, members = blocks.pop()
            at, weight, count = (at * weight + other * more) / (weight + more), weight + more, count + members
        blocks.append((at, weight, count))
    starts = [at for at, _, count in blocks for _ in range(count)]
    for item, start, offset in zip(layer, starts, offsets, strict=True):
        centres[item] = start + offset


def _wanted(
    item: int, graph: Layered, centres: Sequence[float], heights: Sequence[float], boxes: int, sides: tuple[bool, bool]
) -> tuple[float, float]:
    """Return where an item would make its edges straight, and how much that matters."""
    total, weight = 0.0, 0.0
    for link in graph.before[item] if sides[0] else ():
        pull = STRAIGHT if item >= boxes and link.source >= boxes else 1.0
        total += pull * (centres[link.source] - (link.port - 0.5) * heights[item])
        weight += pull
    for link in graph.after[item] if sides[1] else ():
        pull = STRAIGHT if item >= boxes and link.target >= boxes else 1.0
        total += pull * (centres[link.target] + (link.port - 0.5) * heights[link.target])
        weight += pull
    return (total / weight, weight) if weight else (centres[item], 0.01)
