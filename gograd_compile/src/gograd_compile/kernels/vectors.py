"""What the driver does with rows of points in vectors, as instructions for LLVM: sums, and transposing.

The length of the rows of a block is a multiple of `NARROW`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "LOW",
    "MIDDLE",
    "NARROW",
    "TILE",
    "WIDE",
    "add_middle",
    "add_narrow",
    "add_wide",
    "call_kernel",
    "load_tile",
    "store_tile",
    "sum_row",
]

WIDE, MIDDLE, NARROW = 32, 16, 8
"""How many lanes are added up at once."""

TILE = 8
"""How many numbers of how many points are transposed at once."""

LOW = 0xFFFFFFFF
"""The bits of the first factor's slot in a term, which is read as one integer. The second slot lies above."""

POINTER = types.CPointer(types.float64)
PAIRS = types.CPointer(types.int64)
I64 = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def call_kernel(typing_context: Any, address: Any, n: Any, length: Any, out: Any, x: Any, scratch: Any) -> Any:
    """Call ``void (intptr_t n, intptr_t length, double *out, double *x, double *scratch)`` at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address, *others = args
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in others])
        builder.call(builder.inttoptr(address, kind.as_pointer()), others)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, POINTER, POINTER, POINTER), generate


def _load(builder: Any, start: Any, offset: Any, width: int) -> Any:
    """Load a vector of numbers, which need not be aligned."""
    place = builder.bitcast(builder.gep(start, [offset]), ir.VectorType(ir.DoubleType(), width).as_pointer())
    loaded = builder.load(place)
    loaded.align = 8
    return loaded


def _store(builder: Any, vector: Any, start: Any, offset: Any) -> None:
    place = builder.bitcast(builder.gep(start, [offset]), vector.type.as_pointer())
    builder.store(vector, place).align = 8


def _repeated(builder: Any, begin: Any, end: Any, step: int, first: Any, larger: Callable[[Any, Any], Any]) -> Any:
    """Write a loop over places that starts with `first`, and makes `larger(place, so far)` of it again and again."""
    before = builder.block
    head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
    builder.branch(head)
    builder.position_at_end(head)
    place, total = builder.phi(I64), builder.phi(first.type)
    builder.cbranch(builder.icmp_signed("<", place, end), body, done)
    builder.position_at_end(body)
    found, following = larger(place, total), builder.add(place, I64(step))
    after = builder.block
    builder.branch(head)
    for came_from, at, so_far in ((before, begin, first), (after, following, found)):
        place.add_incoming(at, came_from)
        total.add_incoming(so_far, came_from)
    builder.position_at_end(done)
    return total


def _row_sum(width: int) -> Any:
    """Make a function that adds up the products of pairs of rows, `width` lanes at once."""

    @intrinsic  # type: ignore[untyped-decorator]
    def row_sum(typing_context: Any, v: Any, terms: Any, start: Any, end: Any, out: Any, lanes: Any, one: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            v, terms, start, end, out, lanes, one = args

            def product(place: Any) -> Any:
                pair = builder.load(builder.gep(terms, [place]))
                a, b = builder.and_(pair, I64(LOW)), builder.lshr(pair, I64(32))
                x = _load(builder, v, builder.mul(a, lanes), width)
                came = builder.block
                with builder.if_then(builder.icmp_signed("!=", b, one)):
                    xy = builder.fmul(x, _load(builder, v, builder.mul(b, lanes), width))
                    multiplied = builder.block
                found = builder.phi(x.type)
                found.add_incoming(x, came)
                found.add_incoming(xy, multiplied)
                return found

            total = _repeated(
                builder, builder.add(start, I64(1)), end, 1, product(start),
                lambda place, total: builder.fadd(total, product(place)),
            )  # fmt: skip
            _store(builder, total, v, builder.mul(out, lanes))
            return context.get_dummy_value()

        signature = types.void(POINTER, PAIRS, types.int64, types.int64, types.int64, types.int64, types.int64)
        return signature, generate

    return row_sum


add_wide, add_middle, add_narrow = map(_row_sum, (WIDE, MIDDLE, NARROW))


def _first(builder: Any, count: Any) -> Any:
    """Say of each of NARROW lanes whether it is among the first ones."""
    kind = ir.VectorType(I64, NARROW)
    spread = builder.insert_element(ir.Constant(kind, ir.Undefined), count, ir.IntType(32)(0))
    spread = builder.shuffle_vector(spread, spread, ir.Constant(ir.VectorType(ir.IntType(32), NARROW), [0] * NARROW))
    return builder.icmp_signed("<", ir.Constant(kind, list(range(NARROW))), spread)


@intrinsic  # type: ignore[untyped-decorator]
def sum_row(typing_context: Any, row: Any, count: Any) -> Any:
    """Add up the first numbers of a row, as `driver._sum_right` does."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, count = args
        nothing = ir.Constant(ir.VectorType(ir.DoubleType(), NARROW), [0.0] * NARROW)

        def larger(place: Any, total: Any) -> Any:
            numbers = _load(builder, row, place, NARROW)
            numbers = builder.select(_first(builder, builder.sub(count, place)), numbers, nothing)
            return builder.fadd(total, numbers)

        total = _repeated(builder, I64(0), count, NARROW, nothing, larger)
        size = NARROW
        while size := size // 2:
            halves = [ir.Constant(ir.VectorType(ir.IntType(32), size), [*range(at, at + size)]) for at in (0, size)]
            total = builder.fadd(*(builder.shuffle_vector(total, total, half) for half in halves))
        return builder.extract_element(total, ir.IntType(32)(0))

    return types.float64(POINTER, types.int64), generate


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose TILE vectors of TILE numbers: exchange halves, then quarters, and so on."""
    size = TILE // 2
    while size:
        for row in range(TILE):
            if not row & size:
                one, other = rows[row], rows[row | size]
                for target, moved in ((row, 0), (row | size, size)):
                    lanes = [lane - size + TILE if lane & size else lane for lane in range(TILE)]
                    mask = ir.Constant(ir.VectorType(ir.IntType(32), TILE), [lane + moved for lane in lanes])
                    rows[target] = builder.shuffle_vector(one, other, mask)
        size //= 2
    return rows


@intrinsic  # type: ignore[untyped-decorator]
def load_tile(typing_context: Any, points: Any, width: Any, v: Any, slots: Any, lanes: Any) -> Any:
    """Load TILE numbers of each of TILE points, which lie `width` apart, into the rows of TILE slots."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        points, width, v, slots, lanes = args
        rows = [_load(builder, points, builder.mul(I64(i), width), TILE) for i in range(TILE)]
        for i, row in enumerate(_transposed(builder, rows)):
            slot = builder.load(builder.gep(slots, [I64(i)]))
            _store(builder, row, v, builder.mul(slot, lanes))
        return context.get_dummy_value()

    return types.void(POINTER, types.int64, POINTER, PAIRS, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def store_tile(typing_context: Any, points: Any, width: Any, v: Any, slots: Any, lanes: Any) -> Any:
    """Store the rows of TILE slots as TILE numbers of each of TILE points, which lie `width` apart."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        points, width, v, slots, lanes = args
        rows = []
        for i in range(TILE):
            slot = builder.load(builder.gep(slots, [I64(i)]))
            rows.append(_load(builder, v, builder.mul(slot, lanes), TILE))
        for i, row in enumerate(_transposed(builder, rows)):
            _store(builder, row, points, builder.mul(I64(i), width))
        return context.get_dummy_value()

    return types.void(POINTER, types.int64, POINTER, PAIRS, types.int64), generate
