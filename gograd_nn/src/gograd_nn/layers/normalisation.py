"""Layers that normalise an example: to mean 0 and variance 1, or to a root mean square of 1."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from gograd_core import Neuron, ops
from gograd_nn.layers.examples import check_example, in_rows, is_batch
from gograd_nn.layers.sizes import check_sizes
from gograd_nn.misnomers import PartHints
from gograd_nn.wrong_arguments import explaining

__all__ = ["LayerNorm", "RMSNorm"]


class _Norm(PartHints):
    """The scales and shifts of a normalisation, as parameters."""

    w: list[Neuron]
    b: list[Neuron]

    def __init__(self, n_inputs: int, epsilon: float, *, scale: bool, shift: bool) -> None:
        check_sizes(type(self).__name__, n_inputs=n_inputs)
        if not epsilon >= 0.0:
            raise ValueError(f"epsilon must not be negative, got {epsilon!r}")
        self.n_inputs = n_inputs
        self.epsilon = epsilon
        self.w = [Neuron(1.0) for _ in range(n_inputs * scale)]
        self.b = [Neuron(0.0) for _ in range(n_inputs * shift)]
        self.name_parameters("")

    def _scaled(self, values: list[Any]) -> list[Any]:
        if self.w:
            values = [value * w for value, w in zip(values, self.w, strict=True)]
        if self.b:
            values = [value + b for value, b in zip(values, self.b, strict=True)]
        return values

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.n_inputs} numbers, {len(self.parameters())} parameters>"

    def parameters(self) -> list[Neuron]:
        """List the scales, and then the shifts."""
        return [*self.w, *self.b]

    def name_parameters(self, prefix: str) -> None:
        """Label the scales ``PREFIXw0``, … and the shifts ``PREFIXb0``, …."""
        for name, row in (("w", self.w), ("b", self.b)):
            for index, parameter in enumerate(row):
                parameter.label = f"{prefix}{name}{index}"


@explaining
class LayerNorm(_Norm):
    """Normalise the numbers of an example: (x - mean) / sqrt(variance + epsilon), and then x * w + b.

    The variance is the mean of the squares, as in `torch.nn.LayerNorm`.

    Args:
        n_inputs: how many numbers it takes and returns.
        epsilon: what is added to the variance.
        affine: whether it has the parameters w, which are 1 at first, and b, which are 0.

    Raises:
        ValueError: `n_inputs` is not positive, or `epsilon` is negative. (When called) the inputs are not `n_inputs`
            numbers, nor a batch of rows of so many.
    """

    def __init__(self, n_inputs: int, epsilon: float = 1e-5, *, affine: bool = True) -> None:
        super().__init__(n_inputs, epsilon, scale=affine, shift=affine)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if is_batch(inputs):
            return in_rows(self, inputs)
        check_example("this LayerNorm", inputs, self.n_inputs)
        mean = ops.mean(inputs)
        centred = [value - mean for value in inputs]
        spread = ops.sqrt(ops.dot(centred, centred) / self.n_inputs + self.epsilon)
        return self._scaled([value / spread for value in centred])


@explaining
class RMSNorm(_Norm):
    """Normalise the numbers of an example: x / sqrt(mean of squares + epsilon), and then x * w.

    Args:
        n_inputs: how many numbers it takes and returns.
        epsilon: what is added to the mean of the squares. By default it is 2**-52, as in `torch.nn.RMSNorm`.
        scale: whether it has the parameters w, which are 1 at first.

    Raises:
        ValueError: `n_inputs` is not positive, or `epsilon` is negative. (When called) the inputs are not `n_inputs`
            numbers, nor a batch of rows of so many.
    """

    def __init__(self, n_inputs: int, epsilon: float = sys.float_info.epsilon, *, scale: bool = True) -> None:
        super().__init__(n_inputs, epsilon, scale=scale, shift=False)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if is_batch(inputs):
            return in_rows(self, inputs)
        check_example("this RMSNorm", inputs, self.n_inputs)
        size = ops.sqrt(ops.dot(inputs, inputs) / self.n_inputs + self.epsilon)
        return self._scaled([value / size for value in inputs])
