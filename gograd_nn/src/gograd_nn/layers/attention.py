"""Attention: each place of a sequence looks at the places before it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from gograd_core import Neuron, ops
from gograd_nn.layers.activations import softmax
from gograd_nn.layers.examples import check_example, in_rows, is_batch
from gograd_nn.layers.perceptrons import Layer
from gograd_nn.layers.sizes import check_sizes
from gograd_nn.misnomers import PartHints
from gograd_nn.wrong_arguments import explaining

__all__ = ["CausalAttention", "attend"]


def attend(query: Sequence[Any], keys: Sequence[Sequence[Any]], values: Sequence[Sequence[Any]]) -> list[Any]:
    """Compute the mean of `values`, with the weights softmax(query · key / sqrt(length of the query)).

    Raises:
        ValueError: there are no keys, not as many values, or a key has another length than the query.
    """
    if not len(keys) or len(keys) != len(values):
        raise ValueError(f"attend() expects as many values as keys, at least one; got {len(values)} and {len(keys)}")
    scale = math.sqrt(len(query))
    weights = softmax([ops.dot(query, key) / scale for key in keys])
    return [ops.dot(weights, column) for column in zip(*values, strict=True)]


@explaining
class CausalAttention(PartHints):
    """Self-attention with several heads, in which a place sees itself and the places before it.

    Of a batch of sequences, it makes a list with the results of each.

    It takes a sequence of vectors of `n_inputs` numbers, and returns as many. Queries, keys, values and outputs are
    linear functions of `n_inputs` numbers each: the layers `queries`, `keys`, `values` and `outputs`.

    Args:
        n_inputs: the length of the vectors.
        n_heads: how many parts the vectors are divided into, each with an attention of its own.
        bias: whether the linear functions have biases.
        seed: an integer, or a `random.Random` that is shared with other layers.

    Raises:
        ValueError: `n_inputs` is not a multiple of `n_heads`. (When called) a vector has another length.
    """

    def __init__(self, n_inputs: int, n_heads: int = 1, *, bias: bool = True, seed: int | random.Random = 0) -> None:
        check_sizes("CausalAttention", n_inputs=n_inputs, n_heads=n_heads)
        if n_inputs % n_heads:
            raise ValueError(f"n_inputs must be a multiple of n_heads, got {n_inputs} and {n_heads}")
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.n_inputs = n_inputs
        self.n_heads = n_heads
        self.queries, self.keys, self.values, self.outputs = (
            Layer(n_inputs, n_inputs, None, seed=rng, bias=bias) for _ in range(4)
        )
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Sequence[Any]]) -> list[list[Any]]:
        if len(inputs) and is_batch(inputs[0]):
            return in_rows(self, inputs)
        for vector in inputs:
            check_example("this CausalAttention", vector, self.n_inputs)
        queries, keys, values = (
            [layer(vector) for vector in inputs] for layer in (self.queries, self.keys, self.values)
        )
        size = self.n_inputs // self.n_heads
        parts = [slice(start, start + size) for start in range(0, self.n_inputs, size)]
        found = []
        for place, query in enumerate(queries, start=1):
            heads = [
                attend(query[part], [key[part] for key in keys[:place]], [value[part] for value in values[:place]])
                for part in parts
            ]
            found.append(self.outputs([number for head in heads for number in head]))
        return found

    def __repr__(self) -> str:
        heads = f"{self.n_heads} head{'' if self.n_heads == 1 else 's'}"
        return f"<CausalAttention of {self.n_inputs} numbers, {heads}, {len(self.parameters())} parameters>"

    def _layers(self) -> dict[str, Layer]:
        return {"queries": self.queries, "keys": self.keys, "values": self.values, "outputs": self.outputs}

    def parameters(self) -> list[Neuron]:
        """List the parameters of the queries, keys, values and outputs."""
        return [parameter for layer in self._layers().values() for parameter in layer.parameters()]

    def name_parameters(self, prefix: str) -> None:
        """Label the parameters ``PREFIXqueries.unit0.w0`` and so on."""
        for name, layer in self._layers().items():
            layer.name_parameters(f"{prefix}{name}.")
