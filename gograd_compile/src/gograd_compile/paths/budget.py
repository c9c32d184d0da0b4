"""Decides whether a point without a path is worth a recording, and whether to look for its path at all.

Everything is counted in operations, as many as the engine computes in the same time, and never in seconds. So two runs
do the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gograd_compile.call.counts import Counts

__all__ = ["Budget", "NoPath"]

FREE = 20
"""In so many calls at first, so many recordings are made at once where they are needed."""
RECORDING, PER_OPERATION = 2**17, 32
"""What a recording costs, besides what each of its operations costs."""
REPLAY, POINT = 256, 64
"""What a point costs besides its operations: if it is replayed alone, and if it is evaluated without a recording."""
TRY, RUN = 2048, 4096
"""What it costs to try a path that is not the right one, at one point and at many."""
GUARDED = 8
"""What it costs to try a path at each of many points: its operations divided by this."""
SHARE = 64
"""The part of the work without a recording that may be spent on recordings, and as much again on searching."""
CREDIT = 2**20
"""How much searches that save more than they cost may make up for others that follow."""


class NoPath(Exception):  # noqa: N818 - it never leaves this package
    """A point has no path that is known, and should be evaluated without a recording. `budget` is to note that.

    It is None if the point tells nothing about what is worth a recording.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget


class Budget(Counts):
    """What was spent on recordings of a function, for arguments of one nesting, and what may still be spent.

    Recordings may cost half of what replays have saved, and a small part of what was computed without a recording.
    Searches for paths may cost as much. So a function that takes another path at every point is hardly ever recorded,
    and paths that return pay for more recordings. A recorded operation costs more than ten others. So at most a tenth
    as many operations are recorded as are answered.

    Args:
        is_limited: whether it decides anything.

    Attributes:
        recordings: how many recordings were made.
        replayed: how many points were replayed.
        size: the number of operations of the last recording.
        saved: the operations that replays saved.
        recorded: what recordings have cost.
        searched: what searches have cost, less what they have saved: negative if they pay.
        apart: `searched` and `wait` of batches, or in a batch those of points alone.
        calls: how many calls there were. A run over many points counts as one.
    """

    def __init__(self, is_limited: bool) -> None:
        self.is_limited = is_limited
        self.recordings = self.replayed = self.evaluated = self.calls = 0
        self.size = self.saved = self.recorded = 0
        self.searched, self.wait, self.apart = 0, 0, (0, 0)

    @property
    def is_free(self) -> bool:
        """Say whether recordings are made at once."""
        return not self.is_limited or (self.recordings < FREE and self.calls < FREE)

    def may_record(self) -> bool:
        """Say whether a recording as large as the last one may be made."""
        return self.is_free or self.recorded + RECORDING + PER_OPERATION * self.size <= self._allowed

    def note_recording(self, operations: int) -> None:
        """Take note of a recording. Those that are made at once cost nothing."""
        if not self.is_free:
            self.recorded += RECORDING + PER_OPERATION * operations
        self.recordings += 1
        self.size = operations

    def may_try_more(self, tried: int, points: int = 1) -> bool:
        """Say whether one more path may be tried for so many points, after so many others."""
        return self.is_free or tried * TRY + self.searched <= self._allowed + points * self._price

    def note_tries(self, tried: int, operations: int = 0) -> None:
        """Take note that so many paths were tried before one of so many operations was found (0 if none was).

        If none was found, the search has also looked for one among all that are known.
        """
        self.note_search(tried * TRY + (REPLAY - operations if operations else TRY if tried else 0))

    @contextmanager
    def of_batches(self) -> Iterator[None]:
        """Count searches inside the block apart from those at points alone, where they cost more for each point."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        self.searched, self.wait, self.apart = *self.apart, (self.searched, self.wait)

    def note_search(self, cost: int) -> None:
        """Take note of a search. Its cost is negative if it saved more. While recordings are free, so are searches."""
        if cost and not self.is_free:
            self.searched = max(self.searched + cost, -CREDIT)
            self.wait = (self.searched - self._allowed) * SHARE // self._price

    def note_replays(self, points: int, operations: int) -> None:
        """Take note of points that were answered one by one, by replays of so many operations."""
        self.calls += points
        self.replayed += points
        self.saved += points * max(operations - REPLAY, 0)

    def note_evaluated(self, points: int) -> None:
        """Take note of points that are evaluated without a recording: those of a batch until `note_run` corrects it."""
        self.evaluated += points
        self.wait -= points

    def note_run(self, right: int, wrong: int, operations: int) -> None:
        """Take note that a path of so many operations was tried at points of a batch, and where it was right."""
        self.replayed += right
        self.evaluated -= right
        self.saved += right * operations
        if wrong or self.searched > 0:
            self.note_search(RUN + (right + wrong) * operations // GUARDED - right * self._price)

    @property
    def _price(self) -> int:
        """Return what it costs to evaluate a point without a recording."""
        return self.size + POINT

    @property
    def _allowed(self) -> int:
        return self.saved // 2 + self.evaluated * self._price // SHARE
