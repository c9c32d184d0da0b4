"""The command `gograd train moons`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gograd.console import console
from gograd.train.options import (
    Activation,
    BatchSize,
    Engine,
    Epochs,
    Layers,
    Momentum,
    Out,
    Rate,
    Resume,
    Save,
    Seed,
    check_picture,
    check_rate,
    checked_file,
    checked_net,
)

__all__ = ["train_moons"]


def train_moons(
    layers: Layers = "8,8",
    activation: Activation = "tanh",
    epochs: Epochs = 100,
    rate: Rate = 0.05,
    momentum: Momentum = 0.9,
    batch_size: BatchSize = 32,
    seed: Seed = 0,
    engine: Engine = "auto",
    save: Save = None,
    resume: Resume = None,
    noise: Annotated[float, typer.Option(min=0.0, max=1.0, help="The noise of the points.")] = 0.2,
    out: Out = Path("gograd_moons.png"),
    animation: Annotated[Path, typer.Option(help="The file for the animation, a GIF.")] = Path("gograd_moons.gif"),
) -> None:
    """Learn which of two half moons a point is in, and show the border that the net finds. Ctrl-C still reports."""
    hidden = checked_net(layers, activation)
    check_rate(rate)
    file = checked_file(save, resume)
    check_picture("--out", out, ".png", ".svg", ".pdf")
    check_picture("--animation", animation, ".gif")

    from gograd.train import learning, moons, moons_pictures  # which take a second to import
    from gograd_nn import binary_cross_entropy

    screen = console()
    examples = moons.load(seed, noise)
    screen.print(f"{len(examples.inputs)} points to learn from, {len(examples.held_out_inputs)} held out.")
    settings = learning.Settings([2, *hidden, 1], activation, epochs, rate, momentum, batch_size, seed, engine, file)
    model = settings.net()
    snapshots = moons.Snapshots.of(model)
    history = learning.learn(
        screen, model, examples, settings, loss=binary_cross_entropy, name="points", callbacks=[snapshots]
    )
    last = history.epochs[-1] if history.epochs else None
    accuracy = "" if last is None else f" Held-out accuracy: {last.held_out_accuracy:.1%}"
    screen.print(f"{model}.{accuracy}")
    moons_pictures.draw_border(history, learning.values_of(model), examples, settings, out)
    screen.print(f"The border, and the learning curve: {out}", soft_wrap=True)
    moons_pictures.animate_border(snapshots, examples, settings, animation)
    screen.print(f"How the border was learned: {animation}", soft_wrap=True)
