"""The paths that a function has taken, and the search for the right one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator
from typing import Any

import numpy as np

from gograd_compile.errors import PathNotRecorded, RecordingError
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.budget import Budget, NoPath
from gograd_compile.paths.guards import GIVEN, GIVEN_HERE, NOT_GIVEN, turns_among
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import Path
from gograd_compile.paths.replay_errors import domain_error, error_of_compiled, located, with_line_of
from gograd_compile.run.backends import Backend
from gograd_compile.trace.sources import Source
from gograd_compile.trace.tape import Floats, Integers, answer_text, question
from gograd_compile.trace.watcher import NO_ERRORS, Answers, Raising
from gograd_core import DomainError
from gograd_core.extend import computed_by, domain_errors_raise, error_code, observers, watching

__all__ = ["Paths"]

Found = tuple[Path, Integers | None]
"""A path, and, if it was recorded just now, which of its guards were answered by compiled code, as `guards` says.

If one of these turns out differently again, the function does not do the same twice, and the path is taken anyway.
"""


class Paths:
    """The paths recorded for arguments of one structure: at most `most`. The least recently used are dropped.

    `source` is None if there is no function to record. `backend` runs new paths. `calls` answer the common case, by
    what is wanted of a path.
    """

    def __init__(self, source: Source | None, backend: Backend, most: int) -> None:
        self._source = source
        self._backend = backend
        self._kept: Recent[Path, Path] = Recent(most)
        self.calls: dict[Any, Any] = {}
        self.budget = Budget(source is not None and not source.check)

    def __iter__(self) -> Iterator[Path]:
        """Iterate over the paths, the least recently used first."""
        return iter(self._kept.values())

    @property
    def kept(self) -> Recent[Path, Path]:
        """Return the memory of the paths."""
        return self._kept

    @property
    def recorded(self) -> int:
        """Count the recordings."""
        return self.budget.recordings

    @property
    def dropped(self) -> int:
        """Count the paths that were dropped."""
        return self._kept.dropped

    @property
    def is_watched(self) -> bool:
        """Say whether the engine is to look for anomalies, which it finds only if the function itself runs."""
        return bool(observers) and watching() is not None

    def structure(self) -> Structure:
        """Find how the result is nested without running at a point: as on any path, or by running without numbers.

        Raises:
            ValueError: it cannot be found out.
        """
        for path in self:
            return path.structure
        assert self._source is not None
        return self._source.structure_of_result()

    def add(self, path: Path) -> Path:
        """Keep a path, as the one used last."""
        return self._kept.add(path, path)

    def likely(self, numbers: Floats) -> Found:
        """Return the path used last, or record one at this point if there is none.

        Raises:
            NoPath: to try that path is not worth it, or the engine is to look for anomalies.
        """
        if self.is_watched:
            raise NoPath
        latest = self._kept.latest
        if latest is None:
            return self._new(numbers)
        self._require(self.budget.wait <= 0)
        return latest[1], None

    def note_replays(self, path: Path) -> None:
        """Let the budget take note of how often a path was replayed at one point."""
        self.budget.note_replays(path.replays, len(path.tape.codes))
        path.replays = 0

    def instead_of(
        self, path: Path, failure: tuple[int, float], numbers: Floats, tried: Collection[Path], points: int = 1
    ) -> Found:
        """Find the path that begins as `path` does up to a guard that turned out differently, or record it.

        It is recorded with the answers of compiled code. Python's numbers may differ in a last digit and decide
        otherwise. Paths that were `tried` at this point do not count. The path is to be tried at so many `points`.

        Raises:
            NoPath: there is no such path, and it is not worth a recording, or to try it is not worth it.
            PathNotRecorded: there is no such path, and no function to record.
        """
        self.note_replays(path)
        first, outcome = failure
        kind = path.guards.outcomes[first][0]
        turns = turns_among([*path.guards.outcomes[:first], (kind, outcome)])
        known = self._known(path, tried, lambda other: other.guards.turns[: len(turns)] == turns)
        if known is None and self._source is None:  # an error that is caught may have changed the guard
            known = self._known(path, tried, lambda other: other.catches_at(numbers))
        if known is not None:
            self._require(self.budget.may_try_more(len(tried), points), len(tried))
            return known, None
        if self._source is None:
            line = path.tape.guards.lines[first]
            raise PathNotRecorded(
                f"{line}: {question(kind)} was {answer_text(*path.guards.outcomes[first])} when this program was "
                f"recorded, and would be {answer_text(kind, outcome)} now. What runs then was not recorded. "
                "Save a program that was also called with such arguments."
            )
        self._require(self.budget.may_record(), len(tried))
        return self._new(numbers, path.instead(failure), path.raised_until(failure, numbers))

    def where_not_finite(self, path: Path, numbers: Floats, tried: Container[Path]) -> Found | None:
        """Find the path that the function takes where values of `path` are not finite.

        It may be `path`, if the function accepts these values, or another one, if it catches the error of an operation.
        It is None if the engine accepts the values, or there is no function to record.

        Raises:
            DomainError: the function raises it, or an operation does and there is no function to record.
            Whatever else the function raises.
        """
        if not domain_errors_raise():
            return None
        captured = path.captured()
        error = None if path.is_gradient else domain_error(path, numbers, captured)
        if error is None and not path.is_gradient:
            return None
        known = self._known(path, tried, lambda other: other.catches_at(numbers))
        if known is not None:
            return known, None
        if self._source is None and error is not None:
            raise error
        try:
            return self.anew(numbers)
        except DomainError as own:
            raise located(path, numbers, captured, own) from None

    def where_raised(
        self, path: Path, numbers: Floats, operation: int, error: DomainError, tried: Container[Path]
    ) -> Found:
        """Find the path that the function takes if an operation raises an error that only compiled code finds there.

        Raises:
            DomainError: there is none, since the function does not catch the error.
            Whatever else the function raises then.
        """
        try:
            asked = self._source and self._source.place_of(operation, path.tape, numbers, path.answers, path.raising)
            if asked:
                place, before = asked
                asked_before = path.answers[:before]
                raising = {**path.raised_among(asked_before), place: error}
                other, given = self._new(
                    numbers, (*asked_before, ("domain", error_code(error.operation, error.inputs), place)), raising
                )
                if other is not path and other not in tried:
                    return other, given
        except (DomainError, RecordingError):  # the error of compiled code is raised instead
            pass
        raise with_line_of(path, operation, error)

    def anew(self, numbers: Floats) -> Found | None:
        """Record the path that the function takes at this point. It is None if there is no function.

        Raises:
            Whatever the function raises.
        """
        return None if self._source is None else self._new(numbers)

    def _require(self, is_worth_it: bool, tried: int = 0) -> None:
        """Leave a point to an evaluation, after so many paths were tried, if anything else is not worth it."""
        if not is_worth_it:
            self.budget.note_tries(tried)
            raise NoPath(self.budget)

    def _known(self, path: Path, tried: Container[Path], suits: Callable[[Path], bool]) -> Path | None:
        """Find the last used of the other paths that suit and were not tried, and make it the one used last."""
        for other in reversed(list(self)):
            if other is not path and other not in tried and suits(other):
                return self.add(other)
        return None

    def _new(self, numbers: Floats, answers: Answers = (), raising: Raising = NO_ERRORS) -> Found:
        """Record the path at a point, with these answers to the first questions. If it is known, return the known one.

        Raises:
            NoPath: the point is not worth a recording.
            Whatever the function raises with the answers that compiled code gives to its questions.
        """
        assert self._source is not None
        self._require(self.budget.may_record())
        values = computed_by(self._backend.values)  # so that constants have the values of compiled code
        level = GIVEN
        while True:
            recording, notes = values.run(self._source.record, numbers, answers, raising)
            is_gradient = self._source.of is not None
            path = Path(
                recording.structure, recording.tape, self._backend, self._source, numbers.copy(), recording.answers,
                raising, notes, is_gradient=is_gradient, has_truths=recording.has_truths,
            )  # fmt: skip
            if recording.error is None:
                break
            failure = path.failure_at(numbers)
            if failure is None:
                if found := error_of_compiled(path, numbers, path.captured()):
                    return self.where_raised(path, numbers, *found, ())
                raise recording.error
            answers, raising, level = path.instead(failure), path.raised_until(failure, numbers), GIVEN_HERE
        self.budget.note_recording(len(path.tape.codes))
        given = np.where(recording.given[path.tape.guards.order], level, NOT_GIVEN)
        for known in self:
            if known.returns_as(path) and known.tape.runs_as(path.tape):
                return self.add(known), given
        return self.add(path), given
