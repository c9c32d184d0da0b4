"""Finds which points of a batch take which path, and runs the points of each path."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import attrs
import numpy as np

from gograd_compile.nesting.batch_arguments import Batch
from gograd_compile.nesting.structure_json import structure_text
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.budget import NoPath
from gograd_compile.paths.guards import alike
from gograd_compile.paths.path import VALUES, Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.point_run import at_point
from gograd_compile.paths.replay_errors import judge_derivatives, judged_matrix
from gograd_compile.run.program import VALUES_NOT_FINITE, Holds, Program
from gograd_compile.run.records import Points
from gograd_compile.trace.tape import Floats, Integers
from gograd_core.extend import domain_errors_raise

__all__ = ["NOTHING", "WORTH_A_THREAD", "BatchRun", "Part", "failed_at", "nested_otherwise"]

WORTH_A_THREAD = 2**18  # values computed, below which threads take longer to start than to work
NOTHING = np.empty(0, dtype=np.intp)

Part = tuple[Path, Integers]
"""A path, and the points that take it."""
Work = list[tuple[Path, Integers | None, Integers, frozenset[Path]]]
"""A path, which answers of its guards were given, points that may take it, and paths that these do not take."""
T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class BatchRun:
    """One call of a function at many points.

    Attributes:
        name: what messages call the function.
        paths: the paths for such arguments.
        batch: the arguments.
        guards: finds what to ask a path for, to find out whether it is taken.
        threads: how many threads may work at once.
    """

    name: str
    paths: Paths
    batch: Batch
    guards: Callable[[], Want]
    threads: int
    _shared: Floats = attrs.field(init=False)  # the numbers that all points share, in their places
    _taken: dict[Path | None, Integers] = attrs.field(factory=dict, init=False)
    _settled: set[int] = attrs.field(factory=set, init=False)  # points whose path was found one by one

    def __attrs_post_init__(self) -> None:
        self._shared = np.empty(self.batch.structure.size)
        self._shared[self.batch.shared] = self.batch.shared_values

    def parts(self) -> list[Part]:
        """List the paths that are taken, each with its points in order.

        The order of the paths, and so that of sums, depends only on the points.

        Raises:
            ValueError: their results are nested differently.
        """
        parts = sorted(
            ((path, points) for path, points in self._taken.items() if path is not None),
            key=lambda part: int(part[1][0]),
        )
        for path, points in parts:
            if path.structure != parts[0][0].structure:
                place = self.batch.first + int(points[0])
                raise nested_otherwise(self.name, parts[0][0].structure, path.structure, place)
        return parts

    def through(self, compute: Callable[[list[Part]], T], evaluate: Callable[[Integers, T | None], T]) -> T:
        """Apply `compute` to the parts, and again if it finds that points take other paths.

        Then apply `evaluate` to the points without a path, and to the result. There is none if no point has a path.
        """
        with self.paths.budget.of_batches():
            self._taken = self._sorted()
        while True:
            parts, others = self.parts(), self._taken.get(None, NOTHING)
            try:
                found = compute(parts) if parts or not len(others) else None
            except _Moved:
                continue
            return evaluate(others, found) if found is None or len(others) else found

    def check(self, path: Path, points: Integers, status: Integers) -> None:
        """Check where values are not finite, since the function may take another path than `path` there.

        Raises:
            _Moved: it does at some points.
            Whatever the function raises there, such as DomainError.
        """
        if not np.count_nonzero(status) or not (domain_errors_raise() or path.guards.outcomes):
            return
        suspects = points[status & VALUES_NOT_FINITE > 0]
        suspects = suspects[[point not in self._settled for point in suspects.tolist()]]
        moved = False
        while len(suspects):
            first, suspects = suspects[0], suspects[1:]
            self._settled.add(int(first))
            with self.noted(first), contextlib.suppress(NoPath):
                other: Path | None = None
                other = at_point(self.paths, VALUES, self.batch.at(first))[0]
            if other is None:
                self._move(np.array([first]), path, None)
                moved = True
            elif other is not path:
                wrong, _ = self._failures(other, suspects)
                self._move(np.append(first, suspects[~wrong]), path, other)
                suspects, moved = suspects[wrong], True
        if moved:
            raise _Moved

    def over(
        self, path: Path, program: Program, points: Integers, *, per_point: Integers = NOTHING,
        summed: Integers = NOTHING, seeds: Floats | None = None, holds: Holds | None = None,
    ) -> Points:  # fmt: skip
        """Run some points of one path. `seeds` has a row for each point."""
        batch, graph = self.batch, program.schedule.graph
        values = batch.batched_values if len(points) == batch.points else batch.batched_values[points]
        slots = batch.batched
        if seeds is not None:
            values = np.concatenate([values, seeds], axis=1)
            slots = np.concatenate([slots, np.arange(graph.leaves - graph.seeds, graph.leaves)])
        threads = self.threads if len(values) * program.size >= WORTH_A_THREAD else 1
        return program.over(
            self._shared, path.captured(), values, slots,
            per_point=per_point, summed=summed, threads=threads, holds=holds,
        )  # fmt: skip

    def checked(self, path: Path, want: Want, points: Integers, **asked: Any) -> Points:
        """Run points of a path as `over` does, and check that it is the right path there, as `check` does."""
        try:
            found = self.over(path, path.program(want), points, **asked)
        except Exception:  # of an opaque operation, which the right path may not reach
            self.check(path, points, np.full(len(points), VALUES_NOT_FINITE))
            raise
        self.check(path, points, found.status)
        return found

    def along(self, path: Path, want: Want, points: Integers, seeds: Floats) -> Floats:
        """Compute the derivatives wanted, with the seeds of each point, in a row for each point.

        Raises:
            DomainError: one is not finite and should be.
            _Moved: some points take another path.
        """
        found = self._along(path, want, points, seeds)
        for place in np.flatnonzero(path.to_judge(found.status)):
            self.judge(path, want, int(points[place]), seeds[place], found.gradients[place])
        return found.gradients

    def fill(self, parts: Iterable[Part], want: Want, into: Floats, first: int = 0) -> None:
        """Compute the derivatives for each seed: ``into[seed, point]`` gets those from the `first` on.

        There is one run over the points for each seed, so that no memory is needed beyond that of the result.
        """
        for path, points in parts:
            seeds = np.zeros((len(points), len(into)))
            are_bad = np.zeros(seeds.shape, dtype=np.bool_)
            for seed, rows in enumerate(into):
                seeds[:, seed] = 1.0
                found = self._along(path, want, points, seeds)
                rows[points] = found.gradients[:, first:]
                are_bad[:, seed] = path.to_judge(found.status)
                seeds[:, seed] = 0.0
            for place in np.flatnonzero(are_bad.any(axis=1)):
                point = int(points[place])
                matrix = np.pad(into[:, point], ((0, 0), (first, 0)))
                with self.noted(point):
                    bad = np.flatnonzero(are_bad[place])
                    matrix = judged_matrix(path, want, self.batch.at(point), path.captured(), matrix, bad)
                into[:, point] = matrix[:, first:]

    def _along(self, path: Path, want: Want, points: Integers, seeds: Floats) -> Points:
        places = np.arange(len(path.program(want).result_slots))
        return self.checked(path, want, points, per_point=places, seeds=seeds)

    def judge(self, path: Path, want: Want, point: int, seeds: Floats, derivatives: Floats) -> None:
        """Raise the error that the engine would raise at a point where a derivative is not finite, if any.

        Raises:
            DomainError: it should be finite.
        """
        with self.noted(point):
            judge_derivatives(path, want, self.batch.at(point), path.captured(), seeds, derivatives)

    def _sorted(self) -> dict[Path | None, Integers]:
        """Find the points of each path that is taken, in order. Those without a path are those of None."""
        everywhere = self.batch.all_points()
        if not len(everywhere) or self.paths.is_watched:
            return {None: everywhere} if len(everywhere) else {}
        budget = self.paths.budget
        budget.note_evaluated(len(everywhere))
        taken: dict[Path | None, list[Integers]] = {None: []}
        work: Work = []
        try:
            with self.noted(0):
                work.append((*self.paths.likely(self.batch.at(0)), everywhere, frozenset()))
        except NoPath:
            taken[None].append(everywhere)
        while work:
            path, given, points, tried = work.pop()
            if tried and given is None and budget.wait > 0:
                taken[None].append(points)
                continue
            wrong, failures = self._failures(path, points, given)
            budget.note_run(len(points) - len(failures), len(failures), len(path.tape.codes))
            if len(failures):
                taken.setdefault(path, []).append(points[~wrong])
                taken[None] += self._look_further(path, failures, points[wrong], tried | {path}, work)
            else:
                taken.setdefault(path, []).append(points)
        found = {
            path: everywhere if parts[0] is everywhere else np.sort(np.concatenate(parts))
            for path, parts in taken.items() if parts
        }  # fmt: skip
        budget.calls += 1
        return {path: points for path, points in found.items() if len(points)}

    def _look_further(
        self, path: Path, failures: Floats, points: Integers, tried: frozenset[Path], work: Work
    ) -> list[Integers]:
        """Find other paths for points where guards of `path` turn out differently, and add them to `work`.

        Returns the points for which that is not worth it.
        """
        left: list[Integers] = []
        order, group_of, groups = alike(failures)
        for place, group in enumerate(groups):
            if self.paths.budget.wait > 0 and not self.paths.budget.may_record():
                return [*left, points[order[np.isin(group_of, groups[place:])]]]
            begin, end = np.searchsorted(group_of, [group, group + 1])
            guard, outcome = failures[order[begin]].tolist()
            members = points[order[begin:end]]
            try:
                with self.noted(members[0]):
                    at = self.batch.at(members[0])
                    other, given = self.paths.instead_of(path, (int(guard), outcome), at, tried, len(members))
            except NoPath:
                left.append(members)
            else:
                work.append((other, given, members, tried))
        work.sort(key=lambda item: len(item[2]))
        return left

    def _failures(self, path: Path, points: Integers, given: Integers | None = None) -> tuple[Any, Floats]:
        """Find the points where a guard of the path turns out differently, and for each the first one, and its answer.

        If that is a guard whose answer was given, the path is taken anyway.
        """
        if not path.guards.decides:
            return np.zeros(len(points), dtype=np.bool_), np.empty((0, 2))
        values = self.over(path, path.program(self.guards()), points, holds=path.guards.hold).outputs
        return path.guards.failures(values.T, given)

    @contextlib.contextmanager
    def noted(self, point: int) -> Iterator[None]:
        """Add the number of a point to whatever is raised."""
        try:
            yield
        except Exception as error:
            error.add_note(f"at point {self.batch.first + point} of the batch")
            vars(error)["_point"] = int(point)
            raise

    def _move(self, points: Integers, path: Path, other: Path | None) -> None:
        """Move points from one path to another."""
        left = np.setdiff1d(self._taken.pop(path), points)
        if len(left):
            self._taken[path] = left
        self._taken[other] = np.union1d(self._taken.get(other, NOTHING), points)


class _Moved(Exception):  # noqa: N818 - it never leaves this module
    """Points turned out to take other paths than expected."""


def nested_otherwise(name: str, first: Structure, other: Structure, point: int) -> ValueError:
    return ValueError(
        f"{name} returns differently nested results at different points: {structure_text(first)}, and at point "
        f"{point} {structure_text(other)}"
    )


def failed_at(error: Exception) -> int | None:
    """Return the point of a run at which an error was raised. It is None if it has no point."""
    place: int | None = vars(error).get("_point")
    return place
