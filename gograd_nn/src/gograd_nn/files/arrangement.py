"""How the parameters of a model stand in a file: as arrays such as ``layer0.weight``, made by their labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core import Neuron
from gograd_core.extend import quoted, read_values
from gograd_nn.files.errors import ModelFileError

__all__ = ["Arrangement", "differences", "parameters_of"]

LABEL = re.compile(r"((?:[^/\ud800-\udfff]*?\.)??)(?:(?:unit|row)([0-9]{1,9})\.)?([wb])([0-9]{0,9})")
KINDS = {"w": "weight", "b": "bias"}
SEPARATOR = "/"
"""What no array of parameters has in its name, and all others in a file have."""
OTHERS = "parameters"
"""The name of the array of all parameters whose labels do not make an array."""
SHOWN = 3  # how many differences a message names


def parameters_of(model: Any) -> list[Neuron]:
    """List the parameters of a model, each one once.

    Args:
        model: anything with a method `parameters`, such as a net; a compiled net; or an iterable of neurons.

    Raises:
        TypeError: it is something else, or a parameter is not a leaf neuron.
        ValueError: there are no parameters.
    """
    model = getattr(model, "__wrapped__", model)
    found = model.parameters() if hasattr(model, "parameters") else model
    if not isinstance(found, Iterable):
        raise TypeError(f"expected a model, which has a method parameters(), or its parameters; got {quoted(model)}")
    parameters = list(found)
    for each in parameters:
        if type(each) is not Neuron or each.operation is not None:
            raise TypeError(f"parameters are leaf neurons, got {quoted(each)}")
    if not parameters:
        raise ValueError(f"{quoted(model)} has no parameters")
    return list(dict.fromkeys(parameters))


@attrs.frozen(eq=False)
class Arrangement:
    """The arrays that a model's parameters make.

    Parameters whose labels differ only in their indices make an array, if every place in it is taken once:
    ``layer0.unit3.w7`` is the entry 3, 7 of ``layer0.weight``, and ``layer0.unit3.b`` the entry 3 of ``layer0.bias``.
    All others stand in one array, ``parameters``.

    Attributes:
        places: for each array, the places of its entries in the list of parameters.
        others: the labels of the parameters in the array ``parameters``.
    """

    places: dict[str, npt.NDArray[np.intp]]
    others: list[str]

    @classmethod
    def of(cls, parameters: Sequence[Neuron]) -> Arrangement:
        """Arrange the parameters of a model."""
        groups: dict[str, list[tuple[tuple[int, ...], int]]] = {}
        left = []
        for place, parameter in enumerate(parameters):
            found = LABEL.fullmatch(parameter.label)
            if found is None:
                left.append(place)
                continue
            prefix, row, kind, column = found.groups()
            index = tuple(int(digits) for digits in (row, column) if digits)
            groups.setdefault(prefix + KINDS[kind], []).append((index, place))
        places = {}
        for name, entries in groups.items():
            array = _array(entries)
            if array is None:
                left += [place for _, place in entries]
            else:
                places[name] = array
        if left:
            places[OTHERS] = np.array(sorted(left), dtype=np.intp)
        return cls(places, [parameters[place].label for place in sorted(left)])

    def arrays(self, parameters: Sequence[Neuron]) -> dict[str, npt.NDArray[np.float64]]:
        """Collect the values of the parameters in arrays."""
        values = np.empty(len(parameters))
        read_values(parameters, values)
        return {name: values[places] for name, places in self.places.items()}

    def values(self, arrays: Mapping[str, npt.NDArray[np.float64]], others: Any) -> npt.NDArray[np.float64]:
        """Read the values of the parameters, in their order, from arrays.

        Raises:
            ModelFileError: the arrays or the labels are not those of this model.
        """
        wrong = differences(
            {name: places.shape for name, places in self.places.items()},
            {name: array.shape for name, array in arrays.items() if SEPARATOR not in name},
        )
        if not wrong and others != self.others:
            wrong = [f"the labels of the array {OTHERS!r} are {quoted(others)}, and those of the model {self.others}"]
        if wrong:
            raise ModelFileError(
                f"it belongs to another model: {'; '.join(wrong[:SHOWN])}{'; …' if len(wrong) > SHOWN else ''}. "
                "Make the model as it was when it was saved",
                is_other_model=True,
            )
        values = np.empty(sum(places.size for places in self.places.values()))
        for name, places in self.places.items():
            values[places] = arrays[name]
        return values


def differences(model: Mapping[str, tuple[int, ...]], file: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Say in which arrays a file differs from a model."""
    found = [f"it has no {name}" for name in model if name not in file]
    found += [f"the model has no {quoted(name)[1:-1]}" for name in sorted(file) if name not in model]
    return found + [
        f"{name} has the shape {file[name]}, and in the model {shape}"
        for name, shape in model.items()
        if name in file and file[name] != shape
    ]


def _array(entries: list[tuple[tuple[int, ...], int]]) -> npt.NDArray[np.intp] | None:
    """Make an array of places. It is None if the indices do not fill one."""
    indices = {index for index, _ in entries}
    if len(indices) < len(entries) or len({len(index) for index in indices}) > 1:
        return None
    shape = tuple(1 + max(column) for column in zip(*indices, strict=True))
    if math.prod(shape) != len(entries):
        return None
    array = np.empty(shape, dtype=np.intp)
    for index, place in entries:
        array[index] = place
    return array
