"""`save` and `load`: the parameters of a model in a file."""

from __future__ import annotations

import os
from typing import Any

from gograd_core.extend import write_values
from gograd_nn.files.arrangement import Arrangement, parameters_of
from gograd_nn.files.sealed import naming, read_sealed, write_sealed

__all__ = ["CHECKPOINT", "load", "save"]

MODEL, CHECKPOINT = "gograd model", "gograd checkpoint"


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Save the parameters of a model to a file, in the format safetensors.

    The weights of a layer are one array in the file, ``layer0.weight``, and its biases another, ``layer0.bias``. A file
    that is there is replaced in one step, after everything has been written.

    Args:
        model: anything with a method `parameters`, such as a net; a compiled net; or an iterable of neurons.
        path: the path of the file, which usually ends in ``.safetensors``.

    Raises:
        TypeError: `model` is something else.
        ValueError: it has no parameters.
        ModelFileError: the path is that of a folder or a device.
        OSError: the file cannot be written. What was there is unchanged.
    """
    parameters = parameters_of(model)
    arrangement = Arrangement.of(parameters)
    write_sealed(path, MODEL, arrangement.arrays(parameters), {"labels": arrangement.others})


def load(model: Any, path: str | os.PathLike[str]) -> None:
    """Load the parameters of a model from a file that `save` wrote, or from a checkpoint of `fit`.

    Make the model as it was when it was saved, since only its parameters are in the file. If anything is raised,
    nothing is changed.

    Args:
        model: as for `save`.
        path: the path of the file.

    Raises:
        TypeError: `model` is something else.
        ModelFileError: the file belongs to another model, was changed or cut off, or was not written by gograd_nn.
        OSError: it cannot be read.
    """
    parameters = parameters_of(model)
    arrays, facts = read_sealed(path, MODEL, CHECKPOINT)
    with naming(path):
        values = Arrangement.of(parameters).values(arrays, facts.get("labels"))
    write_values(parameters, values)
