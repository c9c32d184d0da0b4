"""The store of what was recorded of a function."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

import gograd_core
from gograd_compile.errors import PathNotRecorded
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.budget import NoPath
from gograd_compile.paths.engine_answers import Answer, Question, engine_answer
from gograd_compile.paths.evaluation import Evaluation
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import CAPTURED, Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.prepared import alternatives, prepare
from gograd_compile.paths.replay_errors import judged_matrix
from gograd_compile.run.backends import Backend
from gograd_compile.trace.sources import Source
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron
from gograd_core.extend import watching, watching_at

if TYPE_CHECKING:
    from gograd_compile.paths.sort_points import BatchRun

__all__ = ["Key", "Store", "Wrt"]

Wrt = int | Sequence[int]
Positions = int | tuple[int, ...]
Key = tuple[Structure, Positions | None]
"""How arguments are nested, and None, or the arguments that a recorded gradient is taken with respect to."""

MOST_STRUCTURES, MOST_WANTS, MOST_CALLS = 64, 256, 64
ONE_BY_ONE = 2**13
"""How many values the runs for all seeds may compute, if they run one by one, which is faster then."""


class Store:
    """The recordings of a function, by the nesting of its arguments.

    Args:
        f: the function, or None if there are only recordings.
        name: what messages call it.
        backend: what runs recordings.
        check: whether to record everything twice, and compare.
        max_paths: how many paths are kept for arguments of one nesting.
        structures: for how many nestings they are kept.

    Attributes:
        paths: what was recorded, by the nesting of the arguments.
        calls: what answers calls in the common case, by what they compute.
        evaluation: the function at points without a path.
    """

    def __init__(
        self, f: Callable[..., Any] | None, name: str, backend: Backend, check: bool, max_paths: int,
        structures: int = MOST_STRUCTURES,
    ) -> None:  # fmt: skip
        self.f, self.name, self.backend, self.check, self.max_paths = f, name, backend, check, max_paths
        self.paths: Recent[Key, Paths] = Recent(structures)
        self.calls: dict[Hashable, Any] = {}
        self.evaluation = Evaluation(self._replayed if f is None else f, name, backend.values)
        self._wants: Recent[Hashable, tuple[Want, Structure]] = Recent(MOST_WANTS)

    @property
    def captured(self) -> tuple[Neuron, ...]:
        """List the leaf neurons that recordings read at every call. They are known after the first call."""
        found = {id(neuron): neuron for paths in self.paths.values() for path in paths for neuron in path.tape.captured}
        return tuple(found.values())

    def want(
        self, mode: Any, structure: Structure, wrt: Positions | None, batched: Integers | None = None
    ) -> tuple[Want, Structure]:
        """Find what to ask a path for, and how the argument `wrt` is nested (for CAPTURED, all arguments)."""
        key = mode, structure, wrt, None if batched is None else batched.tobytes()
        found = self._wants.get(key)
        if found is None:
            chosen, numbers = (structure, CAPTURED) if wrt is None else structure.select(wrt)
            found = self._wants.add(key, (Want(mode, numbers, batched), chosen))
        return found

    def paths_of(self, structure: Structure, gradient: Positions | None = None) -> Paths:
        """Return the paths of the function for such arguments, or of its value and gradient with respect to some.

        Raises:
            PathNotRecorded: there are none, and no function to record.
        """
        key = structure, gradient
        found = self.paths.get(key)
        if found is None:
            found = self.paths.add(key, Paths(self._source(key), self.backend, self.max_paths))
        return found

    def _replayed(self, *args: Any) -> Any:
        """Compute on neurons what the function returned, of which there are only recordings."""
        from gograd_compile.paths.replayed_function import ReplayedFunction  # what not every program needs

        return ReplayedFunction(self.paths_of)(*args)

    def _source(self, key: Key) -> Source:
        structure, gradient = key
        f = self.f
        if f is None:
            self._refuse(key)
        if gradient is None:
            return Source(f, self.name, structure, self.check)
        name = f"the gradient of {self.name}"
        return Source(gograd_core.value_and_grad(f, gradient), name, structure, self.check, (f, gradient))

    def _refuse(self, key: Key) -> NoReturn:
        structure, gradient = key
        known = {each: paths for (each, by), paths in self.paths.items() if by is None}
        if structure in known:
            complaints = [path.complaint(Want("push")) for path in known[structure]]
            if all(complaints):
                raise TypeError(complaints[0])
            raise PathNotRecorded(
                f"{self.name} was saved without second derivatives for wrt={gradient!r}: call hvp or hessian once, "
                "with such arguments, before saving"
            )
        from gograd_compile.nesting.structure_json import structure_text

        raise PathNotRecorded(
            f"{self.name} was saved without recordings for arguments nested as {structure_text(structure)}; there "
            f"are some for {'; '.join(map(structure_text, known))}. Save it after calling it with such arguments, too"
        )

    def prepare(self, what: Hashable, key: Key, path: Path, want: Want, chosen: Structure | None = None) -> None:
        """Prepare for calls that compute the same `what` as one that has run `path`: see `prepare`."""
        calls = prepare(self.paths, key, path, want, chosen, self.evaluation)
        if calls is not None:
            found = self.calls.get(what)
            if found is None:
                if len(self.calls) >= MOST_CALLS:
                    self.calls.clear()
                found = self.calls[what] = alternatives()
            found.add(calls)

    def answer(
        self, reason: DomainError | NoPath, question: Question, structure: Structure, numbers: Floats, *derivatives: Any
    ) -> Answer:
        """Answer a question at a point without a path, or where compiled code raises an error: see `engine_answer`.

        Raises:
            DomainError: `reason`, or the error that the function raises without a recording, if the engine has no
                answer.
            Whatever else the function raises.
        """
        if isinstance(reason, NoPath):
            if reason.budget is not None:
                reason.budget.note_evaluated(1)
            try:
                return self.evaluation.answer(question, structure, numbers, *derivatives)
            except DomainError as error:
                reason = error
        return engine_answer(reason, question, self.f, structure, numbers, *derivatives)

    def answers(
        self, question: Question, run: BatchRun, points: Integers, wrt: Integers | None, vectors: Floats
    ) -> list[Answer | float | list[float]]:
        """Answer a question at points of a batch that have no path. It raises what `answer` raises."""
        structure, rows = run.batch.structure, run.batch.rows(points)
        found: list[Answer | float | list[float]] = []
        if watching() is not None:
            for point, row, vector in zip(points.tolist(), rows, vectors, strict=True):
                with run.noted(point):
                    place = watching_at(f"at point {run.batch.first + point} of the batch")
                    found.append(place.run(self.answer, NoPath(), question, structure, row, wrt, vector))
            return found
        while len(found) < len(points):
            done = len(found)
            try:
                self.evaluation.answers(question, structure, rows[done:], wrt, vectors[done:], found)
            except Exception as error:
                at = len(found)
                with run.noted(points[at]):
                    if not isinstance(error, DomainError):
                        raise
                    found.append(engine_answer(error, question, self.f, structure, rows[at], wrt, vectors[at]))
        return found

    def matrix(self, path: Path, want: Want, numbers: Floats) -> Floats:
        """Compute the derivatives for each seed, in a row for each, at a point where `path` is known to be right."""
        program = path.program(want)
        graph = program.schedule.graph
        captured = path.captured()
        if program.steps is not None and not program.stops and graph.seeds * program.size <= ONE_BY_ONE:
            gradients, status = program.at_each(numbers, captured, np.eye(graph.seeds))
        else:
            _, gradients, _, status = program.over(
                numbers,
                captured,
                np.eye(graph.seeds),
                np.arange(graph.leaves - graph.seeds, graph.leaves),
                per_point=np.arange(len(program.result_slots)),
                summed=np.empty(0, dtype=np.int64),
            )
        bad = np.flatnonzero(path.to_judge(status))
        return judged_matrix(path, want, numbers, captured, gradients, bad) if len(bad) else gradients
