"""The history of a training: a table with a row for each epoch."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

__all__ = ["Epoch", "History"]

MOST_ROWS = 20
"""How many epochs are printed. Of more, the first and the last ones are."""


@attrs.frozen
class Epoch:
    """The result of one pass over the data.

    Attributes:
        loss: the mean loss. Each example's loss is taken before the step of its batch.
        accuracy: the share of examples that were classified correctly before the step of their batch; None if the
            targets are not classes.
        held_out_loss: the mean loss on the held-out data after the epoch; None if there are none.
        held_out_accuracy: the accuracy on the held-out data after the epoch; None if there are none, or `accuracy` is.
        metrics: other metrics by their names, taken as `accuracy` is; those of the held-out data begin with
            ``held_out_``.
    """

    number: int
    loss: float
    accuracy: float | None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
    metrics: dict[str, float] = attrs.field(factory=dict)

    def numbers(self) -> dict[str, float]:
        """Return all numbers that there are, by their names: those of a row of the table."""
        own = attrs.asdict(self, filter=lambda attribute, value: value is not None and attribute.name != "metrics")
        return {**own, **self.metrics}


@attrs.define
class History:
    """The epochs of a training, in order. `fit` appends each epoch when it ends. Printed, it is a table.

    Attributes:
        epochs: what each epoch reported.
        engine: which engine ran in the last call of `fit`, and why.
        stopped: why the last call of `fit` ended before its last epoch; empty if it did not.
    """

    epochs: list[Epoch] = attrs.field(factory=list)
    engine: str = attrs.field(default="", eq=False)
    stopped: str = attrs.field(default="", eq=False)

    def to_dict(self) -> dict[str, list[float | None]]:
        """Return the columns of the table by their names, as `pandas.DataFrame` takes them.

        A number that an epoch does not have is None. What no epoch has is left out.
        """
        rows = [epoch.numbers() for epoch in self.epochs]
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}

    def __str__(self) -> str:
        columns = self.to_dict()
        if not columns:
            return "no epoch has ended"
        shown = list(range(len(self.epochs)))
        if len(shown) > MOST_ROWS:
            shown[MOST_ROWS // 2 : -MOST_ROWS // 2] = [-1]
        head = ["epoch", *(name for name in columns if name != "number")]
        cells = [[_cell(column[row]) if row >= 0 else "…" for column in columns.values()] for row in shown]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        return "\n".join("  ".join(map(str.rjust, row, widths)) for row in (head, *cells))

    def plot(self, axes: Any = None) -> Any:
        """Draw every number against the epochs with matplotlib, and return the figure.

        There is a picture of the loss, one of the accuracy if there is any, and one of each metric. In each, the
        examples that were learned from have one line, and those held out another. The loss has a logarithmic scale if
        it is positive and falls by more than a factor of 10.

        Args:
            axes: the axes of matplotlib to draw on, one for each picture. By default, a new figure is made.

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: no epoch has ended, or there are not as many axes as pictures.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            message = "History.plot() draws with matplotlib, which is not installed: pip install matplotlib"
            raise ImportError(message, name="matplotlib") from error
        if not self.epochs:
            raise ValueError("History.plot() needs at least one epoch, and no epoch has ended")
        columns = self.to_dict()
        numbers = columns.pop("number")
        names = list(dict.fromkeys(name.removeprefix("held_out_") for name in columns))
        if axes is None:
            axes = Figure(figsize=(4.0 * len(names), 3.2), layout="constrained").subplots(1, len(names))
        axes = np.ravel(axes)
        if len(axes) != len(names):
            raise ValueError(f"History.plot() expects axes for {', '.join(names)}, got {len(axes)}")
        for each, name in zip(axes, names, strict=True):
            of_name = {
                label: columns[key]
                for key, label in ((name, LEARNED), (f"held_out_{name}", HELD_OUT))
                if key in columns
            }
            _draw(each, name, numbers, of_name)
        return axes[0].figure


LEARNED, HELD_OUT = "learned from", "held out"
STYLES: dict[str, dict[str, Any]] = {
    LEARNED: {"color": "tab:blue"},
    HELD_OUT: {"color": "tab:orange", "linestyle": (0, (5, 1.5))},
}
"""How the lines look. They can be told apart without colours, too."""


def _draw(axes: Any, name: str, numbers: list[float | None], columns: dict[str, list[float | None]]) -> None:
    """Draw what was reported under one name, with a line for each column."""
    from matplotlib.ticker import MaxNLocator

    marker = "o" if len(numbers) == 1 else ""  # a single point has no line
    for label, column in columns.items():
        heights = [float("nan") if x is None else x for x in column]
        axes.plot(numbers, heights, label=label, marker=marker, linewidth=1.8, **STYLES[label])
    axes.set_title(name.replace("_", " "), loc="left", fontweight="bold")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    heights = [x for column in columns.values() for x in column if x is not None]
    if name == "loss" and 0.0 < 10.0 * min(heights) < max(heights):
        axes.set_yscale("log")
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(columns) > 1:
        axes.legend(frameon=False)


def _cell(number: float | None) -> str:
    return "-" if number is None else str(number) if isinstance(number, int) else f"{number:.4g}"
