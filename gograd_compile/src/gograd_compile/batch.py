"""A compiled function at many points."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_compile.batch_arguments import Batch, flatten_batch
from gograd_compile.judging import judge
from gograd_compile.paths import CAPTURED, Path, Paths, Want
from gograd_compile.program import Holds, Points, Program
from gograd_compile.recent import Recent
from gograd_compile.tape import Floats, Integers
from gograd_compile.trees import positions
from gograd_core import engines

if TYPE_CHECKING:
    from gograd_compile.compiled import Compiled

__all__ = ["Batched"]

MOST_WANTS = 64
WORTH_A_THREAD = 2**18  # values computed, below which threads take longer to start than to work
NOTHING = np.empty(0, dtype=np.intp)
NO_SEEDS = np.empty(0)

Work = list[tuple[Path, Integers, frozenset[Path]]]
"""A path, points for which it may be right, and the paths that were not."""


@attrs.define(eq=False)
class _Found:
    """What was found at all points so far.

    Attributes:
        path: one that was taken.
        outputs: a row per point.
        gradients: a row per point, by the numbers asked for per point.
        totals: per path the derivatives asked for in total, added up over its points.
    """

    path: Path
    outputs: Floats
    gradients: Floats
    totals: list[tuple[Path, Floats]]


class Batched:
    """A compiled function at many points: see `Compiled.batch`."""

    def __init__(self, compiled: Compiled, in_axes: Any, threads: int | None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be 1 or more, got {threads}")
        self._compiled = compiled
        self._in_axes = in_axes
        self._threads = threads or _processors()
        self._wants: Recent[Any, Any] = Recent(MOST_WANTS)

    def __repr__(self) -> str:
        return f"<{self._compiled!r} at many points, in_axes={self._in_axes!r}>"

    def __call__(self, *args: Any) -> Any:
        """What the function returns at every point: arrays whose first axis is that of the points."""
        batch = flatten_batch(args, self._in_axes)
        found = self._run(batch, self._want("values", batch), NOTHING, NOTHING)
        return found.path.structure.build_batch(found.outputs)

    def value_and_grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> tuple[Floats, Any]:
        """The values at all points, and the gradient of their sum by the argument `wrt` (or several).

        By what is batched, that is a gradient per point; by what is shared, the sum over the points, and
        nothing is kept per point.

        Args:
            wrt: the argument to differentiate by, or several, counted from 0.
            per_point: give a gradient per point by what is shared, too.
        """
        wrt = positions(wrt)
        batch = flatten_batch(args, self._in_axes)
        want, chosen = self._compiled._want("adjoints", batch.structure, wrt, batch.batched)
        own, shared = self._parts(want, batch, per_point)
        found = self._run(batch, want, own, shared)
        values: Floats = found.path.structure.build_batch(found.outputs)
        if not len(shared):
            return values, chosen.build_batch(found.gradients)
        totals = np.add.reduce([totals for _, totals in found.totals])
        if not len(own):
            return values, chosen.build(totals)
        return values, chosen.build_parts(found.gradients, own, totals, shared)

    def grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> Any:
        """The gradient alone, as `value_and_grad` gives it."""
        return self.value_and_grad(*args, wrt=wrt, per_point=per_point)[1]

    def backward(self, *args: Any) -> Floats:
        """Add the derivatives of the sum of all values by captured leaf neurons to their `grad`; gives the values."""
        batch = flatten_batch(args, self._in_axes)
        found = self._run(batch, self._want("adjoints", batch), NOTHING, slice(None))
        for path, totals in found.totals:
            engines.add_gradients(path.tape.captured, totals)
        values: Floats = found.path.structure.build_batch(found.outputs)
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        return Batched, (self._compiled, self._in_axes, self._threads)

    def _want(self, mode: Any, batch: Batch) -> Want:
        """What to ask paths for where no argument is differentiated by."""
        return self._compiled._want(mode, batch.structure, CAPTURED, batch.batched)[0]

    def _parts(self, want: Want, batch: Batch, per_point: bool) -> tuple[Integers, Integers]:
        """Which derivatives are asked for per point, and which in total."""
        key = want, per_point
        found: tuple[Integers, Integers] | None = self._wants.get(key)
        if found is None:
            assert want.wrt is not None
            own = np.isin(want.wrt, batch.batched) | per_point
            found = self._wants.add(key, (np.flatnonzero(own), np.flatnonzero(~own)))
        return found

    def _run(self, batch: Batch, want: Want, own: Integers, shared: Any) -> _Found:
        """All points, those of each path together."""
        paths = self._compiled._paths_of(batch.structure)
        if not batch.points:
            return self._nothing(paths, own, shared)
        numbers = np.empty(batch.structure.size)
        numbers[batch.shared] = batch.shared_values
        taken = self._sorted(paths, batch, numbers)
        result: _Found | None = None
        for path in sorted(
            taken, key=lambda path: int(taken[path][0])
        ):  # the order of sums depends on the points alone
            result = self._run_path(path, batch, numbers, taken[path], want, own, shared, result)
        assert result is not None
        return result

    def _nothing(self, paths: Paths, own: Integers, shared: Any) -> _Found:
        """What is found at no points at all: the form of a result that is known."""
        known = list(paths)
        if not known:
            raise ValueError(
                f"there are no points, and {self._compiled.__name__} was not recorded for such arguments yet, so that "
                "the form of its result is unknown"
            )
        path = known[-1]
        totals = np.zeros(len(path.tape.captured) if isinstance(shared, slice) else len(shared))
        return _Found(path, np.empty((0, path.structure.size)), np.empty((0, len(own))), [(path, totals)])

    def _sorted(self, paths: Paths, batch: Batch, numbers: Floats) -> dict[Path, Integers]:
        """The points of each path that is taken, in order."""
        start, everywhere = paths.likely(self._at(batch, numbers, 0)), np.arange(batch.points)
        if not start.outcomes:
            return {start: everywhere}
        taken: dict[Path, list[Integers]] = {}
        work: Work = [(start, everywhere, frozenset())]
        while work:
            path, points, tried = work.pop()
            wrong, guards, answers, values = self._failures(path, batch, numbers, points)
            taken.setdefault(path, []).append(points[~wrong])
            kinds, which = np.unique(np.stack([guards, answers], axis=1), axis=0, return_inverse=True)
            for kind, (guard, outcome) in enumerate(kinds.tolist()):
                mine = which.ravel() == kind
                members, asked = points[wrong][mine], values[mine]
                at = self._at(batch, numbers, members[0])
                other, is_new = paths.instead_of(path, (int(guard), outcome), at, tried | {path})
                if is_new:
                    right = _certain(other, path, int(guard), asked)
                    taken.setdefault(other, []).append(members[right])
                    members = members[~right]
                if len(members):
                    work.append((other, members, frozenset() if is_new else tried | {path}))
        found = {path: np.sort(np.concatenate(parts)) for path, parts in taken.items()}
        return {path: points for path, points in found.items() if len(points)}

    def _failures(
        self, path: Path, batch: Batch, numbers: Floats, points: Integers
    ) -> tuple[Any, Floats, Floats, Floats]:
        """At which of the points a guard of the path turns out otherwise; then the first guard, how, and its number."""
        nothing = np.empty(0)
        if not path.outcomes:
            return np.zeros(len(points), dtype=np.bool_), nothing, nothing, nothing
        program = path.program(self._want("guards", batch))
        values = self._over(program, path, batch, numbers, points, NOTHING, NOTHING, path.holds).outputs
        answers = path.answers(values.T).T
        failed = answers != path.tape.guards.outcomes
        wrong = failed.any(axis=1)
        first = np.argmax(failed[wrong], axis=1)
        return wrong, first.astype(np.float64), answers[wrong, first], values[wrong, first]

    def _run_path(
        self, path: Path, batch: Batch, numbers: Floats, points: Integers, want: Want, own: Integers, shared: Any,
        result: _Found | None,
    ) -> _Found:  # fmt: skip
        """The points of one path, added to the `result`."""
        program = path.program(want)
        places = np.arange(len(program.result_slots))[shared]
        run = self._over(program, path, batch, numbers, points, own, places)
        if len(points) == batch.points:
            result = _Found(path, run.outputs, run.gradients, [])
        elif result is None:
            outputs = np.empty((batch.points, path.structure.size))
            result = _Found(path, outputs, np.empty((batch.points, len(own))), [])
        elif path.structure != result.path.structure:
            raise ValueError(
                f"{self._compiled.__name__} returns differently nested results at different points: "
                f"{result.path.structure.spec}, and at point {points[0]} {path.structure.spec}"
            )
        if len(points) < batch.points:
            result.outputs[points] = run.outputs
            result.gradients[points] = run.gradients
        totals = run.totals
        for place in np.flatnonzero(run.status):
            point = int(points[place])
            totals = totals + self._judged(path, program, self._at(batch, numbers, point), point, want)[places]
        result.totals.append((path, totals))
        return result

    def _judged(self, path: Path, program: Program, numbers: Floats, point: int, want: Want) -> Floats:
        """The derivatives at a point where something is not finite.

        Raises:
            DomainError: something should be.
        """
        captured = path.captured()
        memory, _ = program.at(numbers, captured, NO_SEEDS, None)
        derivatives: Floats = memory[program.result_slots]
        program.give_back(memory)
        try:
            judge(path, want, numbers, captured, NO_SEEDS, derivatives)
        except ArithmeticError as error:
            error.add_note(f"at point {point} of the batch")
            raise
        return derivatives

    def _over(
        self, program: Program, path: Path, batch: Batch, numbers: Floats, points: Integers, own: Integers,
        shared: Integers, holds: Holds | None = None,
    ) -> Points:  # fmt: skip
        everything = len(points) == batch.points
        values = batch.batched_values if everything else batch.batched_values[points]
        threads = self._threads if len(values) * program.size >= WORTH_A_THREAD else 1
        return program.over(
            numbers, path.captured(), np.require(values, requirements=("C", "W")), batch.batched,
            per_point=own, summed=shared, threads=threads, holds=holds,
        )  # fmt: skip

    @staticmethod
    def _at(batch: Batch, numbers: Floats, point: int) -> Floats:
        """The numbers of the arguments at one point."""
        found = numbers.copy()
        found[batch.batched] = batch.batched_values[point]
        return found


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


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
