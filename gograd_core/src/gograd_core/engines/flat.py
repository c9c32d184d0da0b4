"""Graphs as arrays of numbers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from gograd_core import current
from gograd_core.checked.flat import as_neurons
from gograd_core.checked.sweep import lock
from gograd_core.engines.backward import reachable
from gograd_core.interfaces import Flat

__all__ = ["flatten"]

_stamp = attrgetter("_stamp")


def flatten(outputs: Sequence[Any], since: int) -> Flat:
    """Write the graph below `outputs` as arrays. Neurons older than the stamp `since` are its leaves.

    Raises:
        TypeError: an output is not a neuron.
        StaleGraphError: a leaf's value was set after a neuron was computed from it.
    """
    outputs = as_neurons(outputs)
    with lock:
        interior, leaves = reachable(outputs, since)
    interior.sort(key=_stamp)
    leaves.sort(key=_stamp)
    numbers: dict[Any, int] = {neuron: number for number, neuron in enumerate([*leaves, *interior])}
    operations: dict[Any, int] = {}
    codes, starts, inputs = array("i"), array("q", [0]), array("i")
    constants = array("d")
    places: dict[str, int] = {}  # by the constant's digits, which tell 0.0 from -0.0
    for neuron in interior:
        codes.append(operations.setdefault(neuron._operation, len(operations)))
        entry: Any
        for entry in neuron._constituents:
            if type(entry) is current.Neuron:
                inputs.append(numbers[entry])
                continue
            place = places.setdefault(float.hex(entry), len(places))
            if place == len(constants):
                constants.append(entry)
            inputs.append(~place)
        starts.append(len(inputs))
    return Flat(
        leaves=leaves,
        operations=list(operations),
        codes=codes,
        starts=starts,
        inputs=inputs,
        constants=constants,
        values=array("d", [neuron._value for neuron in numbers]),
        stamps=array("q", map(_stamp, numbers)),
        outputs=array("i", [numbers[output] for output in outputs]),
    )
