"""Pointers to the entries of arrays. Loops over them neither check for negative indices nor count references."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["shifted"]


@intrinsic  # type: ignore[untyped-decorator]
def shifted(typing_context: Any, start: Any, entries: Any) -> Any:
    """Compute the pointer to a later entry."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return start(start, types.int64), generate
