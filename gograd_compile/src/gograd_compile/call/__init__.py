"""A whole call of a compiled function in C, for the common case: numbers are taken out of the arguments, the steps run,
guards are compared, and the result is made, with nothing of Python in between.

The library is built with Cython. Without it, every call takes the general route, with the same results.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["prepared"]

NAME = "gograd_compile.call.prepared"

prepared: Any = import_module(NAME) if find_spec(NAME) else None
"""The library. It is None if it was not built."""
