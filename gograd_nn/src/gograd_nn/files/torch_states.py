"""`state_dict` and `load_state_dict`: weights as PyTorch names them. PyTorch itself is not needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gograd_core.extend import quoted, read_values, write_values
from gograd_nn.files.dense import Dense, parts_of

__all__ = ["load_state_dict", "state_dict"]

KEY = re.compile(r"((?:.*\.)?)([0-9]{1,9})\.(weight|bias)", re.DOTALL)
Array = npt.NDArray[np.float64]


def state_dict(model: Any) -> dict[str, Array]:
    """Return the weights and biases of a multi-layer perceptron, as a `torch.nn.Sequential` of the same layers would.

    The keys are ``0.weight``, ``0.bias``, ``2.weight`` and so on: an activation counts as a module, and so does a
    `Dropout` or a function. The shape of weights is (outputs, inputs). The numbers are doubles, where those of PyTorch
    usually have single precision.

    Args:
        model: a `Layer`, or a `Net` of layers, nets, dropouts and functions. It may be compiled.

    Raises:
        TypeError: something else is in the model, or there is no layer.
        ValueError: the units of a layer differ.
    """
    found: dict[str, Array] = {}
    place = 0
    for part in parts_of(model, "state_dict()"):
        if isinstance(part, Dense):
            for name, (neurons, shape) in part.neurons().items():
                values = np.empty(len(neurons))
                read_values(neurons, values)
                found[f"{place}.{name}"] = values.reshape(shape)
            place += part.activation is not None
        place += 1
    return found


def load_state_dict(model: Any, state: Mapping[str, Any]) -> None:
    """Load the weights and biases of a multi-layer perceptron that PyTorch has trained.

    If anything is raised, nothing is changed. Only weights are taken over. Whether the activations are the same cannot
    be checked.

    Args:
        model: a `Layer`, or a `Net` of layers, nets, dropouts and functions. It may be compiled.
        state: what `state_dict` of a `torch.nn.Sequential` of linear layers returned, or a file that was read with
            `safetensors.numpy.load_file`. The keys end in a number and ``.weight`` or ``.bias``, and may begin with
            anything that they have in common. The numbers give the order of the layers. Values may be anything that
            `numpy.asarray` takes, such as tensors.

    Raises:
        TypeError: something else is in the model, or `state` is no mapping.
        ValueError: an entry does not belong to a linear layer, or its shape is not that of the layer in the model; or
            an entry is missing.
    """
    layers = [part for part in parts_of(model, "load_state_dict()") if isinstance(part, Dense)]
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict() takes a mapping of names to arrays, got {quoted(state)}")
    given = _by_layer(state)
    if len(given) != len(layers):
        raise ValueError(f"the state has {len(given)} linear layers, and the model {len(layers)}")
    neurons, values = [], []
    for layer, (key, entries) in zip(layers, given, strict=True):
        expected = layer.neurons()
        if entries.keys() != expected.keys():
            raise ValueError(
                f"layer {key!r} of the state has {' and '.join(sorted(entries, reverse=True))}, but {layer.name} has "
                f"{' and '.join(expected)}: Layer(…, bias=False) makes a layer without biases"
            )
        for name, (parameters, shape) in expected.items():
            array = _as_array(f"{key}.{name}", entries[name])
            if array.shape != shape:
                raise ValueError(
                    f"{quoted(f'{key}.{name}')} has the shape {array.shape}, but {layer.name} takes {shape} "
                    "(outputs, inputs)"
                )
            neurons += parameters
            values.append(array.ravel())
    write_values(neurons, np.concatenate(values))


def _by_layer(state: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Group the entries of a state by layer, in the order of their numbers.

    The order of a mapping does not count, since files are sorted by name, where 10 comes before 2.
    """
    layers: dict[int, tuple[str, dict[str, Any]]] = {}
    prefixes = set()
    for key, value in state.items():
        found = KEY.fullmatch(key) if isinstance(key, str) else None
        if found is None:
            raise ValueError(
                f"the entry {quoted(key)} is not that of a linear layer in a torch.nn.Sequential, such as '0.weight': "
                "rename the entries so that numbers give the order of the layers, and leave out what is no layer"
            )
        prefix, number, name = found.groups()
        prefixes.add(prefix)
        entries = layers.setdefault(int(number), (f"{prefix}{number}", {}))[1]
        if name in entries:
            raise ValueError(f"two entries of the state are the {name} of layer {int(number)}")
        entries[name] = value
    if len(prefixes) > 1:
        raise ValueError(f"the entries of the state belong to several modules: {quoted(sorted(prefixes))}")
    return [layers[number] for number in sorted(layers)]


def _as_array(key: str, value: Any) -> Array:
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)  # a parameter of PyTorch
    except Exception as error:  # whatever the library of the array raises
        raise ValueError(f"{quoted(key)} cannot be read as an array: {error}") from None
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{quoted(key)} must hold real numbers, got an array of {array.dtype}")
    return array.astype(np.float64)
