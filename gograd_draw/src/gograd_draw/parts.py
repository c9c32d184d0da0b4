"""Parts of a graph, each of which one box stands for, and how to keep them free of circles."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import attrs

from gograd_draw.reading import Graph

__all__ = ["Part", "acyclic", "parts_by"]


@attrs.frozen
class Part:
    """Nodes that share a box. A part of one node is drawn as that node."""

    key: Hashable
    members: tuple[int, ...]


def parts_by(keys: Sequence[Hashable]) -> list[Part]:
    """Group nodes by their keys, in the order of the first node of each."""
    found: dict[Hashable, list[int]] = {}
    for node, key in enumerate(keys):
        found.setdefault(key, []).append(node)
    return [Part(key, tuple(members)) for key, members in found.items()]


def acyclic(graph: Graph, keys: Sequence[Hashable]) -> Sequence[Hashable]:
    """Return the keys, with the groups split that would form a circle with others."""
    circular = _between_circles(_links(graph, keys))
    if not circular:
        return keys
    turns = _turns(graph, keys)
    return [(key, turns[node]) if key in circular else key for node, key in enumerate(keys)]


def _links(graph: Graph, keys: Sequence[Hashable]) -> dict[Hashable, set[Hashable]]:
    """Return the groups that each group leads to."""
    links: dict[Hashable, set[Hashable]] = {key: set() for key in keys}
    for target, sources in enumerate(graph.inputs):
        for source in sources:
            if keys[source] != keys[target]:
                links[keys[source]].add(keys[target])
    return links


def _between_circles(links: dict[Hashable, set[Hashable]]) -> set[Hashable]:
    """Return the groups on circles, and those between two circles: what is left when both ends are peeled off."""
    left = _peeled(links, set(links))
    backwards: dict[Hashable, set[Hashable]] = {key: set() for key in left}
    for key in left:
        for other in links[key] & left:
            backwards[other].add(key)
    return _peeled(backwards, left)


def _peeled(links: dict[Hashable, set[Hashable]], groups: set[Hashable]) -> set[Hashable]:
    """Remove groups that nothing leads to, as long as there are any, and return the others."""
    waiting = dict.fromkeys(groups, 0)
    for key in groups:
        for other in links[key]:
            if other in waiting:
                waiting[other] += 1
    ready = [key for key, count in waiting.items() if not count]
    while ready:
        key = ready.pop()
        del waiting[key]
        for other in links[key]:
            if other in waiting:
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
    return set(waiting)


def _turns(graph: Graph, keys: Sequence[Hashable]) -> list[int]:
    """Count for each node how often a path to it changes groups, at most.

    This number grows along every edge between different groups, and never falls. So groups that are split by it form no
    circle. Nodes without inputs take the number at which they are first used.
    """
    turns = [0] * len(keys)
    for node, sources in enumerate(graph.inputs):
        turns[node] = max((turns[source] + (keys[source] != keys[node]) for source in sources), default=0)
    used: dict[int, int] = {}
    for node, sources in enumerate(graph.inputs):
        for source in sources:
            if not graph.inputs[source]:
                turn = turns[node] - (keys[source] != keys[node])
                used[source] = min(turn, used.get(source, turn))
    for source, turn in used.items():
        turns[source] = turn
    return turns
