"""Runs a schedule as native code. One compiled function runs all schedules, which are data to it.

The memory `v` of a run has a row for each slot, and in each row a lane for each point: one point, or a block of points.
Rows of a block are computed with vector instructions. Sums are added in order, in every lane.

A schedule comes as `tables`, the addresses of its arrays: steps, where sums begin, terms, gathers, and a row per code
with the address of its kernel, arity, length and width. After the addresses come the slot of 1.0, and 1 if derivatives
are tangents. `buffer` holds the inputs of a kernel and, after them, its scratch space.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gograd_compile.kernels import CHUNK, jitted
from gograd_compile.kernels.pointers import bits_of, integers_at, pointer, shifted, small_integers_at
from gograd_compile.kernels.vectors import (
    LOW,
    MIDDLE,
    TILE,
    WIDE,
    add_middle,
    add_narrow,
    add_wide,
    call_kernel,
    load_tile,
    store_tile,
)
from gograd_compile.run.records import Points, Slots

__all__ = ["run_carefully", "run_points", "run_steps"]

EXPONENT, LOWEST, SIGN = np.uint64(0x7FF0000000000000), np.uint64(0x0010000000000000), np.uint64(63)
"""The bits of an exponent, the lowest of these bits, and the place of the sign."""

FIRST: Any = np.int64(0)
"""A zero that is not a literal. Numba gives literals a type of their own, and would compile functions again for it."""


@jitted(no_cpython_wrapper=True)
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


@jitted(no_cpython_wrapper=True)
def _lie_together(slots: Any, count: int) -> bool:
    """Say whether each slot follows the one before it."""
    for i in range(1, count):  # noqa: SIM110 - Numba has no all()
        if slots[i] != slots[0] + i:
            return False
    return True


@jitted(no_cpython_wrapper=True)
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


@jitted(no_cpython_wrapper=True)
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


@jitted(no_cpython_wrapper=True)
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


@jitted()
def run_steps(memory: Any, lanes: int, begin: int, end: int, tables: Any, buffer: Any) -> None:
    """Run some steps of a schedule."""
    _run(pointer(memory), lanes, begin, end, pointer(tables), pointer(buffer))


@jitted()
def run_carefully(memory: Any, lanes: int, lane: int, begin: int, end: int, tables: Any) -> bool:
    """Run the sums among some steps again in one lane, where 0.0 times an infinity or NaN is 0.0.

    Returns whether all sums and first factors (adjoints or tangents) are finite, and the factors of tangents.
    """
    v, steps = pointer(memory), integers_at(tables[0])
    starts, terms = integers_at(tables[1]), integers_at(tables[2])
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


@jitted(no_cpython_wrapper=True)
def _all_finite(memory: Any, slots: Any, lanes: int, begin: int, end: int) -> Any:
    """Say whether all numbers in the rows of some slots are finite, in the lanes from `begin` to `end`."""
    bits = bits_of(pointer(memory))
    carried = np.uint64(0)  # gets its highest bit if all bits of an exponent are set
    for slot in slots:
        row = shifted(bits, slot * lanes)
        for lane in range(begin, end):
            carried |= (row[lane] & EXPONENT) + LOWEST
    return carried >> SIGN == 0


@jitted(no_cpython_wrapper=True)
def _load(memory: Any, lanes: int, points: Any, begin: int, end: int, slots: Any) -> None:
    """Load a block of points. The last point fills the lanes that are left."""
    v, width, count = pointer(memory), points.shape[1], min(lanes, end - begin)
    source, rows = shifted(pointer(points), begin * width), pointer(slots)
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


@jitted(no_cpython_wrapper=True)
def _store(memory: Any, lanes: int, begin: int, end: int, slots: Any, into: Any) -> None:
    """Store the rows of some slots for a block of points."""
    v, width, count = pointer(memory), into.shape[1], end - begin
    target, rows = shifted(pointer(into), begin * width), pointer(slots)
    whole, tiled = count - count % TILE, width - width % TILE
    for i in range(0, tiled, TILE):
        for lane in range(0, whole, TILE):
            store_tile(shifted(target, lane * width + i), width, shifted(v, lane), shifted(rows, i), lanes)
    for i in range(width):
        row, numbers = shifted(v, rows[i] * lanes), shifted(target, i)
        for lane in range(whole if i < tiled else 0, count):
            numbers[lane * width] = row[lane]


@jitted(no_cpython_wrapper=True)
def _add_up(memory: Any, lanes: int, begin: int, end: int, slots: Any, status: Any, totals: Any) -> None:
    """Add up the derivatives that are asked for in total, over the points where everything is finite."""
    v, wrong = pointer(memory), shifted(pointer(status), begin)
    for i in range(len(slots)):
        row, total = shifted(v, slots[i] * lanes), shifted(pointer(totals), i * lanes)
        for lane in range(end - begin):
            total[lane] += row[lane] if wrong[lane] == 0 else 0.0


@jitted(no_cpython_wrapper=True)
def _judge(memory: Any, lanes: int, lane: int, wanted: Slots, bands: Any, tables: Any) -> int:
    """Find what is not finite in one lane, and return it as `run_point` does."""
    found = 0
    for slots in (wanted.shared, wanted.varying):
        if not _all_finite(memory, slots, lanes, lane, lane + 1):
            found = 1
    for _ in range(2):  # as it is, and then carefully
        right = True
        for slots in (wanted.gradients, wanted.totals):
            right = right and _all_finite(memory, slots, lanes, lane, lane + 1)
        if right:
            return found
        if not run_carefully(memory, lanes, lane, bands[2], bands[4], tables):
            return found | 2
    return found | 2


@jitted()
def run_points(
    memory: Any, lanes: int, begin: int, end: int, points: Any, point_slots: Any, shared: Any, varying: Any,
    output_slots: Any, gradient_slots: Any, total_slots: Any, outputs: Any, gradients: Any, totals: Any, status: Any,
    bands: Any, tables: Any, buffer: Any,
) -> None:  # fmt: skip
    """Run a whole schedule at the points from `begin` to `end`, block by block. What they share is computed once.

    The entries of `Slots` and `Points` come one by one, since Numba needs some 4 µs to take such records from Python.

    `bands` has the first step of each band of the schedule. Outputs and gradients are stored for each point. Other
    gradients are added up in `found.totals`, lane by lane, and in order within a lane. `found.status` gets for each
    point what `run_point` returns. Points where something is not finite are not added up. The values in the slots
    `wanted.shared` are checked once, those in `wanted.varying` at each point.
    """
    wanted = Slots(shared, varying, output_slots, gradient_slots, total_slots)
    found = Points(outputs, gradients, totals, status)
    shared_is_right = True
    for first in range(begin, end, lanes):
        last = min(first + lanes, end)
        _load(memory, lanes, points, first, end, point_slots)
        for band in range(4):
            if band % 2 == 1 or first == begin:
                _run(pointer(memory), lanes, bands[band], bands[band + 1], pointer(tables), pointer(buffer))
        if first == begin:
            shared_is_right = _all_finite(memory, wanted.shared, lanes, FIRST, lanes)
        right = shared_is_right
        for slots in (wanted.varying, wanted.gradients, wanted.totals):
            right = right and _all_finite(memory, slots, lanes, FIRST, lanes)
        if not right:
            for lane in range(last - first):
                found.status[first + lane] = _judge(memory, lanes, lane, wanted, bands, tables)
        _store(memory, lanes, first, last, wanted.outputs, found.outputs)
        _store(memory, lanes, first, last, wanted.gradients, found.gradients)
        _add_up(memory, lanes, first, last, wanted.totals, found.status, found.totals)
