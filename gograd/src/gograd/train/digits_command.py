"""The command `gograd train digits`: the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from gograd.console import console, explaining
from gograd.interrupts import leaving_at_ctrl_c
from gograd.train import options

__all__ = ["train_digits"]

N_PIXELS, N_CLASSES = 64, 10


def train_digits(
    layers: options.Layers = "16",
    activation: options.Activation = "tanh",
    epochs: options.Epochs = 15,
    rate: options.Rate = 0.1,
    momentum: options.Momentum = 0.9,
    batch_size: options.BatchSize = 32,
    seed: options.Seed = 0,
    engine: options.Engine = "auto",
    save: options.Save = None,
    resume: options.Resume = None,
    out: options.Out = Path("gograd_digits.png"),
) -> None:
    """Learn the 1,797 handwritten digits that scikit-learn ships. Ctrl-C stops early and still reports."""
    sizes = options.checked_net(layers, activation, N_PIXELS, N_CLASSES)
    options.check_rate(rate)
    file = options.checked_file(save, resume)
    options.check_picture("--out", out, ".png", ".svg", ".pdf")

    with leaving_at_ctrl_c():  # scikit-learn and matplotlib take a second to import
        import numpy as np

        from gograd.train import digits, digits_picture, learning
        from gograd_nn import cross_entropy

    screen = console()
    examples = digits.load(seed)
    screen.print(f"{len(examples.inputs)} digits to learn from, {len(examples.held_out_inputs)} held out.")
    settings = learning.Settings(sizes, activation, epochs, rate, momentum, batch_size, seed, engine, file)
    model = settings.net()
    history = learning.learn(screen, model, examples, settings, loss=cross_entropy, name="digits")
    images = np.array(examples.held_out_inputs)
    found = learning.logits(learning.values_of(model), settings, images)
    readings = digits.Readings(images, np.array(examples.held_out_targets), found)
    screen.print(_confusion_table(readings.digits, readings.predictions))
    screen.print(f"{model}. Held-out accuracy: {1.0 - readings.n_wrong / len(readings.digits):.1%}")
    with explaining(out):
        digits_picture.draw_digits(history, readings, out)
    screen.print(f"Learning curve and the hardest digits: {out}", soft_wrap=True)


def _confusion_table(digits: Any, predictions: Any) -> Table:
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
