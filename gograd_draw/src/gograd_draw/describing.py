"""Says what stands in the boxes of a graph."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Hashable
from typing import Any

import attrs

from gograd_draw.diagrams import Box, Diagram, Edge
from gograd_draw.folding import Folded
from gograd_draw.parts import Part
from gograd_draw.reading import Graph
from gograd_draw.texts import IN_A_TOOLTIP, LONGEST, cleaned, counted, number

__all__ = ["describe"]

LONGEST_SOURCE = 40
"""The most characters that a box shows of a line of source."""
MOST_OPERATIONS = 3
"""How many operations a folded box counts one by one."""


@attrs.frozen
class _Describer:
    graph: Graph
    digits: int
    gradients: bool

    def single(self, node: int) -> Box:
        """Describe one neuron or constant."""
        neuron, operation = self.graph.nodes[node], self.graph.operation(node)
        if self.graph.is_constant(node):
            return Box("constant", number(neuron, self.digits), tooltip=f"constant {neuron!r}", members=(node,))
        label = cleaned(neuron.label)
        rows = [("value", number(neuron.value, self.digits))]
        if self.gradients:
            rows.append(("grad", number(neuron.grad, self.digits)))
        tooltip = self._tooltip(node)
        if operation is None:
            return Box("leaf", label, tuple(rows), tooltip, members=(node,))
        if label:
            rows.insert(0, ("label", label))
        return Box("operation", _symbol(operation), tuple(rows), tooltip, _plugin(operation), (node,))

    def _tooltip(self, node: int) -> str:
        """Say everything about one neuron in full."""
        neuron, operation = self.graph.nodes[node], self.graph.operation(node)
        lines = [cleaned(operation.title, IN_A_TOOLTIP) if operation else "leaf"]
        if neuron.label:
            lines.append(f"label: {cleaned(neuron.label, IN_A_TOOLTIP)}")
        if neuron.line is not None:
            lines += [cleaned(text, IN_A_TOOLTIP) for text in (f"at {neuron.line}", neuron.line.source) if text]
        lines.append(f"value: {neuron.value!r}")
        if self.gradients:
            lines.append(f"grad: {neuron.grad!r}")
        return "\n".join(lines)

    def folded(self, part: Part, name: str) -> Box:
        """Describe nodes that share a box."""
        operations = [operation for node in part.members if (operation := self.graph.operation(node))]
        constants = sum(map(self.graph.is_constant, part.members))
        leaves = len(part.members) - len(operations) - constants
        counts = ((len(operations), "operation"), (leaves, "leaf"), (constants, "constant"))
        contents = [_of_kind(count, what) for count, what in counts if count]
        tooltip = [f"{name}: {contents[0]}", *contents[1:]]
        plugins = {_plugin(operation) for operation in operations}
        if len(common := Counter(map(_short, operations)).most_common()) > 1:
            each = [f"{count:,} {symbol}" if count > 1 else symbol for symbol, count in common[:MOST_OPERATIONS]]
            contents.append(cleaned(", ".join(each + ["…"] * (len(common) > MOST_OPERATIONS))))
        why, which = _why(part.key)
        if why == "line":
            tooltip[1:1] = [cleaned(text, IN_A_TOOLTIP) for text in (str(which), which.source) if text]
            contents[:0] = [cleaned(which.source, LONGEST_SOURCE)] if which.source else []
        tooltip += [f"{count:,} × {cleaned(title, IN_A_TOOLTIP)}" for title, count in _titles(operations)]
        rows = tuple(("", each) for each in contents)
        plugin = plugins.pop() if len(plugins) == 1 else ""
        return Box("folded", cleaned(name), rows, "\n".join(tooltip), plugin, part.members)


def describe(graph: Graph, parts: list[Part], *, digits: int, gradients: bool) -> Diagram:
    """Make the boxes and edges of a graph that was divided into parts."""
    describer = _Describer(graph, digits, gradients)
    names = _names(graph, parts)
    boxes = [
        describer.single(part.members[0]) if len(part.members) == 1 else describer.folded(part, name)
        for part, name in zip(parts, names, strict=True)
    ]
    return Diagram(tuple(boxes), tuple(_edges(graph, parts)))


def _edges(graph: Graph, parts: list[Part]) -> list[Edge]:
    """Make an edge for each use of a neuron, and one for all between two boxes if one of them is folded."""
    part_of = {node: index for index, part in enumerate(parts) for node in part.members}
    single = [len(part.members) == 1 for part in parts]
    uses: Counter[tuple[int, int, int]] = Counter()
    for target, part in enumerate(parts):
        for node in part.members:
            for place, used in enumerate(graph.inputs[node]):
                source = part_of[used]
                if source != target:
                    uses[source, target, place if single[source] and single[target] else -1] += 1
    return [Edge(source, target, count) for (source, target, _), count in uses.items()]


def _names(graph: Graph, parts: list[Part]) -> list[str]:
    """Name the folded parts; of several with one name, all but the first get a number."""
    found = [_name(graph, part) if len(part.members) > 1 else "" for part in parts]
    met: Counter[str] = Counter()
    for index, name in enumerate(found):
        met[name] += 1
        if name and met[name] > 1:
            found[index] = f"{cleaned(name, LONGEST - 6)} ({met[name]})"
    return found


def _name(graph: Graph, part: Part) -> str:
    why, which = _why(part.key)
    if why == "prefix":
        return cleaned(".".join(which), IN_A_TOOLTIP)
    if why == "run":
        symbol = _symbol(graph.operation(which))
        return f"{symbol} … {symbol}"
    if why == "line":
        return f"{os.path.basename(which.filename)}:{which.number}"
    if why == "leaves":
        first, last = (str(getattr(graph.nodes[part.members[end]], "label", "")) for end in (0, -1))
        return f"{cleaned(first, LONGEST // 2 - 1)}…{cleaned(last, LONGEST // 2 - 1)}" if first and last else "leaves"
    if why == "levels":
        first, last = which[0] if isinstance(which[0], tuple) else which
        return f"levels {first}–{last}" if last > first else f"level {first}"
    return "constants" if why == "constants" else "everything"


def _why(key: Hashable) -> tuple[str, Any]:
    """Return why nodes are together. A group that would have been part of a circle was split, and has two keys."""
    while not isinstance(key, Folded):
        key = key[0]  # type: ignore[index]
    return key.why, key.which


def _symbol(operation: Any) -> str:
    """Return how an operation is drawn, with its name if that cannot be guessed."""
    plain = operation.symbol in (operation.name, operation.operator)
    return cleaned(operation.symbol if plain else f"{operation.symbol} {operation.name}")


def _short(operation: Any) -> str:
    """Return the symbol of an operation, or its name if the symbol alone cannot be guessed."""
    return cleaned(operation.symbol if operation.symbol == operation.operator else operation.name)


def _plugin(operation: Any) -> str:
    return str(operation.provider.distribution) if operation.provider else "registered by hand"


def _titles(operations: list[Any]) -> list[tuple[str, int]]:
    """Count operations by their full titles, the most frequent first."""
    return Counter(operation.title for operation in operations).most_common(10)


def _of_kind(count: int, what: str) -> str:
    return f"{count:,} leaves" if what == "leaf" and count > 1 else counted(count, what)
