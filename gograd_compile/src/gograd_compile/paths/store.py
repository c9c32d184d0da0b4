"""The store of what was recorded of a function."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NoReturn

import attrs
import numpy as np

from gograd_compile.errors import PathNotRecorded
from gograd_compile.nesting.structure_json import structure_text
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.engine_answers import Answer, Question, engine_answer
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import CAPTURED, Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.prepared import prepare
from gograd_compile.paths.replay_errors import judged_matrix
from gograd_compile.run.backends import Backend
from gograd_compile.trace.sources import Source
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron
from gograd_core.extend import transforms

__all__ = ["Key", "Store", "Wrt"]

Wrt = int | Sequence[int]
Positions = int | tuple[int, ...]
Key = tuple[Structure, Positions | None]
"""How arguments are nested, and None, or the arguments that a recorded gradient is taken with respect to."""

MOST_STRUCTURES, MOST_WANTS, MOST_CALLS = 64, 256, 64


@attrs.define(eq=False, repr=False)
class Store:
    """The recordings of a function, by the nesting of its arguments.

    Attributes:
        f: the function, or None if there are only recordings.
        name: what messages call it.
        backend: what runs recordings.
        check: whether to record everything twice, and compare.
        max_paths: how many paths are kept for arguments of one nesting.
        paths: what was recorded, by the nesting of the arguments.
        calls: what answers calls in the common case, by what they compute.
    """

    f: Callable[..., Any] | None
    name: str
    backend: Backend
    check: bool
    max_paths: int
    paths: Recent[Key, Paths] = attrs.field(factory=lambda: Recent(MOST_STRUCTURES))
    calls: dict[Hashable, Any] = attrs.field(factory=dict, init=False)
    _wants: Recent[Hashable, tuple[Want, Structure]] = attrs.field(factory=lambda: Recent(MOST_WANTS), init=False)

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

    def _source(self, key: Key) -> Source:
        structure, gradient = key
        f = self.f
        if f is None:
            self._refuse(key)
        if gradient is None:
            return Source(f, self.name, structure, self.check)
        name = f"the gradient of {self.name}"
        return Source(transforms.value_and_grad(f, gradient), name, structure, self.check, (f, gradient))

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
        raise PathNotRecorded(
            f"{self.name} was saved without recordings for arguments nested as {structure_text(structure)}; there "
            f"are some for {'; '.join(map(structure_text, known))}. Save it after calling it with such arguments, too"
        )

    def prepare(self, what: Hashable, key: Key, path: Path, want: Want, chosen: Structure | None = None) -> None:
        """Prepare for calls that compute the same `what` as one that has run `path`: see `prepare`."""
        calls = prepare(self.paths, key, path, want, chosen)
        if calls is not None:
            if len(self.calls) >= MOST_CALLS:
                self.calls.clear()
            self.calls[what] = calls

    def ask_engine(
        self, error: DomainError, question: Question, structure: Structure, numbers: Floats, *derivatives: Any
    ) -> Answer:
        """Ask the engine at a point where compiled code raises `error`: see `engine_answer`."""
        return engine_answer(error, question, self.f, structure, numbers, *derivatives)

    def matrix(self, path: Path, want: Want, numbers: Floats) -> Floats:
        """Compute the derivatives for each seed, in a row for each, at a point where `path` is known to be right."""
        program = path.program(want)
        graph = program.schedule.graph
        captured = path.captured()
        found = program.over(
            numbers,
            captured,
            np.eye(graph.seeds),
            np.arange(graph.leaves - graph.seeds, graph.leaves),
            per_point=np.arange(len(program.result_slots)),
            summed=np.empty(0, dtype=np.int64),
        )
        bad = np.flatnonzero(path.to_judge(found.status))
        return judged_matrix(path, want, numbers, captured, found.gradients, bad) if len(bad) else found.gradients
