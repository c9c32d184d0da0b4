"""Values and gradients of many neurons, read into arrays and written from arrays."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from gograd_core.checked.flat import as_leaves, as_neurons, doubles, refuse_recorded
from gograd_core.checked.sweep import lock
from gograd_core.engines import backward as _backward
from gograd_core.engines.neuron import next_stamp, setting

__all__ = ["add_gradients", "read_gradients", "read_values", "write_gradients", "write_values"]


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
