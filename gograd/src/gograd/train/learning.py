"""How the commands train a net on examples of which some are held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from rich.console import Console
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

from gograd.console import cannot_write, fail
from gograd.train.live import EpochTable
from gograd_core import DomainError
from gograd_core.extend import read_values
from gograd_nn import MLP, SGD, History, ModelFileError, fit
from gograd_nn.matrices import Matrix, divided, outputs_of

__all__ = ["Examples", "Settings", "learn", "logits", "split", "values_of"]

HELD_OUT_SHARE = 0.25


@attrs.frozen
class Examples:
    """Examples to learn from, and others that are held out."""

    inputs: list[list[float]]
    targets: list[int]
    held_out_inputs: list[list[float]]
    held_out_targets: list[int]


@attrs.frozen
class Settings:
    """How a net is made and trained."""

    sizes: Sequence[int]
    activation: str
    epochs: int
    rate: float
    momentum: float
    batch_size: int
    seed: int
    engine: Any = "auto"
    file: Path | None = None

    def net(self) -> MLP:
        """Make the net."""
        return MLP(self.sizes, self.activation, seed=self.seed)


def split(inputs: Any, targets: Any, seed: int) -> Examples:
    """Hold some examples back, chosen at random so that every class keeps its share."""
    inputs, held_out_inputs, targets, held_out_targets = train_test_split(
        inputs.tolist(), targets.tolist(), test_size=HELD_OUT_SHARE, random_state=seed, stratify=targets
    )
    return Examples(inputs, targets, held_out_inputs, held_out_targets)


def learn(
    screen: Console,
    model: MLP,
    examples: Examples,
    settings: Settings,
    *,
    loss: Callable[[Any, Any], Any],
    name: str,
    callbacks: Sequence[Any] = (),
) -> History:
    """Train a net, and show a table of the epochs. Ctrl-C ends the training early, and keeps what was learned.

    Raises:
        typer.Exit: a number is not finite, compiled code cannot be had, or the file belongs to another training, or
            cannot be read or written. The reason is printed.
    """
    history = History()
    with EpochTable(screen, settings.epochs, examples=len(examples.inputs), name=name) as table:
        try:
            fit(
                model,
                examples.inputs,
                examples.targets,
                loss=loss,
                optimiser=SGD(model.parameters(), settings.rate, momentum=settings.momentum),
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                seed=settings.seed,
                held_out=(examples.held_out_inputs, examples.held_out_targets),
                callbacks=[table, *callbacks],
                engine=settings.engine,
                checkpoint=settings.file,
                history=history,
                progress=False,
            )
        except KeyboardInterrupt:
            pass
        except DomainError as error:
            epoch = len(history.epochs) + 1
            raise fail(f"the training left the real numbers in epoch {epoch}: {error.fact}") from None
        except ModelFileError as error:
            raise fail(_about_options(error, settings.file)) from None
        except ImportError as error:
            raise fail(error) from None
        except OSError as error:
            raise fail(cannot_write(error, settings.file)) from None
    screen.print(f"{history.engine[:1].upper()}{history.engine[1:]}.", soft_wrap=True)
    if len(history.epochs) < settings.epochs:
        go_on = "" if settings.file is None else f" To go on, write --resume {settings.file}"
        screen.print(f"Stopped in epoch {len(history.epochs) + 1} of {settings.epochs}.{go_on}", soft_wrap=True)
    return history


OPTIONS = {name: f"--{name.replace('_', '-')}" for name in ("rate", "momentum", "batch_size", "seed", "engine")}
"""The options that a checkpoint keeps, by the names that `gograd_nn.fit` has for them."""


def _about_options(error: ModelFileError, file: Path | None) -> str:
    """Say which options differ from those with which a file was saved, and not which settings of `fit`."""
    found = [f"{option} {error.differences[name]}" for name, option in OPTIONS.items() if name in error.differences]
    if error.is_other_model:
        found = ["--layers or --activation was different"]
    elif "loss" in error.differences:
        found = ["another command saved it"]
    elif error.differences and not found:
        found = ["the examples were different"]
    if not found:
        return str(error)
    return (
        f"{file} belongs to another training: {'; '.join(found)}. Give the options with which it was saved; or, to "
        "begin anew, --save another file"
    )


def values_of(model: MLP) -> Matrix:
    """Copy the values of all parameters."""
    parameters = model.parameters()
    values = np.empty(len(parameters))
    read_values(parameters, values)
    return values


def logits(values: Matrix, settings: Settings, inputs: Sequence[Sequence[float]] | Matrix) -> Matrix:
    """Compute the outputs of the net with these values of its parameters, as a row for each example."""
    return outputs_of(*divided(values, settings.sizes), settings.activation, np.asarray(inputs))
