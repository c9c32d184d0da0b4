"""Whole calls of a compiled function in C, for the common case: see the package."""

cimport cython
from cpython.buffer cimport (
    PyBUF_RECORDS_RO, PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_IsContiguous, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.list cimport PyList_New
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.math cimport NAN, ceil, floor, rint, trunc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove

import functools
import math

import numpy as np

from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    add_gradients, domain_errors_raise, error_code, is_computed, observers, read_values, recorder, replacing, take_apart,
    value_and_adjoints, value_inside, watching,
)


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


cdef enum:
    MOST = 16  # how many paths calls are prepared for
    SMALL = 64  # so many numbers fit on the stack


include "rules.pxi"
include "sums.pxi"
include "runs.pxi"
include "division.pxi"
include "guards.pxi"
include "steps.pxi"
include "varying.pxi"
include "lane_plan.pxi"
include "blocks.pxi"
include "points.pxi"
include "nested.pxi"
include "evaluated.pxi"


cdef class Calls


@cython.final
cdef class Call:
    """A call of a compiled function, prepared for one path and for arguments that are nested in one way.

    Args:
        path: the path.
        steps: what to run.
        memory: what it runs in. Leaves come first: numbers among the arguments, captured neurons, and others.
        captured: the captured neurons.
        guards: what must turn out as recorded. None if nothing needs to be asked if all numbers are finite, and no step
            must wait for an answer.
        arguments: how the arguments are nested, in a tuple.
        seeds: how a vector is nested that comes after the arguments, and the first slot of its numbers; or None.
        results: for each part of the result how it is nested, and the slots of its numbers. There are one or two.
        adds: whether the second part is added to the gradients of the captured neurons, and not returned.
    """

    cdef object path
    cdef Steps steps
    cdef double[::1] memory, buffer
    cdef tuple captured
    cdef object captured_values
    cdef Guards guards
    cdef Nested arguments, seeds, result, other
    cdef Py_ssize_t first_seed, failed
    cdef const int64_t[::1] slots, other_slots
    cdef bint is_busy, adds
    cdef list stops  # what runs steps in Python, in this memory

    def __init__(self, path, Steps steps, memory, captured, guards, Nested arguments, seeds, results, adds):
        self.path, self.steps, self.captured, self.guards, self.arguments = path, steps, captured, guards, arguments
        self.memory, self.buffer, self.stops = memory, np.empty(steps.room), steps.bound(memory)
        self.captured_values = memory[arguments.size : arguments.size + len(captured)]
        if seeds is not None:
            self.seeds, self.first_seed = seeds
        self.adds = adds
        self.result, self.slots = results[0]
        if len(results) > 1:
            self.other, self.other_slots = results[1]

    cdef object answered(self, tuple args, Calls calls):
        """Run the path, one of those of `calls`, and return the result: its part, or a tuple of both parts.

        It is None if anything is unusual. If that is a guard, `failed` is its place, otherwise -1.
        """
        self.failed = -1
        if self.is_busy:  # in another thread, or further up the stack
            return None
        self.is_busy = True
        try:
            return self.run(args, &self.memory[0], calls)
        finally:
            self.is_busy = False

    cdef object run(self, tuple args, double *v, Calls calls):
        cdef Py_ssize_t last = len(args) - 1
        cdef int status
        if self.seeds is not None:
            if last < 0 or not self.seeds.read(<PyObject *>args[last], v + self.first_seed):
                return None
            args = args[:last]
        if not (self.arguments.read(<PyObject *>args, v) and calls.are_there()):
            return None
        if self.captured:
            if recorder() is not None:  # their values would be constants in that recording
                return None
            read_values(self.captured, self.captured_values)
        try:
            status = self.steps.run_at(v, &self.buffer[0], self.stops, self.guards)
        except Exception:  # of a step in Python: the general way finds out what it means
            return None
        if status > 0:
            return None
        if self.guards is not None:
            self.failed = self.guards.failure(v, self.guards.answers.shape[0])
            if self.failed >= 0:
                return None
        result = self.result.build(v, &self.slots[0])
        if self.other is None:
            return result
        other = self.other.build(v, &self.other_slots[0])
        if not self.adds:
            return result, other
        add_gradients(self.captured, other)
        return result

    cdef bint continues(self, Call other):
        """Say whether this path is the other one up to the guard that turned out differently there, and then is not."""
        cdef double found
        if self.guards is None or not (self.guards.tell_paths_apart and other.guards.tell_paths_apart):
            return False
        found = answer(other.guards.questions[other.failed], other.memory[other.guards.slots[other.failed]])
        return self.guards.begin_with(other.guards, other.failed, found)


@cython.final
cdef class Calls:
    """The prepared calls of one kind, for arguments that are nested in one way: one for each of the last paths.

    Args:
        structures, key, paths: the memory of paths by the nesting of the arguments, where the key has `paths`.
        kept: the memory of these paths.
        arguments: how the arguments are nested, in a tuple.
        evaluated: what computes a result without a path, an `Evaluated`. None if the general way does that.
    """

    cdef object structures, key, paths, kept, evaluated, f, block, output_of
    cdef Counts budget
    cdef Nested arguments, chosen, vector
    cdef list places  # of the numbers to differentiate with respect to, for a gradient
    cdef bint is_value
    cdef tuple calls  # the one used last comes first

    def __init__(self, structures, key, paths, kept, Nested arguments not None, evaluated):
        self.structures, self.key, self.paths, self.kept, self.calls = structures, key, paths, kept, ()
        self.budget, self.arguments = paths.budget, arguments
        if evaluated is None or not (arguments.is_plain or evaluated.question in ("hvp", "hessian")):
            return
        evaluation = evaluated.evaluation
        self.evaluated, self.f, self.block, self.output_of = evaluated, evaluation.f, evaluation.block, evaluation.output
        self.chosen, self.is_value = evaluated.chosen, evaluated.question == "value"
        self.vector = self.chosen if evaluated.question == "hvp" else None
        if evaluated.question == "gradient":
            self.places = evaluated.places

    def add(self, Call call not None):
        """Keep a call, as the one used last. Calls of paths that were dropped go."""
        cdef Call other
        paths = self.kept.values() if self.kept.dropped else None
        self.move_first(call)
        self.calls = tuple([other for other in self.calls if paths is None or other.path in paths])

    cdef object move_first(self, Call call):
        self.calls = (call, *[other for other in self.calls if other is not call])[:MOST]

    cdef object answer(self, tuple args):
        """Run the path that was used last, or the known path that takes its place.

        Returns NotImplemented if anything is unusual, so that the call must take the general way.
        """
        cdef Call call
        if self.budget.wait > 0:
            return NotImplemented if self.evaluated is None else self.without_path(args)
        call = self.latest()
        for _ in range(MOST):
            if call is None:
                break
            found = call.answered(args, self)
            if found is not None:
                call.path.replays += 1
                return found
            if call.failed < 0:
                break
            call = self.instead_of(call)
        return NotImplemented

    cdef object without_path(self, tuple args):
        """Compute the result without a path. It is NotImplemented if the arguments are nested otherwise."""
        cdef double small[SMALL]
        cdef double *numbers = small
        cdef Py_ssize_t last = len(args) - 1, size = self.arguments.size
        cdef Py_ssize_t room = size + (0 if self.vector is None else self.vector.size)
        if room > SMALL:
            numbers = <double *>PyMem_Malloc(room * sizeof(double))
            if numbers == NULL:
                raise MemoryError
        try:
            if self.vector is not None:
                if last < 0 or not self.vector.read(<PyObject *>args[last], numbers + size):
                    return NotImplemented
                args = args[:last]
            if not (self.arguments.read(<PyObject *>args, numbers) and self.are_there()):
                return NotImplemented
            self.budget.evaluated += 1
            self.budget.wait -= 1
            try:
                return self.computed(numbers, size, room)
            except DomainError as error:
                return self.evaluated.instead(listed(numbers, size), listed(numbers + size, room - size), error)
        finally:
            if numbers is not small:
                PyMem_Free(numbers)

    cdef object computed(self, const double *numbers, Py_ssize_t size, Py_ssize_t room):
        if self.is_value:
            result = value_inside(self.block, self.f, self.arguments.neurons(numbers, None))
            return result if type(result) is float else self.evaluated.value_of(result)
        if self.places is None:
            return self.evaluated.second(listed(numbers, size), listed(numbers + size, room - size))
        leaves = []
        inputs = self.arguments.neurons(numbers, leaves)
        wanted = [leaves[<Py_ssize_t>place] for place in self.places]
        value, derivatives = value_and_adjoints(self.block, self.f, inputs, {}, wanted, self.output_of)
        return value, self.chosen.nest_list(derivatives)

    cdef Call latest(self):
        """Find the call of the path that the general way would run first."""
        cdef Call call
        latest = self.kept.latest
        for call in self.calls:
            if latest is not None and latest[1] is call.path:
                return call
        return None

    cdef bint are_there(self) except -1:
        """Say whether the paths are still kept for arguments nested like this. They become those used last."""
        latest = self.structures.latest
        return (latest is not None and latest[1] is self.paths) or self.structures.get(self.key) is self.paths

    cdef Call instead_of(self, Call failed):
        """Find the call of the path that takes the place of one whose guard turned out differently."""
        cdef Call call
        for call in self.calls:
            if call.continues(failed) and self.kept.get(call.path) is call.path:
                self.move_first(call)
                self.paths.note_replays(failed.path)
                return call
        return None


include "front.pxi"
include "batch_call.pxi"
