"""The bar that shows how a training proceeds."""

from __future__ import annotations

import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Bar"]

PAUSE = 0.05
"""How many seconds pass at least between two reports. To write one takes longer than a step of a small net."""


class Bar:
    """A progress bar over so many examples, with a report beside it. It may be invisible: see `is_visible`.

    Used in a ``with`` block, at the end of which it stays on the screen.
    """

    def __init__(self, total: int, *, visible: bool) -> None:
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[report]}"),
            TimeRemainingColumn(),
            disable=not visible,
        )
        self.is_visible = visible
        self._task = self._progress.add_task("", total=total, report="")
        self._next = 0.0

    def __enter__(self) -> Bar:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.__exit__(*error)  # type: ignore[arg-type]

    def is_due(self) -> bool:
        """Say whether it is time for a report."""
        return self.is_visible and time.monotonic() >= self._next

    def show(self, completed: int, report: str) -> None:
        """Show how many examples were seen, and a report."""
        self._progress.update(self._task, completed=completed, report=report)
        self._next = time.monotonic() + PAUSE

    def say(self, line: str) -> None:
        """Write a line above the bar, if it is visible."""
        if self.is_visible:
            self._progress.console.print(line, style="dim", highlight=False)
