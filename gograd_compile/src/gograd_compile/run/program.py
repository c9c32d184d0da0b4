"""A program: a graph that is ready to run at one point or at many."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.lower.derivatives import Derived
from gograd_compile.lower.graph import SUM
from gograd_compile.lower.schedule import schedule
from gograd_compile.run.backends import Backend
from gograd_compile.run.blocks import aligned, in_threads, lanes_for, strips_of
from gograd_compile.run.python_calls import PythonCalls, rows_of
from gograd_compile.trace.tape import Floats, Integers

if TYPE_CHECKING:
    from gograd_compile.run.records import Points, Slots

__all__ = ["DERIVATIVES_NOT_FINITE", "VALUES_NOT_FINITE", "Holds", "Program"]

VALUES_NOT_FINITE, DERIVATIVES_NOT_FINITE = 1, 2
"""The status of a run says what was not finite. It is the sum if both were not."""

MOST_ASKED = 8
"""For how many kinds of runs a program remembers what they look at."""

Holds = Callable[[Floats, int], Any]
"""Says for each point, given the values that decide, whether the first guards hold: so many of them."""


def _not_finite(values: Floats) -> Integers:
    """Find the columns that have a number that is not finite. Where there is none, the sum of all tells."""
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):
            return np.empty(0, dtype=np.intp)
    return np.flatnonzero(~np.isfinite(values).all(axis=0))


class Program:
    """The steps that compute the outputs of a graph, its guards and its derivatives.

    Attributes:
        steps: what runs all steps at one point, in the memory that `take` finds. None if only `at` does.
        asks: whether guards must hold before some step.
        is_driven: whether the backend runs all steps, so that Python runs none.
    """

    def __init__(self, derived: Derived, backend: Backend, varying: Integers | None = None) -> None:
        graph = derived.graph
        self.schedule = schedule(derived, varying)
        self.backend = backend
        self.runner = backend.runner(self.schedule)
        slots = self.schedule.slots.astype(np.int64)
        self.output_slots = slots[graph.outputs]
        self.guard_slots = slots[graph.guards]
        self.result_slots = slots[derived.results]
        self.size = len(graph)
        self.watched = self._find_watched()
        shared, varying = np.split(self.watched, [np.searchsorted(self.watched, self.schedule.slots_of(0)[1])])
        self._rows = rows_of(self.watched), rows_of(self.result_slots)
        self._slots = shared, varying, self.output_slots
        self._blank = np.zeros(graph.leaves)
        self._blank[graph.one : graph.one + len(graph.constants)] = graph.constants
        self._captured = slice(graph.arguments, graph.one)
        self.first_seed = graph.leaves - graph.seeds
        self._seeds = slice(self.first_seed, graph.leaves)
        self._memories: list[Floats] = []
        self._blocks: list[Floats] = []  # the memory of the last run over many points, for the next one
        self._asked_before: dict[tuple[bytes, ...], tuple[Slots, Any]] = {}
        self._lock = threading.Lock()
        self.stops = self._find_stops()
        self._calls = PythonCalls(self.schedule)
        self.asks = any(guards for _, guards in self.stops)
        self.is_driven = self.runner.runs_whole_schedules and not self.stops
        self.steps = self._steps_at_one_point()
        self.call: Any = None  # what answers a call in the common case: see `paths.prepared`

    @property
    def plan(self) -> Any:
        """Return how sums were last added up at many points. It is None if native code never did that."""
        steps = [steps for _, steps in self._asked_before.values()]
        return steps[-1] and steps[-1].plan if steps else None

    def _steps_at_one_point(self) -> Any:
        """Find the steps to be run at one point. They are None if the backend runs steps one by one."""
        if not self.runner.runs_whole_schedules:
            return None
        stops = [(step, guards, functools.partial(self._calls.bind, step)) for step, guards in self.stops]
        return self.runner.steps(self.watched, self.result_slots, stops)

    def _find_watched(self) -> Integers:
        """Find values to watch: if any value is not finite, one of these is not. Factors of sums need no watching."""
        schedule = self.schedule
        begin, end = schedule.graph.leaves, schedule.slots_of(1)[1]
        steps = schedule.steps[: schedule.bands[2]]
        sums = int(steps[steps[:, 0] == SUM, 2].sum())
        are_seen = np.zeros(self.size, dtype=np.bool_)
        are_seen[schedule.terms[: schedule.sum_starts[sums]]] = True
        outside = schedule.graph.outside  # these are not watched, so their inputs must be
        for value in outside.tolist():
            are_seen[schedule.slots[schedule.graph.inputs_of(value)]] = False
        are_seen[schedule.slots[outside]] = True
        return begin + np.flatnonzero(~are_seen[begin:end])

    def _find_stops(self) -> list[tuple[int, int]]:
        """Find the steps that only Python can run, and how many guards must hold before each of them."""
        graph = self.schedule.graph
        asked = dict(
            zip(self.schedule.slots[graph.barriers[:, 0]].tolist(), graph.barriers[:, 1].tolist(), strict=True)
        )
        steps = self.schedule.steps
        runs = np.array([True, *(self.backend.can_run(call) for call in graph.calls)])
        stops = []
        for step in np.flatnonzero(~runs[steps[:, 0]]).tolist():
            code, slot, count, _ = steps[step].tolist()
            opaque = graph.calls[code - 1].rules.op.opaque
            guards = [asked.get(each, len(graph.guards)) for each in range(slot, slot + count)] if opaque else [0]
            stops.append((step, max(guards)))
        return stops

    def at(self, numbers: Floats, captured: Floats, seeds: Floats, holds: Holds | None) -> tuple[Floats, int]:
        """Run at one point. Returns the memory, which must be given back, and what was not finite.

        If `holds` says before a call of an opaque operation that the guards asked before do not hold, the run ends.
        """
        memory = self.take()
        memory[: self._captured.start] = numbers
        memory[self._captured] = captured
        memory[self._seeds] = seeds
        if self.steps is None or self.asks:
            return memory, self._run(memory[:, np.newaxis], 1, holds)[0]
        return memory, self.steps.run(memory)

    def at_each(self, numbers: Floats, captured: Floats, seeds: Floats) -> tuple[Floats, Integers]:
        """Run at one point for each row of seeds. Returns the derivatives, a row for each, and what was not finite."""
        derivatives, status = np.empty((len(seeds), len(self.result_slots))), np.zeros(len(seeds), dtype=np.uint8)
        for row, own in enumerate(seeds):
            memory, status[row] = self.at(numbers, captured, own, None)
            derivatives[row] = memory[self.result_slots]
            self.give_back(memory)
        return derivatives, status

    def over(
        self,
        numbers: Floats,
        captured: Floats,
        points: Floats,
        slots: Integers,
        *,
        per_point: Integers,
        summed: Integers,
        threads: int = 1,
        holds: Holds | None = None,
    ) -> Points:
        """Run over many points.

        Args:
            numbers: the numbers of the arguments. Only those that all points share matter.
            points: the other numbers, and seeds: a row for each point, for the leaves in `slots`.
            per_point: the places of the derivatives that are asked for per point.
            summed: the places of the derivatives whose sum over the points is asked for.
            threads: how many threads work at once. The results do not depend on it.
            holds: if given, opaque operations are called only at points where the guards asked before hold.
        """
        from gograd_compile.run.records import Points  # what is about many points is imported when it is used

        count = len(points)
        if not points.flags.carray or points.dtype != np.float64:  # native code expects doubles, row after row
            points = np.require(points, np.float64, requirements=("C", "A", "W"))
        wanted, batch = self.asked(slots, per_point, summed)
        outputs, gradients = np.empty((count, len(self.output_slots))), np.empty((count, len(per_point)))
        status = np.zeros(count, dtype=np.uint8)
        rows = self.size if batch is None else batch.rows
        lanes = lanes_for(rows, count, in_python=batch is None)
        strips = strips_of(rows, count, lanes) if count else []
        totals, blocks = np.zeros((len(strips), len(summed))), list[Floats]()
        shared, sources = self.take(), [(points, slots)]
        shared[: len(numbers)] = numbers
        shared[self._captured] = captured
        coefficients = None if batch is None else batch.share(shared)

        def work(own: Iterator[int]) -> None:
            block = self._block(lanes)
            blocks.append(block)
            if batch is None:
                block[: self._captured.stop] = shared[: self._captured.stop, np.newaxis]
            for strip in own:
                found = Points(outputs, gradients, totals[strip], status)
                if batch is None:
                    self._run_strip(block, *strips[strip], points, slots, wanted, found, holds)
                else:
                    batch.points(block, shared, coefficients, *strips[strip], sources, found)

        in_threads(threads, len(strips), work)
        with self._lock:
            self._blocks = blocks
        self.give_back(shared)
        return Points(outputs, gradients, totals[0] if len(strips) == 1 else totals.sum(axis=0), status)

    def asked(self, slots: Integers, per_point: Integers, summed: Integers) -> tuple[Slots, Any]:
        """Find what a run looks at, and what runs all steps. Runs that are repeated ask for the same again.

        Nothing runs all steps if Python runs some of them.
        """
        given = slots.tobytes(), per_point.tobytes(), summed.tobytes()
        found = self._asked_before.get(given)
        if found is None:
            from gograd_compile.run.records import Slots

            wanted = Slots(*self._slots, self.result_slots[per_point], self.result_slots[summed])
            found = wanted, self.runner.batch(slots, wanted) if self.is_driven else None
            if len(self._asked_before) >= MOST_ASKED:
                self._asked_before.clear()
            self._asked_before[given] = found
        return found

    def _block(self, lanes: int) -> Floats:
        """Find memory for a block of points. If Python runs steps, it has the constants in it."""
        with self._lock:
            if self._blocks and self._blocks[-1].shape[1] == lanes:
                return self._blocks.pop()
        block = aligned(self.size, lanes)
        if not self.is_driven:
            block[: len(self._blank)] = self._blank[:, np.newaxis]
        return block

    def _run_strip(
        self, memory: Floats, begin: int, end: int, points: Floats, slots: Integers, wanted: Slots, found: Points,
        holds: Holds | None,
    ) -> None:  # fmt: skip
        """Run a strip block by block, as native code does."""
        lanes = memory.shape[1]
        own, outputs, gradients = rows_of(slots), rows_of(wanted.outputs), rows_of(wanted.gradients)
        for first in range(begin, end, lanes):
            last = min(first + lanes, end)
            memory[own, : last - first] = points[first:last].T
            memory[own, last - first :] = points[last - 1, :, np.newaxis]
            status = self._run(memory, last - first, holds)[: last - first]
            found.status[first:last] = status
            found.outputs[first:last] = memory[outputs, : last - first].T
            found.gradients[first:last] = memory[gradients, : last - first].T
            if len(wanted.totals):
                totals = found.totals
                totals += memory[wanted.totals, : last - first][:, status == 0].sum(axis=1)

    def give_back(self, memory: Floats) -> None:
        with self._lock:
            self._memories.append(memory)

    def take(self) -> Floats:
        """Find memory for one point, with the constants in it."""
        with self._lock:
            if self._memories:
                return self._memories.pop()
        memory = np.zeros(self.size)
        memory[: len(self._blank)] = self._blank
        return memory

    def _run(self, memory: Floats, points: int, holds: Holds | None) -> Integers:
        """Run all steps, those in Python too, and return what was not finite. The first lanes are the points."""
        schedule = self.schedule
        status = np.zeros(memory.shape[1], dtype=np.uint8)
        right = np.arange(memory.shape[1]) < points if self.stops else status
        begin = 0
        for stop, guards in self.stops:
            self.runner.run(memory, begin, stop)
            if guards and holds is not None:
                right &= holds(memory[self.guard_slots], guards)
                if not right.any():
                    return status
            self._call_python(memory, stop, right)
            begin = stop + 1
        self.runner.run(memory, begin, len(schedule.steps))
        status[_not_finite(memory[self._rows[0]])] = VALUES_NOT_FINITE
        for lane in _not_finite(memory[self._rows[1]]):
            finite = self.runner.run_carefully(memory, lane)
            if not (finite and np.isfinite(memory[self.result_slots, lane]).all()):
                status[lane] |= DERIVATIVES_NOT_FINITE
        return status

    def _call_python(self, memory: Floats, step: int, right: Any) -> None:
        """Run a step that only Python can run, at the points where it may be called."""
        with np.errstate(all="ignore"):
            if right.all():
                self._calls.run(memory, step)
            else:
                part = memory[:, right]
                self._calls.run(part, step)
                memory[:, right] = part
