"""Values and gradients of many neurons, read into arrays and written from arrays; leaves made from an array."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from gograd_core.checked.flat import as_leaves, as_neurons, doubles, objects, refuse_recorded
from gograd_core.checked.sweep import lock
from gograd_core.engines import backward as _backward
from gograd_core.engines.neuron import Neuron, next_stamp, setting

__all__ = [
    "add_gradients", "leaves_of", "read_adjoints", "read_gradients", "read_values", "write_gradients", "write_values",
]  # fmt: skip


def read_values(neurons: Sequence[Any], into: Any) -> None:
    """Write the value of every neuron into a buffer of doubles. If anything is raised, its contents are undefined.

    Raises:
        TypeError: one of `neurons` is not a neuron, or the buffer does not hold doubles.
        ValueError: the buffer has another length, or cannot be written to.
    """
    neurons = as_neurons(neurons)
    view = doubles(into, len(neurons), writable=True)
    view[:] = array("d", [neuron._value for neuron in neurons])


def write_values(leaves: Sequence[Any], values: Any) -> None:
    """Set the value of each leaf to its number in a buffer of doubles, as setting `value` does.

    What was computed from the leaves is then stale. If anything is raised, nothing is set.

    Raises:
        TypeError: one of `leaves` is not a neuron, or the buffer does not hold doubles.
        AttributeError: one of them was made by an operation.
        ValueError: the buffer has another length.
        RecordingError: (of gograd_compile) a function that is being recorded does this.
    """
    leaves = as_leaves(leaves)
    view = doubles(values, len(leaves), writable=False)
    refuse_recorded(leaves, "value")
    with setting:
        for leaf, value in zip(leaves, view, strict=True):
            leaf._value = value
            leaf._stamp = _backward.last_setting = next_stamp()


def read_gradients(neurons: Sequence[Any], into: Any) -> None:
    """Write the `grad` of every neuron into a buffer of doubles. If anything is raised, its contents are undefined.

    Raises:
        TypeError: one of `neurons` is not a neuron, or the buffer does not hold doubles.
        ValueError: the buffer has another length, or cannot be written to.
        RecordingError: (of gograd_compile) a function that is being recorded does this.
    """
    neurons = as_neurons(neurons)
    view = doubles(into, len(neurons), writable=True)
    view[:] = array("d", [neuron.grad for neuron in neurons])


def write_gradients(neurons: Sequence[Any], gradients: Any) -> None:
    """Set the `grad` of each neuron to its number in a buffer of doubles. If anything is raised, nothing is set.

    Raises:
        TypeError: one of `neurons` is not a neuron, or the buffer does not hold doubles.
        ValueError: the buffer has another length.
    """
    neurons = as_neurons(neurons)
    view = doubles(gradients, len(neurons), writable=False)
    with lock:
        for neuron, gradient in zip(neurons, view, strict=True):
            neuron._grad = gradient


def add_gradients(neurons: Sequence[Any], gradients: Any) -> None:
    """Add to the `grad` of each neuron its number in a buffer of doubles. If anything is raised, nothing is added.

    Raises:
        TypeError: one of `neurons` is not a neuron, or the buffer does not hold doubles.
        ValueError: the buffer has another length.
    """
    neurons = as_neurons(neurons)
    view = doubles(gradients, len(neurons), writable=False)
    with lock:
        for neuron, gradient in zip(neurons, view, strict=True):
            neuron._grad = getattr(neuron, "_grad", 0.0) + gradient


def leaves_of(values: Any, into: Any) -> list[Neuron]:
    """Make a leaf of each number in a buffer of doubles, and put them into an array of objects as well.

    Raises:
        TypeError: the buffer does not hold doubles, or the array is not one of as many objects.
    """
    leaves = [*map(Neuron, doubles(values, len(values), writable=False))]
    into = objects(into, len(leaves))
    for place, leaf in enumerate(leaves):
        into[place] = leaf
    return leaves


def read_adjoints(outputs: Sequence[Any], seeds: Sequence[float], inputs: list[Any], since: int, into: Any) -> None:
    """Write what `adjoints` returns into a buffer of doubles. If anything is raised, its contents are undefined.

    The list of inputs must stay as it is meanwhile.

    Raises:
        TypeError: the buffer does not hold doubles.
        ValueError: it has another length, or cannot be written to.
    """
    view = doubles(into, len(inputs), writable=True)
    view[:] = array("d", _backward.adjoints(outputs, seeds, inputs, since))
