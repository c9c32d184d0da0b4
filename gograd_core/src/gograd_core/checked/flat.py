"""Checks for graphs as arrays: of sequences of neurons, and of buffers of doubles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from gograd_core import current, recording, settings
from gograd_core.checked.neuron import only_leaves

__all__ = ["as_leaves", "as_neurons", "doubles", "objects", "refuse", "refuse_length", "refuse_recorded"]


def as_neurons(neurons: Iterable[Any]) -> tuple[Any, ...]:
    """Make a tuple of neurons.

    Raises:
        TypeError: one of them is not a neuron.
    """
    neurons = tuple(neurons)
    for neuron in neurons:
        if type(neuron) is not current.Neuron:
            refuse(neuron)
    return neurons


def as_leaves(neurons: Iterable[Any]) -> tuple[Any, ...]:
    """Make a tuple of leaves.

    Raises:
        TypeError: one of them is not a neuron.
        AttributeError: one of them was made by an operation.
    """
    leaves = as_neurons(neurons)
    for leaf in leaves:
        if leaf.operation is not None:
            only_leaves(leaf)
    return leaves


def refuse_recorded(neurons: Sequence[Any], attribute: str) -> None:
    """Let the recorder refuse to read or write an attribute of many neurons, as it refuses it for one."""
    if settings.observers and neurons:
        recording.read(neurons[0], attribute)


def doubles(buffer: Any, neurons: int, *, writable: bool) -> memoryview:
    """View a buffer of doubles, one for each neuron, without copying it.

    Raises:
        TypeError: it is not a buffer of doubles.
        ValueError: it has another length, or is read-only although it must be writable.
    """
    view = memoryview(buffer)
    if (view.format, view.ndim, view.c_contiguous) != ("d", 1, True):
        raise TypeError(f"expected a contiguous row of doubles, got {buffer!r}")
    if writable and view.readonly:
        raise ValueError("expected a buffer that can be written to")
    if len(view) != neurons:
        refuse_length(neurons, len(view))
    return view


def objects(row: Any, neurons: int) -> Any:
    """Return a row of objects that has room for these neurons.

    Raises:
        TypeError: it is something else.
    """
    view = memoryview(row)
    if (view.format, view.ndim, view.c_contiguous, view.readonly, len(view)) != ("O", 1, True, False, neurons):
        raise TypeError(f"expected a contiguous row of {neurons} objects that can be written to, got {row!r}")
    return row


def refuse(thing: Any) -> NoReturn:
    """Refuse something that is not a neuron."""
    raise TypeError(f"expected neurons, got {thing!r}")


def refuse_length(neurons: int, numbers: int) -> NoReturn:
    """Refuse a buffer that does not hold one number for each neuron."""
    raise ValueError(f"expected {neurons} doubles, one for each neuron, got {numbers}")
