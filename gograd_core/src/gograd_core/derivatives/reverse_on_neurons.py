"""Reverse mode whose rules run on neurons: derivatives that can be differentiated again.

Adjoints lie beside the graph, in a dictionary, so that a sweep changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from gograd_core import engines
from gograd_core.checked.accumulation import Shares, is_zero
from gograd_core.checked.partials import neuron_partials
from gograd_core.checked.sweep import differentiated, lock
from gograd_core.derivatives.choices import shares
from gograd_core.interfaces import Node
from gograd_core.recording import noted
from gograd_core.settings import unjudged

__all__ = ["graph_adjoints"]


@noted
def graph_adjoints(outputs: Sequence[Node], seeds: Sequence[Any], inputs: Sequence[Node], since: int = 0) -> list[Any]:
    """Compute the derivative of the sum of `outputs`, each times its seed, by each of the inputs.

    They are neurons, or constant floats. Neurons older than the stamp `since` do not depend on the
    inputs, and the sweep ends at them.
    """
    with lock:
        visited = engines.visit(outputs, since)
        interior = visited[0]
        adjoints: dict[Node, Any] = dict.fromkeys(inputs, 0.0)  # of those that lead to an input
        for node in reversed(interior):
            if _leads(node, adjoints):
                adjoints[node] = 0.0
        unjudged().run(_start, adjoints, outputs, seeds)  # judged below
        sums = shares(adjoints, "adjoint")
        engines.run(visited, _sweep, interior, sums)
    for neuron in inputs:
        sums.judge(neuron)
    return [adjoints[neuron] for neuron in inputs]


def _start(adjoints: dict[Node, Any], outputs: Sequence[Node], seeds: Sequence[Any]) -> None:
    for output, seed in zip(outputs, seeds, strict=True):
        if output in adjoints:
            adjoints[output] = seed if is_zero(adjoints[output]) else adjoints[output] + seed


def _leads(node: Node, to: Container[Any]) -> bool:
    """Return whether a neuron has a derivative by a neuron in `to`."""
    for entry in differentiated(node):  # noqa: SIM110 - twice as fast as any()
        if type(entry) is not float and entry in to:
            return True
    return False


def _sweep(interior: Sequence[Node], sums: Shares) -> None:
    """Pass every adjoint on.

    One that is zero by value is passed on too, since its own derivative need not be; a constant
    zero is not.
    """
    adjoints = sums.numbers

    def receives(entry: Any) -> bool:
        return type(entry) is not float and entry in adjoints

    with unjudged():
        for node in interior:
            adjoint = adjoints.get(node, 0.0)
            if type(adjoint) is float and adjoint == 0.0:
                continue
            for index, column, locals_ in neuron_partials(node, receives):
                for entry, local in zip(column, locals_, strict=True):
                    if type(entry) is float or entry not in adjoints or (type(local) is float and local == 0.0):
                        continue
                    sums.add(entry, node, local, node, index)
