"""Values and gradients at the points of a batch, collected from the paths that the points take."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from gograd_compile.nesting.batch_arguments import Batch
from gograd_compile.nesting.trees import ONE_NUMBER, Structure
from gograd_compile.paths.engine_answers import Answer
from gograd_compile.paths.path import Path, Want
from gograd_compile.paths.point_run import NO_SEEDS
from gograd_compile.paths.sort_points import BatchRun, Part, failed_at, nested_otherwise
from gograd_compile.run.program import Program
from gograd_compile.run.records import Points
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron

__all__ = ["Found", "in_parts", "results", "with_others"]


Answers = Sequence[Answer | float | list[float]]
"""At each point an answer, or only the number or numbers asked for, if the function returns one number."""


def _rows(answers: Answers) -> Any:
    """List the numbers of each answer. An answer that is one number may stay as it is if all are."""
    if all(type(answer) is float for answer in answers):
        return answers
    return [
        answer.numbers if isinstance(answer, Answer) else answer if isinstance(answer, list) else [answer]
        for answer in answers
    ]


def _structures(answers: Answers) -> list[Structure]:
    return [answer.structure if type(answer) is Answer else ONE_NUMBER for answer in answers]


@attrs.frozen(eq=False, repr=False)
class Found:
    """The results at all points.

    Attributes:
        structure: how the result of the function is nested.
        outputs: a row for each point.
        gradients: the derivatives that are asked for per point, in a row for each point.
        totals: for each part of the points the captured neurons, and the sums of the derivatives asked for in total.
    """

    structure: Structure
    outputs: Floats
    gradients: Floats
    totals: list[tuple[tuple[Neuron, ...], Floats]]

    @classmethod
    def nothing(cls, structure: Structure, gradients: int) -> Found:
        """Make the results of a batch without points."""
        return cls(structure, np.empty((0, structure.size)), np.empty((0, gradients)), [])

    @classmethod
    def derivatives(cls, structure: Structure, arrays: Floats) -> Found:
        """Make results that are only derivatives: an array for each point."""
        rows = arrays.reshape(len(arrays), math.prod(arrays.shape[1:]))
        return cls(structure, np.empty((len(arrays), 0)), rows, [])

    @classmethod
    def of_values(cls, answers: Answers) -> Found:
        """Make results of the values at each point."""
        (structure,) = _structures(answers[:1])
        rows = np.array(_rows(answers), dtype=np.float64).reshape(len(answers), structure.size)
        return cls(structure, rows, np.empty((len(rows), 0)), [])

    @classmethod
    def of_gradients(cls, answers: Answers, own: Integers, shared: Any) -> Found:
        """Make results of values at each point, and derivatives: those asked for per point, and in total."""
        rows, structure = _rows(answers), _structures(answers[:1])[0]
        first = structure.size
        values = np.array([row[:first] for row in rows], dtype=np.float64)
        gradients = np.array(rows, dtype=np.float64)[:, first + own] if len(own) else np.empty((len(rows), 0))
        totals = []
        if isinstance(shared, slice) or len(shared):
            captured = [answer.captured if isinstance(answer, Answer) else () for answer in answers]
            totals = [(leaves, np.array(row[first:])[shared]) for leaves, row in zip(captured, rows, strict=True)]
        return cls(structure, values, gradients, totals)

    @classmethod
    def of_answers(cls, answers: list[Answer]) -> Found:
        """Make results that are only derivatives of answers, one for each point."""
        return cls.derivatives(answers[0].structure, np.array([answer.numbers for answer in answers]))


def with_others(
    run: BatchRun, others: Integers, answers: list[Any], found_of: Callable[[list[Any]], Found],
    found: Found | None,
) -> Found:  # fmt: skip
    """Put the answers at points without a path among the results at the other points, if there are any.

    Raises:
        ValueError: results are nested differently.
    """
    structures = _structures(answers)
    expected = structures[0] if found is None else found.structure
    for point, structure in zip(others.tolist(), structures, strict=True):
        if structure is not expected and structure != expected:
            raise nested_otherwise(run.name, expected, structure, run.batch.first + point)
    own = found_of(answers)
    if found is None:
        return own
    found.outputs[others], found.gradients[others] = own.outputs, own.gradients
    return attrs.evolve(found, totals=found.totals + own.totals)


def in_parts(
    batch: Batch, name: str, many: Callable[[Batch], Found], by_engine: Callable[[DomainError, Batch], Found]
) -> Found:
    """Apply `many` to all points. If it raises `DomainError`, apply it to the two halves of the points, and so on.

    Args:
        batch: the arguments.
        name: what messages call the function.
        many: computes results for a batch.
        by_engine: asks the engine for the same at the one point where the error was raised. It raises the error if the
            engine has no answer.

    Raises:
        DomainError: both `many` and `by_engine` raise it at a point.
        ValueError: results are nested differently.
    """
    try:
        return many(batch)
    except DomainError as error:
        point = failed_at(error)
        if point is None:
            raise
        found = by_engine(error, batch.part(point, point + 1))
    if batch.points == 1:
        return found
    middle = batch.points // 2
    one = in_parts(batch.part(0, middle), name, many, by_engine)
    other = in_parts(batch.part(middle, batch.points), name, many, by_engine)
    if one.structure != other.structure:
        raise nested_otherwise(name, one.structure, other.structure, batch.first + middle)
    outputs = np.concatenate([one.outputs, other.outputs])
    return Found(one.structure, outputs, np.concatenate([one.gradients, other.gradients]), one.totals + other.totals)


def results(
    run: BatchRun, parts: list[Part], want: Want, own: Integers, shared: Any, seeds: Floats | None = None
) -> Found:
    """Compute the values, and the derivatives of one output, or of outputs times seeds, at the points of all parts.

    Args:
        run: a run of the function.
        parts: the paths, and the points of each.
        want: what to ask each path for.
        own: which derivatives are asked for per point.
        shared: which derivatives are asked for in total.
        seeds: a row for each point, if there are any.

    Raises:
        ValueError: a row does not have a seed for each output.
    """
    if not parts:
        return Found.nothing(ONE_NUMBER, len(own))
    runs: list[tuple[Integers, Points]] = []
    totals: list[tuple[tuple[Neuron, ...], Floats]] = []
    for path, points in parts:
        program = path.program(want)
        places = np.arange(len(program.result_slots))[shared]
        own_seeds = None if seeds is None else seeds[points]
        if own_seeds is not None and own_seeds.shape[1] != path.structure.size:
            raise ValueError(
                f"{run.name} returns {path.structure.size} numbers, got {own_seeds.shape[1]} seeds a point"
            )
        found = run.checked(path, want, points, per_point=own, summed=places, seeds=own_seeds)
        total = found.totals
        for place in np.flatnonzero(found.status):  # the totals lack these points
            at = NO_SEEDS if own_seeds is None else own_seeds[place]
            added = _judged(run, path, program, int(points[place]), want, at)[places]
            with np.errstate(all="ignore"):  # floats do not warn either
                total = total + added
        runs.append((points, found))
        totals.append((path.tape.captured, total))
    outputs = _rows_of_all(run.batch.points, [(points, found.outputs) for points, found in runs])
    gradients = _rows_of_all(run.batch.points, [(points, found.gradients) for points, found in runs])
    return Found(parts[0][0].structure, outputs, gradients, totals)


def _rows_of_all(count: int, parts: Sequence[tuple[Integers, Floats]]) -> Floats:
    """Collect the rows of so many points from those of each part. Rows of points without a path are left out."""
    if len(parts[0][0]) == count:
        return parts[0][1]
    joined = np.empty((count, parts[0][1].shape[1]))
    for points, rows in parts:
        joined[points] = rows
    return joined


def _judged(run: BatchRun, path: Path, program: Program, point: int, want: Want, seeds: Floats) -> Floats:
    """Compute the derivatives at a point where something is not finite.

    Raises:
        DomainError: it should be finite.
    """
    memory, status = program.at(run.batch.at(point), path.captured(), seeds, None)
    derivatives: Floats = memory[program.result_slots]
    program.give_back(memory)
    if path.to_judge(status):
        run.judge(path, want, point, seeds, derivatives)
    return derivatives
