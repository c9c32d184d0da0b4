"""Reverse mode with rules that run on neurons, for derivatives that can be differentiated again.

Adjoints are kept in a dictionary outside the graph, so a sweep changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gograd_core import engines
from gograd_core.checked.accumulation import Shares, is_zero
from gograd_core.checked.partials import among, neuron_partials, value_of
from gograd_core.checked.sweep import differentiated, examine, lock
from gograd_core.derivatives.choices import shares
from gograd_core.interfaces import Node
from gograd_core.recording import noted
from gograd_core.settings import unjudged

__all__ = ["graph_adjoints"]


@noted
def graph_adjoints(outputs: Sequence[Node], seeds: Sequence[Any], inputs: Sequence[Node], since: int = 0) -> list[Any]:
    """Compute the derivative of the sum of `outputs`, each times its seed, with respect to each input.

    The derivatives are neurons, or constant floats. Neurons older than the stamp `since` do not depend on the inputs,
    so the sweep ends at them.
    """
    examine(outputs, [*map(value_of, seeds)], inputs, since)
    with lock:
        visited = engines.visit(outputs, since)
        interior = visited[0]
        adjoints: dict[Node, Any] = dict.fromkeys(inputs, 0.0)  # of those that lead to an input
        leads = among(adjoints)
        for node in reversed(interior):
            if any(map(leads, differentiated(node))):
                adjoints[node] = 0.0
        unjudged().run(_start, adjoints, outputs, seeds)  # judged below
        sums = shares(adjoints, "adjoint")
        engines.run(visited, _sweep, interior, sums)
    return [sums.result(neuron) for neuron in inputs]


def _start(adjoints: dict[Node, Any], outputs: Sequence[Node], seeds: Sequence[Any]) -> None:
    for output, seed in zip(outputs, seeds, strict=True):
        if output in adjoints:
            adjoints[output] = seed if is_zero(adjoints[output]) else adjoints[output] + seed


def _sweep(interior: Sequence[Node], sums: Shares) -> None:
    """Pass every adjoint on.

    An adjoint whose value happens to be zero is passed on too, since its own derivative need not be zero. A constant
    zero is not.
    """
    adjoints = sums.numbers
    receives = among(adjoints)
    with unjudged():
        for node in interior:
            adjoint = adjoints.get(node, 0.0)
            if is_zero(adjoint):
                continue
            for index, column, locals_ in neuron_partials(node, receives):
                for entry, local in zip(column, locals_, strict=True):
                    if receives(entry) and not is_zero(local):
                        sums.add(entry, node, local, node, index)
