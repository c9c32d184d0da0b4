"""One path through a function: its tape, and the programs that were made from it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import attrs
import numpy as np

from gograd_compile.errors import RecordingError
from gograd_compile.lower.derivatives import Derived, with_adjoints, with_tangents, without_derivatives
from gograd_compile.lower.graph import Graph
from gograd_compile.lower.lowering import lower
from gograd_compile.lower.rules import rules_of
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.domain_errors import error_of
from gograd_compile.paths.guards import Asked
from gograd_compile.run.backends import Backend
from gograd_compile.run.program import DERIVATIVES_NOT_FINITE, Program
from gograd_compile.trace.passes import remove_dead
from gograd_compile.trace.sources import Note, Source
from gograd_compile.trace.tape import DOMAIN, Floats, Integers, Tape
from gograd_compile.trace.watcher import AWAITED, NO_ERRORS, Answers, Raising
from gograd_core.extend import failed, read_values, recorder

__all__ = ["CAPTURED", "ONLY_SEEDS", "VALUES", "Path", "Want", "complaint"]


@attrs.frozen(eq=False, repr=False)
class Want:
    """What a program should compute.

    Attributes:
        mode: "values" computes the outputs, "guards" only what guards ask for, and "all" the value of every node.
            Derivatives come with the values: "adjoints" are those of the one output, "pull" those of outputs times
            seeds, and "push" are tangents along the seeds.
        wrt: the numbers among the arguments to differentiate with respect to, or CAPTURED, the captured neurons.
        batched: the numbers among the arguments that differ between the points of a batch. Seeds then differ as well.
            None if there is one point.
    """

    mode: Literal["values", "guards", "all", "adjoints", "pull", "push"]
    wrt: Integers | None = None
    batched: Integers | None = None


VALUES, ONLY_GUARDS, EVERY_VALUE = Want("values"), Want("guards"), Want("all")
CAPTURED = None
"""Stands for the captured neurons, in the place of numbers among the arguments."""
ONLY_SEEDS = np.empty(0, dtype=np.intp)
"""No number among the arguments differs between the points. Only seeds do."""


MOST_PROGRAMS = 32
"""How many programs of a path are kept. Each has its own memory."""
NOTHING = np.empty(0)


class Path:
    """One path through a function: a tape, and the programs that were asked for.

    Args:
        structure: how the result is nested.
        tape: the operations.
        backend: what runs them.
        source: the function that was recorded, if there is one.
        numbers: the arguments that it was recorded with.
        answers: the answers to the questions that the function asked then.
        raising: the errors that were raised then because compiled code finds them, and Python does not.
        notes: how the tape was made.
        is_gradient: whether it computes the value and the gradient of the function.
        has_truths: whether there are truth values in the result.

    Attributes:
        programs: the program for each want.
        preparation: how each of these was made.
        guards: the guards of the tape.
        replays: how often it was replayed at one point since the budget last took note of it.
    """

    def __init__(
        self, structure: Structure, tape: Tape, backend: Backend, source: Source | None = None,
        numbers: Floats = NOTHING, answers: Answers = (), raising: Raising = NO_ERRORS, notes: Sequence[Note] = (),
        *, is_gradient: bool = False, has_truths: bool = False,
    ) -> None:  # fmt: skip
        self.structure, self.tape, self.backend, self.source, self.numbers = structure, tape, backend, source, numbers
        self.answers, self.raising, self.notes = answers, raising, notes
        self.is_gradient, self.has_truths = is_gradient, has_truths
        self.programs: dict[Want, Program] = {}
        self.preparation: dict[Want, list[Note]] = {}
        self.guards, self.replays = Asked(tape), 0
        self._lock = threading.Lock()

    def returns_as(self, other: Path) -> bool:
        """Say whether the results of both are nested alike, and both or neither have truth values."""
        return self.structure == other.structure and self.has_truths is other.has_truths

    def to_judge(self, status: Any) -> Any:
        """Say whether the derivatives of runs with this status must be judged. Those of a gradient always must."""
        return status if self.is_gradient else status & DERIVATIVES_NOT_FINITE

    def captured(self) -> Floats:
        """Read the values of the captured neurons now."""
        if not self.tape.captured:
            return NOTHING
        if recorder() is not None:
            failed()
            raise RecordingError(
                "a compiled function that captures neurons runs while another one is recorded. Their values would be "
                "constants there: call the function that was compiled, or pass them as arguments"
            )
        values = np.empty(len(self.tape.captured))
        read_values(self.tape.captured, values)
        return values

    def with_lines(self) -> Tape:
        """Return the tape, with lines of source if they can be found by recording again."""
        if self.source is not None and not len(self.tape.line_of):
            self.tape = self.source.lined(self.tape, self.numbers, self.answers, self.raising)
        return self.tape

    def program(self, want: Want) -> Program:
        """Return the program that computes what is wanted. It is made when it is first asked for.

        Raises:
            TypeError: the gradient of a result that is not one number is wanted, or a derivative of a truth value.
        """
        found = self.programs.get(want)
        if found is None:
            with self._lock:
                found = self.programs.get(want) or self._make(want)
        return found

    def complaint(self, want: Want) -> str:
        """Say why the result has no such derivatives. It is "" if it has."""
        return complaint(want.mode, self.structure, has_truths=self.has_truths)

    def _make(self, want: Want) -> Program:
        if complaint := self.complaint(want):
            raise TypeError(complaint)
        times = [time.perf_counter()]
        tape = self.tape
        if want.mode == "guards":
            tape = remove_dead(attrs.evolve(tape, outputs=tape.deciding()))
        elif want.mode == "all":
            tape = attrs.evolve(tape, outputs=np.arange(len(tape), dtype=np.int32))
        graph = lower(tape, {op: rules_of(op) for op in tape.operations})
        times.append(time.perf_counter())
        derived = self._derived(graph, want)
        times.append(time.perf_counter())
        varying = None
        if want.batched is not None:
            varying = np.concatenate([want.batched, np.arange(graph.leaves, derived.graph.leaves)])
        program = Program(derived, self.backend, varying)
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

    def _derived(self, graph: Graph, want: Want) -> Derived:
        """Add the derivatives that are wanted to the graph."""
        if want.mode in ("values", "guards", "all"):
            return without_derivatives(graph)
        wrt = want.wrt
        if wrt is CAPTURED:
            wrt = np.arange(graph.arguments, graph.arguments + graph.captured)
        wrt = wrt.astype(np.int32)
        if want.mode == "push":
            return with_tangents(graph, wrt)
        return with_adjoints(graph, wrt, seeded=want.mode == "pull")

    def values(self, numbers: Floats, captured: Floats) -> Floats:
        """Compute the value of every node of the tape."""
        program = self.program(EVERY_VALUE)
        memory, _ = program.at(numbers, captured, NOTHING, None)
        values: Floats = memory[program.output_slots]
        program.give_back(memory)
        return values

    def failure_at(self, numbers: Floats) -> tuple[int, float] | None:
        """Find the first guard that turns out differently at these numbers, and its answer. It is None if none does."""
        program = self.program(ONLY_GUARDS)
        memory, _ = program.at(numbers, self.captured(), NOTHING, self.guards.hold)
        failure = self.guards.first_failure(memory[program.guard_slots])
        program.give_back(memory)
        return failure

    def catches_at(self, numbers: Floats) -> bool:
        """Say whether the path catches an error and all its guards hold at these numbers."""
        return self.guards.catches and self.failure_at(numbers) is None

    def instead(self, failure: tuple[int, float]) -> Answers:
        """Return the answers to all questions up to a guard that turned out differently, with its new answer."""
        first, outcome = failure
        *before, (kind, _, place) = self.answers[: self.tape.guards.order[first] + 1]
        return (*before, ("domain" if kind == AWAITED else kind, outcome, place))

    def raised_among(self, answers: Answers) -> Raising:
        """Select the errors of compiled code that these first answers say were raised. Later ones may not be raised."""
        places = {place for kind, answer, place in answers if kind == "domain" and answer > 0}
        return {place: error for place, error in self.raising.items() if place in places}

    def raised_until(self, failure: tuple[int, float], numbers: Floats) -> Raising:
        """Find the errors of compiled code that the function catches up to a guard that turned out differently."""
        first, outcome = failure
        guards = self.tape.guards
        raising = self.raised_among(self.answers[: guards.order[first]])
        answers = np.append(guards.outcomes[:first], outcome)
        found = np.flatnonzero((guards.kinds[: first + 1] == DOMAIN) & (answers > 0.0))
        if not len(found):
            return raising
        values = self.values(numbers, self.captured())
        places = [self.answers[place][2] for place in guards.order[found].tolist()]
        errors = [error_of(self.tape, node, values) for node in guards.nodes[found].tolist()]
        new = {place: error for place, error in zip(places, errors, strict=True) if error is not None}
        return {**raising, **new}


def complaint(mode: str, structure: Structure, *, has_truths: bool) -> str:
    """Say why a result that is nested so has no derivatives of that mode. It is "" if it has."""
    if mode == "adjoints" and not structure.is_number:
        from gograd_compile.nesting.structure_json import structure_text

        return f"only one number has a gradient; the result is {structure_text(structure)}: use jacobian"
    if mode in ("adjoints", "pull", "push") and has_truths:
        return "only numbers have derivatives; the function returned a truth value, which has no derivative"
    return ""


_compiled: set[Any] = set()


def _compiled_now(program: Program) -> Note:
    """Note how many kernels this program is the first to need, and how long they took."""
    new = {kernel for kernel in getattr(program.runner, "kernels", ()) if kernel is not None} - _compiled
    _compiled.update(new)
    return Note("compiled", len(new), sum(kernel.seconds for kernel in new))
