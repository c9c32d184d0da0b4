"""The picture that the demo draws: the learning curve, and the digits that were the hardest for the net."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from gograd.train.curves import draw_curve
from gograd.train.digits import Readings
from gograd_nn import History

__all__ = ["draw_digits"]

ROWS, COLUMNS = 4, 6
SHOWN = ROWS * COLUMNS


def draw_digits(history: History, readings: Readings, path: Path) -> None:
    """Draw a training into a file. The ending of `path` determines the format."""
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.0, 1.25], squeeze=False)[0]
    draw_curve(left.subplots(), history)
    right.suptitle(_title(readings.n_wrong, len(readings.digits)), fontsize=12)
    predictions = readings.predictions
    for axis, index in zip(right.subplots(ROWS, COLUMNS).flat, readings.hardest(SHOWN), strict=True):
        digit, prediction = readings.digits[index], predictions[index]
        axis.set_axis_off()
        axis.imshow(readings.images[index].reshape(8, 8), cmap="gray_r")
        if digit == prediction:
            axis.set_title(f"{digit}", fontsize=9, color="0.4")
        else:
            axis.set_title(f"{digit} → {prediction}", fontsize=9, color="tab:red")
    figure.savefig(path, dpi=120)


def _title(wrong: int, total: int) -> str:
    """Say which digits are shown."""
    if wrong == 0:
        return f"All {total} held-out digits were read correctly.\nThese were the least certain"
    misread = f"{wrong} of {total} held-out digits were misread (digit → reading)"
    if wrong > SHOWN:
        return f"{misread}.\nThese are the worst {SHOWN}"
    return misread if wrong == SHOWN else f"{misread}.\nIn grey, the least certain of the others"
