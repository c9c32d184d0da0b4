"""Decides whether a point without a path is worth a recording, and whether to look for its path at all.

Everything is counted in operations, as many as an engine computes in the same time, and never in seconds. So two runs
do the same.
"""

from __future__ import annotations

import attrs

__all__ = ["Budget", "NoPath"]

FREE = 20
"""So many recordings are made at once where they are needed, as long as no more points were asked for before."""
RECORDING, PER_OPERATION = 2**15, 12
"""What a recording costs, besides what each of its operations costs."""
CALL = 64
"""What a replay costs at one point, besides its operations."""
RUN = 1024
"""What it costs to try a path at many points."""
SHARE = 32
"""The part of the work without a recording that may be spent on recordings, and as much again on searching."""


class NoPath(Exception):  # noqa: N818 - it never leaves this package
    """A point has no path that is known, and should be evaluated without a recording. `budget` is to note that."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget


@attrs.define(eq=False)
class Budget:
    """What was spent on recordings of a function, for arguments of one nesting, and what may still be spent.

    Recordings may cost half of what replays have saved, and a small part of what was computed without a recording.
    Searches that find nothing may cost as much. So a function that takes another path at every point is hardly ever
    recorded, and paths that return pay for more recordings. As a recorded operation costs more than ten others, at most
    a tenth as many are recorded as are answered.

    Attributes:
        is_limited: whether it decides anything.
        points: how many points were asked for.
        recordings: how many recordings were made.
        evaluated: how many points were evaluated without a recording.
        size: the number of operations of the last recording.
        saved: the operations that replays saved.
        computed: the operations that were computed without a recording.
        recorded: what recordings have cost.
        searched: what searches have cost that found nothing.
    """

    is_limited: bool
    points: int = 0
    recordings: int = 0
    evaluated: int = 0
    size: int = 0
    saved: int = 0
    computed: int = 0
    recorded: int = 0
    searched: int = 0

    @property
    def _allowed(self) -> int:
        return self.saved // 2 + self.computed // SHARE

    @property
    def is_free(self) -> bool:
        """Say whether recordings are made at once."""
        return not self.is_limited or (self.points < FREE and self.recordings < FREE)

    def may_record(self) -> bool:
        """Say whether a recording as large as the last one may be made."""
        return self.is_free or self.recorded + RECORDING + PER_OPERATION * self.size <= self._allowed

    def may_search(self) -> bool:
        """Say whether a path may be tried."""
        return self.is_free or self.searched <= self._allowed

    def note_recording(self, operations: int) -> None:
        """Take note of a recording. Those that are made at once cost nothing."""
        if not self.is_free:
            self.recorded += RECORDING + PER_OPERATION * operations
        self.recordings += 1
        self.size = operations

    def note_search(self, paths: int) -> None:
        """Take note that one of so many paths was tried at a point, and was not the right one."""
        if not self.is_free:
            self.searched += CALL + paths + self.size // SHARE

    def note_replays(self, points: int, operations: int) -> None:
        """Take note of points that were answered one by one, by replays of so many operations."""
        self.points += points
        self.saved += points * max(operations - CALL, 0)

    def note_evaluated(self, points: int) -> None:
        """Take note of points that were evaluated without a recording."""
        self.points += points
        self.evaluated += points
        self.computed += points * self._price

    def begin_batch(self, points: int) -> None:
        """Assume that all points of a batch will be evaluated without a recording."""
        self.computed += points * self._price

    def note_run(self, found: int, others: int, operations: int) -> None:
        """Take note that a path of so many operations was tried at points of a batch, and is right at those found."""
        self.computed -= found * self._price
        self.saved += found * operations
        if others and found * self._price < RUN and not self.is_free:
            self.searched += RUN

    def end_batch(self, points: int, evaluated: int) -> None:
        """Take note of how many points a batch had, and how many of them are evaluated without a recording."""
        self.points += points
        self.evaluated += evaluated

    @property
    def _price(self) -> int:
        """Return what it costs to evaluate a point without a recording."""
        return self.size + CALL // 2
