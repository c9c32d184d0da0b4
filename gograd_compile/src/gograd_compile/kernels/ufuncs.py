"""Finds the inner loops of ufuncs, which machine code calls."""

from __future__ import annotations

import ctypes

import numpy as np

__all__ = ["inner_loop"]


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
