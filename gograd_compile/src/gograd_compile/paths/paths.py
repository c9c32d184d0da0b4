"""The paths that a function has taken, and which of them is the right one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator

from gograd_compile.errors import PathNotRecorded, RecordingError
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.guards import turns_among
from gograd_compile.paths.path import Path
from gograd_compile.paths.replay_errors import domain_error, located, with_line_of
from gograd_compile.run.backends import Backend
from gograd_compile.trace.sources import Source
from gograd_compile.trace.tape import Floats, Integers, answer_text, question
from gograd_compile.trace.watcher import NO_ERRORS, Answers, Raising
from gograd_core import DomainError
from gograd_core.extend import DOMAIN_ERRORS, domain_errors_raise

__all__ = ["Paths"]

Found = tuple[Path, Integers | None]
"""A path; and, if it was recorded just now, which of its guards were answered by compiled code.

If one of these turns out otherwise once more, the function does not do the same twice, and the path stands.
"""


class Paths:
    """The paths recorded for arguments of one structure: at most so many. The least recently used are dropped.

    Args:
        source: what is recorded; None if there is no function.
        backend: what new paths run on.
        most: how many are kept.
    """

    def __init__(self, source: Source | None, backend: Backend, most: int) -> None:
        self._source = source
        self._backend = backend
        self._most = most
        self._paths: OrderedDict[Path, None] = OrderedDict()
        self._latest: Path | None = None
        self._lock = threading.Lock()
        self.recorded = 0
        self.dropped = 0

    def __iter__(self) -> Iterator[Path]:
        """Iterate over the paths, those used longest ago first."""
        with self._lock:
            return iter(list(self._paths))

    def __len__(self) -> int:
        return len(self._paths)

    def structure(self) -> Structure:
        """Find how the result is nested, whatever the numbers are: as on any path, or as without numbers.

        Raises:
            ValueError: that cannot be found out.
        """
        for path in self:
            return path.structure
        assert self._source is not None
        return self._source.structure_of_result()

    def add(self, path: Path) -> Path:
        """Keep a path as the one used last."""
        with self._lock:
            self._paths[path] = None
            self._paths.move_to_end(path)
            self._latest = path
            if len(self._paths) > self._most:
                self._paths.popitem(last=False)
                self.dropped += 1
        return path

    def likely(self, numbers: Floats) -> Found:
        """Give the path used last, or record one at this point if there is none."""
        return (self._latest, None) if self._latest else self._new(numbers)

    def instead_of(self, path: Path, failure: tuple[int, float], numbers: Floats, tried: Container[Path]) -> Found:
        """Find the path that begins as `path` does up to a guard, which turned out differently, or record it.

        It is recorded with the answers that compiled code gives, in place of those that Python's numbers give: a last
        digit apart, they may decide otherwise. A path that was `tried` at this point, as `path` was, is none.

        Raises:
            PathNotRecorded: there is none, and no function to record.
        """
        first, outcome = failure
        kind = path.guards.outcomes[first][0]
        turns = turns_among([*path.guards.outcomes[:first], (kind, outcome)])
        known = self._known(path, tried, lambda other: other.guards.turns[: len(turns)] == turns)
        if known is None and self._source is None:  # what the guard is about may be made of an error that was caught
            known = self._known(path, tried, lambda other: other.catches_at(numbers))
        if known is not None:
            return known, None
        if self._source is None:
            line = path.tape.guards.lines[first]
            raise PathNotRecorded(
                f"{line}: {question(kind)} was {answer_text(*path.guards.outcomes[first])} when this program was "
                f"recorded, and would be {answer_text(kind, outcome)} now: what runs then was not recorded. "
                "Save a program that was called with such arguments, too."
            )
        return self._new(numbers, path.instead(failure), path.raised_until(failure, numbers))

    def where_not_finite(self, path: Path, numbers: Floats, tried: Container[Path]) -> Found | None:
        """Find the path that the function takes where values of `path` are not finite.

        None, if the engine has nothing against these values, or there is none to record. It may be this one, if the
        function lets them pass; or an operation raised an error there, for which the function goes another way.

        Raises:
            DomainError: the function does, or (if there is none to record) an operation.
            Whatever the function raises.
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
            DomainError: it takes none, as it does not catch the error.
            Whatever else the function raises then.
        """
        try:
            asked = self._source and self._source.place_of(operation, path.tape, numbers, path.answers, path.raising)
            if asked:
                place, before = asked
                asked_before = path.answers[:before]
                raising = {**path.raised_among(asked_before), place: error}
                other, given = self._new(
                    numbers, (*asked_before, ("domain", DOMAIN_ERRORS.index(type(error)), place)), raising
                )
                if other is not path and other not in tried:
                    return other, given
        except (DomainError, RecordingError):  # as what is said is that only compiled code finds it
            pass
        raise with_line_of(path, operation, error)

    def anew(self, numbers: Floats) -> Found | None:
        """Record the path that the function takes at this point. It is None if there is no function.

        Raises:
            Whatever the function raises.
        """
        return None if self._source is None else self._new(numbers)

    def _known(self, path: Path, tried: Container[Path], suits: Callable[[Path], bool]) -> Path | None:
        """Find, among other paths that suit and were not tried, the one used last. It is now used again."""
        for other in reversed(list(self)):
            if other is not path and other not in tried and suits(other):
                return self.add(other)
        return None

    def _new(self, numbers: Floats, answers: Answers = (), raising: Raising = NO_ERRORS) -> Found:
        """Record the path at a point, with the answers to the first questions. It may be known.

        Raises:
            Whatever the function raises: with the answers that compiled code gives to what it asked before.
        """
        assert self._source is not None
        while True:
            recording, notes = self._source.record(numbers, answers, raising)
            is_gradient = self._source.of is not None
            path = Path(
                recording.structure, recording.tape, self._backend, self._source, numbers.copy(), recording.answers,
                raising, notes, is_gradient=is_gradient, has_truths=recording.has_truths,
            )  # fmt: skip
            if recording.error is None:
                break
            failure = path.failure_at(numbers)
            if failure is None:
                raise recording.error
            answers, raising = path.instead(failure), path.raised_until(failure, numbers)
        self.recorded += 1
        given = recording.given[path.tape.guards.order]
        for known in self:
            if known.returns_as(path) and known.tape.runs_as(path.tape):
                return self.add(known), given
        return self.add(path), given
