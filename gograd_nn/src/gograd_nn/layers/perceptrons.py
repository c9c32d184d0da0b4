"""Perceptrons, and layers of them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, Literal

import attrs

from gograd_core import Neuron, ops
from gograd_nn.layers.activations import Activation, check_activation
from gograd_nn.layers.examples import check_example, in_rows, is_batch
from gograd_nn.layers.sizes import check_sizes
from gograd_nn.misnomers import PartHints
from gograd_nn.pictures import picture_of
from gograd_nn.wrong_arguments import explaining

__all__ = ["Initialisation", "Layer", "Perceptron"]

Initialisation = Literal["xavier", "he"]


def _initial_weights(
    n_inputs: int, n_outputs: int, activation: Activation, initialisation: Initialisation | None, rng: random.Random
) -> list[float]:
    """Draw normal random weights, by default those of He for relu, and those of Xavier for everything else.

    Sources: Glorot and Bengio 2010, eq. 12 (variance 2 / (inputs + outputs)); He et al. 2015, eq. 10 (variance
    2 / inputs).
    """
    name = getattr(activation, "name", activation)  # of an operation, which is given itself or by its name
    chosen = initialisation or ("he" if name == "relu" else "xavier")
    if chosen not in ("xavier", "he"):
        raise ValueError(f"initialisation must be 'xavier' or 'he', got {initialisation!r}")
    variance = 2.0 / n_inputs if chosen == "he" else 2.0 / (n_inputs + n_outputs)
    return [rng.gauss(0.0, math.sqrt(variance)) for _ in range(n_inputs)]


@explaining
@attrs.define(init=False, eq=False)
class Perceptron(PartHints):
    """One unit, which turns a list of numbers into one number: activation(w · inputs + b).

    Of a batch, such as a two-dimensional array, it makes a list with the number for each row.

    Args:
        n_inputs: how many numbers it takes.
        activation: the name of an operation that takes one number, any function of one number, or None (linear).
        initialisation: "xavier" or "he"; by default "he" for relu, else "xavier". The bias starts at 0.
        seed: an integer, or a `random.Random` that is shared with other units.
        n_outputs: how many units the layer has (the variance of "xavier" depends on it).
        bias: whether it has a bias. Without one, `b` is None.

    Raises:
        UnknownOperationError: no operation has the name `activation`.
        TypeError: `activation` is neither a name nor a function.
        ValueError: `n_inputs` is not positive, `initialisation` is unknown, or `activation` takes several numbers.
            (When called) the number of inputs is not `n_inputs`.
    """

    w: list[Neuron]
    b: Neuron | None
    activation: Activation

    def __init__(
        self,
        n_inputs: int,
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int | random.Random = 0,
        n_outputs: int = 1,
        bias: bool = True,
    ) -> None:
        check_activation(activation)
        check_sizes("a perceptron", n_inputs=n_inputs)
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        weights = _initial_weights(n_inputs, n_outputs, activation, initialisation, rng)
        self.w = [Neuron(weight) for weight in weights]
        self.b = Neuron(0.0) if bias else None
        self.activation = activation
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> Any:
        if type(inputs) is not list:  # a single number would be repeated
            if is_batch(inputs):
                return in_rows(self, inputs)
            check_example("this perceptron", inputs, len(self.w))
        try:
            total = ops.dot(self.w, inputs)
        except (TypeError, ValueError):  # of a list, `dot` finds out whether it is an example
            if is_batch(inputs):
                return in_rows(self, inputs)
            check_example("this perceptron", inputs, len(self.w))
            raise
        if self.b is not None:
            total = total + self.b
        if self.activation is None:
            return total
        activation = ops[self.activation] if isinstance(self.activation, str) else self.activation
        return activation(total)

    def parameters(self) -> list[Neuron]:
        """List the weights, and then the bias if there is one."""
        return self.w[:] if self.b is None else [*self.w, self.b]

    def name_parameters(self, prefix: str) -> None:
        """Label the weights ``PREFIXw0``, ``PREFIXw1``, … and the bias ``PREFIXb``."""
        for index, weight in enumerate(self.w):
            weight.label = f"{prefix}w{index}"
        if self.b is not None:
            self.b.label = f"{prefix}b"


@explaining
@attrs.define(init=False, eq=False)
class Layer(PartHints):
    """Perceptrons with the same inputs, which return `n_outputs` numbers. The arguments are as for `Perceptron`.

    Of a batch, it makes a list with the outputs for each row.
    """

    units: list[Perceptron]

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int | random.Random = 0,
        bias: bool = True,
    ) -> None:
        check_sizes("a layer", n_inputs=n_inputs, n_outputs=n_outputs)
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.units = [
            Perceptron(n_inputs, activation, initialisation=initialisation, seed=rng, n_outputs=n_outputs, bias=bias)
            for _ in range(n_outputs)
        ]
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if is_batch(inputs):
            return in_rows(self, inputs)
        return [unit(inputs) for unit in self.units]

    def _gograd_picture_(self) -> dict[str, Any]:
        """Describe the layer for gograd-draw."""
        return picture_of(type(self).__name__, [self], len(self.parameters()))

    def parameters(self) -> list[Neuron]:
        """List the parameters of all units, in order."""
        return [parameter for unit in self.units for parameter in unit.parameters()]

    def name_parameters(self, prefix: str) -> None:
        """Label the parameters ``PREFIXunit0.w0`` and so on."""
        for index, unit in enumerate(self.units):
            unit.name_parameters(f"{prefix}unit{index}.")
