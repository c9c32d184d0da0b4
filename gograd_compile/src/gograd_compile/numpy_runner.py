"""Runs a schedule with NumPy, a step at a time; and, for every backend, the rules that only Python can run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gograd_compile.array_library import LIBRARY
from gograd_compile.graph import FORWARD, Call
from gograd_compile.rules import OUTPUT
from gograd_compile.schedule import Schedule
from gograd_compile.tape import Floats, Integers
from gograd_core.evaluation import as_numbers, run_rule
from gograd_core.namespaces import Column

__all__ = ["NumpyRunner", "run_call"]


class NumpyRunner:
    """Steps of a schedule on a memory with a row per slot and a column per point."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._waves: dict[int, list[tuple[Integers, Integers, Integers]]] = {}

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """The steps from `begin` to `end`."""
        with np.errstate(all="ignore"):
            for step in range(begin, end):
                if self.schedule.steps[step, 0] == 0:
                    self._run_sums(memory, step, np.multiply)
                else:
                    run_call(self.schedule, memory, step)

    def run_carefully(self, memory: Floats, begin: int, end: int, lane: int) -> bool:
        """The sums among these steps again, at one point, where nothing times an infinity or NaN is nothing.

        What does not count passes nothing on. Returns whether all sums and first factors (adjoints or tangents) are
        finite, and what tangents are multiplied by.
        """
        point = memory[:, lane : lane + 1]
        finite = True
        with np.errstate(all="ignore"):
            for step in range(begin, end):
                code, slot, count, at = self.schedule.steps[step]
                if code == 0:
                    self._run_sums(point, step, _multiply_carefully)
                    starts = self.schedule.sum_starts[at : at + count + 1]
                    judged = self.schedule.terms[starts[0] : starts[-1], : 1 + self.schedule.forward]
                    finite &= bool(np.isfinite(point[slot : slot + count]).all() and np.isfinite(point[judged]).all())
        return finite

    def _run_sums(self, memory: Floats, step: int, multiply: Callable[[Floats, Floats], Floats]) -> None:
        for rows, places, of_row in self._waves_of(step):
            products = multiply(memory[self.schedule.terms[places, 0]], memory[self.schedule.terms[places, 1]])
            # The first terms come first; the others are added one after the other, in order.
            totals = products[: len(rows)]
            np.add.at(totals, of_row[len(rows) :], products[len(rows) :])
            memory[rows] = totals

    def _waves_of(self, step: int) -> list[tuple[Integers, Integers, Integers]]:
        """The sums of a step in parts, each of which needs only what comes before.

        Per part the slots, the places of its terms (first ones first), and which of its sums each belongs to.
        """
        if step not in self._waves:
            self._waves[step] = self._find_waves(step)
        return self._waves[step]

    def _find_waves(self, step: int) -> list[tuple[Integers, Integers, Integers]]:
        schedule = self.schedule
        _, slot, count, at = schedule.steps[step].tolist()
        starts = schedule.sum_starts[at : at + count + 1]
        wave = np.zeros(count, dtype=np.int64)
        for index in range(count):
            inside = schedule.terms[starts[index] : starts[index + 1]] - slot
            inside = inside[inside >= 0]
            if len(inside):
                wave[index] = wave[inside].max() + 1
        waves = []
        for number in range(int(wave.max()) + 1):
            sums = np.flatnonzero(wave == number)
            later = [np.arange(starts[s] + 1, starts[s + 1]) for s in sums]
            of_later = np.repeat(np.arange(len(sums)), [len(places) for places in later])
            places = np.concatenate([starts[sums], *later])
            waves.append((slot + sums, places, np.concatenate([np.arange(len(sums)), of_later])))
        return waves


def _multiply_carefully(x: Floats, y: Floats) -> Floats:
    return np.where((x == 0.0) | (y == 0.0), 0.0, x * y)


def run_call(schedule: Schedule, memory: Floats, step: int) -> None:
    """A step of calls: the rule of the operation, on arrays if it understands them, else point by point."""
    code, slot, count, at = schedule.steps[step].tolist()
    call = schedule.graph.calls[code - 1]
    applications = count // call.width
    gathered = memory[schedule.gathers[at : at + applications * call.arity]].reshape(call.arity, applications, -1)
    results = _function(call)(*gathered) if not call.length else _of_columns(call, gathered)
    memory[slot : slot + count] = results


def _of_columns(call: Call, gathered: Floats) -> Floats:
    """Application by application, and point by point: of each the columns."""
    _, applications, points = gathered.shape
    function = _function(call)
    results = np.empty((applications, call.width, points))
    for application, point in np.ndindex(applications, points):
        given = gathered[:, application, point]
        inputs, rest = [], given
        for place in call.needs:
            taken = 1 if place == OUTPUT else call.length
            inputs.append(rest[0] if place == OUTPUT else rest[:taken])
            rest = rest[taken:]
        results[application, :, point] = function(*inputs)
    return results.reshape(-1, points)


@functools.cache
def _function(call: Call) -> Callable[..., Any]:
    """What computes the call on arrays of its inputs, in the order of `needs`."""
    op = call.rules.op
    rule: Any = op.forward if call.what == FORWARD else op.partials[call.what]
    if op.opaque:
        return _point_by_point(call, rule)
    places = range(len(op.partials)) if call.what == FORWARD else (OUTPUT, *range(len(op.partials)))
    namespace = op.scope.arrays(LIBRARY)
    rule = op.bind(namespace) if call.what == FORWARD else functools.partial(rule, namespace)

    def on_arrays(*inputs: Any) -> Any:
        shape = inputs[0].shape  # fixed numbers as arrays: with a number NumPy computes some powers otherwise
        fixed = {place: np.full(shape, number) for place, number in call.rules.fixed.items()}
        given = {**fixed, **dict(zip(call.needs, inputs, strict=True))}
        return rule(*(given.get(place, 1.0) for place in places))  # what is not given is not used

    return on_arrays


def _point_by_point(call: Call, rule: Callable[..., Any]) -> Callable[..., Any]:
    op = call.rules.op
    what = "forward" if call.what == FORWARD else f"partial {call.what}"

    def on_arrays(*inputs: Any) -> Any:
        if call.length:
            columns = [Column(x.tolist()) if np.ndim(x) else float(x) for x in inputs]
            return as_numbers(op, run_rule(op, rule, *columns), call.width, what)
        results = np.empty(inputs[0].shape)
        for index in np.ndindex(results.shape):
            (results[index],) = as_numbers(op, run_rule(op, rule, *(float(x[index]) for x in inputs)), 1, what)
        return results

    return on_arrays
