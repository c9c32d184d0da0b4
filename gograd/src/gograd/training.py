"""The command `gograd train digits`: the demo."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gograd.console import console, fail
from gograd_core import DomainError, UnknownOperationError
from gograd_core.extend import current

__all__ = ["train_digits"]


def train_digits(
    layers: Annotated[str, typer.Option(help="Units of the hidden layers, separated by commas.")] = "16",
    activation: Annotated[str, typer.Option(help="An operation that takes one number.")] = "tanh",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training digits.")] = 15,
    rate: Annotated[float, typer.Option(help="The learning rate.")] = 0.1,
    momentum: Annotated[float, typer.Option(min=0.0, max=0.999, help="The momentum of the optimiser.")] = 0.9,
    batch_size: Annotated[int, typer.Option(min=1, help="Digits per step.")] = 32,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The seed of split, weights and shuffling.")] = 0,
    out: Annotated[Path, typer.Option(help="The file for the picture.")] = Path("gograd_digits.png"),
) -> None:
    """Learn the 1,797 handwritten digits that scikit-learn ships. Ctrl-C stops early and still reports."""
    hidden = _layer_sizes(layers)
    if not 0.0 < rate < math.inf:
        raise typer.BadParameter("must be positive and finite", param_hint="--rate")
    _check_activation(activation)
    if not out.parent.is_dir() or out.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise typer.BadParameter("must end in .png, .svg or .pdf, in a folder that exists", param_hint="--out")

    from gograd import digits, pictures  # scikit-learn and matplotlib take a second to import
    from gograd_nn import History

    screen = console()
    data = digits.load(seed)
    screen.print(f"{len(data.train_digits)} digits to learn from, {len(data.held_out_digits)} held out.")
    history = History()
    try:
        outcome = digits.train(
            data,
            hidden=hidden,
            activation=activation,
            epochs=epochs,
            rate=rate,
            momentum=momentum,
            batch_size=batch_size,
            seed=seed,
            history=history,
        )
    except DomainError as error:
        raise fail(f"the training left the real numbers in epoch {len(history.epochs) + 1}: {error.fact}") from None
    if len(history.epochs) < epochs:
        screen.print(f"Stopped in epoch {len(history.epochs) + 1} of {epochs}.")
    screen.print(_confusion_table(data.held_out_digits, outcome.predictions))
    screen.print(f"{outcome.model}. Held-out accuracy: {outcome.accuracy(data):.1%}")
    pictures.draw_training(outcome, data, out)
    screen.print(f"Learning curve and misclassified digits: {out}", soft_wrap=True)


def _layer_sizes(layers: str) -> list[int]:
    sizes = [size.strip() for size in layers.split(",") if size.strip()]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(
            f"expected positive numbers separated by commas, got {layers!r}", param_hint="--layers"
        )
    return [int(size) for size in sizes]


def _check_activation(name: str) -> None:
    try:
        arity = current.registry[name].arity
    except UnknownOperationError as error:
        raise typer.BadParameter(str(error), param_hint="--activation") from None
    if arity != 1:
        raise typer.BadParameter(
            f"{name!r} does not take one number; `gograd ops` lists the operations", param_hint="--activation"
        )


def _confusion_table(digits: list[int], predictions: list[int]) -> Table:
    """Count how often each digit (row) was classified as each digit (column)."""
    from sklearn.metrics import confusion_matrix  # type: ignore[import-untyped]

    counts = confusion_matrix(digits, predictions, labels=range(10)).tolist()
    table = Table(title="digit (row) classified as (column)")
    table.add_column("")
    for digit in range(10):
        table.add_column(str(digit), justify="right")
    for digit, row in enumerate(counts):
        cells = [Text(str(n), "green" if read == digit else "red") if n else "·" for read, n in enumerate(row)]
        table.add_row(str(digit), *cells)
    return table
