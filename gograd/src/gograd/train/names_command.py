"""The command `gograd train names`: the example microgpt, with a table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.columns import Columns
from rich.console import Console

from gograd.console import console, fail
from gograd.train.live import LiveTable

__all__ = ["train_names"]

SAMPLES = 20
Engine = Literal["eager", "compiled", "batched"]


def train_names(
    data: Annotated[
        Path | None, typer.Option(help="A file with a name per line. The default is the package names.")
    ] = None,
    engine: Annotated[
        Engine | None,
        typer.Option(help="The default is compiled, if gograd-compile is installed. Batched takes 32 names per step."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="The number of steps, of one name each.")] = 1000,
    planned: Annotated[
        int | None, typer.Option(min=1, help="Steps after which the rate would be zero. The default is --steps.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line per step, and a last one with seconds.")
    ] = False,
) -> None:
    """Learn first names letter by letter with a GPT of 4,192 parameters, and make up twenty new ones.

    The package names (pip install names) has 5,163: 10,000 steps go round them twice.
    Ctrl-C stops early, and still makes up names.
    """
    from gograd import microgpt  # which takes a while to import

    try:
        names = microgpt.read_names(data)
    except SystemExit as error:
        raise fail(error) from None
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"cannot read {data}: {getattr(error, 'strerror', None) or error}") from None
    chosen = engine or ("eager" if find_spec("gograd_compile") is None else "compiled")
    screen = console()
    per_step = microgpt.BATCH if chosen == "batched" else 1
    if not as_json:
        seen = steps * per_step
        which = f"go round them {seen / len(names):.1f} times" if seen > len(names) else f"see {seen:,} of them"
        screen.print(f"{len(names):,} names; {steps:,} steps {which}. Engine: {chosen}.")
    microgpt.differentiated(chosen)  # imports what it needs, before the clock starts
    cpu, wall = time.process_time(), time.perf_counter()
    parameters = microgpt.start(names)
    training = microgpt.train(parameters, microgpt.examples(names, chosen), chosen, steps, planned or steps)
    done = _print_losses(training) if as_json else _show_losses(training, screen, steps, per_step)
    samples = [microgpt.sample(parameters) for _ in range(SAMPLES)]
    if as_json:
        seconds = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        typer.echo(json.dumps(seconds | {"samples": samples}))
        return
    if done < steps:
        screen.print(f"Stopped in step {done + 1:,} of {steps:,}.")
    screen.print("New names:", Columns(samples, equal=True))


def _print_losses(training: Iterator[Sequence[float]]) -> int:
    """Train, and print each loss as JSON. Return the number of steps."""
    done = 0
    try:
        for loss, _ in training:
            done += 1
            typer.echo(json.dumps({"step": done, "loss": loss}))
    except KeyboardInterrupt:
        pass
    return done


def _show_losses(training: Iterator[Sequence[float]], screen: Console, steps: int, per_step: int) -> int:
    """Train, and show a table: mean loss since the last row, rate and speed. Return the number of steps."""
    losses: list[float] = []
    since = time.perf_counter()
    with LiveTable(screen, "step", steps, ("mean loss", "rate", "names/s")) as table:
        try:
            for table.done, (loss, rate) in enumerate(training, 1):
                losses.append(loss)
                if table.is_due(table.done):
                    now = time.perf_counter()
                    speed = len(losses) * per_step / (now - since)
                    table.add(table.done, f"{sum(losses) / len(losses):.4f}", f"{rate:.4g}", f"{speed:,.0f}")
                    losses, since = [], now
        except KeyboardInterrupt:
            pass
    return table.done
