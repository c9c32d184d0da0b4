"""Runs a schedule with NumPy, one step at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.python_calls import PythonCalls, Rows, rows_of
from gograd_compile.trace.tape import Floats

__all__ = ["NumpyRunner"]


class NumpyRunner:
    """Runs the steps of a schedule on a memory with a row per slot and a column per point."""

    runs_whole_schedules = False

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._calls = PythonCalls(schedule)
        self._terms_of = functools.cache(self._find_terms)

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """Run the steps from `begin` to `end`."""
        with np.errstate(all="ignore"):
            for step in range(begin, end):
                if self.schedule.steps[step, 0] == 0:
                    self._run_sums(memory, step, np.multiply)
                else:
                    self._calls.run(memory, step)

    def run_carefully(self, memory: Floats, lane: int) -> bool:
        """Run the sums among the derivatives again in one lane, as `Runner` says."""
        point = memory[:, lane : lane + 1]
        finite = True
        with np.errstate(all="ignore"):
            for step in range(self.schedule.bands[2], len(self.schedule.steps)):
                code, slot, count, at = self.schedule.steps[step]
                if code == 0:
                    self._run_sums(point, step, _multiply_carefully)
                    starts = self.schedule.sum_starts[at : at + count + 1]
                    judged = self.schedule.terms[starts[0] : starts[-1], : 1 + self.schedule.forward]
                    finite &= bool(np.isfinite(point[slot : slot + count]).all() and np.isfinite(point[judged]).all())
        return finite

    def _run_sums(self, memory: Floats, step: int, multiply: Callable[..., Floats]) -> None:
        for rows, x, y, is_first in self._terms_of(step):
            own = memory[rows]  # a view of a slice, otherwise a copy
            products = memory[x] if y is None else multiply(memory[x], memory[y], out=own if is_first else None)
            if not is_first:
                products = np.add(own, products, out=own)
            if products is not own or not isinstance(rows, slice):
                memory[rows] = products

    def _find_terms(self, step: int) -> list[tuple[Rows, Rows, Rows | None, bool]]:
        """Split the sums of a step into parts: the slots, both factors of a term of each, and whether it is the first.

        A part needs only what earlier ones compute, and the terms of a sum are added in order. The second factor is
        None where it is the constant 1.
        """
        schedule = self.schedule
        _, slot, count, at = schedule.steps[step].tolist()
        starts = schedule.sum_starts[at : at + count + 1]
        lengths = np.diff(starts)
        wave = np.zeros(count, dtype=np.int64)
        for index in range(count):
            inside = schedule.terms[starts[index] : starts[index + 1]] - slot
            inside = inside[inside >= 0]
            if len(inside):
                wave[index] = wave[inside].max() + 1
        found = []
        for number in range(int(wave.max()) + 1):
            sums = np.flatnonzero(wave == number)
            for term in range(int(lengths[sums].max())):
                longer = sums[lengths[sums] > term]
                x, y = schedule.terms[starts[longer] + term].T
                second = None if (y == schedule.graph.one).all() else rows_of(y)
                found.append((rows_of(slot + longer), rows_of(x), second, term == 0))
        return found


def _multiply_carefully(x: Floats, y: Floats, out: Floats | None) -> Floats:
    products = np.multiply(x, y, out=out)
    products[(x == 0.0) | (y == 0.0)] = 0.0
    return products
