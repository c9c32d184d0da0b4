"""Runs a schedule as native code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.kernels import CHUNK, Kernel, kernel
from gograd_compile.kernels.one_point import at_one_point, of_columns
from gograd_compile.lower.graph import FORWARD, Call
from gograd_compile.lower.rules import OUTPUT, Rules
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.point_values import by_numpy
from gograd_compile.trace.tape import Floats, Integers
from gograd_core.extend import Instead

if TYPE_CHECKING:
    from gograd_compile.run.records import Slots

__all__ = ["NativeRunner", "by_kernel", "kernel_of"]


TOGETHER = 1 << 12
"""How many inputs a kernel of columns gets at once, unless eight lanes have more."""


def kernel_of(call: Call) -> Kernel | None:
    """Find the kernel of a call. It is None if its rule must be called in Python."""
    symbol = call.symbol
    if symbol is None:
        return None
    inputs = [symbol.library.input(place, is_column=bool(call.length) and place != OUTPUT) for place in call.needs]
    return kernel(symbol, inputs)


def by_kernel(rules: Rules) -> Instead:
    """Find what computes a value with the kernel of the rule. If there is none, NumPy does."""
    if rules.forward is None:
        return by_numpy(rules)
    if not rules.op.variadic:
        native = kernel_of(Call(rules, FORWARD, 0, rules.needs))
        assert native is not None
        return at_one_point(native, len(rules.needs))

    def function(*columns: Any) -> float:
        native = kernel_of(Call(rules, FORWARD, len(columns[0]), rules.needs))
        assert native is not None
        return of_columns(native, len(columns), len(columns[0]))(*columns)

    return Instead(function)


class NativeRunner:
    """Runs the steps of a schedule as native code, in the library `prepared`."""

    runs_whole_schedules = True

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        calls = schedule.graph.calls
        self.kernels = [kernel_of(call) for call in calls]
        rows = [(0, 0, 0, 1)]
        room = 1
        for call, native in zip(calls, self.kernels, strict=True):
            rows.append((native.address if native else 0, call.arity, call.length, call.width))
            if native is not None and call.length:
                side_by_side = min(max(TOGETHER // call.arity, 8), CHUNK)
                room = max(room, (call.arity + call.width + native.room(call.length, 1)) * side_by_side)
            elif native is not None:
                room = max(room, call.arity * CHUNK + native.room())
        self._room = room
        self._tables = (
            np.ascontiguousarray(schedule.steps, dtype=np.int64),
            np.ascontiguousarray(schedule.sum_starts, dtype=np.int64),
            np.ascontiguousarray(schedule.terms, dtype=np.int32),
            np.ascontiguousarray(schedule.gathers, dtype=np.int32),
            np.array(rows, dtype=np.int64),
        )
        self._everywhere: Any = None
        self._careful: Any = None

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """Run the steps from `begin` to `end`."""
        if self._everywhere is None:
            self._everywhere = self.batch(None, None)
        self._everywhere.run(memory, begin, end)

    def run_carefully(self, memory: Floats, lane: int) -> bool:
        """Run the sums among the derivatives again in one lane, as `Runner` says."""
        if self._careful is None:
            self._careful = self.steps(NOTHING, NOTHING, [])
        point = memory[:, lane].copy()
        finite: bool = self._careful.carefully(point)
        memory[:, lane] = point
        return finite

    def steps(self, watched: Integers, results: Integers, stops: list[tuple[int, int, Callable[[Floats], Any]]]) -> Any:
        """Return all steps, to be run at one point.

        Args:
            watched, results, stops: as for `prepared.Steps`.
        """
        where = int(self.schedule.bands[2]), self.schedule.forward, self._room
        return prepared.Steps(self._tables, *where, watched, results, stops)

    def batch(self, slots: Integers | None, wanted: Slots | None) -> Any:
        """Return all steps, to be run at many points.

        Args:
            slots, wanted: as for `prepared.BatchSteps`.
        """
        schedule = self.schedule
        where = self._room, schedule.graph.one, len(schedule.graph)
        return prepared.BatchSteps(self._tables, schedule.bands, schedule.forward, *where, slots, wanted)


NOTHING = np.empty(0, dtype=np.int64)
