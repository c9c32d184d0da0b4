"""Runs a compiled function at many points."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from gograd_compile.nesting.batch_arguments import Batch, flatten_batch
from gograd_compile.nesting.trees import ONE_NUMBER, flatten, nest_matrix, numbers_like, real_numbers
from gograd_compile.paths.batch_results import Found, in_parts, results, with_others
from gograd_compile.paths.engine_answers import Answer, Question
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import CAPTURED, Want
from gograd_compile.paths.point_run import NO_SEEDS
from gograd_compile.paths.repeated_run import RepeatedRuns, repeated_run
from gograd_compile.paths.sort_points import NOTHING, BatchRun, Part
from gograd_compile.paths.store import Store
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError
from gograd_core.extend import add_gradients, positions, take_apart

__all__ = ["Batched"]

MOST_WANTS = 64


class Batched:
    """A compiled function that runs at many points: see `Compiled.batch`."""

    def __init__(self, store: Store, in_axes: Any, threads: int | None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be 1 or more, got {threads}")
        self._store = store
        self._in_axes = in_axes
        self._threads = threads or _processors()
        self._wants: Recent[Any, Any] = Recent(MOST_WANTS)
        self._again = RepeatedRuns()
        self._has_points_first = all(type(axis) is int and axis == 0 for axis in take_apart(in_axes)[0])

    def __repr__(self) -> str:
        return f"<compiled {self._store.name} at many points, in_axes={self._in_axes!r}>"

    def __call__(self, *args: Any) -> Any:
        """Compute what the function returns at every point. The first axis of every array is that of the points."""
        if (again := self._again.answer("values", args)) is not None:
            return again[0].nest(again[1][0])
        batch = flatten_batch(args, self._in_axes)
        want = self._want("values", batch)
        found = self._run(batch, want, NOTHING, NOTHING)
        self._note_run("values", args, batch, want, NOTHING, NOTHING, found.structure.build_batch)
        return found.structure.build_batch(found.outputs)

    def value_and_grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> tuple[Floats, Any]:
        """Compute the values at all points, and the gradient of their sum with respect to the argument `wrt`.

        With respect to numbers that are batched, that is one gradient for each point. With respect to numbers that are
        shared, it is the sum over the points, and nothing is kept per point.

        Args:
            wrt: the argument to differentiate with respect to, or several, counted from 0.
            per_point: whether to compute a gradient for each point with respect to shared numbers, too.
        """
        wrt = positions(wrt)
        if (again := self._again.answer((wrt, per_point), args)) is not None:
            run, (outputs, gradients, totals) = again
            return run.nest(outputs), run.nest_derivatives(gradients, totals)
        batch = flatten_batch(args, self._in_axes)
        want, chosen = self._store.want("adjoints", batch.structure, wrt, batch.batched)
        own, shared, are_shared = self._parts(want, batch, wrt, per_point)
        found = self._run(batch, want, own, shared)
        totals = np.add.reduce([totals for _, totals in found.totals]) if found.totals else np.zeros(len(shared))
        nest = chosen.nester(are_shared)
        self._note_run((wrt, per_point), args, batch, want, own, shared, found.structure.build_batch, nest)
        values: Floats = found.structure.build_batch(found.outputs)
        return values, nest(found.gradients, totals)

    def grad(self, *args: Any, wrt: int | Sequence[int] = 0, per_point: bool = False) -> Any:
        """Compute the gradient that `value_and_grad` returns."""
        return self.value_and_grad(*args, wrt=wrt, per_point=per_point)[1]

    def backward(self, *args: Any, seeds: Floats | None = None) -> Any:
        """Add the derivatives of the sum of all values to the `grad` of captured neurons, and return the values.

        Args:
            seeds: a row for each point, with a factor for each number in the result of the function. The sum is that of
                the numbers times their factors. Without seeds, the function must return one number.

        Raises:
            TypeError: the seeds are not real numbers.
            ValueError: there is not a row for each point, or not a factor for each number.
        """
        if seeds is not None:
            given = np.asarray(seeds)
            if (seeds := real_numbers(given)) is None:
                raise TypeError(f"seeds must be real numbers, got an array of {given.dtype}")
        if (again := self._again.answer(("captured", seeds is not None), args, seeds)) is not None:
            run, (outputs, _, sums) = again
            add_gradients(run.captured, sums)
            return run.nest(outputs)
        batch = flatten_batch(args, self._in_axes)
        if seeds is not None and (seeds.ndim != 2 or len(seeds) != batch.points):
            raise ValueError(f"seeds must have a row for each of {batch.points} points, got shape {seeds.shape}")
        want = self._want("adjoints" if seeds is None else "pull", batch)
        found = self._run(batch, want, NOTHING, slice(None), seeds)
        if found.totals:  # in one step, which no interrupt divides
            captured, totals = zip(*found.totals, strict=True)
            add_gradients([*chain.from_iterable(captured)], np.concatenate(totals))
        self._note_run(
            ("captured", seeds is not None), args, batch, want, NOTHING, slice(None), found.structure.build_batch
        )
        return found.structure.build_batch(found.outputs)

    def _note_run(self, what: Hashable, args: tuple[Any, ...], batch: Batch, *rest: Any) -> None:
        """Prepare for runs like this one, if that is possible. The rest is what `repeated_run` takes."""
        latest = self._store.paths_of(batch.structure).kept.latest
        if self._has_points_first and latest is not None and not self._again.has(what, args, latest[1], batch):
            run = repeated_run(latest[1], batch, *rest)
            if run is not None:
                self._again.add(what, args, run)

    def jacobian(self, *args: Any, wrt: int | Sequence[int] = 0) -> Any:
        """Compute `Compiled.jacobian` at every point. Every array has the points as its first axis.

        There is a derivative for each point with respect to shared numbers, too. Forward or reverse mode is used,
        whichever needs fewer sweeps over the points.
        """
        wrt = positions(wrt)
        batch = flatten_batch(args, self._in_axes)
        push, chosen = self._store.want("push", batch.structure, wrt, batch.batched)
        pull, _ = self._store.want("pull", batch.structure, wrt, batch.batched)

        def many(part: Batch) -> Found:
            run = self._start(part)

            def compute(parts: list[Part]) -> Found:
                structure = parts[0][0].structure if parts else self._store.paths_of(batch.structure).structure()
                matrices = np.empty((part.points, structure.size, chosen.size))
                is_forward = chosen.size <= structure.size > 1
                run.fill(parts, push if is_forward else pull, np.moveaxis(matrices, 2 if is_forward else 1, 0))
                return Found.derivatives(structure, matrices)

            return self._through(run, compute, "jacobian", push)

        found = self._derivatives(batch, many, "jacobian", push)
        shape = batch.points, found.structure.size, chosen.size
        return nest_matrix(found.gradients.reshape(shape), found.structure, chosen)

    def hvp(self, *args_and_vector: Any, wrt: int | Sequence[int] = 0) -> Any:
        """Multiply the Hessian at every point by a vector, which comes after the arguments.

        The vector is nested like the argument `wrt`, and batched along the same axes. What is shared in the argument is
        shared in the vector. There is a product for each point for shared numbers, too.

        Raises:
            TypeError: the function does not return one number, or no vector was given.
            ValueError: the vector is nested differently, or has different shapes.
        """
        if len(args_and_vector) < 2:
            raise TypeError(
                f"hvp() takes the arguments of {self._store.name}, then a vector nested and batched like the argument "
                "wrt"
            )
        wrt = positions(wrt)
        *args, vector = args_and_vector
        batch = flatten_batch(tuple(args), self._in_axes)
        want, chosen = self._store.want("push", batch.structure, wrt, batch.batched)
        seeds = self._vectors(args, vector, wrt, want)

        def many(part: Batch) -> Found:
            run, own = self._start(part, wrt), seeds[part.first :]
            products = np.empty((part.points, chosen.size))

            def compute(parts: list[Part]) -> Found:
                for path, points in parts:
                    products[points] = run.along(path, want, points, own[points])[:, 1:]  # without the value's
                return Found.derivatives(ONE_NUMBER, products)

            return self._through(run, compute, "hvp", want, own)

        return chosen.build_batch(self._derivatives(batch, many, "hvp", want, seeds).gradients)

    def hessian(self, *args: Any, wrt: int | Sequence[int] = 0) -> Any:
        """Compute `Compiled.hessian` at every point. Every array has the points as its first axis, shared ones too.

        Raises:
            TypeError: the function does not return one number.
        """
        wrt = positions(wrt)
        batch = flatten_batch(args, self._in_axes)
        want, chosen = self._store.want("push", batch.structure, wrt, batch.batched)

        def many(part: Batch) -> Found:
            run = self._start(part, wrt)
            matrices = np.empty((part.points, chosen.size, chosen.size))

            def compute(parts: list[Part]) -> Found:
                run.fill(parts, want, np.moveaxis(matrices, 2, 0), first=1)
                return Found.derivatives(ONE_NUMBER, matrices)

            return self._through(run, compute, "hessian", want)

        rows = self._derivatives(batch, many, "hessian", want).gradients
        return nest_matrix(rows.reshape(batch.points, chosen.size, chosen.size), chosen, chosen)

    def __reduce__(self) -> tuple[Any, ...]:
        return Batched, (self._store, self._in_axes, self._threads)

    def _want(self, mode: Any, batch: Batch) -> Want:
        """Find what to ask paths for if there is no argument to differentiate with respect to."""
        return self._store.want(mode, batch.structure, CAPTURED, batch.batched)[0]

    def _parts(
        self, want: Want, batch: Batch, wrt: int | tuple[int, ...], per_point: bool
    ) -> tuple[Integers, Integers, Sequence[bool]]:
        """Find the derivatives asked for per point, those in total, and for each leaf whether its own are in total."""
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
        """Start a run of the function, or of its gradient with respect to some of the arguments."""
        paths = self._store.paths_of(batch.structure, gradient)
        return BatchRun(self._store.name, paths, batch, lambda: self._want("guards", batch), self._threads)

    def _run(self, batch: Batch, want: Want, own: Integers, shared: Any, seeds: Floats | None = None) -> Found:
        """Compute the values, and the derivatives of one output, or of outputs times seeds, at all points."""

        def many(part: Batch) -> Found:
            run, factors = self._start(part), None if seeds is None else seeds[part.first :]

            def compute(parts: list[Part]) -> Found:
                if not parts and want.mode != "adjoints":
                    return Found.nothing(self._store.paths_of(part.structure).structure(), len(own))
                return results(run, parts, want, own, shared, factors)

            return self._through(run, compute, question, want, factors, found_of)

        def found_of(answers: list[Any]) -> Found:
            return Found.of_values(answers) if question == "value" else Found.of_gradients(answers, own, shared)

        question: Question = "value" if want.mode == "values" else "captured" if want.wrt is CAPTURED else "gradient"
        return self._derivatives(batch, many, question, want, seeds, found_of)

    def _through(
        self, run: BatchRun, compute: Callable[[list[Part]], Found], question: Question, want: Want,
        seeds: Floats | None = None, found_of: Callable[[list[Answer]], Found] = Found.of_answers,
    ) -> Found:  # fmt: skip
        """Apply `compute` to the parts of a run, and evaluate the function at points without a path."""

        def evaluate(points: Integers, found: Found | None) -> Found:
            vectors = np.empty((len(points), 0)) if seeds is None else seeds[points]
            answers = self._store.answers(question, run, points, want.wrt, vectors)
            return with_others(run, points, answers, found_of, found)

        return run.through(compute, evaluate)

    def _derivatives(
        self, batch: Batch, many: Callable[[Batch], Found], question: Question, want: Want,
        seeds: Floats | None = None, found_of: Callable[[list[Answer]], Found] = Found.of_answers,
    ) -> Found:  # fmt: skip
        """Compute the derivatives at all points: `many` does, or the engine where it cannot."""

        def by_engine(error: DomainError, point: Batch) -> Found:
            vector = NO_SEEDS if seeds is None else seeds[point.first]
            return found_of([self._store.answer(error, question, point.structure, point.at(0), want.wrt, vector)])

        return in_parts(batch, self._store.name, many, by_engine)

    def _vectors(self, args: Sequence[Any], vector: Any, wrt: int | tuple[int, ...], want: Want) -> Floats:
        """Take the numbers out of a vector that is nested and batched like the argument `wrt`: a row for each point."""
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


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
