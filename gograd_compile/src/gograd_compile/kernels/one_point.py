"""Calls a kernel at one point, from C, as the engine does where it runs a function operation by operation."""

from __future__ import annotations

import ctypes
import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from gograd_compile.kernels.cache import CodeCache
from gograd_compile.kernels.generate import CHUNK
from gograd_compile.kernels.native import Kernel, c_function
from gograd_compile.kernels.pointers import doubles_at, integers_at, shifted
from gograd_compile.kernels.vectors import call_kernel
from gograd_core.extend import Instead

__all__ = ["at_one_point", "of_columns"]

NUMBERS = ctypes.POINTER(ctypes.c_double)
KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_ssize_t, NUMBERS, NUMBERS, NUMBERS)
VALUE = ctypes.PYFUNCTYPE(ctypes.c_double, ctypes.c_int64, NUMBERS)
"""A function that is called without releasing Python's lock, so that one thread at a time uses its buffer."""
kept: list[Any] = []
"""What native code has the addresses of."""


def value(data: Any, inputs: Any) -> Any:
    """Call the kernel that `data` describes: its address, how many inputs it has, and the address of a buffer.

    The buffer holds the result, the inputs (CHUNK apart), and the scratch space of the kernel.
    """
    address, arity, buffer = integers_at(data)[0], integers_at(data)[1], doubles_at(integers_at(data)[2])
    for place in range(arity):
        buffer[1 + place * CHUNK] = inputs[place]
    call_kernel(address, 1, 0, buffer, shifted(buffer, 1), shifted(buffer, 1 + arity * CHUNK))
    return buffer[0]


@functools.cache
def _value() -> Any:
    """Compile `value`, or load it from the cache."""
    key = inspect.getsource(sys.modules[__name__])
    kind = types.float64(types.int64, types.CPointer(types.float64))
    return c_function(value, kind, CodeCache(value, "value", key))


def at_one_point(kernel: Kernel, arity: int) -> Instead:
    """Make of a kernel without columns what the engine calls in place of a rule, by one thread at a time."""
    buffer = np.zeros(1 + (arity + kernel.scratch) * CHUNK)
    data = np.array([kernel.address, arity, buffer.ctypes.data])
    kept.append((kernel, data, buffer))
    run = VALUE(_value().address)
    numbers, place = ctypes.c_double * arity, data.ctypes.data
    return Instead(lambda *inputs: run(place, numbers(*inputs)), _value().address, place)


def of_columns(kernel: Kernel, columns: int, length: int) -> Callable[..., float]:
    """Make a function of columns of floats from the kernel of columns of that length."""
    run, numbers = KERNEL(kernel.address), ctypes.c_double * (columns * length)
    one, room = ctypes.c_double * 1, ctypes.c_double * max(kernel.scratch * CHUNK, 1)

    def function(*given: Any, _kept: Kernel = kernel) -> float:
        result = one()
        run(1, length, result, numbers(*(entry for column in given for entry in column)), room())
        return result[0]

    return function
