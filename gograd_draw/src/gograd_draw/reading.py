"""Reads the graph of neurons into lists that are cheap to work on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from gograd_core import Neuron

__all__ = ["Graph", "TooLargeError", "read"]


class TooLargeError(Exception):
    """A graph has more neurons than were to be read."""


@attrs.frozen
class Graph:
    """Neurons and constants, each after its inputs.

    A constant is listed once for every use, because a number has no identity.

    Attributes:
        nodes: neurons, and floats for the constants.
        inputs: for each of them, the numbers of its constituents, in their order and with repetitions.
        outputs: the numbers of the neurons that were asked for.
    """

    nodes: list[Any]
    inputs: list[list[int]]
    outputs: list[int]

    def consumers(self) -> list[list[int]]:
        """List for each node the different nodes that use it, in their order."""
        found: list[dict[int, None]] = [{} for _ in self.nodes]
        for target, sources in enumerate(self.inputs):
            for source in sources:
                found[source][target] = None
        return [list(each) for each in found]

    def has_lines(self) -> bool:
        """Return whether `trace` noted the line of any node."""
        return any(not self.is_constant(node) and self.nodes[node].line for node in range(len(self.nodes)))

    def is_constant(self, node: int) -> bool:
        """Return whether a node is a number that met a neuron."""
        return not isinstance(self.nodes[node], Neuron)

    def operation(self, node: int) -> Any:
        """Return the operation that made a node, or None."""
        return None if self.is_constant(node) else self.nodes[node].operation


def read(outputs: Iterable[Neuron], most: int | None = None) -> Graph:
    """Read all that the outputs were computed from. No neuron is visited twice, and no function calls itself.

    Raises:
        TooLargeError: there are more than `most` neurons.
    """
    graph = Graph([], [], [])
    numbers: dict[int, int] = {}
    met: set[int] = set()
    roots = list({id(output): output for output in outputs}.values())
    pending: list[tuple[Any, tuple[Any, ...] | None]] = [(output, None) for output in reversed(roots)]
    while pending:
        neuron, constituents = pending.pop()
        if constituents is not None:
            sources = [_number(each, graph, numbers) for each in constituents]
            numbers[id(neuron)] = len(graph.nodes)
            graph.nodes.append(neuron)
            graph.inputs.append(sources)
        elif id(neuron) not in met:
            met.add(id(neuron))
            if most is not None and len(met) > most:
                raise TooLargeError(f"the graph has more than {most:,} neurons")
            constituents = neuron.constituents
            pending.append((neuron, constituents))
            pending += [(each, None) for each in reversed(constituents) if isinstance(each, Neuron)]
    graph.outputs.extend(numbers[id(root)] for root in roots)
    return graph


def _number(constituent: Any, graph: Graph, numbers: dict[int, int]) -> int:
    """Return the number of a constituent; a constant gets a new one."""
    if isinstance(constituent, Neuron):
        return numbers[id(constituent)]
    graph.nodes.append(float(constituent))
    graph.inputs.append([])
    return len(graph.nodes) - 1
