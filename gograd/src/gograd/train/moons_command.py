"""The command `gograd train moons`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gograd.console import console, explaining
from gograd.interrupts import leaving_at_ctrl_c
from gograd.train import options

__all__ = ["train_moons"]


def train_moons(
    layers: options.Layers = "8,8",
    activation: options.Activation = "tanh",
    epochs: options.Epochs = 100,
    rate: options.Rate = 0.05,
    momentum: options.Momentum = 0.9,
    batch_size: options.BatchSize = 32,
    seed: options.Seed = 0,
    engine: options.Engine = "auto",
    save: options.Save = None,
    resume: options.Resume = None,
    noise: Annotated[float, typer.Option(min=0.0, max=1.0, help="The noise of the points.")] = 0.2,
    out: options.Out = Path("gograd_moons.png"),
    animation: Annotated[Path, typer.Option(help="The file for the animation, a GIF.")] = Path("gograd_moons.gif"),
) -> None:
    """Learn which of two half moons a point is in, and show the border that the net finds. Ctrl-C still reports."""
    sizes = options.checked_net(layers, activation, 2, 1)
    options.check_rate(rate)
    file = options.checked_file(save, resume)
    options.check_picture("--out", out, ".png", ".svg", ".pdf")
    options.check_picture("--animation", animation, ".gif")

    with leaving_at_ctrl_c():  # which take a second to import
        from gograd.train import learning, moons, moons_pictures
        from gograd_nn import binary_cross_entropy

    screen = console()
    examples = moons.load(seed, noise)
    screen.print(f"{len(examples.inputs)} points to learn from, {len(examples.held_out_inputs)} held out.")
    settings = learning.Settings(sizes, activation, epochs, rate, momentum, batch_size, seed, engine, file)
    model = settings.net()
    snapshots = moons.Snapshots([] if resume else [moons.Snapshot(0, learning.values_of(model), None)])
    history = learning.learn(
        screen, model, examples, settings, loss=binary_cross_entropy, name="points", callbacks=[snapshots]
    )
    last = history.epochs[-1] if history.epochs else None
    accuracy = "" if last is None else f" Held-out accuracy: {last.held_out_accuracy:.1%}"
    screen.print(f"{model}.{accuracy}")
    with explaining(out):
        moons_pictures.draw_border(history, learning.values_of(model), examples, settings, out)
    screen.print(f"The border, and the learning curve: {out}", soft_wrap=True)
    if last is not None and not snapshots.epochs:  # nothing was left to do
        snapshots.epochs.append(moons.Snapshot(last.number, learning.values_of(model), last.held_out_accuracy))
    with explaining(animation):
        moons_pictures.animate_border(snapshots, examples, settings, animation)
    screen.print(f"How the border was learned: {animation}", soft_wrap=True)
