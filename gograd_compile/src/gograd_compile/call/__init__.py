"""A whole call of a compiled function in C, for the common case: numbers are taken out of the arguments, the steps run,
guards are compared, and the result is made, with nothing of Python in between.

The same library runs native code at many points. It is built with Cython. Without it, NumPy runs everything.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["LIBRARY", "prepared"]

LIBRARY = "gograd_compile.call.prepared"

prepared: Any = import_module(LIBRARY) if find_spec(LIBRARY) else None
"""The library. It is None if it was not built."""
