"""Runs a schedule as native code. One compiled function runs all schedules, which are data to it.

This module is imported only when Numba compiles it: see `kernels.numba_text`. What others call gets the address of a
row of 64-bit numbers: its arguments, of which arrays are addresses too. So what was compiled needs nothing of Numba.

The memory `v` of a run has a row for each slot, and in each row a lane for each point: one point, or a block of points.
Rows of a block are computed with vector instructions. Sums are added in order, in every lane.

A schedule comes as `tables`, the addresses of its arrays: steps, where sums begin, terms, gathers, and a row per code
with the address of its kernel, arity, length and width. After the addresses come the slot of 1.0, and 1 if derivatives
are tangents. `buffer` holds the inputs of a kernel and, after them, its scratch space.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from gograd_compile.kernels.generate import CHUNK
from gograd_compile.kernels.pointers import bits_of, bytes_at, doubles_at, integers_at, shifted, small_integers_at
from gograd_compile.kernels.vectors import (
    LOW,
    MIDDLE,
    NARROW,
    TILE,
    WIDE,
    add_middle,
    add_narrow,
    add_wide,
    call_kernel,
    load_tile,
    store_tile,
    sum_row,
)

__all__ = ["run_carefully", "run_points", "run_steps"]

F = TypeVar("F", bound=Callable[..., Any])

EXPONENT, LOWEST, SIGN = np.uint64(0x7FF0000000000000), np.uint64(0x0010000000000000), np.uint64(63)
"""The bits of an exponent, the lowest of these bits, and the place of the sign."""

INTEGER: Any = np.int64
"""The type of numbers that are not literals. Numba would compile functions again for literals, which have own types."""
FIRST = INTEGER(0)
SHARED, VARYING, OUTPUTS, GRADIENTS, ALL = map(INTEGER, (0, 1, 2, 3, 5))
"""The places of the fields of `Slots`, and how many there are."""

compiled: Callable[[F], F] = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@compiled
def _run_sums(v: Any, lanes: int, slot: int, count: int, starts: Any, terms: Any, one: int) -> None:
    if lanes == 1:
        end = starts[0]
        for g in range(count):
            begin, end = end, starts[g + 1]
            total = v[terms[begin] & LOW] * v[terms[begin] >> 32]
            for place in range(begin + 1, end):
                total += v[terms[place] & LOW] * v[terms[place] >> 32]
            v[slot + g] = total
        return
    for g in range(count):
        lane = 0
        while lane + WIDE <= lanes:
            add_wide(shifted(v, lane), terms, starts[g], starts[g + 1], slot + g, lanes, one)
            lane += WIDE
        if lane + MIDDLE <= lanes:
            add_middle(shifted(v, lane), terms, starts[g], starts[g + 1], slot + g, lanes, one)
            lane += MIDDLE
        if lane < lanes:
            add_narrow(shifted(v, lane), terms, starts[g], starts[g + 1], slot + g, lanes, one)


@compiled
def _lie_together(slots: Any, count: int) -> bool:
    """Say whether each slot follows the one before it."""
    for i in range(1, count):  # noqa: SIM110 - Numba has no all()
        if slots[i] != slots[0] + i:
            return False
    return True


@compiled
def _run_calls(v: Any, lanes: int, slot: int, count: int, gathers: Any, address: int, arity: int, buffer: Any) -> None:
    """Run one kernel on all applications of a step."""
    scratch = shifted(buffer, arity * CHUNK)
    chunk = max(CHUNK // lanes, 1)
    for begin in range(0, count, chunk):
        n = min(chunk, count - begin)
        for first in range(0, lanes, CHUNK):  # once, unless Python runs steps
            width, x = min(CHUNK, lanes - first), buffer
            if arity == 1 and _lie_together(shifted(gathers, begin), n):
                x = shifted(v, gathers[begin] * lanes + first)
            else:
                for i in range(arity):
                    for g in range(n):
                        row = gathers[i * count + begin + g] * lanes + first
                        for lane in range(width):
                            buffer[i * CHUNK + g * width + lane] = v[row + lane]
            call_kernel(address, n * width, 0, shifted(v, (slot + begin) * lanes + first), x, scratch)


@compiled
def _run_columns(
    v: Any, lanes: int, slot: int, count: int, gathers: Any, address: int, arity: int, length: int, width: int,
    buffer: Any,
) -> None:  # fmt: skip
    """Run a kernel of columns, one application in one lane at a time."""
    results, scratch = shifted(buffer, arity), shifted(buffer, arity + width)
    for g in range(count // width):
        for lane in range(lanes):
            for i in range(arity):
                buffer[i] = v[gathers[i * (count // width) + g] * lanes + lane]
            call_kernel(address, 1, length, results, buffer, scratch)
            for i in range(width):
                v[(slot + g * width + i) * lanes + lane] = results[i]


@compiled
def _run(v: Any, lanes: int, begin: int, end: int, tables: Any, buffer: Any) -> None:
    steps, starts, terms = integers_at(tables[0]), integers_at(tables[1]), integers_at(tables[2])
    gathers, calls = small_integers_at(tables[3]), integers_at(tables[4])
    for step in range(begin, end):
        row = shifted(steps, 4 * step)
        code, slot, count, at = row[0], row[1], row[2], row[3]
        call = shifted(calls, 4 * code)
        if code == 0:
            _run_sums(v, lanes, slot, count, shifted(starts, at), terms, tables[5])
        elif call[2] == 0:
            _run_calls(v, lanes, slot, count, shifted(gathers, at), call[0], call[1], buffer)
        else:
            here = shifted(gathers, at)
            _run_columns(v, lanes, slot, count, here, call[0], call[1], call[2], call[3], buffer)


@compiled
def run_steps(arguments: int) -> None:
    """Run some steps of a schedule: memory, lanes, begin, end, tables, buffer."""
    a = integers_at(arguments)
    _run(doubles_at(a[0]), a[1], a[2], a[3], integers_at(a[4]), doubles_at(a[5]))


@compiled
def _run_carefully(v: Any, lanes: int, lane: int, begin: int, end: int, tables: Any) -> bool:
    """Run the sums among some steps again in one lane, where 0.0 times an infinity or NaN is 0.0.

    Returns whether all sums and first factors (adjoints or tangents) are finite, and the factors of tangents.
    """
    steps, starts, terms = integers_at(tables[0]), integers_at(tables[1]), integers_at(tables[2])
    finite = True
    for step in range(begin, end):
        row = shifted(steps, 4 * step)
        for g in range(row[2] if row[0] == 0 else 0):
            total = 0.0
            for place in range(starts[row[3] + g], starts[row[3] + g + 1]):
                x, y = v[(terms[place] & LOW) * lanes + lane], v[(terms[place] >> 32) * lanes + lane]
                if x != 0.0 and y != 0.0:
                    total += x * y
                finite = finite and x - x == 0.0 and (tables[6] == 0 or y - y == 0.0)
            v[(row[1] + g) * lanes + lane] = total
            finite = finite and total - total == 0.0
    return finite


@compiled
def run_carefully(arguments: int) -> None:
    """Do what `_run_carefully` does: memory, lanes, lane, begin, end, tables, and in the end 1 if all is finite."""
    a = integers_at(arguments)
    a[6] = _run_carefully(doubles_at(a[0]), a[1], a[2], a[3], a[4], integers_at(a[5]))


@compiled
def _all_finite(v: Any, slots: Any, count: int, lanes: int, begin: int, end: int) -> Any:
    """Say whether all numbers in the rows of some slots are finite, in the lanes from `begin` to `end`."""
    bits = bits_of(v)
    carried = np.uint64(0)  # gets its highest bit if all bits of an exponent are set
    for i in range(count):
        row = shifted(bits, slots[i] * lanes)
        for lane in range(begin, end):
            carried |= (row[lane] & EXPONENT) + LOWEST
    return carried >> SIGN == 0


@compiled
def _load(v: Any, lanes: int, points: Any, width: int, begin: int, end: int, rows: Any) -> None:
    """Load a block of points. The last point fills the lanes that are left."""
    count = min(lanes, end - begin)
    source = shifted(points, begin * width)
    whole, tiled = count - count % TILE, width - width % TILE
    for i in range(0, tiled, TILE):
        for lane in range(0, whole, TILE):
            load_tile(shifted(source, lane * width + i), width, shifted(v, lane), shifted(rows, i), lanes)
    for i in range(width):
        row, numbers = shifted(v, rows[i] * lanes), shifted(source, i)
        for lane in range(whole if i < tiled else 0, count):
            row[lane] = numbers[lane * width]
        for lane in range(count, lanes):
            row[lane] = row[count - 1]


@compiled
def _store(v: Any, lanes: int, begin: int, end: int, rows: Any, width: int, into: Any) -> None:
    """Store the rows of some slots for a block of points."""
    count = end - begin
    target = shifted(into, begin * width)
    whole, tiled = count - count % TILE, width - width % TILE
    for i in range(0, tiled, TILE):
        for lane in range(0, whole, TILE):
            store_tile(shifted(target, lane * width + i), width, shifted(v, lane), shifted(rows, i), lanes)
    for i in range(width):
        row, numbers = shifted(v, rows[i] * lanes), shifted(target, i)
        for lane in range(whole if i < tiled else 0, count):
            numbers[lane * width] = row[lane]


@compiled
def _sum_some(row: Any, count: int, wrong: Any, first: int) -> float:
    """Add up every NARROW-th number, from `first` on, except in lanes that are wrong."""
    total = 0.0
    for lane in range(first, count, NARROW):
        total += row[lane] if wrong[lane] == 0 else 0.0
    return total


@compiled
def _sum_right(row: Any, count: int, wrong: Any) -> float:
    """Add up the first numbers of a row, except in lanes that are wrong: every NARROW-th, then halves of these sums."""
    left = _sum_some(row, count, wrong, 0) + _sum_some(row, count, wrong, 4)
    left += _sum_some(row, count, wrong, 2) + _sum_some(row, count, wrong, 6)
    right = _sum_some(row, count, wrong, 1) + _sum_some(row, count, wrong, 5)
    right += _sum_some(row, count, wrong, 3) + _sum_some(row, count, wrong, 7)
    return left + right


@compiled
def _add_up(v: Any, lanes: int, count: int, slots: Any, width: int, right: bool, wrong: Any, totals: Any) -> None:
    """Add up the derivatives that are asked for in total, over the points of a block where everything is finite."""
    for i in range(width):
        row = shifted(v, slots[i] * lanes)
        totals[i] += sum_row(row, count) if right else _sum_right(row, count, wrong)


@compiled
def _are_finite(v: Any, wanted: Any, first: int, last: int, lanes: int, begin: int, end: int) -> Any:
    """Do what `_all_finite` does for several fields of `wanted`."""
    right = True
    for field in range(first, last):
        right = right and _all_finite(v, integers_at(wanted[2 * field]), wanted[2 * field + 1], lanes, begin, end)
    return right


@compiled
def _judge(v: Any, lanes: int, lane: int, wanted: Any, bands: Any, tables: Any) -> int:
    """Find what is not finite in one lane, and return it as `Program.at` does."""
    found = 0 if _are_finite(v, wanted, SHARED, OUTPUTS, lanes, lane, lane + 1) else 1
    for _ in range(2):  # as it is, and then carefully
        if _are_finite(v, wanted, GRADIENTS, ALL, lanes, lane, lane + 1):
            return found
        if not _run_carefully(v, lanes, lane, bands[2], bands[4], tables):
            return found | 2
    return found | 2


@compiled
def run_points(arguments: int) -> None:
    """Run a whole schedule at the points from `begin` to `end`, block by block. What they share is computed once.

    The arguments are: memory, lanes, begin, end; points, the length of a row of them, and the slots of its numbers;
    outputs, gradients, totals and status, as in `Points`; the first step of each band of the schedule; tables; buffer;
    and for each field of `Slots` an address and a length.

    Outputs and gradients are stored for each point. Other gradients are added up in totals, block by block. The status
    gets for each point what `Program.at` returns. Points where something is not finite are not added up. The values in
    the slots `shared` are checked once, those in `varying` at each point.
    """
    a = integers_at(arguments)
    v, lanes, begin, end = doubles_at(a[0]), a[1], a[2], a[3]
    status, bands, tables, wanted = bytes_at(a[10]), integers_at(a[11]), integers_at(a[12]), shifted(a, 14)
    shared_is_right = True
    for first in range(begin, end, lanes):
        last = min(first + lanes, end)
        _load(v, lanes, doubles_at(a[4]), a[5], first, end, integers_at(a[6]))
        for band in range(4):
            if band % 2 == 1 or first == begin:
                _run(v, lanes, bands[band], bands[band + 1], tables, doubles_at(a[13]))
        if first == begin:
            shared_is_right = _are_finite(v, wanted, SHARED, VARYING, lanes, FIRST, lanes)
        right = shared_is_right and _are_finite(v, wanted, VARYING, OUTPUTS, lanes, FIRST, lanes)
        right = right and _are_finite(v, wanted, GRADIENTS, ALL, lanes, FIRST, lanes)
        if not right:
            for lane in range(last - first):
                status[first + lane] = _judge(v, lanes, lane, wanted, bands, tables)
        _store(v, lanes, first, last, integers_at(wanted[4]), wanted[5], doubles_at(a[7]))
        _store(v, lanes, first, last, integers_at(wanted[6]), wanted[7], doubles_at(a[8]))
        own = shifted(status, first)
        _add_up(v, lanes, last - first, integers_at(wanted[8]), wanted[9], right, own, doubles_at(a[9]))
