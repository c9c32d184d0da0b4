"""The loops of all passes, in plain Python. Cython compiles them with the C types in the `.pxd` file beside each.

They take memoryviews of arrays that their callers make: contiguous, of the types declared, flags as bytes. Compiled
loops do not check indices. Loops that are not compiled get Python's integers out of a memoryview, which are faster than
NumPy's and do not overflow.

Arrays that belong together come as one tuple. `rows` are the codes of what is computed, where the inputs of each begin
(and where the last ones end), and the inputs.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from operator import attrgetter
from typing import Any

from gograd_compile.loops import derivatives, schedules, sums, tapes

__all__ = ["COMPILED", "views"]

COMPILED = all(str(part.__file__).endswith(tuple(EXTENSION_SUFFIXES)) for part in (derivatives, schedules, sums, tapes))
"""Whether all loops are compiled."""


def views(*arrays: Any) -> tuple[Any, ...]:
    """Make a tuple of the memoryviews of arrays."""
    return tuple(map(_view, arrays))


_view = attrgetter("data")
