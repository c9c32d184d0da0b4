"""Reverse mode whose rules run on neurons: derivatives that can be differentiated again.

Adjoints lie beside the graph, in a dictionary, so that a sweep changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gograd_core import engines
from gograd_core.careful import lock
from gograd_core.partials import judge_share, neuron_partials, product, value_of
from gograd_core.recording import noted

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron

__all__ = ["graph_adjoints"]


@noted
def graph_adjoints(
    outputs: Sequence[Neuron], seeds: Sequence[Any], inputs: Sequence[Neuron], since: int = 0
) -> list[Any]:
    """The derivative of the sum of `outputs`, each times its seed, by each of the inputs.

    They are neurons, or constant floats. Neurons older than the stamp `since` do not depend on the
    inputs, and the sweep ends at them.
    """
    with lock:
        visited = engines.visit(outputs, since)
        interior = visited[0]
        adjoints: dict[Neuron, Any] = dict.fromkeys(inputs, 0.0)  # of those that lead to an input
        for node in reversed(interior):
            op: Any = node._operation
            if any(op.partials) and any(type(entry) is not float and entry in adjoints for entry in node._constituents):
                adjoints[node] = 0.0
        for output, seed in zip(outputs, seeds, strict=True):
            if output in adjoints:
                _add(adjoints, output, seed)
        engines.run(visited, _sweep, interior, adjoints)
        return [adjoints[neuron] for neuron in inputs]


def _sweep(interior: Sequence[Neuron], adjoints: dict[Neuron, Any]) -> None:
    """Pass every adjoint on.

    One that is zero by value is passed on too, since its own derivative need not be; a constant
    zero is not.
    """

    def receives(entry: Any) -> bool:
        return type(entry) is not float and entry in adjoints

    for node in interior:
        adjoint = adjoints.get(node, 0.0)
        if type(adjoint) is float and adjoint == 0.0:
            continue
        for index, column, locals_ in neuron_partials(node, receives):
            for entry, local in zip(column, locals_, strict=True):
                if not receives(entry) or (type(local) is float and local == 0.0):
                    continue
                value = value_of(local)
                if value - value != 0.0:
                    judge_share(node, index, value, "adjoint", value_of(adjoint), 0.0)
                _add(adjoints, entry, product(adjoint, local))


def _add(adjoints: dict[Neuron, Any], neuron: Neuron, share: Any) -> None:
    """Add to an adjoint; one that is unset becomes the share, without a neuron for the sum."""
    so_far = adjoints[neuron]
    adjoints[neuron] = share if type(so_far) is float and so_far == 0.0 else so_far + share
