"""Runs over many points like one before, of a function that decides nothing: C answers them, but for the nesting."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.nesting.batch_arguments import Batch
from gograd_compile.paths.path import Path, Want
from gograd_compile.run.blocks import aligned, lanes_for, most_of_a_strip
from gograd_compile.trace.tape import Floats, Integers

__all__ = ["RepeatedRun", "RepeatedRuns", "repeated_run"]

Numbers = tuple[Floats, Floats, Floats]
"""Outputs, derivatives per point, and derivatives in total."""

MOST_KINDS, MOST_NESTINGS, MOST_MEMORIES = 64, 4, 4
"""How many kinds of runs are kept, for each how many ways of nesting, and for how many sizes of blocks memory."""


class RepeatedRun:
    """Runs a program at as many points as one thread runs, for arguments that are nested in one way.

    Args:
        path: the path that all points take.
        want: what the program computes.
        batch: such arguments.
        own, shared: which derivatives are asked for per point, and which in total.
        nest: makes the result of outputs in a row for each point.
        nest_derivatives: makes the result of derivatives per point, in rows, and of those in total.
    """

    def __init__(
        self, path: Path, want: Want, batch: Batch, own: Integers, shared: Any,
        nest: Callable[[Floats], Any], nest_derivatives: Callable[[Floats, Floats], Any],
    ) -> None:  # fmt: skip
        program = path.program(want)
        graph, captured = program.schedule.graph, path.tape.captured
        self.nest, self.nest_derivatives, self.captured = nest, nest_derivatives, captured
        self.path, self.structure = path, batch.structure
        self._size, self._memories = program.size, dict[int, Floats]()
        slots = np.append(batch.batched, np.arange(program.first_seed, graph.leaves))
        summed = np.arange(len(program.result_slots))[shared]
        _, steps = program.asked(slots, own, summed)
        self._rows = steps.rows
        arguments = batch.structure.form, batch.structure.shapes, batch.are_shared
        sizes = path.structure.size, len(own), len(summed)
        self._call = prepared.BatchCall(
            steps,
            program.take(),
            captured,
            *arguments,
            program.first_seed,
            graph.seeds,
            sizes,
            self._memory,
            most_of_a_strip(steps.rows),
        )

    def _memory(self, points: int) -> Floats:
        """Find memory for a block of so many points."""
        lanes = lanes_for(self._rows, points, in_python=False)
        found = self._memories.get(lanes)
        if found is None:
            if len(self._memories) >= MOST_MEMORIES:
                self._memories.clear()
            found = self._memories[lanes] = aligned(self._size, lanes)
        return found

    def numbers(self, args: tuple[Any, ...], seeds: Any = None) -> Numbers | None:
        """Compute outputs, derivatives per point, and derivatives in total. It is None if anything is unusual.

        Raises:
            Whatever takes the arguments apart raises.
        """
        found: Numbers | None = self._call.answer(args, seeds)
        return found


def no_derivatives(own: Floats, shared: Floats) -> Any:
    """Make no result."""


def repeated_run(
    path: Path, batch: Batch, want: Want, own: Integers, shared: Any, nest: Callable[[Floats], Any],
    nest_derivatives: Callable[[Floats, Floats], Any] = no_derivatives,
) -> RepeatedRun | None:  # fmt: skip
    """Prepare for runs like one that has run `path`. It is None if they must take the general way."""
    if path.guards.decides or path.is_gradient or not path.program(want).is_driven:
        return None
    return RepeatedRun(path, want, batch, own, shared, nest, nest_derivatives)


class RepeatedRuns:
    """Prepared runs: for each computation and for shapes at one point the last ways in which arguments were nested."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, tuple[RepeatedRun, ...]] = {}

    def add(self, what: Hashable, args: tuple[Any, ...], run: RepeatedRun) -> None:
        """Keep a run for arguments like these, as the one used last."""
        if len(self._runs) >= MOST_KINDS:
            self._runs.clear()
        key = _key(what, args)
        self._runs[key] = (run, *self._runs.get(key, ()))[:MOST_NESTINGS]

    def has(self, what: Hashable, args: tuple[Any, ...], path: Path, batch: Batch) -> bool:
        """Say whether there is a run of a path for such arguments: if it gave no answer, another one gives none."""
        runs = self._runs.get(_key(what, args), ())
        return any(run.path is path and run.structure == batch.structure for run in runs)

    def answer(self, what: Hashable, args: tuple[Any, ...], seeds: Any = None) -> tuple[RepeatedRun, Numbers] | None:
        """Find the run for such arguments, and compute. It is None if there is none, or anything is unusual."""
        for run in self._runs.get(_key(what, args), ()):
            found = run.numbers(args, seeds)
            if found is not None:
                return run, found
        return None


def _key(what: Hashable, args: tuple[Any, ...]) -> Hashable:
    return what, *[arg.shape[1:] if type(arg) is np.ndarray else None for arg in args]
