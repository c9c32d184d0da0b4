"""The picture that the demo draws: the learning curve, and the digits that the network classified incorrectly."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gograd.digits import Digits, Outcome

__all__ = ["draw_training"]

COLUMNS = 8
MOST_SHOWN = 24


def draw_training(outcome: Outcome, digits: Digits, path: Path) -> None:
    """Draw a training into a file. The ending of `path` determines the format."""
    wrong = [
        (image, digit, prediction)
        for image, digit, prediction in zip(
            digits.held_out_images, digits.held_out_digits, outcome.predictions, strict=True
        )
        if digit != prediction
    ]
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.0, 1.25], squeeze=False)[0]
    _draw_curve(left.subplots(), outcome)
    title = f"{len(wrong)} of {len(digits.held_out_digits)} held-out digits misclassified (digit → prediction)"
    right.suptitle(title + (f", the first {MOST_SHOWN}" if len(wrong) > MOST_SHOWN else ""))
    axes = list(right.subplots(MOST_SHOWN // COLUMNS, COLUMNS).flat)
    for axis in axes:
        axis.set_axis_off()
    for axis, (image, digit, prediction) in zip(axes, wrong, strict=False):
        axis.imshow([image[row : row + 8] for row in range(0, 64, 8)], cmap="gray_r")
        axis.set_title(f"{digit} → {prediction}", fontsize=9)
    figure.savefig(path, dpi=120)


def _draw_curve(axis: Axes, outcome: Outcome) -> None:
    epochs = outcome.history.epochs
    numbers = [epoch.number for epoch in epochs]
    axis.set_title("learning curve")
    axis.set_xlabel("epoch")
    axis.set_ylabel("mean loss (cross-entropy)", color="tab:red")
    axis.plot(numbers, [epoch.loss for epoch in epochs], color="tab:red", marker="o", markersize=3)
    axis.set_ylim(bottom=0.0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    percent = axis.twinx()
    percent.set_ylabel("accuracy, %", color="tab:blue")
    training = [100.0 * epoch.accuracy for epoch in epochs if epoch.accuracy is not None]
    percent.plot(numbers, training, "--", color="tab:blue", label="training")
    held_out = [100.0 * epoch.held_out_accuracy for epoch in epochs if epoch.held_out_accuracy is not None]
    percent.plot(numbers, held_out, color="tab:blue", marker="o", markersize=3, label="held out")
    percent.set_ylim(top=100.0)
    percent.legend(loc="center right")
