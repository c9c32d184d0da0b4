"""Runs a schedule natively: one compiled function for all schedules, which are data to it.

The memory `v` of a run has a row per slot, and in it a lane per point: one, or a block of points. Rows of a
block are worked in vectors. Sums are added in the order in which they stand, in every lane alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer, shifted

__all__ = ["CHUNK", "run_carefully", "run_point", "run_points", "run_steps"]

CHUNK = 256
"""Numbers that a kernel takes at a time, per input."""

WIDE, NARROW = 32, 8
"""Lanes that are added up together; a block has a multiple of them."""

TILE, LANES = 8, 32
"""Numbers of a point, and points, that are moved together."""

POINTER = types.CPointer(types.float64)
PAIRS = types.CPointer(types.int64)
I64 = ir.IntType(64)
EXPONENT, LOWEST, SIGN = np.uint64(0x7FF0000000000000), np.uint64(0x0010000000000000), np.uint64(63)
"""The bits of an exponent, the lowest of them, and the place of the bit that follows the highest."""
LOW = 0xFFFFFFFF
"""The slot of the first factor in a term, which is read at once: that of the second one lies above."""


@intrinsic  # type: ignore[untyped-decorator]
def call_kernel(typing_context: Any, address: Any, n: Any, length: Any, out: Any, x: Any, scratch: Any) -> Any:
    """Call ``void (intptr_t n, intptr_t length, double *out, double *x, double *scratch)`` at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address, *others = args
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in others])
        builder.call(builder.inttoptr(address, kind.as_pointer()), others)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, POINTER, POINTER, POINTER), generate


def _row_sum(width: int) -> Any:
    """A function that adds up the products of pairs of rows, `width` lanes at once."""

    @intrinsic  # type: ignore[untyped-decorator]
    def row_sum(typing_context: Any, v: Any, terms: Any, start: Any, end: Any, out: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            v, terms, start, end, out, lanes = args
            vector = ir.VectorType(ir.DoubleType(), width)

            def row(slot: Any) -> Any:
                return builder.bitcast(builder.gep(v, [builder.mul(slot, lanes)]), vector.as_pointer())

            def product(place: Any) -> Any:
                pair = builder.load(builder.gep(terms, [place]))
                rows = [builder.load(row(slot)) for slot in (builder.and_(pair, I64(LOW)), builder.lshr(pair, I64(32)))]
                for loaded in rows:
                    loaded.align = 8
                return builder.fmul(*rows)

            first, second = product(start), builder.add(start, I64(1))
            before = builder.block
            head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
            builder.branch(head)
            builder.position_at_end(head)
            place, total = builder.phi(I64), builder.phi(vector)
            builder.cbranch(builder.icmp_signed("<", place, end), body, done)
            builder.position_at_end(body)
            larger, next_place = builder.fadd(total, product(place)), builder.add(place, I64(1))
            builder.branch(head)
            for came_from, at, so_far in ((before, second, first), (body, next_place, larger)):
                place.add_incoming(at, came_from)
                total.add_incoming(so_far, came_from)
            builder.position_at_end(done)
            builder.store(total, row(out)).align = 8
            return context.get_dummy_value()

        signature = types.void(POINTER, PAIRS, types.int64, types.int64, types.int64, types.int64)
        return signature, generate

    return row_sum


add_wide, add_narrow = _row_sum(WIDE), _row_sum(NARROW)


@jitted(no_cpython_wrapper=True)
def _run_sums(v: Any, lanes: int, slot: int, count: int, starts: Any, terms: Any) -> None:
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
            add_wide(shifted(v, lane), terms, starts[g], starts[g + 1], slot + g, lanes)
            lane += WIDE
        while lane < lanes:
            add_narrow(shifted(v, lane), terms, starts[g], starts[g + 1], slot + g, lanes)
            lane += NARROW


@jitted(no_cpython_wrapper=True)
def _run_calls(
    v: Any, lanes: int, slot: int, count: int, gathers: Any, address: int, arity: int, buffer: Any, scratch: Any
) -> None:
    """One kernel, on all applications of a step."""
    chunk = CHUNK // lanes
    for begin in range(0, count, chunk):
        n = min(chunk, count - begin)
        for i in range(arity):
            for g in range(n):
                row = gathers[i * count + begin + g] * lanes
                for lane in range(lanes):
                    buffer[i * CHUNK + g * lanes + lane] = v[row + lane]
        call_kernel(address, n * lanes, 0, shifted(v, (slot + begin) * lanes), buffer, scratch)


@jitted(no_cpython_wrapper=True)
def _run_columns(
    v: Any, lanes: int, slot: int, count: int, gathers: Any, address: int, arity: int, length: int, width: int,
    buffer: Any, scratch: Any,
) -> None:  # fmt: skip
    """A kernel of columns: one application in one lane at a time."""
    results = shifted(buffer, arity)
    for g in range(count // width):
        for lane in range(lanes):
            for i in range(arity):
                buffer[i] = v[gathers[i * (count // width) + g] * lanes + lane]
            call_kernel(address, 1, length, results, buffer, scratch)
            for i in range(width):
                v[(slot + g * width + i) * lanes + lane] = results[i]


@jitted
def run_steps(
    memory: Any, lanes: int, begin: int, end: int,
    steps: Any, sum_starts: Any, terms: Any, gathers: Any, calls: Any, buffer: Any,
) -> None:  # fmt: skip
    """Some steps of a schedule.

    `calls` has a row per code: the address of its kernel, arity, length and width. `buffer` holds the inputs of a
    kernel and its scratch space, which begins where a kernel's inputs end.
    """
    v, terms_at, gathers_at, starts_at = pointer(memory), pointer(terms), pointer(gathers), pointer(sum_starts)
    buffer_at = pointer(buffer)
    for step in range(begin, end):
        code, slot, count, at = steps[step]
        if code == 0:
            _run_sums(v, lanes, slot, count, shifted(starts_at, at), terms_at)
            continue
        address, arity, length, width = calls[code]
        here = shifted(gathers_at, at)
        if length == 0:
            scratch = shifted(buffer_at, arity * CHUNK)
            _run_calls(v, lanes, slot, count, here, address, arity, buffer_at, scratch)
        else:
            scratch = shifted(buffer_at, arity + width)
            _run_columns(v, lanes, slot, count, here, address, arity, length, width, buffer_at, scratch)


@jitted
def run_carefully(
    memory: Any, lanes: int, lane: int, begin: int, end: int, steps: Any, sum_starts: Any, terms: Any
) -> bool:
    """The sums among some steps again, in one lane, where nothing times an infinity or NaN is nothing.

    What does not count passes nothing on. Returns whether all sums and first factors (adjoints or tangents) are finite.
    """
    v, terms, starts = pointer(memory), pointer(terms), pointer(sum_starts)
    finite = True
    for step in range(begin, end):
        code, slot, count, at = steps[step]
        for g in range(count if code == 0 else 0):
            total = 0.0
            for place in range(starts[at + g], starts[at + g + 1]):
                x, y = v[(terms[place] & LOW) * lanes + lane], v[(terms[place] >> 32) * lanes + lane]
                if x != 0.0 and y != 0.0:
                    total += x * y
                finite = finite and x - x == 0.0
            v[(slot + g) * lanes + lane] = total
            finite = finite and total - total == 0.0
    return finite


@jitted(no_cpython_wrapper=True)
def _is_finite(memory: Any, begin: int, end: int) -> Any:
    """Whether all numbers from one place to another are finite."""
    bits = pointer(memory.view(np.uint64))
    carried = np.uint64(0)  # gets the highest bit where all bits of an exponent are set
    for i in range(begin, end):
        carried |= (bits[i] & EXPONENT) + LOWEST
    return carried >> SIGN == 0


@jitted(no_cpython_wrapper=True)
def _all_finite(memory: Any, slots: Any, lanes: int) -> Any:
    """Whether all numbers in the rows of some slots are finite."""
    bits = pointer(memory.view(np.uint64))
    carried = np.uint64(0)
    for slot in slots:
        row = shifted(bits, slot * lanes)
        for lane in range(lanes):
            carried |= (row[lane] & EXPONENT) + LOWEST
    return carried >> SIGN == 0


@jitted
def run_point(
    memory: Any, lanes: int, leaves: int, values_end: int, derivatives: int, results: Any,
    steps: Any, sum_starts: Any, terms: Any, gathers: Any, calls: Any, buffer: Any,
) -> int:  # fmt: skip
    """A whole schedule, at the point whose numbers lie in the first slots.

    `derivatives` is the first step of derivatives, and `values_end` its first slot. Returns whether something came out
    that is not finite: 1 among the values, 2 among the derivatives, 3 both. (If anything in the slots `results` is not
    finite, some derivative is not; and the other way round, unless it is multiplied by nothing.)
    """
    run_steps(memory, lanes, 0, len(steps), steps, sum_starts, terms, gathers, calls, buffer)
    status = 0 if _is_finite(memory, leaves, values_end) else 1
    if not _all_finite(memory, results, lanes):
        finite = run_carefully(memory, lanes, 0, derivatives, len(steps), steps, sum_starts, terms)
        if not (finite and _all_finite(memory, results, lanes)):
            status |= 2
    return status


@jitted(no_cpython_wrapper=True)
def _load(memory: Any, lanes: int, points: Any, begin: int, end: int, slots: Any) -> None:
    """A block of points, tile by tile: what is missing at the end is the last point again."""
    v, source, width = pointer(memory), pointer(points), points.shape[1]
    count = min(lanes, end - begin)
    for first in range(0, width, TILE):
        for start in range(0, count, LANES):
            stop = min(start + LANES, count)
            for i in range(first, min(first + TILE, width)):
                row, numbers = shifted(v, slots[i] * lanes), shifted(source, begin * width + i)
                for lane in range(start, stop):
                    row[lane] = numbers[lane * width]
    for i in range(width if count < lanes else 0):
        row = shifted(v, slots[i] * lanes)
        for lane in range(count, lanes):
            row[lane] = row[count - 1]


@jitted(no_cpython_wrapper=True)
def _store(memory: Any, lanes: int, begin: int, end: int, slots: Any, into: Any) -> None:
    v, target, width = pointer(memory), pointer(into), into.shape[1]
    for first in range(0, width, TILE):
        for start in range(0, end - begin, LANES):
            stop = min(start + LANES, end - begin)
            for i in range(first, min(first + TILE, width)):
                row, numbers = shifted(v, slots[i] * lanes), shifted(target, begin * width + i)
                for lane in range(start, stop):
                    numbers[lane * width] = row[lane]


@jitted(no_cpython_wrapper=True)
def _add_up(memory: Any, lanes: int, begin: int, end: int, slots: Any, status: Any, totals: Any) -> None:
    """What is asked for in total, of the points where all is finite."""
    v, target = pointer(memory), pointer(totals)
    for i in range(len(slots)):
        row = shifted(v, slots[i] * lanes)
        for lane in range(end - begin):
            target[i * lanes + lane] += 0.0 if status[begin + lane] else row[lane]


@jitted(no_cpython_wrapper=True)
def _judge(memory: Any, lanes: int, lane: int, leaves: int, values_end: int, gradients: Any, totals: Any) -> int:
    """What is not finite in one lane: 1 among the values, 2 among the derivatives asked for."""
    found = 0
    for slot in range(leaves, values_end):
        x = memory[slot * lanes + lane]
        if x - x != 0.0:
            found = 1
    for slots in (gradients, totals):
        for slot in slots:
            x = memory[slot * lanes + lane]
            if x - x != 0.0:
                found |= 2
    return found


@jitted
def run_points(
    memory: Any, lanes: int, begin: int, end: int, points: Any, point_slots: Any, leaves: int, bands: Any, ends: Any,
    outputs: Any, output_slots: Any, gradients: Any, gradient_slots: Any, totals: Any, total_slots: Any, status: Any,
    steps: Any, sum_starts: Any, terms: Any, gathers: Any, calls: Any, buffer: Any,
) -> None:  # fmt: skip
    """A whole schedule, at the points from `begin` to `end`, block by block; what they share is computed once.

    `bands` has the first step of each band of the schedule, `ends` the slot at which each ends. Per point it stores
    outputs and gradients. Other gradients it adds up in `totals`, lane by lane, points of one lane in order.
    `status` says per point what `run_point` returns; what is not finite is not added up.
    """
    shared_is_right = True
    for first in range(begin, end, lanes):
        last = min(first + lanes, end)
        _load(memory, lanes, points, first, end, point_slots)
        for band in range(4):
            if band % 2 == 1 or first == begin:
                run_steps(memory, lanes, bands[band], bands[band + 1], steps, sum_starts, terms, gathers, calls, buffer)
        if first == begin:
            shared_is_right = _is_finite(memory, leaves * lanes, ends[0] * lanes)
        right = shared_is_right and _is_finite(memory, ends[0] * lanes, ends[1] * lanes)
        if not (right and _all_finite(memory, gradient_slots, lanes) and _all_finite(memory, total_slots, lanes)):
            for lane in range(last - first):
                found = _judge(memory, lanes, lane, leaves, ends[1], gradient_slots, total_slots)
                if found & 2 and run_carefully(memory, lanes, lane, bands[2], bands[4], steps, sum_starts, terms):
                    found = _judge(memory, lanes, lane, leaves, ends[1], gradient_slots, total_slots)
                status[first + lane] = found
        _store(memory, lanes, first, last, output_slots, outputs)
        _store(memory, lanes, first, last, gradient_slots, gradients)
        _add_up(memory, lanes, first, last, total_slots, status, totals)
