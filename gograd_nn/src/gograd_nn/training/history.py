"""The history of a training: a table with a row for each epoch."""

from __future__ import annotations

from typing import Any

import attrs

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
        """Draw every column against the epochs with matplotlib, and return the figure.

        Losses are drawn to the left, on a logarithmic scale if all are positive, and everything else to the right.

        Args:
            axes: two axes of matplotlib to draw on: for losses, and for the rest. By default, a new figure is made.

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: no epoch has ended.
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
        of_loss = {name: column for name, column in columns.items() if name.endswith("loss")}
        others = {name: column for name, column in columns.items() if name not in of_loss}
        if axes is None:
            count = 2 if others else 1
            axes = Figure(figsize=(4.5 * count, 3.5), layout="constrained").subplots(1, count, squeeze=False)[0]
        for each, part in zip(axes, (of_loss, others), strict=False):
            for name, column in part.items():
                each.plot(numbers, [float("nan") if x is None else x for x in column], label=name.replace("_", " "))
            each.set_xlabel("epoch")
            each.legend()
        if all(x is None or x > 0.0 for column in of_loss.values() for x in column):
            axes[0].set_yscale("log")
        return axes[0].figure


def _cell(number: float | None) -> str:
    return "-" if number is None else str(number) if isinstance(number, int) else f"{number:.4g}"
