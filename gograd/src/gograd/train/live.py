"""A table that grows while something is trained."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

__all__ = ["EpochTable", "LiveTable"]

MOST_ROWS = 15
LEAST_BAR, BAR = 10, 40
CELL = 8
"""The width that numbers need."""
GAP = 3
"""The width between columns."""


class LiveTable:
    """A table with a row now and then and a bar beneath it; or lines instead of rows if the output is no terminal.

    If a terminal is too narrow, the last columns are left out.

    Use it in a ``with`` block around the training.

    Args:
        screen: where to print.
        unit: what is counted, such as "epoch". It is the heading of the first column.
        total: up to which number.
        columns: the headings of the other columns.

    Attributes:
        done: how far the bar has come.
    """

    def __init__(self, screen: Console, unit: str, total: int, columns: Sequence[str]) -> None:
        self.unit, self.total, self.columns, self.done = unit, total, columns, 0
        self._screen, self._is_running = screen, False
        self._every = -(-total // MOST_ROWS)
        self._table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        self._shown = 1 + _fitting(columns, screen.width - len(unit))
        for column in (unit, *columns)[: self._shown]:
            self._table.add_column(column, justify="right")
        self._live = Live(self, console=screen, refresh_per_second=10)

    def __enter__(self) -> Self:
        self._is_running = True
        if self._screen.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_running = False
        if self._screen.is_terminal:
            self._live.stop()

    def is_due(self, number: int) -> bool:
        """Return whether a number gets a row: the first, the last, and as many between as a screen has."""
        return number in (1, self.total) or number % self._every == 0

    def add(self, number: int, *cells: str) -> None:
        """Add a row. Cells that are empty have no place in a line."""
        if self._screen.is_terminal:
            self._table.add_row(*[str(number), *cells][: self._shown])
        else:
            words = (f"{column} {cell}" for column, cell in zip(self.columns, cells, strict=True) if cell)
            self._screen.print(f"{self.unit} {number}/{self.total}: {', '.join(words)}", soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """Draw the table, and the bar as long as something is trained."""
        if not self._is_running:
            return self._table
        text = f"{self.unit} {self.done} of {self.total}; Ctrl-C stops, and still reports"
        width = min(BAR, max(LEAST_BAR, self._screen.width - len(text) - 2))
        below = Table.grid(padding=(0, 2))
        below.add_row(
            ProgressBar(total=self.total, completed=self.done, width=width),
            Text(text, "dim", no_wrap=True, overflow="ellipsis"),
        )
        return Group(self._table, below)


def _fitting(columns: Sequence[str], width: int) -> int:
    """Count the columns that fit. Those at the end are left out of a narrow table, since cut numbers are no numbers."""
    widths = (GAP + max(CELL, *map(len, column.split())) for column in columns)
    return sum(total <= width for total in itertools.accumulate(widths))


class EpochTable(LiveTable):
    """A table of epochs: losses, accuracies, the rate, and how many examples are learned in a second.

    It is a callback of `gograd_nn.fit`, for data with classes, of which some are held out.

    Args:
        screen: where to print.
        total: the number of the last epoch.
        examples: how many examples there are in an epoch.
        name: what they are, such as "digits".
    """

    def __init__(self, screen: Console, total: int, *, examples: int, name: str) -> None:
        super().__init__(
            screen, "epoch", total, ("loss", "accuracy", "held-out loss", "held-out accuracy", "rate", f"{name}/s")
        )
        self._examples = examples
        self._epochs_since_row = 0
        self._time_of_row = time.perf_counter()

    def after_epoch(self, training: Any) -> None:
        epoch, now = training.history.epochs[-1], time.perf_counter()
        self.done = epoch.number
        self._epochs_since_row += 1
        if not self.is_due(self.done):
            return
        self.add(
            self.done,
            f"{epoch.loss:.4f}",
            f"{epoch.accuracy:.1%}",
            f"{epoch.held_out_loss:.4f}",
            f"{epoch.held_out_accuracy:.1%}",
            f"{training.optimiser.next_rate():.3g}",
            f"{self._examples * self._epochs_since_row / (now - self._time_of_row):,.0f}",
        )
        self._epochs_since_row, self._time_of_row = 0, now
