"""Perceptrons, layers of them, and nets of layers."""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import attrs

from gograd_core import Neuron, ops
from gograd_nn.pictures import picture_of

__all__ = ["MLP", "Initialisation", "Layer", "Module", "Net", "Perceptron"]

Initialisation = Literal["xavier", "he"]
Activation = Callable[[Any], Any] | str | None


class Module(Protocol):
    """A part of a net: a function of a list of numbers, with parameters."""

    def __call__(self, inputs: Sequence[Any]) -> Any: ...

    def parameters(self) -> list[Neuron]: ...

    def name_parameters(self, prefix: str) -> None:
        """Label every parameter with a name that begins with `prefix`."""


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


@attrs.define(init=False, eq=False)
class Perceptron:
    """One unit, which turns a list of numbers into one number: activation(w · inputs + b).

    Args:
        n_inputs: how many numbers it takes.
        activation: the name of an operation, any function of one number, or None (linear).
        initialisation: "xavier" or "he"; by default "he" for relu, else "xavier". The bias starts at 0.
        seed: an integer, or a `random.Random` that is shared with other units.
        n_outputs: how many units the layer has (the variance of "xavier" depends on it).

    Raises:
        ValueError: `n_inputs` is not positive, or `initialisation` is unknown. (When called) the number of inputs is
            not `n_inputs`.
    """

    w: list[Neuron]
    b: Neuron
    activation: Activation

    def __init__(
        self,
        n_inputs: int,
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int | random.Random = 0,
        n_outputs: int = 1,
    ) -> None:
        if n_inputs < 1:
            raise ValueError(f"a perceptron needs at least one input, got n_inputs={n_inputs}")
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        weights = _initial_weights(n_inputs, n_outputs, activation, initialisation, rng)
        self.w = [Neuron(weight) for weight in weights]
        self.b = Neuron(0.0)
        self.activation = activation
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> Any:
        if len(inputs) != len(self.w):
            raise ValueError(f"this perceptron takes {len(self.w)} inputs, got {len(inputs)}")
        total = ops.dot(self.w, inputs) + self.b
        if self.activation is None:
            return total
        activation = ops[self.activation] if isinstance(self.activation, str) else self.activation
        return activation(total)

    def parameters(self) -> list[Neuron]:
        """List the weights and then the bias."""
        return [*self.w, self.b]

    def name_parameters(self, prefix: str) -> None:
        """Label the weights ``PREFIXw0``, ``PREFIXw1``, … and the bias ``PREFIXb``."""
        for index, weight in enumerate(self.w):
            weight.label = f"{prefix}w{index}"
        self.b.label = f"{prefix}b"


@attrs.define(init=False, eq=False)
class Layer:
    """Perceptrons with the same inputs, which return `n_outputs` numbers. The arguments are as for `Perceptron`."""

    units: list[Perceptron]

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int | random.Random = 0,
    ) -> None:
        if n_outputs < 1:
            raise ValueError(f"a layer needs at least one unit, got n_outputs={n_outputs}")
        rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.units = [
            Perceptron(n_inputs, activation, initialisation=initialisation, seed=rng, n_outputs=n_outputs)
            for _ in range(n_outputs)
        ]
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
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


class Net:
    """Modules in a row. Each one takes what the one before it returns. A net is itself a module.

    A module is anything with `__call__`, `parameters()` and `name_parameters(prefix)`. A plain function, such as one
    that scales its inputs, is a module without parameters. Parameters are labelled ``layer0.unit3.w7``. Give the layers
    different seeds (or one shared `random.Random`), since layers of the same seed and size start with the same weights.

    Raises:
        TypeError: a layer cannot be called.
        ValueError: there is no layer.
    """

    def __init__(self, *layers: Module | Callable[[Any], Any]) -> None:
        if not layers:
            raise ValueError("a net needs at least one layer")
        for layer in layers:
            if not callable(layer):
                raise TypeError(f"a net is made of layers and functions, got {layer!r}")
        self.layers = layers
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> Any:
        values: Any = inputs
        for layer in self.layers:
            values = layer(values)
        return self.result(values)

    def result(self, values: Any) -> Any:
        """Return what the net returns if its last layer returns `values`: the same."""
        return values

    def _gograd_picture_(self) -> dict[str, Any]:
        """Describe the net for gograd-draw."""
        return picture_of(type(self).__name__, self.layers, len(self.parameters()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.layers)} layers, {len(self.parameters())} parameters>"

    def parameters(self) -> list[Neuron]:
        """List the parameters of all layers, in order. A parameter that several layers share is listed once."""
        found = (p for layer in self.layers if hasattr(layer, "parameters") for p in layer.parameters())
        return list(dict.fromkeys(found))

    def name_parameters(self, prefix: str) -> None:
        """Label the parameters ``PREFIXlayer0.…`` and so on."""
        for index, layer in enumerate(self.layers):
            if hasattr(layer, "name_parameters"):
                layer.name_parameters(f"{prefix}layer{index}.")


class MLP(Net):
    """A multi-layer perceptron: layers of the given sizes. The last one is linear.

    Args:
        sizes: the numbers of inputs, of units in each hidden layer, and of outputs: ``[64, 16, 10]``.
        activation: the activation of the hidden layers, as for `Perceptron`.
        initialisation: as for `Perceptron`.
        seed: the seed of the initial weights.

    When called, it returns a list with one number per output, or, if there is a single output, that number.

    Raises:
        TypeError: `sizes` is not a list of whole numbers.
        ValueError: fewer than two sizes, or one that is not positive.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int = 0,
    ) -> None:
        try:
            sizes = list(map(operator.index, sizes))
        except TypeError:
            raise TypeError(f"MLP() takes all sizes in one list, such as MLP([2, 3, 1]), got {sizes!r}") from None
        if len(sizes) < 2:
            raise ValueError(f"an MLP needs at least the numbers of inputs and outputs, got sizes={sizes}")
        rng = random.Random(seed)
        pairs = list(itertools.pairwise(sizes))
        super().__init__(
            *(
                Layer(
                    n_inputs,
                    n_outputs,
                    activation if index < len(pairs) - 1 else None,
                    initialisation=initialisation,
                    seed=rng,
                )
                for index, (n_inputs, n_outputs) in enumerate(pairs)
            )
        )

    def result(self, values: Any) -> Any:
        """Return a single output as a number, and several as they are."""
        return values[0] if len(values) == 1 else values
