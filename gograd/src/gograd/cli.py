"""The command line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gograd import __version__
from gograd.conformance import check_operations
from gograd.console import console, fail
from gograd.expression import ExpressionError, evaluate
from gograd_core import DomainError, Neuron, registry

__all__ = ["app"]

app = typer.Typer(help="Scalar automatic differentiation, with operations as plugins.", no_args_is_help=True)
train_app = typer.Typer(help="Train a network of neurons on real data.", no_args_is_help=True)
app.add_typer(train_app, name="train")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gograd {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Scalar automatic differentiation, with operations as plugins."""


@train_app.command("digits")
def train_digits(
    layers: Annotated[str, typer.Option(help="Units of the hidden layers, separated by commas.")] = "16",
    activation: Annotated[str, typer.Option(help="An operation of one number.")] = "tanh",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training digits.")] = 15,
    rate: Annotated[float, typer.Option(help="The learning rate.")] = 0.1,
    momentum: Annotated[float, typer.Option(min=0.0, max=0.999, help="Of the optimiser.")] = 0.9,
    batch_size: Annotated[int, typer.Option(min=1, help="Digits per step.")] = 32,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of split, weights and shuffling.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("gograd_digits.png"),
) -> None:
    """Learn the 1,797 handwritten digits that scikit-learn ships; Ctrl-C stops early and still reports."""
    hidden = _layer_sizes(layers)
    if not 0.0 < rate < math.inf:
        raise typer.BadParameter("must be positive and finite", param_hint="--rate")
    if activation not in registry.active or registry.active[activation].arity != 1:
        raise typer.BadParameter(
            f"{activation!r} is no operation of one number; see `gograd ops`", param_hint="--activation"
        )
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
    screen.print(f"Learning curve and wrong digits: {out}", soft_wrap=True)


def _layer_sizes(layers: str) -> list[int]:
    sizes = [size.strip() for size in layers.split(",") if size.strip()]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(
            f"expected positive numbers separated by commas, got {layers!r}", param_hint="--layers"
        )
    return [int(size) for size in sizes]


def _confusion_table(digits: list[int], predictions: list[int]) -> Table:
    """How often each digit (row) was read as each other (column)."""
    from sklearn.metrics import confusion_matrix  # type: ignore[import-untyped]

    counts = confusion_matrix(digits, predictions, labels=range(10)).tolist()
    table = Table(title="digit (row) read as (column)")
    table.add_column("")
    for digit in range(10):
        table.add_column(str(digit), justify="right")
    for digit, row in enumerate(counts):
        cells = [Text(str(n), "green" if read == digit else "red") if n else "·" for read, n in enumerate(row)]
        table.add_row(str(digit), *cells)
    return table


@app.command("ops")
def list_operations() -> None:
    """List every operation that is installed."""
    table = Table()
    for column in ("operation", "symbol", "inputs", "operator", "distribution", "version"):
        table.add_column(column, overflow="fold")
    for op in registry.active.operations():
        provider = op.provider
        table.add_row(
            op.name,
            op.symbol if op.symbol != op.name else "",
            f"{len(op.partials)} column{'s' if len(op.partials) > 1 else ''}" if op.variadic else str(op.arity),
            op.operator or "",
            provider.distribution if provider else "",
            provider.version if provider else "",
        )
    console().print(table)


@app.command("eval", context_settings={"ignore_unknown_options": True})  # -x is an expression
def evaluate_expression(
    expression: Annotated[str, typer.Argument(help='Such as "tanh(w*x + b)".')],
    variables: Annotated[list[str] | None, typer.Argument(metavar="NAME=NUMBER...", help="Such as w=2 x=-1.")] = None,
) -> None:
    """Print the value of an expression, and its derivative by every variable."""
    neurons = {}
    for assignment in variables or []:
        name, _, number = (part.strip() for part in assignment.partition("="))
        try:
            neurons[name] = Neuron(float(number), label=name)
        except ValueError:
            raise fail(f"expected NAME=NUMBER, got {assignment!r}") from None
        if not name.isidentifier():
            raise fail(f"{name!r} is no name for a variable")
    try:
        result = evaluate(expression, neurons)
        if isinstance(result, Neuron):
            result.backward()
    except (ExpressionError, DomainError) as error:
        raise fail(error.fact if isinstance(error, DomainError) else error) from None
    table = Table(show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    table.add_row(Text(expression), repr(result.value if isinstance(result, Neuron) else result))
    for name, neuron in neurons.items():
        table.add_row(f"d / d{name}", repr(neuron.grad))
    console().print(table)


app.command("check")(check_operations)
