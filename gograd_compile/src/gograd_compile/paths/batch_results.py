"""Values and gradients at the points of a batch: what each path gives, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from gograd_compile.nesting.trees import Structure, flatten
from gograd_compile.paths.path import Path, Want
from gograd_compile.paths.point_run import NO_SEEDS
from gograd_compile.paths.sort_points import BatchRun, Part, nested_otherwise
from gograd_compile.run.program import Program
from gograd_compile.run.records import Points
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import Neuron

__all__ = ["ONE_NUMBER", "Found", "results"]

ONE_NUMBER = flatten(0.0)[1]
"""What is returned by a function that has a gradient."""


@attrs.frozen(eq=False)
class Found:
    """What was found at all points.

    Attributes:
        structure: how the result is nested.
        outputs: a row per point.
        gradients: a row per point, by the numbers asked for per point.
        totals: for each part of the points the captured neurons, and the derivatives asked for in total, added up.
    """

    structure: Structure
    outputs: Floats
    gradients: Floats
    totals: list[tuple[tuple[Neuron, ...], Floats]]

    @classmethod
    def nothing(cls, structure: Structure, gradients: int) -> Found:
        """Make what is found where there are no points."""
        return cls(structure, np.empty((0, structure.size)), np.empty((0, gradients)), [])

    def joined_with(self, other: Found, name: str) -> Found:
        """Append what was found at the points that follow.

        Raises:
            ValueError: the function, which messages call `name`, returns something nested otherwise there.
        """
        if self.structure != other.structure:
            raise nested_otherwise(name, self.structure, other.structure, len(self.outputs))
        return Found(
            self.structure,
            np.concatenate([self.outputs, other.outputs]),
            np.concatenate([self.gradients, other.gradients]),
            self.totals + other.totals,
        )


def results(run: BatchRun, parts: list[Part], want: Want, own: Integers, shared: Any) -> Found:
    """Compute the values, and the derivatives of one output, where these parts are the right ones.

    Args:
        run: a run of the function.
        parts: the paths, and the points of each.
        want: what to ask each path for.
        own: which derivatives are asked for per point.
        shared: which derivatives are asked for in total.
    """
    if not parts:
        return Found.nothing(ONE_NUMBER, len(own))
    runs: list[tuple[Integers, Points]] = []
    totals: list[tuple[tuple[Neuron, ...], Floats]] = []
    for path, points in parts:
        program = path.program(want)
        places = np.arange(len(program.result_slots))[shared]
        found = run.checked(path, want, points, per_point=own, summed=places)
        total = found.totals
        for place in np.flatnonzero(found.status):  # those are not in the totals
            total = total + _judged(run, path, program, int(points[place]), want)[places]
        runs.append((points, found))
        totals.append((path.tape.captured, total))
    outputs = _rows_of_all([(points, found.outputs) for points, found in runs])
    gradients = _rows_of_all([(points, found.gradients) for points, found in runs])
    return Found(parts[0][0].structure, outputs, gradients, totals)


def _rows_of_all(parts: Sequence[tuple[Integers, Floats]]) -> Floats:
    """Put together the rows of all points out of those that each part has."""
    if len(parts) == 1:
        return parts[0][1]
    joined = np.empty((sum(len(points) for points, _ in parts), parts[0][1].shape[1]))
    for points, rows in parts:
        joined[points] = rows
    return joined


def _judged(run: BatchRun, path: Path, program: Program, point: int, want: Want) -> Floats:
    """Compute the derivatives at a point where something is not finite.

    Raises:
        DomainError: something should be.
    """
    memory, status = program.at(run.at(point), path.captured(), NO_SEEDS, None)
    derivatives: Floats = memory[program.result_slots]
    program.give_back(memory)
    if path.to_judge(status):
        run.judge(path, want, point, NO_SEEDS, derivatives)
    return derivatives
