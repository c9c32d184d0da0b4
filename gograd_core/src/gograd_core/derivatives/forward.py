"""Forward mode: tangents, carried in the order of creation through the graph that reverse mode walks.

No operation is known by name. A neuron has a tangent if it depends on a neuron that was given one. Only partials with
respect to such inputs are evaluated. Tangents are floats, or neurons with which rules compute further. They are kept
outside the graph, so a sweep changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from gograd_core import engines
from gograd_core.checked.accumulation import Shares, is_chosen, is_zero
from gograd_core.checked.partials import among, float_partials, neuron_partials
from gograd_core.checked.sweep import lock
from gograd_core.derivatives.choices import shares
from gograd_core.interfaces import Node
from gograd_core.lines import ignoring, watching
from gograd_core.recording import noted
from gograd_core.settings import unjudged

__all__ = ["ForwardSweep", "creation_order"]


def creation_order(outputs: Sequence[Any], since: int = 0) -> list[Any]:
    """List the neurons below `outputs` that operations made since the stamp `since`, oldest first.

    Raises:
        StaleGraphError: a leaf's value was set after a neuron was computed from it.
    """
    with lock:
        interior, _ = engines.reachable(outputs, since)
    interior.reverse()
    return interior


class ForwardSweep:
    """Computes the tangents of neurons from those of a few.

    Args:
        seeds: the tangents to start from.
        create_graph: whether rules run on neurons. Tangents are then neurons, which can be differentiated again, or
            constant floats; else all of them are floats.
    """

    def __init__(self, seeds: Mapping[Any, Any], *, create_graph: bool = False) -> None:
        self._tangents = {neuron: seed for neuron, seed in seeds.items() if not is_zero(seed)}
        self._create_graph = create_graph
        self._sums = shares(self._tangents, "tangent")

    @noted
    def tangents(self, outputs: Sequence[Any], order: Sequence[Node]) -> list[Any]:
        """Compute the tangents of `outputs`, 0.0 for one without. Tangents that are known are not computed again.

        Args:
            outputs: neurons, or constant floats.
            order: the `creation_order` of `outputs`.

        Raises:
            DomainError: a tangent is not finite although what it was computed from is.
            AnomalyError: (inside `detect_anomaly`) a tangent is out of bounds, or a rule is wrong.
            InvalidOperationError: an operation that understands only floats was given neurons.
        """
        new = [node for node in order if node not in self._tangents]
        if (watch := watching()) is not None:
            ignoring().run(watch.before_tangents, self._tangents, new)
        if not self._create_graph:
            found = dict(self._tangents)
            if _extend_fast(new, found):
                results = [0.0 if type(output) is float else found.get(output, 0.0) for output in outputs]
                if all(type(tangent) is float and -inf < tangent < inf for tangent in results):
                    self._tangents.update(found)
                    return results
        unjudged().run(self._extend, new)  # judged below
        return [0.0 if type(output) is float else self._sums.result(output) for output in outputs]

    def _extend(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            _extend(node, self._sums, create_graph=self._create_graph)


def _extend(node: Node, sums: Shares, *, create_graph: bool) -> None:
    """Compute the tangent of a neuron from the tangents of its constituents.

    A tangent that happens to be zero counts, since its own derivative need not be zero, and what follows may have a
    pole. A local derivative that is a constant zero does not count.
    """
    tangents = sums.numbers
    carries = among(tangents)
    if create_graph:
        for index, column, locals_ in neuron_partials(node, carries):
            for entry, local in zip(column, locals_, strict=True):
                if carries(entry) and not is_zero(local):
                    sums.add(node, entry, local, node, index)
        return
    for index, column, floats in float_partials(node, carries):
        for place, (entry, slope) in enumerate(zip(column, floats, strict=True)):
            if carries(entry):
                if slope != 0.0:
                    sums.add(node, entry, slope, node, index)
                elif not is_chosen(node, index, place):
                    tangents.setdefault(node, 0.0)


def _extend_fast(order: Sequence[Any], tangents: dict[Any, Any]) -> bool:
    """Compute the tangents of all neurons in `order`, as floats. Return whether nothing was raised.

    Nothing is judged here. Whatever is odd shows in the tangents of the outputs, if it matters, and then `_extend`
    computes everything again with every check. Operations of one and two inputs have branches of their own, since calls
    with a fixed number of arguments are much faster.
    """
    find = tangents.get
    try:
        for node in order:
            op = node._operation
            arity = op.arity
            if arity == 2:
                x, y = node._constituents
                along_x = None if type(x) is float else find(x)
                along_y = None if type(y) is float else find(y)
                if along_x is None is along_y:
                    continue
                partial_x, partial_y = op.partials
                x_value = x if type(x) is float else x._value
                y_value = y if type(y) is float else y._value
                if along_x is not None and partial_x is not None:
                    tangent = along_x * partial_x(op.xp, node._value, x_value, y_value)
                    if along_y is not None and partial_y is not None:
                        tangent += along_y * partial_y(op.xp, node._value, x_value, y_value)
                    tangents[node] = tangent
                elif along_y is not None and partial_y is not None:
                    tangents[node] = along_y * partial_y(op.xp, node._value, x_value, y_value)
            elif arity == 1:
                (x,) = node._constituents
                along_x = find(x)
                partial_x = op.partials[0]
                if along_x is not None and partial_x is not None:
                    tangents[node] = along_x * partial_x(op.xp, node._value, x._value)
            else:
                _extend_one(node, tangents)
    except Exception:
        return False
    return True


def _extend_one(node: Node, tangents: dict[Any, Any]) -> None:
    """Compute the tangent of one neuron with any number of inputs."""
    carries = among(tangents)
    for _, column, locals_ in float_partials(node, carries):
        for entry, local in zip(column, locals_, strict=True):
            if carries(entry):
                so_far = tangents.get(node, 0.0)
                tangents[node] = so_far + tangents[entry] * local if local != 0.0 else so_far
