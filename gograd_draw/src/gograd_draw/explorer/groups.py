"""Folds a graph into boxes, and each of these again, until every box stands for a single neuron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs

from gograd_draw.describing import describe
from gograd_draw.folding import Folded, fold
from gograd_draw.parts import Part
from gograd_draw.reading import Graph

__all__ = ["Groups", "fold_deeply"]

AT_FIRST, INSIDE = 120, 60
"""How many boxes there are at most at first, and in a box that is opened."""


@attrs.define
class Groups:
    """Boxes in boxes.

    Attributes:
        names: the name of each group.
        contents: what it says about what is in it, line by line.
        parents: the group around each group; -1 if it is on top. It comes before its members.
        group_of: the group right around each node; -1 if it is on top.
    """

    names: list[str]
    contents: list[list[str]]
    parents: list[int]
    group_of: list[int]


def fold_deeply(graph: Graph) -> Groups:
    """Fold a graph, then what is inside of each box."""
    found = Groups([], [], [], [-1] * len(graph.nodes))
    pending: list[tuple[int, Sequence[int]]] = [(-1, range(len(graph.nodes)))]
    for around, members in pending:  # it grows
        part_graph = graph if around < 0 else _inside(graph, members)
        parts = fold(part_graph, AT_FIRST if around < 0 else INSIDE)
        divided = len(parts) > 1 or len(members) == 1
        if not divided:
            parts = _pieces(len(members))
        boxes = describe(part_graph, parts, digits=4, gradients=False).boxes
        for number, (part, box) in enumerate(zip(parts, boxes, strict=True), 1):
            if len(part.members) > 1:
                inside = [members[node] for node in part.members]
                found.names.append(box.title if divided else f"part {number} of {len(parts)}")
                found.contents.append([text for _, text in box.rows])
                found.parents.append(around)
                pending.append((len(found.names) - 1, inside))
                for node in inside:
                    found.group_of[node] = len(found.names) - 1
    return found


def _pieces(count: int) -> list[Part]:
    """Cut nodes that nothing else divides into pieces, in the order in which they were read, which form no circle."""
    pieces = min(INSIDE, -(-count // INSIDE), count) if count > INSIDE else count
    ends = [count * piece // pieces for piece in range(pieces + 1)]
    return [Part(Folded("piece", first), tuple(range(first, end))) for first, end in pairwise(ends)]


def _inside(graph: Graph, members: Sequence[int]) -> Graph:
    """Return the graph of some nodes. What they use of others is left out."""
    place = {node: index for index, node in enumerate(members)}
    return Graph(
        [graph.nodes[node] for node in members],
        [[place[source] for source in graph.inputs[node] if source in place] for node in members],
        [],
    )
