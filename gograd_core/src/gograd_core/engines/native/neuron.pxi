# The node of the graph, and its methods; see the Python engine.

cdef struct Entries:  # the constituents of a neuron whose operation has more than two inputs, or columns
    Py_ssize_t count
    PyObject *items[1]  # in fact `count` of them


cdef struct Node:
    double value
    double grad  # while a sweep runs, the adjoint
    PyObject *op  # owned, like the next three; NULL for a leaf
    PyObject *x  # a Neuron or a float, or the Entries
    PyObject *y
    PyObject *label  # NULL for none, or a Note that holds it
    PyObject *weakrefs  # those to the neuron, or NULL
    int64_t stamp  # see the Python engine
    uint64_t mark  # the last sweep that visited it, an even number; plus 1 while nobody asks for its adjoint


cdef int64_t clock = 0
cdef int64_t last_setting = 0  # the stamp of the last leaf whose value was set: a younger graph cannot be stale


def next_stamp():
    global clock
    clock += 1
    return clock


COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")  # in CPython's order


@cython.no_gc  # a neuron refers to older neurons only: no cycles
@cython.c_api_binop_methods(True)
cdef class Neuron:
    """A number in a graph of operations.

    A neuron made by hand is a leaf, for which `backward` collects the derivative. A neuron made by an operation knows
    that operation and its inputs. It may be used any number of times. It compares by value and hashes by identity.

    Args:
        value: a real number.
        label: a name for messages and pictures.

    Raises:
        TypeError: `value` is not a real number, or `label` not a string.
    """

    cdef Node node

    def __cinit__(self, value=None, label=""):
        if Py_TYPE(<PyObject *>self) is not neuron_type:
            raise TypeError(neurons.FINAL)
        self.node.value = value if type(value) is float else neurons.first_value(value)
        begin(self, label)

    @property
    def value(self):
        """The number. The value of a leaf can be set; what was computed from it is then stale."""
        if observers:
            recording.read(self, "value")
        return self.node.value

    @value.setter
    def value(self, value):
        global last_setting
        if observers:
            recording.read(self, "value")
        if self.node.op is not NULL:
            neurons.only_leaves(self)
        cdef double number = as_float(value, "Neuron.value", "a real number")
        self.node.value = number
        self.node.stamp = last_setting = next_stamp()

    @value.deleter
    def value(self):
        raise AttributeError("property 'value' of 'Neuron' object has no deleter")

    @property
    def grad(self):
        """In a leaf, the derivatives that `backward` has added up since `zero_grad`. Else that of the last sweep."""
        if observers:
            recording.read(self, "grad")
        return self.node.grad

    @grad.setter
    def grad(self, grad):
        self.node.grad = grad if type(grad) is float else as_float(grad, "Neuron.grad", "a real number")

    @grad.deleter
    def grad(self):
        raise AttributeError("property 'grad' of 'Neuron' object has no deleter")

    @property
    def operation(self):
        """The operation that made the neuron; None for a leaf."""
        return None if self.node.op is NULL else <object>self.node.op

    @property
    def constituents(self):
        """The inputs of the operation, neurons and constants, in order; empty for a leaf."""
        cdef PyObject **items = NULL
        cdef Py_ssize_t count = constituents(&self.node, &items)
        return tuple([<object>items[i] for i in range(count)])

    @property
    def label(self):
        """A name for messages and pictures."""
        return label_at(self.node.label)

    @label.setter
    def label(self, label):
        set_label(&self.node.label, label if type(label) is str else neurons.checked_label(label))

    @label.deleter
    def label(self):
        raise AttributeError("property 'label' of 'Neuron' object has no deleter")

    # For the parts of the core that serve both engines. `_operation` and `_constituents` follow below.

    @property
    def _value(self):
        return self.node.value

    @property
    def _stamp(self):
        return self.node.stamp

    @property
    def _grad(self):
        return None if is_unwanted(&self.node) else self.node.grad

    @_grad.setter
    def _grad(self, double grad):
        self.node.grad = grad

    @property
    def _origin(self):
        return origin_at(self.node.label)

    @_origin.setter
    def _origin(self, origin):
        if origin is not None:
            code, instruction = <tuple?>origin
            keep_note(&self.node.label, code, instruction)

    def backward(self, seed=1.0):
        """Add the derivative of this neuron, times `seed`, to the `grad` of every leaf below it.

        It costs one evaluation of each partial. Interior gradients are overwritten.

        Raises:
            StaleGraphError: a leaf's value was set after the graph was made.
            DomainError: the derivative with respect to a leaf is not finite although its parts are (see `errstate`).
            RuntimeError: a rule called this on neurons of the sweep that is running the rule.

        If anything is raised, the `grad` of every leaf is as before.
        """
        if observers:
            recording.read(self, "backward")
        backward(self, seed if type(seed) is float else as_float(seed, "backward(seed)", "a real number"))

    def __repr__(self):
        return neurons.shown(self)

    def __format__(self, spec):
        return neurons.formatted(self, spec)

    def __bool__(self):
        cdef bint truth = self.node.value != 0.0
        return bool(recording.decided(self, "bool", int(truth))) if observers else truth

    def __hash__(self):
        return object.__hash__(self)

    def __richcmp__(self, other, int comparison):
        """Compare values as floats do. This needs no operation, and tells only a recorder."""
        if observers:
            return comparisons.compared(COMPARISONS[comparison], self, other)
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
        return neurons.reduced(self)

    def __float__(self):
        return neurons.refuse(self)

    def __complex__(self):
        return neurons.refuse(self)

    def __int__(self):
        return comparisons.as_int(self, "trunc")

    def __trunc__(self):
        return comparisons.as_int(self, "trunc")

    def __floor__(self):
        return comparisons.as_int(self, "floor")

    def __ceil__(self):
        return comparisons.as_int(self, "ceil")

    def __index__(self):
        return comparisons.as_int(self, "index")

    def __round__(self, digits=None):
        return comparisons.rounded(self, digits)

    def __divmod__(left, right):
        return operands.divided(left, right)


cdef PyTypeObject *neuron_type = <PyTypeObject *>Neuron
cdef newfunc new_neuron = neuron_type.tp_new
cdef vectorcallfunc call_neuron = neuron_type.tp_vectorcall  # NULL before Cython 3.2


cdef PyObject *new_with_names(PyTypeObject *kind, PyObject *args, PyObject *names) except NULL:
    if names is not NULL:
        neurons.refuse_names(<object>names, len(<tuple>args))
    if len(<tuple>args) > 2:
        neurons.refuse_more(len(<tuple>args))
    return new_neuron(kind, args, names)


cdef PyObject *call_with_names(PyObject *kind, PyObject **args, size_t flags, PyObject *names) except NULL:
    if names is not NULL:
        neurons.refuse_names(<object>names, PyVectorcall_NARGS(flags))
    if PyVectorcall_NARGS(flags) > 2:
        neurons.refuse_more(PyVectorcall_NARGS(flags))
    return call_neuron(kind, args, flags, names)


neuron_type.tp_name = b"gograd_core.Neuron"  # where users find it
neuron_type.tp_weaklistoffset = sizeof(PyObject) + <Py_ssize_t>&(<Node *>NULL).weakrefs
neuron_type.tp_new = new_with_names
if call_neuron is not NULL:
    neuron_type.tp_vectorcall = <vectorcallfunc>call_with_names


def _refuse_subclass(cls, **_):
    raise TypeError(neurons.FINAL)


(<dict>neuron_type.tp_dict)["__init_subclass__"] = classmethod(_refuse_subclass)
for _name in ("operation", "constituents"):
    (<dict>neuron_type.tp_dict)["_" + _name] = (<dict>neuron_type.tp_dict)[_name]


def node(Operation op, double value, tuple constituents):
    """Make a neuron that `op` computed from `constituents`."""
    if op.arity not in (0, len(constituents)):
        raise TypeError(f"{(<object>op).title} takes {op.arity} inputs, got {len(constituents)}")
    return steal(new_result(op, value, items_of(constituents), len(constituents)))
