"""Graphs as arrays of numbers, for whoever runs them other than neuron by neuron."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron
    from gograd_core.op import Op

__all__ = ["Flat", "doubles", "refuse", "refuse_length"]


@attrs.frozen(eq=False)
class Flat:
    """A graph in a row: leaves, then what operations made of them, both oldest first.

    A neuron is called by its place in that row.

    Attributes:
        leaves: the neurons without operation, and those too old to be looked into.
        operations: each that occurs, in the order of first use.
        codes: which of them made each interior neuron.
        starts: where the constituents of each interior neuron begin in `inputs`; at the end their number.
        inputs: all constituents in a row: a neuron's number, or ``~c`` for entry c of `constants`.
        constants: the floats among them, each once; 0.0 and -0.0 are two.
        values: of all neurons.
        stamps: when each neuron was made, or its value set.
        outputs: the numbers of the neurons whose graph it is.
    """

    leaves: list[Neuron]
    operations: list[Op]
    codes: array[int]
    starts: array[int]
    inputs: array[int]
    constants: array[float]
    values: array[float]
    stamps: array[int]
    outputs: array[int]


def doubles(buffer: Any, *, writable: bool) -> memoryview:
    """A row of doubles, not copied.

    Raises:
        TypeError: it is no buffer, or one of something else.
        ValueError: it cannot be written to.
    """
    view = memoryview(buffer)
    if (view.format, view.ndim, view.c_contiguous) != ("d", 1, True):
        raise TypeError(f"expected a contiguous row of doubles, got {buffer!r}")
    if writable and view.readonly:
        raise ValueError("expected doubles that can be written to")
    return view


def refuse(thing: Any) -> NoReturn:
    raise TypeError(f"expected neurons, got {thing!r}")


def refuse_length(neurons: int, numbers: int) -> NoReturn:
    raise ValueError(f"expected {neurons} doubles, one for each neuron, got {numbers}")
