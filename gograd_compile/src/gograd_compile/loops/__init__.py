"""The loops of all passes: plain Python, which Cython compiles with the C types that the `.pxd` beside each declares.

They take memoryviews (`array.data`) of arrays that their callers make: contiguous, of the types declared, flags as
bytes. What is compiled looks at neither types nor bounds inside of a loop; what is not gets Python's own integers,
which are faster than NumPy's, and do not overflow.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

from gograd_compile.loops import derivatives, schedules, sums, tapes

__all__ = ["COMPILED"]

COMPILED = all(str(part.__file__).endswith(tuple(EXTENSION_SUFFIXES)) for part in (derivatives, schedules, sums, tapes))
"""Whether all of them are."""
