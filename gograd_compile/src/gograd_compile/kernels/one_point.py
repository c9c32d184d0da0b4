"""Calls a kernel at one point, from C, as the engine does where it runs a function operation by operation."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gograd_compile.kernels import machine
from gograd_compile.kernels.generate import CHUNK
from gograd_compile.kernels.instructions import Function
from gograd_compile.kernels.native import Kernel
from gograd_core.extend import Instead

__all__ = ["at_one_point", "of_columns", "value_function"]

NUMBERS = ctypes.POINTER(ctypes.c_double)
KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_ssize_t, NUMBERS, NUMBERS, NUMBERS)
VALUE = ctypes.PYFUNCTYPE(ctypes.c_double, ctypes.c_int64, NUMBERS)
"""A function that is called without releasing Python's lock, so that one thread at a time uses its buffer."""
kept: list[Any] = []
"""What native code has the addresses of."""


def _value_text() -> str:
    """Write a function that calls the kernel which `data` describes: its address, arity, and the address of a buffer.

    The buffer holds the result, the inputs (CHUNK apart), and the scratch space of the kernel.
    """
    function = Function("define double @gograd_value(i64 %data, ptr %inputs)")
    data = function.add("inttoptr i64 %data to ptr")
    address, arity, buffer = (
        function.add(f"load i64, ptr {function.add(f'getelementptr i64, ptr {data}, i64 {place}')}")
        for place in range(3)
    )
    out = function.add(f"inttoptr i64 {buffer} to ptr")
    x = function.shifted(out, "1")
    with function.loop(arity) as place:
        function.store(function.load("%inputs", place), x, function.add(f"mul i64 {place}, {CHUNK}"))
    scratch = function.shifted(x, function.add(f"mul i64 {arity}, {CHUNK}"))
    kernel = function.add(f"inttoptr i64 {address} to ptr")
    function.do(f"call void {kernel}(i64 1, i64 0, ptr {out}, ptr {x}, ptr {scratch})")
    return function.text(f"double {function.load(out)}")


@functools.cache
def value_function() -> int:
    """Find the address of that function."""
    return machine.load("gograd_value", "value", _value_text()).address


def at_one_point(kernel: Kernel, arity: int) -> Instead:
    """Make of a kernel without columns what the engine calls in place of a rule, by one thread at a time."""
    buffer = np.zeros(1 + arity * CHUNK + kernel.room())
    data = np.array([kernel.address, arity, buffer.ctypes.data])
    kept.append((kernel, data, buffer))
    run = VALUE(value_function())
    numbers, place = ctypes.c_double * arity, data.ctypes.data
    return Instead(lambda *inputs: run(place, numbers(*inputs)), value_function(), place)


def of_columns(kernel: Kernel, columns: int, length: int) -> Callable[..., float]:
    """Make a function of columns of floats from the kernel of columns of that length."""
    run, numbers = KERNEL(kernel.address), ctypes.c_double * (columns * length)
    one, room = ctypes.c_double * 1, ctypes.c_double * max(kernel.room(length, 1), 1)

    def function(*given: Any, _kept: Kernel = kernel) -> float:
        result = one()
        run(1, length, result, numbers(*(entry for column in given for entry in column)), room())
        return result[0]

    return function
