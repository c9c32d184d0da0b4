"""The names that the source of kernels imports: functions that Numba can call, and the inner loops of NumPy's ufuncs.

Machine code in the cache finds an inner loop by name. In every process `numpy_loop` binds that name before the code is
loaded.
"""

from __future__ import annotations

import ctypes
import functools
import math
import types as python_types
from importlib import import_module
from math import inf, nan
from typing import Any

import llvmlite.binding
import llvmlite.ir
import numpy as np

from gograd_compile.kernels.pointers import shifted
from gograd_core.extend import helpers, resolve

__all__ = [
    "c_function", "carray", "ceil", "copysign", "fabs", "floor", "inf", "nan", "numba_function", "numpy_loop",
    "python_function", "rint", "shifted", "sqrt", "trunc",
]  # fmt: skip


# Numba has no type annotations.
numba: Any = import_module("numba")
types, carray = numba.types, numba.carray
cgutils: Any = import_module("numba.core.cgutils")
intrinsic: Any = import_module("numba.extending").intrinsic
POINTER = types.CPointer(types.float64)


class _UFunc(ctypes.Structure):
    """The beginning of PyUFuncObject, which is part of NumPy's ABI (numpy/ufuncobject.h)."""

    _fields_ = (
        ("head", ctypes.c_ssize_t * (object.__basicsize__ // ctypes.sizeof(ctypes.c_ssize_t))),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.POINTER(ctypes.c_char)),
    )


def inner_loop(ufunc: np.ufunc) -> tuple[int, int]:
    """Find the loop of `ufunc` over doubles, and the data that is its last argument, as addresses.

    The loop is a ``void (char **, intptr_t *, intptr_t *, void *)``.

    Raises:
        TypeError: `ufunc` has no such loop, or has more than one result.
    """
    # Python code may have added loops to the object. These are the ones that it was made with.
    fields = _UFunc.from_address(id(ufunc))
    known = (fields.nin, fields.nout, fields.nargs, fields.ntypes) == (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes)
    if known and ufunc.nout == 1:
        signature = np.dtype(np.float64).num.to_bytes() * ufunc.nargs
        kinds = ctypes.string_at(fields.types, ufunc.nargs * ufunc.ntypes)
        for row in range(ufunc.ntypes):
            if kinds[row * ufunc.nargs : (row + 1) * ufunc.nargs] == signature:
                return fields.functions[row] or 0, (fields.data[row] or 0) if fields.data else 0
    raise TypeError(f"{ufunc!r} has no inner loop over doubles")


@functools.cache
def numpy_loop(name: str) -> Any:
    """Wrap a ufunc, "numpy:exp", as ``function(n, result, input, …)`` of pointers to rows of doubles."""
    ufunc = resolve(name)
    assert isinstance(ufunc, np.ufunc)
    symbol = f"gograd_{name.replace(':', '_').replace('.', '_')}"
    loop, data = inner_loop(ufunc)
    llvmlite.binding.add_symbol(symbol, loop)
    llvmlite.binding.add_symbol(f"{symbol}_data", data or loop)  # a symbol cannot be NULL; those loops ignore it
    result = types.void(types.intp, POINTER, *[POINTER] * ufunc.nin)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count, out, *inputs = args
        size = count.type
        word = functools.partial(llvmlite.ir.Constant, size)
        byte = llvmlite.ir.IntType(8).as_pointer()

        def array(values: list[Any]) -> Any:
            place = cgutils.alloca_once(builder, values[0].type, word(len(values)))
            for position, value in enumerate(values):
                builder.store(value, builder.gep(place, [word(position)]))
            return place

        pointers = array([builder.bitcast(pointer, byte) for pointer in (*inputs, out)])
        counts, strides = array([count]), array([word(8)] * (ufunc.nin + 1))
        kind = llvmlite.ir.FunctionType(llvmlite.ir.VoidType(), [pointers.type, counts.type, strides.type, byte])
        called = cgutils.get_or_insert_function(builder.module, kind, symbol)
        given = builder.module.globals.get(f"{symbol}_data")
        if given is None:
            given = llvmlite.ir.GlobalVariable(builder.module, llvmlite.ir.IntType(8), f"{symbol}_data")
        builder.call(called, [pointers, counts, strides, given])
        return context.get_dummy_value()

    if ufunc.nin == 1:

        @intrinsic  # type: ignore[untyped-decorator]
        def of_one(typing: Any, n: Any, out: Any, x: Any) -> Any:
            return result, generate

        return of_one

    @intrinsic  # type: ignore[untyped-decorator]
    def of_two(typing: Any, n: Any, out: Any, x: Any, y: Any) -> Any:
        return result, generate

    return of_two


@functools.cache
def c_function(name: str, count: int) -> Any:
    """Find a function of the C library that takes `count` doubles."""
    return types.ExternalFunction(name, types.float64(*[types.float64] * count))


def python_function(name: str, count: int) -> Any:
    """Find the C function for a function that rules call on numbers: one of gograd's, or one of the C library."""
    return helpers().get(name) or c_function(name, count)


@functools.cache
def numba_function(name: str, digest: str) -> Any:
    """Compile a function that an operation provides for Numba. The digest of its source is part of its name in C."""
    function = resolve(name)
    assert isinstance(function, python_types.FunctionType)
    unique = f"{function.__name__}_{digest}"
    own = python_types.FunctionType(function.__code__, function.__globals__, unique, function.__defaults__)
    return numba.njit(error_model="numpy")(own)


fabs, sqrt, copysign = math.fabs, math.sqrt, math.copysign
ceil, floor, rint, trunc = (c_function(name, 1) for name in ("ceil", "floor", "rint", "trunc"))
