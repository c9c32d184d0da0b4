# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True, auto_pickle=False, binding=True, embedsignature=False
"""The native engine: `Neuron`, `Operation` and the sweeps of the Python engine, compiled.

It does the common cases itself, and hands over to the same Python functions as the other engine
(`calling`, `careful`, `behaviour`) wherever anything is out of the ordinary; so both behave alike.
It knows no operation by name: an operation's kernels are C functions behind pointers, and where
there are none its Python rule is called.

- `_native.pyx`: the node, from its making to its freeing, and its methods.
- `_native_memory.pxi`: the memory that neurons lie in.
- `_native_operation.pxi`: calling an operation.
- `_native_sweep.pxi`: the traversal, and reverse mode.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport (
    Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, PyObject, PyObject_RichCompare,
)
from libc.math cimport NAN, isfinite
from libc.stdint cimport int64_t, uint64_t

from functools import partial as bound

from gograd_core import behaviour, calling, careful, recording, registry
from gograd_core.errors import InvalidOperationError
from gograd_core.evaluation import as_float
from gograd_core.kernels import foreign

cdef extern from "Python.h":
    ctypedef PyObject *(*vectorcallfunc)(PyObject *, PyObject **, size_t, PyObject *) except NULL
    ctypedef struct PyTypeObject:
        PyObject *tp_dict
        unsigned long tp_flags
        Py_ssize_t tp_vectorcall_offset
        Py_ssize_t tp_basicsize
        void (*tp_dealloc)(PyObject *) noexcept
        PyObject *(*tp_alloc)(PyTypeObject *, Py_ssize_t) except NULL
        PyObject *(*tp_getattro)(PyObject *, PyObject *) except NULL
        PyObject *(*tp_call)(PyObject *, PyObject *, PyObject *) except NULL
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    unsigned long Py_TPFLAGS_METHOD_DESCRIPTOR
    PyTypeObject *Py_TYPE(PyObject *)
    Py_ssize_t Py_REFCNT(PyObject *)
    void Py_INCREF(PyObject *)
    void Py_DECREF(PyObject *)
    void PyType_Modified(PyTypeObject *)
    PyObject *PyObject_Init(PyObject *, PyTypeObject *)
    PyObject *PyType_GenericAlloc(PyTypeObject *, Py_ssize_t) except NULL
    PyObject *PyVectorcall_Call(PyObject *, PyObject *, PyObject *) except NULL
    object PyObject_Vectorcall(object, PyObject **, size_t, PyObject *)
    Py_ssize_t PyVectorcall_NARGS(size_t)
    object PyMethod_New(object, object)
    bint PyCapsule_CheckExact(object)
    const char *PyCapsule_GetName(object) except? NULL
    void *PyCapsule_GetPointer(object, const char *) except NULL
    PyObject **PySequence_Fast_ITEMS(PyObject *)
    Py_ssize_t Py_SIZE(PyObject *)
    bint PyList_CheckExact(PyObject *)
    bint PyTuple_CheckExact(PyObject *)
    void *PyMem_Calloc(size_t, size_t)
    PyObject *generic_getattr "PyObject_GenericGetAttr" (PyObject *, PyObject *) except NULL

cdef extern from *:
    """
    #define gograd_steal(p) ((PyObject *)(p))
    #define gograd_items(tuple) (((PyTupleObject *)(tuple))->ob_item)
    """
    object steal "gograd_steal" (PyObject *)  # a new reference becomes Cython's own
    PyObject **items_of "gograd_items" (object)  # of a tuple


cdef struct Entries:  # what went into an operation of more than two inputs, or of columns
    Py_ssize_t count
    PyObject *items[1]  # in fact `count` of them


cdef struct Node:
    double value
    double grad  # while a sweep runs, the adjoint
    PyObject *op  # owned, as all of these; NULL for a leaf
    PyObject *x  # a Neuron or a float; of an operation of more than two inputs the Entries
    PyObject *y
    PyObject *label  # NULL for none
    int64_t stamp  # see the Python engine
    uint64_t mark  # the last sweep that visited it, an even number; plus 1 while nobody asks for its adjoint


cdef int64_t clock = 0
cdef int64_t last_setting = 0  # the stamp of the last leaf whose value was set: a younger graph cannot be stale
cdef int pauses = 0  # how many no_grad blocks are open


def next_stamp():
    global clock
    clock += 1
    return clock


def _set_pauses(int count):
    global pauses
    pauses = count


recording.listeners.append(_set_pauses)


@cython.no_gc  # a neuron refers to older neurons only: no cycles
@cython.c_api_binop_methods(True)
cdef class Neuron:
    """A number in a graph of operations.

    Made by hand it is a leaf, whose derivative `backward` collects; made by an operation it knows
    that operation and what went in. It may be used any number of times. It compares by value and
    hashes by identity.

    Args:
        value: a real number.
        label: a name for messages and pictures.

    Raises:
        TypeError: `value` is not a real number, or `label` not a string.
    """

    cdef Node node

    def __cinit__(self, value, label=""):
        if Py_TYPE(<PyObject *>self) is not neuron_type:
            raise TypeError(behaviour.FINAL)
        self.node.value = value if type(value) is float else behaviour.first_value(value)
        if not (type(label) is str and len(label) == 0):
            self.label = label

    @property
    def value(self):
        """The number. It can be set on a leaf; what was computed from it is then stale."""
        return self.node.value

    @value.setter
    def value(self, value):
        global last_setting
        if self.node.op is not NULL:
            behaviour.only_leaves(self)
        cdef double number = as_float(value, "Neuron.value")
        self.node.value = number
        self.node.stamp = last_setting = next_stamp()

    @value.deleter
    def value(self):
        raise AttributeError("property 'value' of 'Neuron' object has no deleter")

    @property
    def grad(self):
        """The derivatives that `backward` has added up since `zero_grad` (a leaf), or that of the last sweep."""
        return self.node.grad

    @grad.setter
    def grad(self, grad):
        self.node.grad = grad if type(grad) is float else as_float(grad, "Neuron.grad")

    @grad.deleter
    def grad(self):
        raise AttributeError("property 'grad' of 'Neuron' object has no deleter")

    @property
    def operation(self):
        """The operation that made the neuron; None for a leaf."""
        return None if self.node.op is NULL else <object>self.node.op

    @property
    def constituents(self):
        """What went into the operation, neurons and constants in order; empty for a leaf."""
        cdef PyObject **items = NULL
        cdef Py_ssize_t count = constituents(&self.node, &items)
        return tuple([<object>items[i] for i in range(count)])

    @property
    def label(self):
        """A name for messages and pictures."""
        return "" if self.node.label is NULL else <object>self.node.label

    @label.setter
    def label(self, label):
        label = behaviour.checked_label(label)
        cdef PyObject *before = self.node.label
        Py_INCREF(<PyObject *>label)
        self.node.label = <PyObject *>label
        if before is not NULL:
            Py_DECREF(before)

    @label.deleter
    def label(self):
        raise AttributeError("property 'label' of 'Neuron' object has no deleter")

    # The same for the parts of the core that serve both engines.

    @property
    def _value(self):
        return self.node.value

    @property
    def _operation(self):
        return None if self.node.op is NULL else <object>self.node.op

    @property
    def _constituents(self):
        return self.constituents

    @property
    def _stamp(self):
        return self.node.stamp

    @property
    def _grad(self):
        return None if is_unwanted(&self.node) else self.node.grad

    @_grad.setter
    def _grad(self, double grad):
        self.node.grad = grad

    def backward(self, seed=1.0):
        """Add the derivative of this neuron, times `seed`, to the `grad` of every leaf below it.

        Costs one evaluation of each partial. Interior gradients are overwritten.

        Raises:
            StaleGraphError: a leaf's value was set after the graph was made.
            DomainError: a derivative is not finite although its inputs are (see `errstate`).
            RuntimeError: called by a rule, on neurons of the sweep that is running the rule.

        Whatever is raised, the `grad` of every leaf is as before.
        """
        backward(self, seed if type(seed) is float else as_float(seed, "backward(seed)"))

    def __repr__(self):
        return behaviour.shown(self)

    def __format__(self, spec):
        return format(self.node.value, spec) if spec else str(self)

    def __bool__(self):
        return self.node.value != 0.0

    def __hash__(self):
        return object.__hash__(self)

    def __richcmp__(self, other, int comparison):
        """Compare values, as floats do: no operation is needed, and none is recorded."""
        cdef double x = (<Neuron>self).node.value, y
        if type(other) is Neuron:
            y = (<Neuron>other).node.value
        elif type(other) is float:
            y = PyFloat_AS_DOUBLE(other)
        else:
            return PyObject_RichCompare(x, other, comparison)
        if comparison == Py_LT:
            return x < y
        if comparison == Py_LE:
            return x <= y
        if comparison == Py_GT:
            return x > y
        if comparison == Py_GE:
            return x >= y
        return x == y if comparison == Py_EQ else x != y

    def __add__(left, right):
        return operate(ADD, left, right)

    def __sub__(left, right):
        return operate(SUB, left, right)

    def __mul__(left, right):
        return operate(MUL, left, right)

    def __truediv__(left, right):
        return operate(DIV, left, right)

    def __floordiv__(left, right):
        return operate(FLOORDIV, left, right)

    def __mod__(left, right):
        return operate(MOD, left, right)

    def __pow__(left, right, modulo):
        return NotImplemented if modulo is not None else operate(POW, left, right)

    def __neg__(self):
        return operate_alone(NEG, self)

    def __abs__(self):
        return operate_alone(ABS, self)

    def __pos__(self):
        return self

    def __reduce__(self):
        return behaviour.reduced(self)

    def __float__(self):
        behaviour.refuse(self)

    def __int__(self):
        behaviour.refuse(self)

    def __complex__(self):
        behaviour.refuse(self)

    def __round__(self, *_):
        behaviour.refuse(self)

    def __trunc__(self):
        behaviour.refuse(self)

    def __floor__(self):
        behaviour.refuse(self)

    def __ceil__(self):
        behaviour.refuse(self)


cdef PyTypeObject *neuron_type = <PyTypeObject *>Neuron


def _refuse_subclass(cls, **_):
    raise TypeError(behaviour.FINAL)


(<dict>neuron_type.tp_dict)["__init_subclass__"] = classmethod(_refuse_subclass)


cdef inline Node *node_of(PyObject *neuron) noexcept nogil:
    return &(<Neuron>neuron).node


cdef inline bint is_neuron(PyObject *entry) noexcept:
    return Py_TYPE(entry) is neuron_type


cdef inline double value_of(PyObject *entry) noexcept:
    """Of a neuron or a float."""
    return node_of(entry).value if is_neuron(entry) else PyFloat_AS_DOUBLE(<object>entry)


cdef inline Py_ssize_t constituents(Node *node, PyObject ***items) noexcept:
    """How many there are, and where they lie."""
    cdef Py_ssize_t arity
    if node.op is NULL:
        return 0
    arity = (<Operation>node.op).arity
    if arity == 1 or arity == 2:
        items[0] = &node.x
        return arity
    items[0] = (<Entries *>node.x).items
    return (<Entries *>node.x).count


cdef inline PyObject *new_node(PyObject *op, double value) except NULL:
    """A neuron that `op` made, as yet of nothing; a leaf if `op` is NULL."""
    global clock
    cdef PyObject *made = take_memory()
    if made is NULL:
        raise MemoryError()
    PyObject_Init(made, neuron_type)
    cdef Node *node = node_of(made)
    clock += 1
    node.value = value
    node.grad = 0.0
    node.op = op
    if op is not NULL:
        Py_INCREF(op)
    node.x = node.y = node.label = NULL
    node.stamp = clock
    node.mark = 0
    return made


cdef int new_entries(PyObject *made, Py_ssize_t room) except -1:
    """Room for what a neuron is made of; if there is none, the neuron is freed."""
    cdef Entries *entries = <Entries *>PyMem_Malloc(sizeof(Entries) + room * sizeof(PyObject *))
    if entries is NULL:
        Py_DECREF(node_of(made).op)
        node_of(made).op = NULL
        Py_DECREF(made)
        raise MemoryError()
    entries.count = 0
    node_of(made).x = <PyObject *>entries
    return 0


cdef inline PyObject *new_result(Operation op, double value, PyObject **args, Py_ssize_t count) except NULL:
    """A neuron that `op` made of `args`: neurons and floats."""
    cdef Py_ssize_t i
    cdef PyObject *made = new_node(<PyObject *>op, value)
    cdef PyObject **items = &node_of(made).x
    if op.arity != 1 and op.arity != 2:
        new_entries(made, count)
        (<Entries *>node_of(made).x).count = count
        items = (<Entries *>node_of(made).x).items
    for i in range(count):
        Py_INCREF(args[i])
        items[i] = args[i]
    return made


def node(Operation op, double value, tuple constituents):
    """A neuron that `op` made of `constituents`."""
    if op.arity not in (0, len(constituents)):
        raise TypeError(f"{(<object>op).title} takes {op.arity} inputs, got {len(constituents)}")
    return steal(new_result(op, value, items_of(constituents), len(constituents)))


# Freeing: a chain of ten million neurons must not recurse. A neuron whose last user goes is linked into
# a list, through `mark`, which nobody needs any more; so freeing needs no memory either.

cdef void (*dealloc_of_cython)(PyObject *) noexcept


cdef inline void release(PyObject *entry, PyObject **dying) noexcept:
    if is_neuron(entry) and Py_REFCNT(entry) == 1:
        node_of(entry).mark = <uint64_t>dying[0]
        dying[0] = entry
    else:
        Py_DECREF(entry)


cdef void dealloc(PyObject *neuron) noexcept:
    if not is_neuron(neuron):  # of a subclass, which has been refused
        dealloc_of_cython(neuron)
        return
    cdef PyObject *dying = neuron
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, count
    cdef Node *node
    node_of(neuron).mark = 0
    while dying is not NULL:
        neuron = dying
        node = node_of(neuron)
        dying = <PyObject *>node.mark
        if node.op is not NULL:
            count = constituents(node, &items)
            for i in range(count):
                release(items[i], &dying)
            if items is not &node.x:
                PyMem_Free(node.x)
            Py_DECREF(node.op)
        if node.label is not NULL:
            Py_DECREF(node.label)
        give_memory(neuron)


cdef PyObject *alloc(PyTypeObject *kind, Py_ssize_t count) except NULL:
    """For `Neuron()`."""
    if kind is not neuron_type:
        return PyType_GenericAlloc(kind, count)
    return new_node(NULL, 0.0)


dealloc_of_cython = neuron_type.tp_dealloc
neuron_type.tp_dealloc = dealloc
neuron_type.tp_alloc = alloc

include "_native_memory.pxi"
include "_native_operation.pxi"
include "_native_sweep.pxi"
