"""The names that kernels in Python import: functions that Numba can call."""

from __future__ import annotations

import functools
import types
from importlib import import_module
from math import inf, nan
from typing import Any

from gograd_compile.kernels.pointers import shifted
from gograd_core.extend import resolve

__all__ = ["carray", "inf", "nan", "numba_function", "shifted"]


# Numba has no type annotations.
numba: Any = import_module("numba")
carray = numba.carray


@functools.cache
def numba_function(name: str, digest: str) -> Any:
    """Compile a function that an operation provides for Numba. The digest of its source is part of its name in C."""
    function = resolve(name)
    assert isinstance(function, types.FunctionType)
    unique = f"{function.__name__}_{digest}"
    own = types.FunctionType(function.__code__, function.__globals__, unique, function.__defaults__)
    return numba.njit(error_model="numpy")(own)
