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
        latest: pairs of a memory of recently used things, and a thing. The call is valid while these are the latest.
        steps: what to run.
        memory: what it runs in. Leaves come first: numbers among the arguments, captured neurons, and others.
        captured: the captured neurons.
        guards: what must turn out as recorded. None if nothing needs to be asked if all numbers are finite.
        arguments: how the arguments are nested, in a tuple.
        outputs: how the result is nested, and the slots of its numbers.
        derivatives: the same for the derivatives that are returned after the result. None if they are not asked for.
    """

    cdef tuple latest
    cdef Steps steps
    cdef double[::1] memory, buffer
    cdef tuple captured
    cdef object captured_values
    cdef Guards guards
    cdef Nested arguments, outputs, derivatives
    cdef const int64_t[::1] output_slots, derivative_slots
    cdef bint is_busy

    def __init__(self, latest, steps, memory, captured, guards, arguments, outputs, derivatives):
        self.latest, self.steps, self.captured, self.guards, self.arguments = latest, steps, captured, guards, arguments
        self.memory, self.buffer = memory, np.empty(steps.room)
        self.captured_values = memory[arguments.size : arguments.size + len(captured)]
        self.outputs, self.output_slots = outputs
        if derivatives is not None:
            self.derivatives, self.derivative_slots = derivatives

    def __call__(self, tuple args):
        """Run it, and return the result, in a tuple with the derivatives if there are any.

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
        if not self.arguments.read(<PyObject *>args, v) or not self.is_latest():
            return None
        if self.captured:
            read_values(self.captured, self.captured_values)
        if self.steps.run_at(v, &self.buffer[0]) or (self.guards is not None and not self.guards.hold(v)):
            return None
        value = self.outputs.build(v, &self.output_slots[0])
        if self.derivatives is None:
            return value
        return value, self.derivatives.build(v, &self.derivative_slots[0])

    cdef bint is_latest(self) except -1:
        for recent, entry in self.latest:
            latest = recent.latest
            if latest is None or latest[1] is not entry:
                return False
        return True
