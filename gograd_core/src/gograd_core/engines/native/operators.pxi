# Operations as operators and methods of neurons, and what makes calls cheap.

cdef enum:
    ADD, SUB, MUL, DIV, FLOORDIV, MOD, POW, NEG, ABS, COUNT

SYMBOLS = (("+", 2), ("-", 2), ("*", 2), ("/", 2), ("//", 2), ("%", 2), ("**", 2), ("-", 1), ("abs", 1))

cdef PyObject *operators[COUNT]  # the operations that implement them, owned; NULL where none is known


cdef inline object operate(int which, left, right):
    """Apply a binary operator to a neuron and anything else."""
    cdef Operation op
    cdef PyObject *made = NULL
    cdef PyObject *args[2]
    if operators[which] is not NULL:
        op = <Operation>operators[which]  # a reference of our own: what is called may bind another operation in its place
        args[0], args[1] = <PyObject *>left, <PyObject *>right
        made = apply(op, args, 2)
    return operate_with_care(which, left, right) if made is NULL else steal(made)


cdef object operate_with_care(int which, left, right):
    cdef PyObject *made = NULL
    cdef PyObject *args[2]
    if operators[which] is NULL:
        return operands.operate(SYMBOLS[which][0], left, right)
    op = <object>operators[which]
    other = right if type(left) is Neuron else left
    if type(other) is not Neuron and type(other) is not float:
        number = other if is_near_float(<PyObject *>other) else operands.real_operand(other)
        if number is not None:  # the most common other case
            args[0], args[1] = <PyObject *>left, <PyObject *>right
            args[other is right] = <PyObject *>number
            made = apply_to_floats(<Operation>op, args, 2)
            if made is not NULL:
                return steal(made)
    return calls.call(op, left, right) if operands.is_operand(other) else NotImplemented


cdef inline bint is_near_float(PyObject *number):
    """Tell whether something is an integer of Python, or derives from float, as the numbers of NumPy do."""
    return PyLong_Check(<object>number) or (PyFloat_Check(<object>number) and not PyFloat_CheckExact(<object>number))


cdef object float_or_same(number):
    try:
        return float(number) if is_near_float(<PyObject *>number) else number
    except OverflowError:
        return number


cdef inline object operate_alone(int which, operand):
    """Apply a unary operator to a neuron."""
    cdef Operation op
    cdef PyObject *made
    cdef PyObject *args[1]
    if operators[which] is NULL:
        return current.registry[f"{SYMBOLS[which][0]} 1"](operand)
    op = <Operation>operators[which]
    args[0] = <PyObject *>operand
    made = apply(op, args, 1)
    return calls.call(op, operand) if made is NULL else steal(made)


def bind_operator(symbol, arity, Operation op):
    """Let an operator of Python call `op`. With None, unbind it."""
    cdef int which = SYMBOLS.index((symbol, arity))
    cdef PyObject *before = operators[which]
    operators[which] = NULL if op is None else owned(op)
    if before is not NULL:
        Py_DECREF(before)


cdef class Method:
    """The method ``x.name(*others)`` that calls an operation. In the class it behaves like a function."""

    cdef vectorcallfunc vectorcall
    cdef Operation op
    cdef readonly str __name__, __doc__

    def __cinit__(self, Operation op=None):
        self.vectorcall = <vectorcallfunc>call_method
        self.op = op
        if op is not None:
            self.__name__, self.__doc__ = (<object>op).name, (<object>op).doc

    @property
    def __signature__(self):
        return signature(neurons.method)

    def __get__(self, neuron, kind):
        return self if neuron is None else PyMethod_New(self, neuron)


cdef PyObject *call_method(PyObject *callable, PyObject **args, size_t flags, PyObject *names) except NULL:
    return owned(PyObject_Vectorcall((<Method>callable).op, args, flags, names))


def bind_method(name, op):
    """Let ``x.name()`` call `op`. With None, remove the method."""
    attributes = <dict>neuron_type.tp_dict
    if op is None:
        attributes.pop(name, None)
    else:
        attributes[name] = Method(op)
    PyType_Modified(neuron_type)


cdef PyObject *get_or_discover(PyObject *neuron, PyObject *name) except NULL:
    try:
        return generic_getattr(neuron, name)
    except AttributeError:
        return owned(bound(neurons.undiscovered(<object>name), <object>neuron))


def discover(bint on):
    """Choose whether the first method that is asked for loads the operations."""
    global bindings
    bindings += 1
    neuron_type.tp_getattro = get_or_discover if on else generic_getattr
    PyType_Modified(neuron_type)


cdef Py_ssize_t bindings = 0  # how often operations were bound anew


cdef class MathFunction:
    """A function of Python's `math` that takes neurons, too; see the Python engine."""

    cdef vectorcallfunc vectorcall
    cdef object own, otherwise
    cdef tuple operations  # those for one and two neurons or floats, or None
    cdef Py_ssize_t bindings  # when they were looked up
    cdef dict __dict__

    def __cinit__(self, own=None, otherwise=None):
        self.vectorcall = <vectorcallfunc>call_math
        self.own, self.otherwise, self.bindings = own, otherwise, -1

    def __repr__(self):
        return f"<function {self.__module__}.{self.__name__}>"

    def __reduce__(self):
        return self.__name__

    cdef Operation operation(self, Py_ssize_t count):
        if self.bindings != bindings:
            self.operations, self.bindings = tuple([self.otherwise.operation(n) for n in (1, 2)]), bindings
        return self.operations[count - 1]


cdef PyObject *call_math(PyObject *callable, PyObject **args, size_t flags, PyObject *names) except NULL:
    cdef MathFunction f = <MathFunction>callable
    cdef PyObject *made
    cdef Py_ssize_t i, count = PyVectorcall_NARGS(flags)
    cdef bint is_simple = names is NULL, involved = False, with_others = False
    for i in range(count):
        if is_neuron(args[i]):
            involved = True
        elif is_near_float(args[i]):
            with_others = True
        elif not PyFloat_CheckExact(<object>args[i]):
            is_simple = False
    if is_simple and not involved:
        return vectorcall(<PyObject *>f.own, args, flags, NULL)
    if is_simple and count <= 2:
        op = f.operation(count)
        if op is not None:
            made = apply_to_floats(op, args, count) if with_others else apply(op, args, count)
            if made is not NULL:
                return made
    return vectorcall(<PyObject *>f.otherwise, args, flags, names)


cdef PyObject *apply_to_floats(Operation op, PyObject **args, Py_ssize_t count) except? NULL:
    """Apply an operation as `apply` does, also to what is near a float."""
    cdef PyObject *floats[MOST]
    entries = [float_or_same(<object>args[i]) for i in range(count)]
    for i in range(count):
        floats[i] = <PyObject *>entries[i]
    return apply(op, floats, count)


cdef allow_vectorcall(PyTypeObject *kind, Py_ssize_t offset):
    kind.tp_vectorcall_offset = offset
    kind.tp_call = PyVectorcall_Call
    kind.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL


cdef Operation _some_operation = Operation()
cdef Method _some_method = Method()
cdef MathFunction _some_function = MathFunction()
allow_vectorcall(<PyTypeObject *>Operation, <char *>&_some_operation.vectorcall - <char *><void *>_some_operation)
allow_vectorcall(<PyTypeObject *>Method, <char *>&_some_method.vectorcall - <char *><void *>_some_method)
allow_vectorcall(<PyTypeObject *>MathFunction, <char *>&_some_function.vectorcall - <char *><void *>_some_function)
(<PyTypeObject *>Method).tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR


def _subclassed(cls, **_):
    """Let the objects of a Python subclass be called by vectorcall, unless it has a ``__call__`` of its own."""
    if cls.__call__ is Operation.__call__:
        allow_vectorcall(<PyTypeObject *>cls, (<PyTypeObject *>Operation).tp_vectorcall_offset)


(<dict>(<PyTypeObject *>Operation).tp_dict)["__init_subclass__"] = classmethod(_subclassed)
