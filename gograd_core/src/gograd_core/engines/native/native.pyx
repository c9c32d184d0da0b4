# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True, auto_pickle=False, binding=True, embedsignature=False
"""The native engine: `Neuron`, `Operation` and the sweeps of the Python engine, compiled.

It runs the common cases itself. Everything unusual goes to the same Python functions as in the other engine
(the room `checked`), so both behave alike. It knows no operation by name: the kernels of an operation are C
functions behind pointers. If an operation has no kernels, its Python rules are called.

- `neuron.pxi`: the node and its methods; `memory.pxi`: the memory of nodes, and how they are made and freed.
- `lines.pxi`: the user's line that made a neuron.
- `settings.pxi`: the settings of `with` blocks; `cpython.pxi`: parts of CPython that Cython does not declare.
- `rules.pxi`: an operation and its kernels; `calls.pxi`: calling an operation;
  `operators.pxi`: operations as operators and methods of neurons.
- `traversal.pxi`: the traversal; `backward.pxi`: reverse mode; `sweep.pxi`: passing on one adjoint.
- `flat.pxi`: graphs as arrays.
- `of_floats.pxi`: the value and the gradient of a function of floats, which is the common case of transforms.
- `many_at_once.pxi`: values and gradients of many neurons, read into arrays and written from them.
- `containers.pxi`: nested arguments.
"""

cimport cython
from cpython cimport array
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.dict cimport PyDict_GetItem
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check, PyFloat_CheckExact
from cpython.list cimport PyList_New
from cpython.long cimport PyLong_AsVoidPtr, PyLong_Check
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport (
    Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, PyObject, PyObject_CallObject, PyObject_RichCompare,
)
from cpython.sequence cimport PySequence_Fast
from libc.float cimport DBL_EPSILON
from libc.math cimport NAN, fabs, isfinite
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy

from array import array as new_array
from contextvars import ContextVar
from functools import partial as bound
from inspect import signature

include "cpython.pxi"
include "settings.pxi"


cdef object lock, unlock  # methods of the lock of sweeps: a with statement needs memory in order to end


def connect():
    """Import the Python modules that this one uses. Some of them import this one, so it is done later."""
    global calls, comparisons, containers, current, errors, flat, interfaces, lines, native_functions, neurons, recording
    global checked_sweep, libraries, operands
    global Column, InvalidOperationError, annotate, as_float
    global kinds, lock, unlock
    from gograd_core import containers, current, errors, interfaces, lines, recording
    from gograd_core.checked import calls, comparisons, flat, operands
    from gograd_core.checked import neuron as neurons
    from gograd_core.checked import sweep as checked_sweep
    from gograd_core.checked.rules import annotate, as_float
    from gograd_core.errors import InvalidOperationError
    from gograd_core.namespaces.columns import Column
    from gograd_core.op import native_functions

    lock, unlock = checked_sweep.lock.acquire, checked_sweep.lock.release
    kinds, libraries = containers.kinds, lines.libraries
    (<dict>neuron_type.tp_dict)["__signature__"] = neurons.SIGNATURE
    (<dict>neuron_type.tp_dict).update(neurons.FURTHER)


include "lines.pxi"
include "neuron.pxi"
include "memory.pxi"
include "rules.pxi"
include "calls.pxi"
include "operators.pxi"
include "traversal.pxi"
include "backward.pxi"
include "sweep.pxi"
include "of_floats.pxi"
include "flat.pxi"
include "many_at_once.pxi"
include "containers.pxi"
