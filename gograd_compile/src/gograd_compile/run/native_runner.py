"""Runs a schedule as native code."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from ctypes import addressof, c_byte
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.kernels import CHUNK, Kernel, kernel
from gograd_compile.kernels.numba_code import forget_numba
from gograd_compile.kernels.numba_text import loaded
from gograd_compile.kernels.one_point import at_one_point, of_columns
from gograd_compile.lower.graph import FORWARD, Call
from gograd_compile.lower.rules import OUTPUT, Rules
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.point_values import by_numpy
from gograd_compile.trace.tape import Floats, Integers
from gograd_core.extend import Instead

if TYPE_CHECKING:
    from gograd_compile.run.records import Points, Slots

__all__ = ["NativeRunner", "by_kernel", "kernel_of"]


def _driven(name: str, arguments: Iterable[int]) -> Any:
    """Call a function of the driver. Importing the driver needs Numba, so only what compiles it does.

    Raises:
        ImportError: Numba cannot be imported, although an earlier process could.
    """
    table = array("q", arguments)
    try:
        function = loaded("gograd_compile.run.driver", name)
    except ImportError as error:
        forget_numba()
        raise ImportError(
            f"Numba is installed but cannot be used ({error}), although an earlier process used it. "
            'Start again, and compiled functions run with NumPy; or repair Numba, or ask for backend="numpy".'
        ) from error
    function(table.buffer_info()[0])
    return table


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


def _address(numbers: Any) -> int:
    """Find where an array begins, which has no gaps."""
    return addressof(c_byte.from_buffer(numbers)) if numbers.size else 0


class NativeRunner:
    """Runs the steps of a schedule as native code: see `driver`."""

    runs_whole_schedules = True

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        calls = schedule.graph.calls
        self.kernels = [kernel_of(call) for call in calls]
        rows = [(0, 0, 0, 0)]
        room = 1
        for call, native in zip(calls, self.kernels, strict=True):
            rows.append((native.address if native else 0, call.arity, call.length, call.width))
            scratch = native.scratch * CHUNK if native else 0
            room = max(room, scratch + (call.arity + call.width if call.length else call.arity * CHUNK))
        self._room = room
        self._tables: list[Any] = [  # kept here since the driver has only their addresses
            np.ascontiguousarray(schedule.steps, dtype=np.int64),
            np.ascontiguousarray(schedule.sum_starts, dtype=np.int64),
            np.ascontiguousarray(schedule.terms, dtype=np.int32),
            np.ascontiguousarray(schedule.gathers, dtype=np.int32),
            np.array(rows, dtype=np.int64),
        ]
        self._addresses = np.array([*(_address(table) for table in self._tables), schedule.graph.one, schedule.forward])
        self._wanted_before: tuple[Slots, list[int]] | None = None
        self._bands = np.array(schedule.bands, dtype=np.int64)
        self._bands_and_tables = _address(self._bands), _address(self._addresses)

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """Run the steps from `begin` to `end`."""
        buffer, tables = np.empty(self._room), self._bands_and_tables[1]
        _driven("run_steps", [_address(memory), memory.shape[1], begin, end, tables, _address(buffer)])

    def run_carefully(self, memory: Floats, begin: int, end: int, lane: int) -> bool:
        """Run the sums among these steps again in one lane, as `driver.run_carefully` does."""
        arguments = [_address(memory), memory.shape[1], lane, begin, end, self._bands_and_tables[1], 0]
        return bool(_driven("run_carefully", arguments)[-1])

    def steps(self, watched: Integers, results: Integers, stops: list[tuple[int, int, Callable[[Floats], Any]]]) -> Any:
        """Return all steps, to be run at one point. They are None if `prepared` was not built.

        Args:
            watched, results, stops: as for `prepared.Steps`.
        """
        if prepared is None:
            return None
        where = int(self.schedule.bands[2]), self.schedule.forward, self._room
        return prepared.Steps(self._tables, *where, watched, results, stops)

    def points(
        self, memory: Floats, begin: int, end: int, points: Floats, slots: Integers, wanted: Slots, found: Points
    ) -> None:
        """Run all steps at the points from `begin` to `end`: see `driver.run_points`."""
        buffer = np.empty(self._room)
        _driven("run_points", [
            _address(memory), memory.shape[1], begin, end, _address(points), points.shape[1], _address(slots),
            *map(_address, found), *self._bands_and_tables, _address(buffer),
            *self._numbers_of(wanted),
        ])  # fmt: skip

    def _numbers_of(self, wanted: Slots) -> list[int]:
        """List the addresses and lengths of arrays. Runs that are repeated give the same arrays again."""
        before = self._wanted_before
        if before is None or before[0] is not wanted:
            numbers = [number for each in wanted for number in (_address(each), len(each))]
            before = self._wanted_before = wanted, numbers
        return before[1]
