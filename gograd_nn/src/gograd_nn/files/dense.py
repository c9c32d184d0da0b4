"""A multi-layer perceptron as PyTorch and ONNX see it: linear layers, and what comes after each of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from gograd_core import Neuron
from gograd_core.extend import quoted
from gograd_nn.layers import MLP, Dropout, Layer, Net
from gograd_nn.layers.activations import Activation

__all__ = ["Dense", "Part", "parts_of"]


@attrs.frozen(eq=False)
class Dense:
    """A linear layer and the activation of its units.

    Attributes:
        name: its place in the net, such as ``layer0``.
        size: how many units it has, and how many inputs each of them.
        weights: the weights of all units, one unit after the other.
        biases: the biases of all units, or None.
    """

    name: str
    size: tuple[int, int]
    weights: list[Neuron]
    biases: list[Neuron] | None
    activation: Activation

    def neurons(self) -> dict[str, tuple[list[Neuron], tuple[int, ...]]]:
        """List the parameters under their names in PyTorch, each with the shape of its array."""
        found: dict[str, tuple[list[Neuron], tuple[int, ...]]] = {"weight": (self.weights, self.size)}
        if self.biases is not None:
            found["bias"] = (self.biases, self.size[:1])
        return found


Part = Dense | Dropout | Callable[[Any], Any]


def parts_of(model: Any, who: str) -> list[Part]:
    """Take a multi-layer perceptron apart.

    Args:
        model: a `Layer`, or a `Net` of layers, nets, dropouts and functions. It may be compiled.
        who: the function that asks, for messages.

    Returns:
        A `Dense` for each layer, and dropouts and functions as they are.

    Raises:
        TypeError: something else is in the model, or there is no layer.
        ValueError: the units of a layer differ, or a layer has not as many inputs as the one before it has outputs.
    """
    model = getattr(model, "__wrapped__", model)
    parts = list(_walk(model, "", who))
    layers = [part for part in parts if isinstance(part, Dense)]
    if not layers:
        raise TypeError(f"{who} takes a net of layers, such as MLP([2, 3, 1]), got {quoted(model)}")
    for before, after in itertools.pairwise(layers):
        if before.size[0] != after.size[1]:
            raise ValueError(f"{before.name} has {before.size[0]} outputs, but {after.name} takes {after.size[1]}")
    return parts


def _walk(module: Any, name: str, who: str) -> Iterator[Part]:
    kind = type(module)
    if isinstance(module, Net) and kind.__call__ is Net.__call__ and kind.result in (Net.result, MLP.result):
        for index, layer in enumerate(module.layers):
            yield from _walk(layer, f"{name}{'.' * bool(name)}layer{index}", who)
    elif isinstance(module, Layer) and kind.__call__ is Layer.__call__:
        yield _dense(module, name or "layer0")
    elif kind is Dropout or not hasattr(module, "parameters"):
        yield module
    else:
        raise TypeError(f"{who} knows nets of Layer, Dropout and functions, but {name or 'the model'} is {module!r}")


def _dense(layer: Layer, name: str) -> Dense:
    """Take a layer apart, after checking that its units are alike."""
    first = layer.units[0]
    for unit in layer.units:
        if (len(unit.w), unit.b is None, unit.activation) != (len(first.w), first.b is None, first.activation):
            raise ValueError(f"the units of {name} differ in their number of inputs, their bias or their activation")
    biases = [unit.b for unit in layer.units if unit.b is not None]
    return Dense(
        name=name,
        size=(len(layer.units), len(first.w)),
        weights=[weight for unit in layer.units for weight in unit.w],
        biases=biases or None,
        activation=first.activation,
    )
