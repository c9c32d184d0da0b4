"""Whole calls of a compiled function in C, for the common case: see the package."""

cimport cython
from cpython.buffer cimport (
    PyBUF_RECORDS_RO, PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_IsContiguous, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.list cimport PyList_New
from libc.math cimport NAN, ceil, floor, rint, trunc
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

import math

import numpy as np

from gograd_core.extend import read_values, take_apart


cdef extern from "Python.h":
    ctypedef struct PyObject
    bint PyFloat_CheckExact(PyObject *)
    bint PyList_CheckExact(PyObject *)
    bint PyTuple_CheckExact(PyObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    Py_ssize_t Py_SIZE(PyObject *)
    PyObject **PySequence_Fast_ITEMS(PyObject *)
    PyObject *PyFloat_FromDouble(double) except NULL
    PyObject *Py_NewRef(PyObject *)
    void PyList_SET_ITEM(PyObject *, Py_ssize_t, PyObject *)


def as_integers(numbers):
    """Return numbers as a row of int64."""
    return np.ascontiguousarray(numbers, dtype=np.int64)


include "steps.pxi"
include "guards.pxi"
include "nested.pxi"


@cython.final
cdef class Call:
    """A call of a compiled function, prepared for arguments that are nested in one way and for one path.

    Args:
        structures, key, paths: the memory of paths by the nesting of the arguments, where it must have `paths`.
        kept, path: the memory of these paths. The call is for the path that was used last.
        steps: what to run.
        memory: what it runs in. Leaves come first: numbers among the arguments, captured neurons, and others.
        captured: the captured neurons.
        guards: what must turn out as recorded. None if nothing needs to be asked if all numbers are finite.
        arguments: how the arguments are nested, in a tuple.
        seeds: how a vector is nested that comes after the arguments, and the first slot of its numbers; or None.
        results: for each part of the result how it is nested, and the slots of its numbers. There are one or two.
    """

    cdef object structures, key, paths, kept, path
    cdef Steps steps
    cdef double[::1] memory, buffer
    cdef readonly tuple captured
    cdef object captured_values
    cdef Guards guards
    cdef Nested arguments, seeds, result, other
    cdef Py_ssize_t first_seed
    cdef const int64_t[::1] slots, other_slots
    cdef bint is_busy

    def __init__(
        self, structures, key, paths, kept, path, Steps steps, memory, captured, guards, arguments, seeds, results
    ):
        self.structures, self.key, self.paths, self.kept, self.path = structures, key, paths, kept, path
        self.steps, self.captured, self.guards = steps, captured, guards
        self.memory, self.buffer = memory, np.empty(steps.room)
        self.arguments = arguments
        self.captured_values = memory[self.arguments.size : self.arguments.size + len(captured)]
        if seeds is not None:
            self.seeds, self.first_seed = seeds
        self.result, self.slots = results[0]
        if len(results) > 1:
            self.other, self.other_slots = results[1]

    def __call__(self, tuple args):
        """Run it, and return the result: its part, or a tuple of both parts.

        Returns None if something is unusual, so that the call must take the general way.
        """
        if self.is_busy:  # in another thread, or further up the stack
            return None
        self.is_busy = True
        try:
            return self.answered(args)
        finally:
            self.is_busy = False

    cdef object answered(self, tuple args):
        cdef double *v = &self.memory[0]
        cdef Py_ssize_t last = len(args) - 1
        if self.seeds is not None:
            if last < 0 or not self.seeds.read(<PyObject *>args[last], v + self.first_seed):
                return None
            args = args[:last]
        if not self.arguments.read(<PyObject *>args, v) or not self.is_next():
            return None
        if self.captured:
            read_values(self.captured, self.captured_values)
        if self.steps.run_at(v, &self.buffer[0]) or (self.guards is not None and not self.guards.hold(v)):
            return None
        result = self.result.build(v, &self.slots[0])
        return result if self.other is None else (result, self.other.build(v, &self.other_slots[0]))

    cdef bint is_next(self) except -1:
        """Say whether the general way would run the same path first. Then its paths become those used last."""
        latest = self.structures.latest
        if (latest is None or latest[1] is not self.paths) and self.structures.get(self.key) is not self.paths:
            return False
        latest = self.kept.latest
        return latest is not None and latest[1] is self.path
