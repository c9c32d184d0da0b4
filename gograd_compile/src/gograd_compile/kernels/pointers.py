"""Pointers to the entries of arrays. Loops over them neither check for negative indices nor count references.

A pointer does not keep its array alive, and Numba frees a local array after its last use. So take pointers only of
arguments, and of arrays that somebody else keeps.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["bits_of", "doubles_at", "integers_at", "pointer", "shifted", "small_integers_at"]


@intrinsic  # type: ignore[untyped-decorator]
def pointer(typing_context: Any, array: Any) -> Any:
    """Compute the pointer to the first entry of an array, which somebody else must keep alive."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic  # type: ignore[untyped-decorator]
def shifted(typing_context: Any, start: Any, entries: Any) -> Any:
    """Compute the pointer to a later entry."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return start(start, types.int64), generate


def _entries_at(dtype: Any) -> Any:
    """Make a function that turns an address into a pointer."""

    @intrinsic  # type: ignore[untyped-decorator]
    def entries_at(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(dtype)(types.int64), generate

    return entries_at


integers_at, small_integers_at, doubles_at = map(_entries_at, (types.int64, types.int32, types.float64))


@intrinsic  # type: ignore[untyped-decorator]
def bits_of(typing_context: Any, numbers: Any) -> Any:
    """Convert a pointer to doubles to a pointer to their bits, as unsigned integers."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.uint64)(numbers), generate
