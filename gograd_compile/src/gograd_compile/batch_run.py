"""Which points of a batch take which path, and runs over the points of one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gograd_compile.batch_arguments import Batch
from gograd_compile.judging import judge
from gograd_compile.paths import Path, Paths, Want
from gograd_compile.program import Holds, Points, Program
from gograd_compile.tape import Floats, Integers

__all__ = ["NOTHING", "NO_SEEDS", "BatchRun", "Part"]

WORTH_A_THREAD = 2**18  # values computed, below which threads take longer to start than to work
NOTHING = np.empty(0, dtype=np.intp)
NO_SEEDS = np.empty(0)

Part = tuple[Path, Integers]
"""A path, and the points that take it."""
Work = list[tuple[Path, Integers, frozenset[Path]]]
"""A path, points for which it may be right, and the paths that were not."""


class BatchRun:
    """What one call does at many points.

    Args:
        name: what messages call the function.
        paths: those known for such arguments.
        batch: the arguments.
        guards: what to ask a path for, to learn whether it is taken.
        threads: how many may work at once.
    """

    def __init__(self, name: str, paths: Paths, batch: Batch, guards: Want, threads: int) -> None:
        self._name = name
        self._paths = paths
        self._batch = batch
        self._guards = guards
        self._threads = threads
        self._shared = np.empty(batch.structure.size)  # the numbers that all points share, in their places
        self._shared[batch.shared] = batch.shared_values

    def parts(self) -> list[Part]:
        """The paths that are taken, each with its points in order.

        Their own order, and so that of sums, depends on the points alone.

        Raises:
            ValueError: results are nested differently.
        """
        if not self._batch.points:
            return []
        taken = self._sorted()
        parts = sorted(taken.items(), key=lambda part: int(part[1][0]))
        form = parts[0][0].structure
        for path, points in parts:
            if path.structure != form:
                raise ValueError(
                    f"{self._name} returns differently nested results at different points: {form.spec}, and at point "
                    f"{points[0]} {path.structure.spec}"
                )
        return parts

    def parts_or_known(self) -> list[Part]:
        """The same; if there are no points at all, a path that is known, at none: it has the form of the result.

        Raises:
            ValueError: none is known, either.
        """
        if self._batch.points:
            return self.parts()
        for path in reversed(list(self._paths)):
            return [(path, NOTHING)]
        raise ValueError(
            f"there are no points, and {self._name} was not recorded for such arguments yet, so that the form of its "
            "result is unknown"
        )

    def over(
        self, path: Path, program: Program, points: Integers, *, per_point: Integers = NOTHING,
        summed: Integers = NOTHING, seeds: Floats | None = None, holds: Holds | None = None,
    ) -> Points:  # fmt: skip
        """Some points of one path; `seeds` has a row for each."""
        batch, graph = self._batch, program.schedule.graph
        values = batch.batched_values if len(points) == batch.points else batch.batched_values[points]
        slots = batch.batched
        if seeds is not None:
            values = np.concatenate([values, seeds], axis=1)
            slots = np.concatenate([slots, np.arange(graph.leaves - graph.seeds, graph.leaves)])
        threads = self._threads if len(values) * program.size >= WORTH_A_THREAD else 1
        return program.over(
            self._shared, path.captured(), np.require(values, requirements=("C", "W")), slots,
            per_point=per_point, summed=summed, threads=threads, holds=holds,
        )  # fmt: skip

    def along(self, path: Path, want: Want, points: Integers, seeds: Floats) -> Floats:
        """The derivatives wanted, along or of the seeds of each point: a row per point.

        Raises:
            DomainError: one is not finite, and should be.
        """
        program = path.program(want)
        found = self.over(path, program, points, per_point=np.arange(len(program.result_slots)), seeds=seeds)
        for place in np.flatnonzero(found.status):
            self.judge(path, want, int(points[place]), seeds[place], found.gradients[place])
        return found.gradients

    def fill(self, parts: Iterable[Part], want: Want, into: Floats, first: int = 0) -> None:
        """The derivatives along, or of, each seed alone: ``into[seed, point]`` gets those from the `first` on.

        There is a run over the points for each seed, so that no more memory is needed than the result has.
        """
        for path, points in parts:
            seeds = np.zeros((len(points), len(into)))
            for seed, rows in enumerate(into):
                seeds[:, seed] = 1.0
                rows[points] = self.along(path, want, points, seeds)[:, first:]
                seeds[:, seed] = 0.0

    def at(self, point: int) -> Floats:
        """The numbers of the arguments at one point."""
        numbers = self._shared.copy()
        numbers[self._batch.batched] = self._batch.batched_values[point]
        return numbers

    def judge(self, path: Path, want: Want, point: int, seeds: Floats, derivatives: Floats) -> None:
        """Raise what the engine would raise at a point where something is not finite.

        Raises:
            DomainError: something should be.
        """
        with _noted(point):
            if path.outcomes and not path.decides:  # which nobody has looked at yet
                self._ask_about(path, point)
            judge(path, want, self.at(point), path.captured(), seeds, derivatives)

    def _ask_about(self, path: Path, point: int) -> None:
        """Record the function where something is not finite that must be, so that it raises its own error."""
        found = self.over(path, path.program(self._guards), np.array([point]))
        failure = path.first_failure(found.outputs[0])
        if failure is not None:
            self._paths.instead_of(path, failure, self.at(point))

    def _sorted(self) -> dict[Path, Integers]:
        """The points of each path that is taken, in order."""
        with _noted(0):
            start, everywhere = self._paths.likely(self.at(0)), np.arange(self._batch.points)
        if not start.decides:
            return {start: everywhere}
        taken: dict[Path, list[Integers]] = {}
        work: Work = [(start, everywhere, frozenset())]
        while work:
            path, points, tried = work.pop()
            wrong, guards, answers, values = self._failures(path, points)
            taken.setdefault(path, []).append(points[~wrong])
            kinds, which = np.unique(np.stack([guards, answers], axis=1), axis=0, return_inverse=True)
            for kind, (guard, outcome) in enumerate(kinds.tolist()):
                mine = which.ravel() == kind
                members, asked = points[wrong][mine], values[mine]
                with _noted(members[0]):
                    failure, at = (int(guard), outcome), self.at(members[0])
                    other, is_new = self._paths.instead_of(path, failure, at, tried | {path})
                if is_new:
                    right = _certain(other, path, int(guard), asked)
                    taken.setdefault(other, []).append(members[right])
                    members = members[~right]
                if len(members):
                    work.append((other, members, frozenset() if is_new else tried | {path}))
        found = {path: np.sort(np.concatenate(parts)) for path, parts in taken.items()}
        return {path: points for path, points in found.items() if len(points)}

    def _failures(self, path: Path, points: Integers) -> tuple[Any, Floats, Floats, Floats]:
        """At which of the points a guard of the path turns out otherwise; then the first guard, how, and its number."""
        if not path.outcomes:
            return np.zeros(len(points), dtype=np.bool_), NO_SEEDS, NO_SEEDS, NO_SEEDS
        values = self.over(path, path.program(self._guards), points, holds=path.holds).outputs
        answers = path.answers(values.T).T
        failed = answers != path.tape.guards.outcomes
        wrong = failed.any(axis=1)
        first = np.argmax(failed[wrong], axis=1)
        return wrong, first.astype(np.float64), answers[wrong, first], values[wrong, first]


@contextlib.contextmanager
def _noted(point: int) -> Iterator[None]:
    """Whatever is raised gets a note that says at which point."""
    try:
        yield
    except Exception as error:
        error.add_note(f"at point {point} of the batch")
        raise


def _certain(path: Path, failed: Path, guard: int, asked: Floats) -> Any:
    """At which points a path that was recorded at the first of them is right, whatever guards say.

    There; and, if the recording itself decided as the path that failed, so that the number which the guard asks
    about is computed a last digit off, wherever it asks about the same number.
    """
    right = np.zeros(len(asked), dtype=np.bool_)
    right[0] = True
    if path.outcomes[: guard + 1] == failed.outcomes[: guard + 1]:
        right |= asked == asked[0]
    return right
