"""The options that several of the commands `gograd train …` have, and how they are checked."""

from __future__ import annotations

import itertools
import math
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from gograd_core import UnknownOperationError
from gograd_core.extend import current

__all__ = [
    "Activation",
    "BatchSize",
    "Engine",
    "Epochs",
    "Layers",
    "Momentum",
    "Out",
    "Rate",
    "Resume",
    "Save",
    "Seed",
    "check_picture",
    "check_rate",
    "checked_file",
    "checked_net",
]

MOST_PARAMETERS = 1_000_000
"""A neuron each, and as many numbers in a compiled batch."""

Layers = Annotated[str, typer.Option(help="Units of the hidden layers, separated by commas.")]
Activation = Annotated[str, typer.Option(help="An operation that takes one number.")]
Epochs = Annotated[int, typer.Option(min=1, help="Passes over the training data.")]
Rate = Annotated[float, typer.Option(help="The learning rate.")]
Momentum = Annotated[float, typer.Option(min=0.0, max=0.999, help="The momentum of the optimiser.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Examples per step.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The seed of split, weights and shuffling.")]
Engine = Annotated[
    Literal["auto", "eager", "compiled"],
    typer.Option(help="Neurons, or compiled code. The default chooses what is faster, if gograd-compile is installed."),
]
Save = Annotated[Path | None, typer.Option(help="A new file, which gets the state of the training after each epoch.")]
Resume = Annotated[
    Path | None, typer.Option(help="The file of a training that was saved. It goes on, with the same options.")
]
Out = Annotated[Path, typer.Option(help="The file for the picture.")]


def checked_net(layers: str, activation: str, inputs: int, outputs: int) -> list[int]:
    """Read the sizes of hidden layers, check the activation, and return the sizes of all layers.

    Raises:
        typer.BadParameter: a size is no positive number, the net is too large, or the activation is no operation of one
            number.
    """
    sizes = [size.strip() for size in layers.split(",") if size.strip()]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(
            f"expected positive numbers separated by commas, got {layers!r}", param_hint="--layers"
        )
    net = [inputs, *map(int, sizes), outputs]
    count = sum((before + 1) * after for before, after in itertools.pairwise(net))
    if count > MOST_PARAMETERS:
        message = f"such a net has {count:,} parameters, and a training takes {MOST_PARAMETERS:,} at most"
        raise typer.BadParameter(message, param_hint="--layers")
    try:
        arity = current.registry[activation].arity
    except UnknownOperationError as error:
        raise typer.BadParameter(str(error), param_hint="--activation") from None
    if arity != 1:
        raise typer.BadParameter(
            f"{activation!r} does not take one number; `gograd ops` lists the operations", param_hint="--activation"
        )
    return net


def check_rate(rate: float) -> None:
    """Refuse a rate that is not positive and finite.

    Raises:
        typer.BadParameter: it is not.
    """
    if not 0.0 < rate < math.inf:
        raise typer.BadParameter("must be positive and finite", param_hint="--rate")


def check_picture(option: str, path: Path, *endings: str) -> None:
    """Refuse a file that could not be written at the end of a training.

    Raises:
        typer.BadParameter: its ending is not among `endings`, it is a folder, its folder does not exist, or it, or a
            file in its folder, cannot be written.
    """
    if not path.parent.is_dir() or path.suffix.lower() not in endings:
        *others, last = endings
        known = f"{', '.join(others)} or {last}" if others else last
        raise typer.BadParameter(f"must end in {known}, in a folder that exists", param_hint=option)
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder", param_hint=option)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written", param_hint=option)


def checked_file(save: Path | None, resume: Path | None) -> Path | None:
    """Return the file in which the training is kept, if any.

    Raises:
        typer.BadParameter: a file to be resumed does not exist, or one to be written does, or its folder does not.
    """
    if save is not None and resume is not None:
        raise typer.BadParameter("goes on writing to its file: leave out --save", param_hint="--resume")
    if resume is not None and not resume.is_file():
        raise typer.BadParameter(f"there is no file {resume}", param_hint="--resume")
    if save is not None and save.exists():
        message = f"{save} exists: to go on with its training, write --resume {save}; to begin anew, remove it"
        raise typer.BadParameter(message, param_hint="--save")
    if save is not None and not save.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {save.parent}", param_hint="--save")
    file = save or resume
    if file is not None and not os.access(file.parent, os.W_OK):
        option = "--save" if resume is None else "--resume"
        raise typer.BadParameter(f"no file can be written in the folder {file.parent}", param_hint=option)
    return file
