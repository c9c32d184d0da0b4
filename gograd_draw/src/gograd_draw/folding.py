"""Folds large graphs: by the prefixes of labels, then runs of one operation, then lines of source, then levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from gograd_core import Line
from gograd_draw.parts import Part, acyclic, parts_by
from gograd_draw.reading import Graph

__all__ = ["Folded", "fold"]

Keys = Sequence[Hashable]
SHORTEST_RUN = 3
FEWEST_LEAVES = 4
MOST_EDGES = 2
"""How many times as many edges as boxes a folded graph may have."""
BANDS = 24
"""In how many bands of levels a graph is cut. A row of 24 boxes can still be read."""
MOST_SIDE_BY_SIDE = 6
"""In how many parts a band is split if its nodes do not depend on each other."""


class Folded(NamedTuple):
    """The key of a group of nodes: why they are together, and what identifies the group."""

    why: str
    which: Hashable


def fold(graph: Graph, limit: int | None, *, by_lines: bool = False) -> list[Part]:
    """Divide a graph into at most `limit` parts that form no circle, as little folded as possible.

    With `by_lines`, what one line of source made is together in any case.
    """
    keys: Keys = range(len(graph.nodes))
    if by_lines:
        keys = acyclic(graph, _with_constants(graph, _by_line(graph, keys)))
    if limit is not None and len(set(keys)) > limit:
        candidates = _line_candidates if by_lines else _candidates
        keys = next(each for each in _refined(graph, limit, candidates(graph, limit)) if _fits(graph, each, limit))
    return parts_by(keys)


def _fits(graph: Graph, keys: Keys, limit: int) -> bool:
    """Return whether there are few enough groups, and few enough edges between them to be told apart."""
    if len(set(keys)) > limit:
        return False
    links = {
        (keys[source], keys[target])
        for target, sources in enumerate(graph.inputs)
        for source in sources
        if keys[source] != keys[target]
    }
    return len(links) <= MOST_EDGES * limit


def _refined(graph: Graph, limit: int, candidates: Iterable[Keys]) -> Iterator[Keys]:
    for keys in candidates:
        if len(set(keys)) <= limit:  # splitting groups only makes more of them
            yield acyclic(graph, keys)
    yield [Folded("all", "")] * len(graph.nodes)


def _candidates(graph: Graph, limit: int) -> Iterator[Keys]:
    """Yield ways to fold a graph, from the finest to the coarsest."""
    keys: Keys = range(len(graph.nodes))
    prefixes = _prefixes(graph)
    for output in graph.outputs if len(graph.outputs) <= limit // 4 else ():
        prefixes[output] = ()  # it has a box of its own
    for length in range(max(map(len, prefixes)), 0, -1):
        keys = [Folded("prefix", prefix[:length]) if prefix else node for node, prefix in enumerate(prefixes)]
        yield _with_constants(graph, keys)
    keys = _runs(graph, keys)
    yield _with_constants(graph, keys)
    yield (bundled := _with_leaves(graph, _with_constants(graph, keys)))
    yield (by_line := _with_leaves(graph, _with_constants(graph, _by_line(graph, keys))))
    yield from _in_bands(graph, limit, bundled, by_line)


def _line_candidates(graph: Graph, limit: int) -> Iterator[Keys]:
    """Yield ways to fold a graph further in which lines of source are together."""
    by_line = _with_constants(graph, _by_line(graph, range(len(graph.nodes))))
    yield (bundled := _with_leaves(graph, by_line))
    yield from _in_bands(graph, limit, bundled)


def _in_bands(graph: Graph, limit: int, *folded: Keys) -> Iterator[Keys]:
    """Yield ways to put what is not folded in bands of levels."""
    bands, apart = _bands(graph, min(BANDS, limit)), _kept_apart(graph, limit)
    nothing_folded = range(len(graph.nodes))
    for before in (*folded, nothing_folded):
        by_band = _by_band(before, bands, apart)
        yield _side_by_side(graph, by_band)
        yield by_band
    yield _by_band(nothing_folded, bands, set())


def _prefixes(graph: Graph) -> list[tuple[str, ...]]:
    """Return the prefix of each node: that of its label, else what the leaves in it have in common, else its inputs."""
    found: list[tuple[str, ...]] = []
    for node, sources in enumerate(graph.inputs):
        own = () if graph.is_constant(node) else _prefix_of(graph.nodes[node].label)
        if not own and sources:
            leaves = {found[source] for source in sources if not graph.inputs[source] and found[source]}
            own = _common(leaves or {found[source] for source in sources if graph.inputs[source]})
        found.append(own)
    return found


def _prefix_of(label: str) -> tuple[str, ...]:
    return tuple(label.split(".")[:-1])


def _common(prefixes: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the beginning that all prefixes share."""
    if not prefixes:
        return ()
    first, last = min(prefixes), max(prefixes)
    same = (index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(same, min(len(first), len(last)))]


def _with_constants(graph: Graph, keys: Keys) -> Keys:
    """Put constants in the groups that use them. Those of single nodes stay."""
    found = list(keys)
    for node, sources in enumerate(graph.inputs):
        if isinstance(keys[node], Folded):
            for source in sources:
                if graph.is_constant(source):
                    found[source] = keys[node]
    return found


def _runs(graph: Graph, keys: Keys) -> Keys:
    """Group nodes that one operation made from each other, such as a long sum, where nothing else uses them."""
    found = list(keys)
    consumers = graph.consumers()
    kept = set(graph.outputs)
    heads: dict[int, list[int]] = {}
    for node in range(len(keys) - 1, -1, -1):
        operation = graph.operation(node)
        if operation is None or keys[node] != node:
            continue
        only = consumers[node][0] if len(consumers[node]) == 1 and node not in kept else None
        same = only is not None and graph.operation(only) is operation and keys[only] == only
        head = found[only] if same and only is not None else node
        found[node] = head
        heads.setdefault(head, []).append(node)  # type: ignore[arg-type]
    for head, members in heads.items():
        for node in members:
            found[node] = Folded("run", head) if len(members) >= SHORTEST_RUN else node
    return found


def _by_line(graph: Graph, keys: Keys) -> Keys:
    """Group operations of one line of source, if they are in no group and `trace` noted it. Outputs stay apart."""
    found = list(keys)
    asked = set(graph.outputs)
    known: dict[tuple[str, int], Line] = {}  # whatever the columns, and the functions within the line
    for node, key in enumerate(keys):
        line = graph.nodes[node].line if key == node and node not in asked and graph.operation(node) else None
        if line is not None:
            found[node] = Folded("line", known.setdefault((line.filename, line.number), line))
    return found


def _with_leaves(graph: Graph, keys: Keys) -> Keys:
    """Group leaves that the same groups use, and constants likewise."""
    users: dict[int, dict[Hashable, None]] = {}
    for node, sources in enumerate(graph.inputs):
        for source in sources:
            if not graph.inputs[source] and keys[source] == source:
                users.setdefault(source, {})[keys[node]] = None
    bundles = {
        leaf: Folded("constants" if graph.is_constant(leaf) else "leaves", frozenset(used))
        for leaf, used in users.items()
        if leaf not in graph.outputs
    }
    sizes = Counter(bundles.values())
    return [bundles[n] if n in bundles and sizes[bundles[n]] >= FEWEST_LEAVES else keys[n] for n in range(len(keys))]


def _kept_apart(graph: Graph, limit: int) -> set[int]:
    """Return nodes that are worth a box of their own: the outputs, and the leaves that have a label, if few do."""
    labelled = {
        node
        for node, sources in enumerate(graph.inputs)
        if not sources and not graph.is_constant(node) and graph.nodes[node].label
    }
    kept = {*graph.outputs, *(labelled if len(labelled) <= limit // 4 else ())}
    return kept if len(kept) <= limit // 2 else set()


def _bands(graph: Graph, count: int) -> list[tuple[int, int]]:
    """Cut a graph in so many bands of levels. Return for each node the first and the last level of its band."""
    levels = [0] * len(graph.nodes)
    for node, sources in enumerate(graph.inputs):
        levels[node] = 1 + max((levels[source] for source in sources), default=-1)
    for node in range(len(levels) - 1, -1, -1):  # an input is on the level of the first node that uses it
        for source in graph.inputs[node]:
            if not graph.inputs[source]:
                levels[source] = min(levels[node], levels[source] or levels[node])
    deepest = 1 + max(levels)
    ends = [-(-deepest * band // count) for band in range(count + 1)]
    bands = [(first, after - 1) for first, after in pairwise(ends)]
    return [bands[level * count // deepest] for level in levels]


def _by_band(keys: Keys, bands: Sequence[Hashable], apart: set[int]) -> Keys:
    """Group nodes by band, but for those that are in a group, or are to stay apart."""
    return [
        Folded("levels", bands[node]) if key == node and node not in apart else key for node, key in enumerate(keys)
    ]


def _side_by_side(graph: Graph, keys: Keys) -> Keys:
    """Split the bands whose nodes are not all connected, unless that gives too many parts."""
    parents = list(range(len(keys)))

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for node, sources in enumerate(graph.inputs):
        for source in sources:
            if keys[source] == keys[node]:
                parents[root(source)] = root(node)
    found: dict[Hashable, set[int]] = {}
    for node, key in enumerate(keys):
        if isinstance(key, Folded) and key.why == "levels":
            found.setdefault(key, set()).add(root(node))
    split = {key for key, roots in found.items() if 1 < len(roots) <= MOST_SIDE_BY_SIDE}
    return [Folded("levels", (key.which, root(node))) if key in split else key for node, key in enumerate(keys)]  # type: ignore[attr-defined]
