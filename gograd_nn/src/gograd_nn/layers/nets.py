"""Nets of layers, and multi-layer perceptrons."""

from __future__ import annotations

import itertools
import operator
import random
from collections.abc import Callable, Sequence
from typing import Any

from gograd_core import Neuron
from gograd_core.extend import quoted
from gograd_nn.layers.activations import Activation, softmax
from gograd_nn.layers.attention import CausalAttention
from gograd_nn.layers.dropout import Dropout
from gograd_nn.layers.embedding import Embedding
from gograd_nn.layers.examples import Rows, in_rows
from gograd_nn.layers.module import Module
from gograd_nn.layers.normalisation import LayerNorm, RMSNorm
from gograd_nn.layers.perceptrons import Initialisation, Layer, Perceptron
from gograd_nn.misnomers import PartHints
from gograd_nn.pictures import picture_of
from gograd_nn.wrong_arguments import explaining

__all__ = ["MLP", "Net"]


@explaining
class Net(PartHints):
    """Modules in a row. Each one takes what the one before it returns. A net is itself a module.

    If the first module takes numbers, the net takes a batch as well, and returns a list with a result for each row.

    A module is anything with `__call__`, `parameters()` and `name_parameters(prefix)`. A plain function, such as one
    that scales its inputs, is a module without parameters. Parameters are labelled ``layer0.unit3.w7``. Give the layers
    different seeds (or one shared `random.Random`), since layers of the same seed and size start with the same weights.

    Raises:
        TypeError: a layer cannot be called, or is a class.
        ValueError: there is no layer, or a layer does not take as many numbers as the one before it returns.
    """

    def __init__(self, *layers: Module | Callable[[Any], Any]) -> None:
        if not layers:
            raise ValueError("a net needs at least one layer")
        for layer in layers:
            if not callable(layer):
                several = ": write Net(layer, another), without a list" if isinstance(layer, list | tuple) else ""
                raise TypeError(f"a net is made of layers and functions, got {quoted(layer)}{several}")
            if isinstance(layer, type) and hasattr(layer, "parameters"):
                name = layer.__name__
                raise TypeError(f"a net is made of layers and functions, got the class {name}: write {name}(…)")
        _check_chain(layers)
        self.layers = layers
        self.name_parameters("")

    def __call__(self, inputs: Sequence[Any]) -> Any:
        first, *others = self.layers
        values = first(inputs)
        if type(values) is Rows:
            return in_rows(self, inputs)
        for layer in others:
            values = layer(values)
            if type(values) is Rows and not isinstance(layer, Net):
                raise ValueError(
                    f"the layer {layer!r} in this {type(self).__name__} got {len(values)} rows and takes one: write "
                    "[model(example) for example in batch], or gograd_compile.compile(model).batch()(batch)"
                )
        return self.result(values)

    def result(self, values: Any) -> Any:
        """Return what the net returns if its last layer returns `values`: the same."""
        return values

    def _gograd_picture_(self) -> dict[str, Any]:
        """Describe the net for gograd-draw."""
        return picture_of(type(self).__name__, self.layers, len(self.parameters()))

    def __repr__(self) -> str:
        count = len(self.layers)
        return f"<{type(self).__name__} of {count} layer{'s' * (count != 1)}, {len(self.parameters())} parameters>"

    def parameters(self) -> list[Neuron]:
        """List the parameters of all layers, in order. A parameter that several layers share is listed once."""
        found = (p for layer in self.layers if hasattr(layer, "parameters") for p in layer.parameters())
        return list(dict.fromkeys(found))

    def name_parameters(self, prefix: str) -> None:
        """Label the parameters ``PREFIXlayer0.…`` and so on."""
        for index, layer in enumerate(self.layers):
            if hasattr(layer, "name_parameters"):
                layer.name_parameters(f"{prefix}layer{index}.")


@explaining
class MLP(Net):
    """A multi-layer perceptron: layers of the given sizes. The last one is linear.

    Args:
        sizes: the numbers of inputs, of units in each hidden layer, and of outputs: ``[64, 16, 10]``.
        activation: the activation of the hidden layers, as for `Perceptron`.
        initialisation: as for `Perceptron`.
        seed: the seed of the initial weights.

    When called, it returns a list with one number per output, or, if there is a single output, that number.

    Raises:
        TypeError: `sizes` is not a list of whole numbers, or `activation` is neither a name nor a function.
        UnknownOperationError: no operation has the name `activation`.
        ValueError: fewer than two sizes, or one that is not positive; or `activation` takes several numbers.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation = "tanh",
        *,
        initialisation: Initialisation | None = None,
        seed: int = 0,
    ) -> None:
        sizes = _whole_numbers(sizes, activation)
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


SINGLE = 0
"""In the place of a size: not a row, but a single number."""


def _sizes(layer: Any) -> tuple[int | None, int | None]:
    """Return how many numbers a layer takes and returns. None is unknown, as for functions and layers of others.

    It is known from the method that is called, which subclasses may have overridden.
    """
    called = type(layer).__call__
    if called is Perceptron.__call__:
        return len(layer.w), SINGLE
    if called is Layer.__call__ and all(type(unit) is Perceptron for unit in layer.units):
        return len(layer.units[0].w), len(layer.units)
    if called is Embedding.__call__:
        return len(layer.rows), len(layer.rows[0])
    if called in (LayerNorm.__call__, RMSNorm.__call__, CausalAttention.__call__):
        return layer.n_inputs, layer.n_inputs
    if called is Net.__call__:
        (takes, _), (_, returns) = _sizes(layer.layers[0]), _sizes(layer.layers[-1])
        if type(layer).result is Net.result:
            return takes, returns
        return takes, (SINGLE if returns == 1 else returns) if type(layer).result is MLP.result else None
    return None, None


def _check_chain(layers: Sequence[Any]) -> None:
    """Refuse layers of which one does not take what the one before it returns.

    Raises:
        ValueError: there are such.
    """
    before, given = -1, None
    for index, layer in enumerate(layers):
        if isinstance(layer, Dropout) or layer is softmax:
            continue  # it returns as many numbers as it takes
        takes, returns = _sizes(layer)
        if given is not None and takes is not None and given != takes:
            returned = f"{given} numbers" if given else "a single number, which is no row"
            raise ValueError(
                f"layers {before} and {index} of this net do not fit together: {_short(layers[before])} returns "
                f"{returned}, and {_short(layer)} takes {takes}"
            )
        before, given = index, returns


def _short(layer: Any) -> str:
    """Write a layer without its numbers."""
    sizes = [part for part in _sizes(layer) if part]
    return (
        f"{type(layer).__name__}({', '.join(map(str, sizes))})"
        if isinstance(layer, Layer | Perceptron)
        else repr(layer)
    )


def _whole_numbers(sizes: Any, activation: Any) -> list[int]:
    """Make a list of sizes. If they are given as micrograd takes them, say what to write."""
    try:
        return list(map(operator.index, sizes))
    except TypeError:
        example, given = [2, 3, 1], repr(sizes)
        if isinstance(sizes, int) and isinstance(activation, list | tuple):
            example, given = [sizes, *activation], f"MLP({sizes!r}, {activation!r})"
        raise TypeError(f"MLP() takes all sizes in one list, such as MLP({example!r}), got {given}") from None
