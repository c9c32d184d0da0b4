"""The command `gograd train names`: the example microgpt, with a table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.columns import Columns
from rich.console import Console

from gograd.console import cannot_write, console, fail
from gograd.interrupts import leaving_at_ctrl_c, noting_ctrl_c
from gograd.train import options
from gograd.train.live import LiveTable

if TYPE_CHECKING:
    from gograd.train.names_training import NamesTraining

__all__ = ["train_names"]

SAMPLES = 20
STEPS = 1000
Engine = Literal["eager", "compiled", "batched"]
Data = Annotated[Path | None, typer.Option(help="A file with a name per line. The default is the package names.")]


def train_names(
    data: Data = None,
    engine: Annotated[
        Engine | None,
        typer.Option(help="The default is compiled, if gograd-compile is installed. Batched takes 32 names per step."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help=f"The last step, of one name each. The default is {STEPS}.")
    ] = None,
    planned: Annotated[
        int | None, typer.Option(min=1, help="Steps after which the rate would be zero. The default is --steps.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="A new file, which gets the state of the training once in a second.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="The file of a training that was saved. It goes on, with the same --data.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line per step, and a last one with seconds.")
    ] = False,
) -> None:
    """Learn first names letter by letter with a GPT of 4,192 parameters, and make up twenty new ones.

    The package names (pip install names) has 5,163: 10,000 steps go round them twice.
    Ctrl-C stops early, and still makes up names.
    """
    file = options.checked_file(save, resume)
    with leaving_at_ctrl_c():  # imports take a while
        from gograd import microgpt
        from gograd.train.names_training import NamesTraining
        from gograd_nn import ModelFileError
    names = _read_names(data)
    try:
        if resume is not None:
            training = NamesTraining.resumed(resume, names, engine=engine, steps=steps, planned=planned)
        else:
            chosen = engine or ("eager" if find_spec("gograd_compile") is None else "compiled")
            last = steps or STEPS
            training = NamesTraining(names, chosen, last, planned or last, file)
        with leaving_at_ctrl_c():
            microgpt.differentiated(training.engine)  # imports what it needs, before the clock starts
        _train(training, as_json=as_json)
    except (ImportError, ModelFileError) as error:
        raise fail(error) from None
    except OSError as error:
        raise fail(cannot_write(error, file)) from None


def _read_names(data: Path | None) -> list[str]:
    from gograd import microgpt

    try:
        return microgpt.read_names(data)
    except SystemExit as error:
        raise fail(error) from None
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"cannot read {data}: {getattr(error, 'strerror', None) or error}") from None


def _train(training: NamesTraining, *, as_json: bool) -> None:
    """Train, and show how; then make up names. Ctrl-C ends the training after the step that runs."""
    from gograd import microgpt

    training.save()  # now it is known whether the file can be written
    screen = console()
    if not as_json:
        screen.print(_heading(training), soft_wrap=True)
    cpu, wall = time.process_time(), time.perf_counter()
    with noting_ctrl_c() as is_interrupted:
        losses = training.run(is_interrupted)
        if as_json:
            _print_losses(training, losses)
        else:
            _show_losses(training, losses, screen)
    samples = [microgpt.sample(training.parameters) for _ in range(SAMPLES)]
    if as_json:
        seconds = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        typer.echo(json.dumps(seconds | {"samples": samples}))
        return
    if training.done < training.steps:
        go_on = "" if training.file is None else f" To go on, write --resume {training.file}"
        screen.print(f"Stopped after step {training.done:,} of {training.steps:,}.{go_on}", soft_wrap=True)
    screen.print("New names:", Columns(samples, equal=True))


def _heading(training: NamesTraining) -> str:
    """Say what is trained, and how often each name comes."""
    count, seen = len(training.names), training.steps * training.per_step
    which = f"go round them {seen / count:.1f} times" if seen > count else f"see {seen:,} of them"
    after = f" {training.done:,} were taken before." if training.done else ""
    if training.done >= training.steps:
        more = "To go on, give more --steps." if training.done < training.planned else "Now the rate is zero."
        after += f" {more}"
    return f"{count:,} names; {training.steps:,} steps {which}.{after} Engine: {training.engine}."


def _print_losses(training: NamesTraining, losses: Iterator[tuple[float, float]]) -> None:
    """Train, and print each loss as JSON."""
    for loss, _ in losses:
        typer.echo(json.dumps({"step": training.done, "loss": loss}))


def _show_losses(training: NamesTraining, losses: Iterator[tuple[float, float]], screen: Console) -> None:
    """Train, and show a table: mean loss since the last row, rate and speed."""
    since_row: list[float] = []
    since = time.perf_counter()
    with LiveTable(screen, "step", training.steps, ("mean loss", "rate", "names/s")) as table:
        for loss, rate in losses:
            table.done = training.done
            since_row.append(loss)
            if table.is_due(table.done):
                now = time.perf_counter()
                speed = len(since_row) * training.per_step / (now - since)
                table.add(table.done, f"{sum(since_row) / len(since_row):.4f}", f"{rate:.3g}", f"{speed:,.0f}")
                since_row, since = [], now
