"""The parameters of an MLP as matrices, and its outputs for many examples at once, as array code.

A matrix has a row for each input and a column for each unit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gograd_core import errstate, ops

__all__ = ["Matrix", "divided", "joined", "outputs_of", "weights_among"]

Matrix = npt.NDArray[np.float64]


def divided(values: Matrix, sizes: Sequence[int]) -> tuple[list[Matrix], list[Matrix]]:
    """Divide the values of all parameters of ``MLP(sizes)``, in their order, into weights and biases of each layer."""
    tables = list(_tables(values, sizes))
    return [table[:, :-1].T.copy() for table in tables], [table[:, -1].copy() for table in tables]


def joined(weights: Sequence[Matrix], biases: Sequence[Matrix]) -> Matrix:
    """Put weights and biases of each layer in the order in which an MLP lists its parameters: undo `divided`."""
    layers = zip(weights, biases, strict=True)
    return np.concatenate([np.column_stack([matrix.T, bias]).ravel() for matrix, bias in layers])


def weights_among(sizes: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Tell which parameters of ``MLP(sizes)`` are weights, and not biases."""
    units = [(n_inputs, n_outputs) for n_inputs, n_outputs in itertools.pairwise(sizes)]
    return np.concatenate([np.tile([True] * n_inputs + [False], n_outputs) for n_inputs, n_outputs in units])


def outputs_of(weights: Sequence[Matrix], biases: Sequence[Matrix], activation: str | None, inputs: Matrix) -> Matrix:
    """Compute what an MLP returns for each row of `inputs`, as rows, by the same rules as its neurons do."""
    hidden = inputs
    for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
        hidden = hidden @ matrix + bias
        if activation is not None:
            hidden = errstate(domain="ignore").run(ops[activation], hidden)
    outputs: Matrix = hidden @ weights[-1] + biases[-1]
    return outputs


def _tables(values: Matrix, sizes: Sequence[int]) -> Iterator[Matrix]:
    """Yield a table for each layer, with a row for each unit: its weights, and then its bias."""
    start = 0
    for n_inputs, n_outputs in itertools.pairwise(sizes):
        end = start + (n_inputs + 1) * n_outputs
        yield values[start:end].reshape(n_outputs, n_inputs + 1)
        start = end
