"""The paths that a function has taken, each with its tape and the programs made of it."""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal

import attrs
import numpy as np

from gograd_compile.backends import Backend
from gograd_compile.derivatives import Derived, with_adjoints, with_tangents
from gograd_compile.errors import PathNotRecorded, RecordingError
from gograd_compile.graph import Graph
from gograd_compile.lowering import lower
from gograd_compile.passes import remove_dead
from gograd_compile.program import Program
from gograd_compile.rules import Rules, rules_of
from gograd_compile.sources import Note, Source
from gograd_compile.structure_json import structure_text
from gograd_compile.tape import GUARDS, Floats, Integers, Tape
from gograd_compile.trees import Structure
from gograd_core import engines
from gograd_core.recording import recorder

__all__ = ["CAPTURED", "Path", "Paths", "Want"]


@attrs.frozen(eq=False)
class Want:
    """What a program is to compute, besides the values: nothing, or derivatives.

    Attributes:
        mode: "values"; "guards", and nothing else; "adjoints" of the one output; "pull", adjoints of outputs with
            seeds; or "push", tangents along a direction in the seeds.
        wrt: the numbers among the arguments to differentiate by, or CAPTURED, the captured neurons.
        batched: the numbers among the arguments that differ between the points of a batch; with them, seeds do. None:
            there is one point.
    """

    mode: Literal["values", "guards", "adjoints", "pull", "push"]
    wrt: Integers | None = None
    batched: Integers | None = None


CAPTURED = None
"""In place of numbers among the arguments: the captured neurons."""


@functools.cache
def _rules(op: Any) -> Rules:
    return rules_of(op)


MOST_PROGRAMS = 32
"""How many are kept of a path; each has memory of its own."""
NOTHING = np.empty(0)
FINITE = GUARDS.index("finite")
"""Guards of this kind need not be looked at where a run gives only finite numbers."""


class Path:
    """One way through a function: a tape, and the programs that were asked for.

    Args:
        structure: how the result is nested.
        tape: what runs.
        backend: what it runs on.
        source: the function that was recorded, if there is one.
        numbers: the arguments that it was recorded with.
        notes: how the tape was made.
        is_gradient: whether it computes the value and the gradient of the function.
    """

    def __init__(
        self,
        structure: Structure,
        tape: Tape,
        backend: Backend,
        source: Source | None = None,
        numbers: Floats = NOTHING,
        notes: Sequence[Note] = (),
        *,
        is_gradient: bool = False,
    ) -> None:
        self.structure = structure
        self.tape = tape
        self.backend = backend
        self.source = source
        self.numbers = numbers
        self.notes = notes
        self.is_gradient = is_gradient
        self.programs: dict[Want, Program] = {}
        self.preparation: dict[Want, list[Note]] = {}
        self.decides = bool((tape.guards.kinds != FINITE).any())
        self.outcomes = list(zip(tape.guards.kinds.tolist(), tape.guards.outcomes.tolist(), strict=True))
        self._lock = threading.Lock()

    def captured(self) -> Floats:
        """The values of the captured neurons, now."""
        if not self.tape.captured:
            return NOTHING
        if recorder() is not None:
            raise RecordingError(
                "a compiled function that captures neurons runs while another one is recorded, where their values "
                "would be taken for constants: call the function that was compiled, or pass them as arguments"
            )
        values = np.empty(len(self.tape.captured))
        engines.read_values(self.tape.captured, values)
        return values

    def with_lines(self, numbers: Floats) -> Tape:
        """The tape, which has lines of source from now on if recording again at this point gives them."""
        if self.source is not None and not len(self.tape.line_of):
            self.tape = self.source.lined(self.tape, numbers)
        return self.tape

    def program(self, want: Want) -> Program:
        """The program for what is wanted, made when it is first asked for.

        Raises:
            TypeError: a gradient is wanted, and the result is not one number.
        """
        found = self.programs.get(want)
        if found is None:
            with self._lock:
                found = self.programs.get(want) or self._make(want)
        return found

    def _make(self, want: Want) -> Program:
        if want.mode == "adjoints" and not self.structure.is_number:
            raise TypeError(
                f"only one number has a gradient; the result is {structure_text(self.structure)}: use jacobian"
            )
        times = [time.perf_counter()]
        tape = self.tape
        if want.mode == "guards":
            tape = remove_dead(attrs.evolve(tape, outputs=tape.guards.nodes))
        graph = lower(tape, {op: _rules(op) for op in tape.operations})
        times.append(time.perf_counter())
        derived = self._derived(graph, want)
        times.append(time.perf_counter())
        varying = None
        if want.batched is not None:
            seeds = derived.graph.seeds if derived else 0
            varying = np.concatenate([want.batched, np.arange(graph.leaves, graph.leaves + seeds)])
        program = Program(graph, self.backend, derived, varying)
        times.append(time.perf_counter())
        if len(self.programs) >= MOST_PROGRAMS:
            oldest = next(iter(self.programs))
            del self.programs[oldest], self.preparation[oldest]
        counts = len(graph.codes), len(program.schedule.graph.codes), len(program.schedule.steps)
        names = "lowered", "derived", "scheduled"
        compiling = _compiled_now(program)
        times[-1] = max(times[-2], times[-1] - compiling.seconds)
        steps = zip(names, counts, pairwise(times), strict=True)
        self.preparation[want] = [*(Note(what, count, end - start) for what, count, (start, end) in steps), compiling]
        self.programs[want] = program
        return program

    def _derived(self, graph: Graph, want: Want) -> Derived | None:
        """The graph with the derivatives that are wanted; None if none are."""
        if want.mode in ("values", "guards"):
            return None
        wrt = want.wrt
        if wrt is CAPTURED:
            wrt = np.arange(graph.arguments, graph.arguments + graph.captured)
        wrt = wrt.astype(np.int32)
        if want.mode == "push":
            return with_tangents(graph, wrt)
        return with_adjoints(graph, wrt, seeded=want.mode == "pull")

    def holds(self, values: Floats, count: int) -> Any:
        """For each column, whether the first `count` guards turn out as recorded."""
        return (self.answers(values) == self.tape.guards.outcomes[:count, np.newaxis]).all(axis=0)

    def answers(self, values: Floats) -> Floats:
        """How guards on these values turn out: the first guards of the path, a row each, a column per point."""
        found = np.empty_like(values)
        kinds = self.tape.guards.kinds[: len(values)]
        for kind, name in enumerate(GUARDS):
            rows = kinds == kind
            if rows.any():
                found[rows] = _ANSWERS[name](values[rows])
        return found

    def first_failure(self, values: Floats) -> tuple[int, float] | None:
        """The first guard that turns out otherwise at one point, and how; None if none does."""
        if not len(values):
            return None
        answers = self.answers(values[:, np.newaxis])[:, 0]
        wrong = answers != self.tape.guards.outcomes
        if not wrong.any():
            return None
        first = int(np.argmax(wrong))
        return first, float(answers[first])


_compiled: set[Any] = set()


def _compiled_now(program: Program) -> Note:
    """The kernels that this program is the first to need, and how long they took."""
    new = {kernel for kernel in getattr(program.runner, "kernels", ()) if kernel is not None} - _compiled
    _compiled.update(new)
    return Note("compiled", len(new), sum(kernel.seconds for kernel in new))


def _whole(values: Floats) -> Floats:
    """Whole numbers as they are; others are no index, so that the function has to be asked."""
    return np.where(values == np.trunc(values), values, np.nan)


_ANSWERS: dict[str, Callable[[Floats], Any]] = {
    "bool": lambda values: values != 0.0,
    "trunc": np.trunc,
    "round": np.round,
    "floor": np.floor,
    "ceil": np.ceil,
    "index": _whole,
    "finite": np.isfinite,
}


class Paths:
    """The paths recorded for arguments of one structure: at most so many, the least recently used go.

    Args:
        source: what is recorded; None if there is no function.
        backend: what new paths run on.
        most: how many are kept.
    """

    def __init__(self, source: Source | None, backend: Backend, most: int) -> None:
        self._source = source
        self._backend = backend
        self._most = most
        self._paths: OrderedDict[Path, None] = OrderedDict()
        self._latest: Path | None = None
        self._lock = threading.Lock()
        self.recorded = 0
        self.dropped = 0

    def __iter__(self) -> Iterator[Path]:
        """The paths, used longest ago first."""
        with self._lock:
            return iter(list(self._paths))

    def __len__(self) -> int:
        return len(self._paths)

    def structure(self) -> Structure:
        """How the result is nested, whatever the numbers are: as on any path, or as without numbers.

        Raises:
            ValueError: that cannot be found out.
        """
        for path in self:
            return path.structure
        assert self._source is not None
        return self._source.structure_of_result()

    def add(self, path: Path) -> Path:
        """Keep a path, as the one used last."""
        with self._lock:
            self._paths[path] = None
            self._paths.move_to_end(path)
            self._latest = path
            if len(self._paths) > self._most:
                self._paths.popitem(last=False)
                self.dropped += 1
        return path

    def likely(self, numbers: Floats) -> Path:
        """The path used last; recorded at this point, if there is none."""
        return self._latest or self._new(numbers)

    def instead_of(
        self, path: Path, failure: tuple[int, float], numbers: Floats, tried: Container[Path] = ()
    ) -> tuple[Path, bool]:
        """The path that begins as `path` does up to a guard, which turned out otherwise; recorded if there is none.

        A path that was `tried` at this point is none: two of them may compute a number that a guard asks about in
        different ways, a last digit apart, and each say that the other is right.

        With it, whether it was recorded just now, at this point: so it is the right one there, even if a number that
        a guard asks about is computed a last digit off, and the guard turns out otherwise.

        Raises:
            PathNotRecorded: there is none, and no function to record.
        """
        first, outcome = failure
        beginning = [*path.outcomes[:first], (path.outcomes[first][0], outcome)]
        with self._lock:
            for other in reversed(self._paths):
                if other.outcomes[: first + 1] == beginning and other not in tried:
                    self._paths.move_to_end(other)
                    self._latest = other
                    return other, False
        if self._source is None:
            guards = path.tape.guards
            raise PathNotRecorded(
                f"{guards.lines[first]}: {GUARDS[guards.kinds[first]]}() of a number was {guards.outcomes[first]:g} "
                f"when this program was recorded, and would be {outcome:g} now: what runs then was not recorded. "
                "Save a program that was called with such arguments, too."
            )
        return self._new(numbers), True

    def _new(self, numbers: Floats) -> Path:
        assert self._source is not None
        structure, tape, notes = self._source.tape(numbers)
        self.recorded += 1
        for known in self:
            if known.structure == structure and known.tape.runs_as(tape):
                return self.add(known)
        is_gradient = self._source.of is not None
        path = Path(structure, tape, self._backend, self._source, numbers.copy(), notes, is_gradient=is_gradient)
        return self.add(path)
