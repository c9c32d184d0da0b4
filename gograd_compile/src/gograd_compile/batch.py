"""A compiled function at many points."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from gograd_core import engines

from gograd_compile.batch_arguments import Batch, flatten_batch
from gograd_compile.judging import judge
from gograd_compile.paths import CAPTURED, Path, Paths, Want
from gograd_compile.program import Program
from gograd_compile.tape import Floats, Integers

if TYPE_CHECKING:
    from gograd_compile.compiled import Compiled

__all__ = ["Batched"]

VALUES = Want("values")
GUARDS = Want("guards")
BY_CAPTURED = Want("adjoints", CAPTURED)
WORTH_A_THREAD = 2**18  # values computed, below which threads take longer to start than to work


@attrs.define(eq=False)
class _Found:
    """What was found at all points so far.

    Attributes:
        path: one that was taken.
        outputs: a row per point.
        gradients: a row per point, by the numbers asked for per point.
        totals: of the derivatives asked for in total, added up over the points.
    """

    path: Path
    outputs: Floats
    gradients: Floats
    totals: Floats


class Batched:
    """A compiled function of many points: see `Compiled.batch`."""

    def __init__(self, compiled: Compiled, in_axes: Any, threads: int | None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be 1 or more, got {threads}")
        self._compiled = compiled
        self._in_axes = in_axes
        self._threads = threads or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))

    def __repr__(self) -> str:
        return f"<{self._compiled!r} at many points, in_axes={self._in_axes!r}>"

    def __call__(self, *args: Any) -> Any:
        """What the function returns at every point: arrays whose first axis is that of the points."""
        found = self._run(flatten_batch(args, self._in_axes), VALUES, _NONE, _NONE)
        return found.path.structure.build_batch(found.outputs)

    def value_and_grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> tuple[Floats, Any]:
        """The values at all points, and the gradient of their sum by the argument `wrt` (or several).

        By what is batched, that is a gradient per point; by what is shared, the sum over the points, and
        nothing is kept per point.

        Args:
            wrt: the argument to differentiate by, or several, counted from 0.
            per_point: give a gradient per point by what is shared, too.
        """
        batch = flatten_batch(args, self._in_axes)
        want, chosen = self._compiled._want("adjoints", batch.structure, wrt)
        assert want.wrt is not None
        is_batched = np.isin(want.wrt, batch.batched) | per_point
        own, shared = np.flatnonzero(is_batched), np.flatnonzero(~is_batched)
        found = self._run(batch, want, own, shared)
        values: Floats = found.path.structure.build_batch(found.outputs)
        if not len(shared):
            return values, chosen.build_batch(found.gradients)
        if not len(own):
            return values, chosen.build(found.totals)
        return values, chosen.build_parts(found.gradients, own, found.totals, shared)

    def grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> Any:
        """The gradient alone, as `value_and_grad` gives it."""
        return self.value_and_grad(*args, wrt=wrt, per_point=per_point)[1]

    def backward(self, *args: Any) -> Floats:
        """Add the derivatives of the sum of all values by captured leaf neurons to their `grad`; gives the values."""
        batch = flatten_batch(args, self._in_axes)
        found = self._run(batch, BY_CAPTURED, _NONE, slice(None))
        engines.add_gradients(found.path.tape.captured, found.totals)
        values: Floats = found.path.structure.build_batch(found.outputs)
        return values

    def _run(self, batch: Batch, want: Want, own: Integers, shared: Any) -> _Found:
        """All points, those of each path together."""
        paths = self._compiled._paths_of(batch.structure)
        numbers = np.empty(batch.structure.size)
        numbers[batch.shared] = batch.shared_values
        numbers[batch.batched] = batch.batched_values[0] if batch.points else np.nan
        work: list[tuple[Path, Integers]] = [(paths.likely(numbers), np.arange(batch.points))]
        result: _Found | None = None
        while work:
            path, points = work.pop()
            right = self._sort(paths, path, batch, numbers, points, work)
            if len(right) or result is None:
                result = self._run_path(path, batch, numbers, right, want, own, shared, result)
        assert result is not None
        return result

    def _sort(
        self, paths: Paths, path: Path, batch: Batch, numbers: Floats, points: Integers, work: list[tuple[Path, Integers]]
    ) -> Integers:
        """The points at which this path is right; the others are added to the `work`, with the path to try next."""
        if not len(path.outcomes):
            return points
        program = path.program(GUARDS)
        values = self._over(program, path, batch, numbers, points, _NONE, _NONE).outputs
        answers = path.answers(values.T).T
        wrong = answers != path.tape.guards.outcomes
        failed = wrong.any(axis=1)
        if not failed.any():
            return points
        first = np.argmax(wrong[failed], axis=1)
        failures = np.stack([first, answers[failed, first]], axis=1)
        kinds, which = np.unique(failures, axis=0, return_inverse=True)
        for kind, (guard, outcome) in enumerate(kinds.tolist()):
            members = points[failed][which.ravel() == kind]
            other = paths.instead_of(path, (int(guard), outcome), self._at(batch, numbers, members[0]))
            work.append((other, members))
        return points[~failed]

    def _run_path(
        self, path: Path, batch: Batch, numbers: Floats, points: Integers, want: Want, own: Integers, shared: Any,
        result: _Found | None,
    ) -> _Found:  # fmt: skip
        """The points of one path, added to the `result`."""
        program = path.program(want)
        places = np.arange(len(program.result_slots))[shared]
        run = self._over(program, path, batch, numbers, points, own, places)
        if len(points) == batch.points:
            result = _Found(path, run.outputs, run.gradients, run.totals)
        elif result is None:
            outputs = np.empty((batch.points, path.structure.size))
            result = _Found(path, outputs, np.empty((batch.points, len(own))), np.zeros(len(places)))
        elif path.structure != result.path.structure:
            raise ValueError(
                f"{self._compiled.__name__} returns differently nested results at different points: "
                f"{result.path.structure.spec}, and at point {points[0]} {path.structure.spec}"
            )
        if len(points) < batch.points:
            result.outputs[points] = run.outputs
            result.gradients[points] = run.gradients
            result.totals += run.totals
        for place in np.flatnonzero(run.status):
            self._judge(path, program, self._at(batch, numbers, points[place]), int(points[place]), want, places, result)
        return result

    def _judge(
        self, path: Path, program: Program, numbers: Floats, point: int, want: Want, places: Integers, result: _Found
    ) -> None:
        """A point at which something is not finite: raise what is wrong; or, if nothing is, add to the totals what is missing."""
        captured = path.captured()
        try:
            judge(path, want, numbers, captured, _NO_SEEDS)
        except ArithmeticError as error:
            error.add_note(f"at point {point} of the batch")
            raise
        memory, _ = program.at(numbers, captured, _NO_SEEDS, path.holds)
        result.totals += memory[program.result_slots[places]]
        program.give_back(memory)

    def _over(
        self, program: Program, path: Path, batch: Batch, numbers: Floats, points: Integers, own: Integers, shared: Integers
    ) -> Any:
        everything = len(points) == batch.points
        values = batch.batched_values if everything else batch.batched_values[points]
        threads = self._threads if len(values) * program.size >= WORTH_A_THREAD else 1
        return program.over(
            numbers, path.captured(), np.ascontiguousarray(values), batch.batched,
            per_point=own, summed=shared, threads=threads,
        )  # fmt: skip

    @staticmethod
    def _at(batch: Batch, numbers: Floats, point: int) -> Floats:
        """The numbers of the arguments at one point."""
        found = numbers.copy()
        found[batch.batched] = batch.batched_values[point]
        return found


_NONE = np.empty(0, dtype=np.int64)
_NO_SEEDS = np.empty(0)
