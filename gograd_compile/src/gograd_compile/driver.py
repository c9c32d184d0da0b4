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

__all__ = ["CHUNK", "run_point", "run_points", "run_steps"]

CHUNK = 256
"""Numbers that a kernel takes at a time, per input."""

WIDE, NARROW = 32, 8
"""Lanes that are added up together; a block has a multiple of them."""

TILE = 64
"""Numbers of a point that are moved together."""

POINTER = types.CPointer(types.float64)
INDICES = types.CPointer(types.int32)
I64 = ir.IntType(64)
EXPONENT = 0x7FF0000000000000


@intrinsic  # type: ignore[untyped-decorator]
def pointer(typing_context: Any, array: Any) -> Any:
    """Where the entries of an array lie."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic  # type: ignore[untyped-decorator]
def shifted(typing_context: Any, start: Any, entries: Any) -> Any:
    """A pointer to a later entry."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return start(start, types.int64), generate


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
    def row_sum(typing_context: Any, v: Any, factors: Any, start: Any, end: Any, out: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            v, factors, start, end, out, lanes = args
            vector = ir.VectorType(ir.DoubleType(), width)

            def row(slot: Any) -> Any:
                return builder.bitcast(builder.gep(v, [builder.mul(slot, lanes)]), vector.as_pointer())

            def factor(place: Any) -> Any:
                loaded = builder.load(row(builder.sext(builder.load(builder.gep(factors, [place])), I64)))
                loaded.align = 8
                return loaded

            def product(place: Any) -> Any:
                return builder.fmul(factor(place), factor(builder.add(place, I64(1))))

            first, second = product(start), builder.add(start, I64(2))
            before = builder.block
            head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
            builder.branch(head)
            builder.position_at_end(head)
            place, total = builder.phi(I64), builder.phi(vector)
            builder.cbranch(builder.icmp_signed("<", place, end), body, done)
            builder.position_at_end(body)
            larger, next_place = builder.fadd(total, product(place)), builder.add(place, I64(2))
            builder.branch(head)
            for came_from, at, so_far in ((before, second, first), (body, next_place, larger)):
                place.add_incoming(at, came_from)
                total.add_incoming(so_far, came_from)
            builder.position_at_end(done)
            builder.store(total, row(out)).align = 8
            return context.get_dummy_value()

        signature = types.void(POINTER, INDICES, types.int64, types.int64, types.int64, types.int64)
        return signature, generate

    return row_sum


add_wide, add_narrow = _row_sum(WIDE), _row_sum(NARROW)


@jitted
def _run_sums(v: Any, lanes: int, slot: int, count: int, starts: Any, factors: Any) -> None:
    if lanes == 1:
        for g in range(count):
            total = v[factors[starts[g]]] * v[factors[starts[g] + 1]]
            for place in range(starts[g] + 2, starts[g + 1], 2):
                total += v[factors[place]] * v[factors[place + 1]]
            v[slot + g] = total
        return
    for g in range(count):
        lane = 0
        while lane + WIDE <= lanes:
            add_wide(shifted(v, lane), factors, starts[g], starts[g + 1], slot + g, lanes)
            lane += WIDE
        while lane < lanes:
            add_narrow(shifted(v, lane), factors, starts[g], starts[g + 1], slot + g, lanes)
            lane += NARROW


@jitted
def _run_sums_carefully(v: Any, lanes: int, slot: int, count: int, starts: Any, factors: Any) -> None:
    """The same, but nothing times an infinity or NaN is nothing: what does not count passes nothing on."""
    for g in range(count):
        for lane in range(lanes):
            total = 0.0
            for place in range(starts[g], starts[g + 1], 2):
                x, y = v[factors[place] * lanes + lane], v[factors[place + 1] * lanes + lane]
                if x != 0.0 and y != 0.0:
                    total += x * y
            v[(slot + g) * lanes + lane] = total


@jitted
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


@jitted
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
    memory: Any, lanes: int, begin: int, end: int, careful: bool,
    steps: Any, sum_starts: Any, factors: Any, gathers: Any, calls: Any, buffer: Any,
) -> None:  # fmt: skip
    """Some steps of a schedule; `careful`: the sums among them alone, carefully.

    `calls` has a row per code: the address of its kernel, arity, length and width. `buffer` holds the inputs of a
    kernel and its scratch space, which begins where a kernel's inputs end.
    """
    v, factors_at, gathers_at, starts_at = pointer(memory), pointer(factors), pointer(gathers), pointer(sum_starts)
    buffer_at = pointer(buffer)
    for step in range(begin, end):
        code, slot, count, at = steps[step]
        if code == 0:
            if careful:
                _run_sums_carefully(v, lanes, slot, count, shifted(starts_at, at), factors_at)
            else:
                _run_sums(v, lanes, slot, count, shifted(starts_at, at), factors_at)
        elif not careful:
            address, arity, length, width = calls[code]
            here = shifted(gathers_at, at)
            if length == 0:
                scratch = shifted(buffer_at, arity * CHUNK)
                _run_calls(v, lanes, slot, count, here, address, arity, buffer_at, scratch)
            else:
                scratch = shifted(buffer_at, arity + width)
                _run_columns(v, lanes, slot, count, here, address, arity, length, width, buffer_at, scratch)


@jitted
def _is_finite(bits: Any, begin: int, end: int) -> bool:
    wrong = 0
    for i in range(begin, end):
        wrong |= (bits[i] & EXPONENT) == EXPONENT
    return wrong == 0


@jitted
def _all_finite(memory: Any, slots: Any, lanes: int) -> bool:
    for slot in slots:
        for lane in range(lanes):
            x = memory[slot * lanes + lane]
            if x - x != 0.0:
                return False
    return True


@jitted
def run_point(
    memory: Any, leaves: int, derivatives: int, results: Any,
    steps: Any, sum_starts: Any, factors: Any, gathers: Any, calls: Any, buffer: Any,
) -> int:  # fmt: skip
    """A whole schedule, at the point whose numbers lie in the first slots.

    Returns whether something came out that is not finite: 1 among the values, 2 among the derivatives in the slots
    `results`, 3 both.
    """
    run_steps(memory, 1, 0, len(steps), False, steps, sum_starts, factors, gathers, calls, buffer)
    values_end = steps[derivatives, 1] if derivatives < len(steps) else len(memory)
    status = 0 if _is_finite(memory.view(np.int64), leaves, values_end) else 1
    if not _all_finite(memory, results, 1):
        run_steps(memory, 1, derivatives, len(steps), True, steps, sum_starts, factors, gathers, calls, buffer)
        if not _all_finite(memory, results, 1):
            status |= 2
    return status


@jitted
def _load(memory: Any, lanes: int, points: Any, begin: int, end: int, slots: Any) -> None:
    """A block of points, tile by tile: what is missing at the end is the last point again."""
    for tile in range(0, len(slots), TILE):
        for lane in range(lanes):
            point = min(begin + lane, end - 1)
            for i in range(tile, min(tile + TILE, len(slots))):
                memory[slots[i] * lanes + lane] = points[point, i]


@jitted
def _store(memory: Any, lanes: int, begin: int, end: int, slots: Any, into: Any) -> None:
    for tile in range(0, len(slots), TILE):
        for lane in range(end - begin):
            for i in range(tile, min(tile + TILE, len(slots))):
                into[begin + lane, i] = memory[slots[i] * lanes + lane]


@jitted
def run_points(
    memory: Any, lanes: int, begin: int, end: int, points: Any, point_slots: Any, leaves: int, derivatives: int,
    outputs: Any, output_slots: Any, gradients: Any, gradient_slots: Any, totals: Any, total_slots: Any, status: Any,
    steps: Any, sum_starts: Any, factors: Any, gathers: Any, calls: Any, buffer: Any,
) -> None:  # fmt: skip
    """A whole schedule, at the points from `begin` to `end`, block by block.

    Per point it stores outputs and gradients. Other gradients it adds up in `totals`, lane by lane, points of one
    lane in order. `status` says per point what `run_point` returns; what is not finite is not added up.
    """
    values_end = steps[derivatives, 1] if derivatives < len(steps) else len(memory) // lanes
    bits = memory.view(np.int64)
    for first in range(begin, end, lanes):
        last = min(first + lanes, end)
        _load(memory, lanes, points, first, end, point_slots)
        run_steps(memory, lanes, 0, len(steps), False, steps, sum_starts, factors, gathers, calls, buffer)
        right = _is_finite(bits, leaves * lanes, values_end * lanes)
        if not (_all_finite(memory, gradient_slots, lanes) and _all_finite(memory, total_slots, lanes)):
            run_steps(memory, lanes, derivatives, len(steps), True, steps, sum_starts, factors, gathers, calls, buffer)
            right = False
        if not right:
            _judge(memory, lanes, first, last, leaves, values_end, gradient_slots, total_slots, status)
        _store(memory, lanes, first, last, output_slots, outputs)
        _store(memory, lanes, first, last, gradient_slots, gradients)
        for i in range(len(total_slots)):
            row = total_slots[i] * lanes
            for lane in range(last - first):
                if right or not status[first + lane]:
                    totals[i, lane] += memory[row + lane]


@jitted
def _judge(
    memory: Any, lanes: int, begin: int, end: int, leaves: int, values_end: int, gradients: Any, totals: Any, status: Any
) -> None:
    """Which points of a block have something that is not finite."""
    for lane in range(end - begin):
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
        status[begin + lane] = found
