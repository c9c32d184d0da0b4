"""Tables whose rows are learned, and rows that choose among several things."""

from __future__ import annotations

import operator
import random
from numbers import Real
from typing import Any

from gograd_core import Neuron, ops
from gograd_core.extend import quoted
from gograd_nn.layers.examples import check_example, in_rows, is_batch
from gograd_nn.layers.sizes import check_sizes
from gograd_nn.misnomers import PartHints
from gograd_nn.wrong_arguments import explaining

__all__ = ["Embedding", "one_hot"]


def one_hot(index: int, count: int) -> list[float]:
    """Make a row of `count` zeros with a 1 at `index`.

    Raises:
        TypeError: `index` is not a whole number.
        IndexError: it is not in the row.
    """
    index = _whole("one_hot()", index)
    if not 0 <= index < count:
        raise IndexError(f"one_hot() expects an index from 0 to {count - 1}, got {index}")
    return [float(place == index) for place in range(count)]


def _whole(who: str, index: Any) -> int:
    """Return an index as an integer.

    Raises:
        TypeError: it is none.
    """
    try:
        return operator.index(index)
    except TypeError:
        hint = f": write int({index})" if isinstance(index, Real) and float(index).is_integer() else ""
        raise TypeError(f"{who} takes a whole number as an index, got {quoted(index)}{hint}") from None


def _check_one_hot(row: Any) -> None:
    """Refuse a row of plain numbers, such as indices, that is not one-hot.

    Raises:
        ValueError: it is.
    """
    if any(isinstance(entry, Neuron) for entry in row):
        return  # in a compiled function, entries may become anything
    if not all(entry in (0, 1) for entry in row) or sum(row) != 1:
        raise ValueError(
            f"an embedding takes an index, or a one-hot row, got {quoted(row)}: of several indices, write "
            "[embedding(index) for index in indices]"
        )


@explaining
class Embedding(PartHints):
    """A table of parameters, one row of `n_columns` numbers for each of `n_rows` things, such as letters.

    When called with a one-hot row of `n_rows` numbers, it returns the row of the table that it chooses, as a sum of
    products. In compiled functions, one recording then serves for all things. When called with an index, it returns the
    neurons of the row themselves. This is faster without a compiler, but a recording would be of that row only.

    Args:
        n_rows, n_columns: the size of the table.
        deviation: the standard deviation of the initial numbers, which are normal, with mean 0.
        seed: an integer, or a `random.Random` that is shared with other layers.

    Raises:
        ValueError: a size is not positive. (When called) the row has another length than `n_rows`, or is not one-hot.
        TypeError: (when called) it gets neither a row nor a whole number.
        IndexError: (when called) the index is not from 0 to `n_rows` - 1.
    """

    def __init__(self, n_rows: int, n_columns: int, *, deviation: float = 1.0, seed: int | random.Random = 0) -> None:
        check_sizes("an embedding", n_rows=n_rows, n_columns=n_columns)
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.rows = [[Neuron(rng.gauss(0.0, deviation)) for _ in range(n_columns)] for _ in range(n_rows)]
        self.name_parameters("")

    def __call__(self, chosen: Any) -> list[Any]:
        if is_batch(chosen):
            return in_rows(self, chosen)
        if hasattr(chosen, "__len__"):
            check_example("this embedding, which looks up one thing per call,", chosen, len(self.rows))
            _check_one_hot(chosen)
            return [ops.dot(column, chosen) for column in zip(*self.rows, strict=True)]
        if type(chosen) is Neuron:
            raise TypeError(f"an embedding takes a one-hot row or a whole number, got {chosen!r}: see one_hot()")
        index = _whole("an embedding", chosen)
        if not 0 <= index < len(self.rows):
            raise IndexError(f"this embedding has the rows 0 to {len(self.rows) - 1}, got {index}")
        return list(self.rows[index])

    def __repr__(self) -> str:
        return f"<Embedding of {len(self.rows)} rows of {len(self.rows[0])}, {len(self.parameters())} parameters>"

    def parameters(self) -> list[Neuron]:
        """List the parameters, row by row."""
        return [parameter for row in self.rows for parameter in row]

    def name_parameters(self, prefix: str) -> None:
        """Label the parameters ``PREFIXrow0.w0`` and so on."""
        for number, row in enumerate(self.rows):
            for index, parameter in enumerate(row):
                parameter.label = f"{prefix}row{number}.w{index}"
