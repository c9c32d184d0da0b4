"""Pointers to the entries of arrays. Loops over them neither check for negative indices nor count references."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["bits_of", "bytes_at", "doubles_at", "integers_at", "shifted", "small_integers_at"]


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
bytes_at = _entries_at(types.uint8)


@intrinsic  # type: ignore[untyped-decorator]
def bits_of(typing_context: Any, numbers: Any) -> Any:
    """Convert a pointer to doubles to a pointer to their bits, as unsigned integers."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.uint64)(numbers), generate
