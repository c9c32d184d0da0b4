"""A compiled function at many points."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_compile.batch_arguments import Batch, flatten_batch
from gograd_compile.batch_parts import in_parts
from gograd_compile.batch_run import NOTHING, BatchRun, Part, nested_otherwise
from gograd_compile.engine_answers import Question
from gograd_compile.paths import CAPTURED, Path, Want
from gograd_compile.point_run import NO_SEEDS
from gograd_compile.program import Points, Program
from gograd_compile.recent import Recent
from gograd_compile.tape import Floats, Integers
from gograd_compile.trees import Structure, flatten, nest_matrix, numbers_like, positions
from gograd_core import DomainError, engines

if TYPE_CHECKING:
    from gograd_compile.compiled import Compiled

__all__ = ["Batched"]

MOST_WANTS = 64
ONE_NUMBER = flatten(0.0)[1]
"""What is returned by a function that has a gradient."""


_Rows = tuple[Structure, Floats]


@attrs.frozen(eq=False)
class _Found:
    """What was found at all points.

    Attributes:
        structure: how the result is nested.
        outputs: a row per point.
        gradients: a row per point, by the numbers asked for per point.
        totals: per path the derivatives asked for in total, added up over its points; None, if the engine found them.
    """

    structure: Structure
    outputs: Floats
    gradients: Floats
    totals: list[tuple[Path | None, Floats]]


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
        return found.structure.build_batch(found.outputs)

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
        own, shared, are_shared = self._parts(want, batch, wrt, per_point)
        found = self._run(batch, want, own, shared)
        values: Floats = found.structure.build_batch(found.outputs)
        if not any(are_shared):
            return values, chosen.build_batch(found.gradients)
        totals = np.add.reduce([totals for _, totals in found.totals]) if found.totals else np.zeros(len(shared))
        if all(are_shared):
            return values, chosen.build(totals)
        return values, chosen.build_parts(found.gradients, own, totals, shared, are_shared)

    def grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> Any:
        """The gradient alone, as `value_and_grad` gives it."""
        return self.value_and_grad(*args, wrt=wrt, per_point=per_point)[1]

    def backward(self, *args: Any) -> Floats:
        """Add the derivatives of the sum of all values by captured leaf neurons to their `grad`; gives the values."""
        batch = flatten_batch(args, self._in_axes)
        found = self._run(batch, self._want("adjoints", batch), NOTHING, slice(None))
        for path, totals in found.totals:
            assert path is not None
            engines.add_gradients(path.tape.captured, totals)
        values: Floats = found.structure.build_batch(found.outputs)
        return values

    def jacobian(self, *args: Any, wrt: int | Sequence[int] = 0) -> Any:
        """At every point the derivative of every number of the result by every number of the argument `wrt`.

        Nested as `Compiled.jacobian` nests it, and every array has the points as its first axis: by what is shared,
        too, there is a derivative per point. Forward or reverse mode, whichever needs fewer sweeps over the points; of
        one number it is the gradient.
        """
        wrt = positions(wrt)
        batch = flatten_batch(args, self._in_axes)
        push, chosen = self._compiled._want("push", batch.structure, wrt, batch.batched)
        pull, _ = self._compiled._want("pull", batch.structure, wrt, batch.batched)

        def many(part: Batch) -> _Rows:
            run = self._start(part)

            def compute(parts: list[Part]) -> _Rows:
                structure = parts[0][0].structure if parts else self._compiled._paths_of(batch.structure).structure()
                matrices = np.empty((part.points, structure.size, chosen.size))
                is_forward = chosen.size <= structure.size > 1
                run.fill(parts, push if is_forward else pull, np.moveaxis(matrices, 2 if is_forward else 1, 0))
                return structure, matrices

            return run.through(compute)

        structure, matrices = self._rows(batch, many, "jacobian", push)
        return nest_matrix(matrices.reshape(batch.points, structure.size, chosen.size), structure, chosen)

    def hvp(self, *args_and_vector: Any, wrt: int | Sequence[int] = 0) -> Any:
        """At every point the Hessian times a vector, which comes after the arguments.

        The vector is nested as the argument `wrt` is, and `in_axes` holds for it, too: where the argument is batched,
        it is batched along the same axis; where that is shared, so is the vector. There is a product per point, by what
        is shared, too.

        Raises:
            TypeError: the function does not return one number, or no vector was given.
            ValueError: the vector is nested otherwise, or has other shapes.
        """
        if len(args_and_vector) < 2:
            raise TypeError(
                f"hvp() takes the arguments of {self._compiled.__name__}, and after them a vector, nested and batched "
                "as the argument wrt is"
            )
        wrt = positions(wrt)
        *args, vector = args_and_vector
        batch = flatten_batch(tuple(args), self._in_axes)
        want, chosen = self._compiled._want("push", batch.structure, wrt, batch.batched)
        seeds = self._vectors(args, vector, wrt, want)

        def many(part: Batch) -> _Rows:
            run, own = self._start(part, wrt), seeds[part.first :]
            products = np.empty((part.points, chosen.size))

            def compute(parts: list[Part]) -> _Rows:
                for path, points in parts:
                    products[points] = run.along(path, want, points, own[points])[:, 1:]  # the first: of the value
                return ONE_NUMBER, products

            return run.through(compute)

        return chosen.build_batch(self._rows(batch, many, "hvp", want, seeds)[1])

    def hessian(self, *args: Any, wrt: int | Sequence[int] = 0) -> Any:
        """At every point the second derivatives by the numbers of the argument `wrt`, nested as that is, twice.

        Every array has the points as its first axis, by what is shared, too.

        Raises:
            TypeError: the function does not return one number.
        """
        wrt = positions(wrt)
        batch = flatten_batch(args, self._in_axes)
        want, chosen = self._compiled._want("push", batch.structure, wrt, batch.batched)

        def many(part: Batch) -> _Rows:
            run = self._start(part, wrt)
            matrices = np.empty((part.points, chosen.size, chosen.size))
            run.through(lambda parts: run.fill(parts, want, np.moveaxis(matrices, 2, 0), first=1))
            return ONE_NUMBER, matrices

        matrices = self._rows(batch, many, "hessian", want)[1]
        return nest_matrix(matrices.reshape(batch.points, chosen.size, chosen.size), chosen, chosen)

    def __reduce__(self) -> tuple[Any, ...]:
        return Batched, (self._compiled, self._in_axes, self._threads)

    def _want(self, mode: Any, batch: Batch) -> Want:
        """What to ask paths for where no argument is differentiated by."""
        return self._compiled._want(mode, batch.structure, CAPTURED, batch.batched)[0]

    def _parts(
        self, want: Want, batch: Batch, wrt: int | tuple[int, ...], per_point: bool
    ) -> tuple[Integers, Integers, Sequence[bool]]:
        """Which derivatives are asked for per point, and which in total; and of each leaf, whether it is in total."""
        key = want, per_point, batch.are_shared
        found: tuple[Integers, Integers, Sequence[bool]] | None = self._wants.get(key)
        if found is None:
            assert want.wrt is not None
            own = np.isin(want.wrt, batch.batched) | per_point
            leaves = [leaf for span in batch.structure.spans(wrt) for leaf in range(*span)]
            are_shared = [batch.are_shared[leaf] and not per_point for leaf in leaves]
            found = self._wants.add(key, (np.flatnonzero(own), np.flatnonzero(~own), are_shared))
        return found

    def _start(self, batch: Batch, gradient: int | tuple[int, ...] | None = None) -> BatchRun:
        """A run of the function, or of its gradient by some of the arguments."""
        paths = self._compiled._paths_of(batch.structure, gradient)
        return BatchRun(self._compiled.__name__, paths, batch, self._want("guards", batch), self._threads)

    def _run(self, batch: Batch, want: Want, own: Integers, shared: Any) -> _Found:
        """The values, and the derivatives of one output, at all points."""

        def many(part: Batch) -> _Found:
            run = self._start(part)
            return run.through(lambda parts: self._over(run, part, parts, want, own, shared))

        def alone(error: DomainError, point: Batch) -> _Found:
            if want.mode == "values":
                answer = self._compiled._ask_engine(error, "value", point.structure, point.at(0))
                return _Found(answer.structure, answer.numbers[np.newaxis], np.empty((1, 0)), [])
            if want.wrt is CAPTURED:
                raise error
            answer = self._compiled._ask_engine(error, "gradient", point.structure, point.at(0), want.wrt)
            value, gradient = answer.numbers[np.newaxis, :1], answer.numbers[1:]
            return _Found(answer.structure, value, gradient[np.newaxis, own], [(None, gradient[shared])])

        return in_parts(batch, many, alone, self._joined)

    def _joined(self, parts: list[_Found]) -> _Found:
        """What was found at points that follow each other."""
        first, other = parts
        if first.structure != other.structure:
            raise nested_otherwise(self._compiled.__name__, first.structure, other.structure, len(first.outputs))
        return _Found(
            first.structure,
            np.concatenate([first.outputs, other.outputs]),
            np.concatenate([first.gradients, other.gradients]),
            first.totals + other.totals,
        )

    def _rows(
        self, batch: Batch, many: Callable[[Batch], _Rows], question: Question, want: Want, seeds: Floats | None = None
    ) -> _Rows:
        """How the result is nested, and what `many` gives, with the points as first axis."""
        assert want.wrt is not None

        def alone(error: DomainError, point: Batch) -> _Rows:
            vector = NO_SEEDS if seeds is None else seeds[point.first]
            answer = self._compiled._ask_engine(error, question, point.structure, point.at(0), want.wrt, vector)
            return answer.structure, answer.numbers[np.newaxis]

        def joined(parts: list[_Rows]) -> _Rows:
            (structure, rows), (other, others) = parts
            if structure != other:
                raise nested_otherwise(self._compiled.__name__, structure, other, len(rows))
            return structure, np.concatenate([rows.reshape(len(rows), -1), others.reshape(len(others), -1)])

        return in_parts(batch, many, alone, joined)

    def _over(self, run: BatchRun, batch: Batch, parts: list[Part], want: Want, own: Integers, shared: Any) -> _Found:
        """The same, where these parts are the right ones."""
        if not parts:
            structure = self._compiled._paths_of(batch.structure).structure() if want.mode == "values" else ONE_NUMBER
            return _Found(structure, np.empty((0, structure.size)), np.empty((0, len(own))), [])
        runs: list[tuple[Integers, Points]] = []
        totals: list[tuple[Path | None, Floats]] = []
        for path, points in parts:
            program = path.program(want)
            places = np.arange(len(program.result_slots))[shared]
            found = run.checked(path, want, points, per_point=own, summed=places)
            total = found.totals
            for place in np.flatnonzero(found.status):  # those are not in the totals
                total = total + _judged(run, path, program, int(points[place]), want)[places]
            runs.append((points, found))
            totals.append((path, total))
        outputs = _joined([(points, found.outputs) for points, found in runs])
        gradients = _joined([(points, found.gradients) for points, found in runs])
        return _Found(parts[0][0].structure, outputs, gradients, totals)

    def _vectors(self, args: Sequence[Any], vector: Any, wrt: int | tuple[int, ...], want: Want) -> Floats:
        """The numbers of a vector that is given as the argument `wrt` is (or several are): a row per point."""
        _, given = flatten(args[wrt] if isinstance(wrt, int) else tuple(args[place] for place in wrt))
        parts = given.build(numbers_like(given, vector, "the vector"))
        tangents = list(args)
        for place, part in [(wrt, parts)] if isinstance(wrt, int) else zip(wrt, parts, strict=True):
            tangents[place] = part
        batch = flatten_batch(tuple(tangents), self._in_axes)
        assert want.wrt is not None
        rows = np.empty((batch.points, len(want.wrt)))
        are_shared = np.isin(want.wrt, batch.shared)
        for chosen, places, values in (
            (are_shared, batch.shared, batch.shared_values),
            (~are_shared, batch.batched, batch.batched_values),
        ):
            rows[:, chosen] = values[..., np.searchsorted(places, want.wrt[chosen])]
        return rows


def _joined(parts: Sequence[tuple[Integers, Floats]]) -> Floats:
    """The rows of all points, of those that each part has."""
    if len(parts) == 1:
        return parts[0][1]
    joined = np.empty((sum(len(points) for points, _ in parts), parts[0][1].shape[1]))
    for points, rows in parts:
        joined[points] = rows
    return joined


def _judged(run: BatchRun, path: Path, program: Program, point: int, want: Want) -> Floats:
    """The derivatives at a point where something is not finite.

    Raises:
        DomainError: something should be.
    """
    memory, status = program.at(run.at(point), path.captured(), NO_SEEDS, None)
    derivatives: Floats = memory[program.result_slots]
    program.give_back(memory)
    if path.to_judge(status):
        run.judge(path, want, point, NO_SEEDS, derivatives)
    return derivatives


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
