"""The reverse sweep as a page repeats it: in which order, with which local derivatives."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import isfinite, nan
from typing import Any

import attrs

from gograd_core import DomainError, Step, sweep_steps
from gograd_draw.reading import Graph
from gograd_draw.texts import IN_A_TOOLTIP, cleaned

__all__ = ["Sweep", "sweep_of"]


@attrs.frozen(eq=False)
class Sweep:
    """What the engine did. A slot is one input of one node; the slots of all nodes stand in a row.

    Attributes:
        order: the neurons that operations made, youngest first, as the sweep visits them.
        locals: for each slot the local derivative; NaN if there is none, or nobody asked for it.
        skipped: slots that could have passed on a share, and did not.
        careful: whether the engine added up as it does when a number is not finite.
        error: what the sweep raised at its end; empty if nothing.
        stamps: the stamps of `order`, reversed.
    """

    order: list[int]
    locals: list[float]
    skipped: list[int]
    careful: bool
    error: str
    stamps: list[int]

    def made_before(self, stamp: int) -> int:
        """Count the neurons of `order` that were made before a moment."""
        return bisect.bisect_left(self.stamps, stamp)


def sweep_of(graph: Graph, output: int) -> Sweep:
    """Run the reverse sweep from one node of a graph.

    Raises:
        StaleGraphError: the value of a leaf was set after a neuron was computed from it.
    """
    nodes: list[Any] = graph.nodes
    starts = list(accumulate(map(len, graph.inputs), initial=0))
    order = [node for node in range(len(nodes)) if graph.operation(node) is not None]
    order.sort(key=lambda node: nodes[node]._stamp, reverse=True)
    steps, error = _steps(nodes[output])
    locals_ = [nan] * starts[-1]
    node_of = {id(neuron): node for node, neuron in enumerate(nodes) if graph.operation(node) is not None}
    passed = set()
    adjoints = {output: 1.0}
    for step in steps:
        node = node_of[id(step.neuron)]
        length = len(graph.inputs[node]) // len(nodes[node].operation.partials)
        slot = starts[node] + step.input * length + step.place
        locals_[slot] = step.local
        passed.add(slot)
        if id(step.constituent) in node_of:
            adjoints[node_of[id(step.constituent)]] = step.total
    leading = _leading(graph)
    skipped = [
        slot
        for node, adjoint in adjoints.items()
        if adjoint != 0.0
        for slot in range(starts[node], starts[node + 1])
        if leading[slot] and slot not in passed
    ]
    careful = not all(isfinite(step.total) and isfinite(step.adjoint) for step in steps)
    return Sweep(order, locals_, skipped, careful, error, [nodes[node]._stamp for node in reversed(order)])


def _steps(output: Any) -> tuple[list[Step], str]:
    """List the steps, and what the sweep raises after them."""
    steps: list[Step] = []
    try:
        steps.extend(sweep_steps(output))  # what comes before an error is kept
    except DomainError as error:
        return steps, cleaned(str(error), 2 * IN_A_TOOLTIP)
    return steps, ""


def _leading(graph: Graph) -> Sequence[bool]:
    """Return for each slot whether its operation has a derivative by it, and it leads to a leaf."""
    leads = [False] * len(graph.nodes)
    found: list[bool] = []
    for node, sources in enumerate(graph.inputs):
        op = graph.operation(node)
        if op is None:
            leads[node] = not graph.is_constant(node)
            continue
        length = len(sources) // len(op.partials)
        own = [op.partials[slot // length] is not None and leads[source] for slot, source in enumerate(sources)]
        leads[node] = any(own)
        found += own
    return found
