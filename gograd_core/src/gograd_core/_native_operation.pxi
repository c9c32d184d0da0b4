# Calling an operation: by its kernel, or by its Python rule.

cdef enum:
    MOST = 6  # inputs of an operation that is called here; one with more goes the Python engine's way

ctypedef double (*F1)(double) noexcept
ctypedef double (*F2)(double, double) noexcept
ctypedef double (*F3)(double, double, double) noexcept
ctypedef double (*F4)(double, double, double, double) noexcept
ctypedef double (*F5)(double, double, double, double, double) noexcept
ctypedef double (*F6)(double, double, double, double, double, double) noexcept
ctypedef double (*F7)(double, double, double, double, double, double, double) noexcept
ctypedef double (*Reduce1)(Py_ssize_t, double *) noexcept
ctypedef double (*Reduce2)(Py_ssize_t, double *, double *) noexcept
ctypedef double (*Reduce3)(Py_ssize_t, double *, double *, double *) noexcept
ctypedef void (*Spread1)(double, Py_ssize_t, double *, double *) noexcept
ctypedef void (*Spread2)(double, Py_ssize_t, double *, double *, double *) noexcept
ctypedef void (*Spread3)(double, Py_ssize_t, double *, double *, double *, double *) noexcept


cdef inline double call(void *f, Py_ssize_t count, double *a) noexcept:
    """A kernel of `count` numbers."""
    if count == 1:
        return (<F1>f)(a[0])
    if count == 2:
        return (<F2>f)(a[0], a[1])
    if count == 3:
        return (<F3>f)(a[0], a[1], a[2])
    if count == 4:
        return (<F4>f)(a[0], a[1], a[2], a[3])
    if count == 5:
        return (<F5>f)(a[0], a[1], a[2], a[3], a[4])
    if count == 6:
        return (<F6>f)(a[0], a[1], a[2], a[3], a[4], a[5])
    if count == 7:
        return (<F7>f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
    return NAN  # more inputs have no kernels


cdef inline double reduce_columns(void *f, Py_ssize_t columns, Py_ssize_t n, double *a) noexcept:
    """The forward kernel of a variadic operation; its columns lie one after the other."""
    if columns == 1:
        return (<Reduce1>f)(n, a)
    if columns == 2:
        return (<Reduce2>f)(n, a, a + n)
    return (<Reduce3>f)(n, a, a + n, a + 2 * n)


cdef inline void spread(void *f, Py_ssize_t columns, double out, Py_ssize_t n, double *a, double *result) noexcept:
    """A partial kernel of a variadic operation."""
    if columns == 1:
        (<Spread1>f)(out, n, a, result)
    elif columns == 2:
        (<Spread2>f)(out, n, a, a + n, result)
    else:
        (<Spread3>f)(out, n, a, a + n, a + 2 * n, result)


cdef class Operation:
    """What `Op` is to the native engine: something that can be called, with what calls and sweeps need at hand."""

    cdef vectorcallfunc vectorcall
    cdef Py_ssize_t arity  # 0: columns
    cdef Py_ssize_t inputs
    cdef void *kernel  # of forward
    cdef void *partial_kernels[MOST]  # NULL where the rule is to be called, or there is none
    cdef object rule, xp
    cdef tuple partial_rules
    cdef object kernels  # which keeps its functions alive

    def __cinit__(self, *_, **__):
        self.vectorcall = <vectorcallfunc>call_operation
        self.partial_rules = ()

    def __call__(self, *inputs, **names):
        return calling.call(self, *inputs, **names)

    def _prepare(self):
        """Take over what was set in the operation."""
        op = <object>self  # its attributes, not those above
        if self.rule is not None and (self.arity != op.arity or self.inputs != len(op.partials)):
            raise TypeError(f"{op.title} is already made: neurons rely on its number of inputs")
        self.arity, self.inputs = op.arity, len(op.partials)
        self.rule, self.xp, self.partial_rules = op.forward, op.xp, op.partials
        if self.kernels is not op.kernels:
            self.take_kernels(op.kernels)

    cdef take_kernels(self, kernels):
        """Look the functions up, and only then replace those that there are.

        Raises:
            InvalidOperationError: a function is not of the right kind.
        """
        cdef void *forward = NULL
        cdef void *found[MOST]
        cdef Py_ssize_t i
        for i in range(MOST):
            found[i] = NULL
        if kernels is not None:
            wanted, each = foreign.expected(self)
            forward = address(self, kernels.forward, wanted, "forward")
            for i in range(self.inputs):
                if self.partial_rules[i] is not None:
                    found[i] = address(self, kernels.partials[i], each, f"partial {i}")
        self.kernel, self.partial_kernels, self.kernels = forward, found, kernels


cdef void *address(Operation op, function, signature, what) except NULL:
    """Where a kernel lies, after making sure of what it takes and gives."""
    cdef const char *name
    if PyCapsule_CheckExact(function):
        name = PyCapsule_GetName(function)
        found = "" if name is NULL else (<bytes>name).decode()
        if found == signature:
            return PyCapsule_GetPointer(function, name)
    else:
        try:
            found = foreign.signature(function)
        except TypeError as error:
            found = str(error)
        if found == signature:
            return <void *><size_t>foreign.address(function)
    raise InvalidOperationError(f"{op.title}: the kernel of {what} must be {signature!r}, not {found!r}")


cdef PyObject *call_operation(PyObject *callable, PyObject **args, size_t flags, PyObject *names) except NULL:
    """``op(*inputs)``."""
    cdef Operation op = <Operation>callable
    cdef Py_ssize_t count = PyVectorcall_NARGS(flags)
    cdef PyObject *result = NULL
    if names is NULL and count == op.inputs <= MOST:
        result = apply_columns(op, args) if op.arity == 0 else apply(op, args, count)
    if result is NULL:
        keywords = () if names is NULL else <tuple>names
        inputs = [<object>args[i] for i in range(count + len(keywords))]
        result = owned(calling.call(op, *inputs[:count], **dict(zip(keywords, inputs[count:]))))
    return result


cdef inline PyObject *owned(result) noexcept:
    Py_INCREF(<PyObject *>result)
    return <PyObject *>result


cdef inline PyObject *apply(Operation op, PyObject **args, Py_ssize_t count) except? NULL:
    """The operation of neurons and floats; NULL, without an exception, if anything else is involved."""
    cdef double a[MOST + 1]
    cdef double out
    cdef bint involved = False
    cdef Py_ssize_t i
    for i in range(count):
        if is_neuron(args[i]):
            a[i] = node_of(args[i]).value
            involved = True
        elif PyFloat_CheckExact(<object>args[i]):
            a[i] = PyFloat_AS_DOUBLE(<object>args[i])
        else:
            return NULL
    if op.kernel is NULL:
        return apply_rule(op, args, a, count, involved)
    out = call(op.kernel, count, a)
    if not isfinite(out):
        return NULL
    if not involved:
        return owned(out)
    return new_result(op, out, args, count) if pauses == 0 or is_recording() else new_node(NULL, out)


cdef PyObject *apply_rule(Operation op, PyObject **args, double *a, Py_ssize_t count, bint involved) except? NULL:
    """The same by the forward rule in Python."""
    cdef double out
    op = <object>op  # a reference of our own: the rule may bind another operation in its place
    answer = ask(op.rule, op.xp, NULL, a, count)
    if type(answer) is bool:
        return owned(answer)
    if type(answer) is not float or not isfinite(<double>answer):
        return NULL
    out = answer
    if not involved:
        return owned(answer)
    return new_result(op, out, args, count) if is_recording() else new_node(NULL, out)


cdef inline bint is_recording() except -1:
    return pauses == 0 or recording.is_recording()


cdef object ask(rule, xp, double *out, double *a, Py_ssize_t count):
    """What a Python rule returns: a forward rule, or (with `out`) a partial. None if it raises."""
    cdef PyObject *args[MOST + 2]
    cdef Py_ssize_t i, given = 1
    args[0] = <PyObject *>xp
    try:
        if out is not NULL:
            args[1] = owned(out[0])
            given = 2
        for i in range(count):
            args[given] = owned(a[i])
            given += 1
        return PyObject_Vectorcall(rule, args, given, NULL)
    except Exception:
        return None
    finally:
        for i in range(1, given):
            Py_DECREF(args[i])


cdef enum:
    SMALL = 256  # numbers for which no memory is asked for


cdef PyObject *apply_columns(Operation op, PyObject **args) except? NULL:
    """A variadic operation of lists or tuples of neurons and floats; else NULL, without an exception."""
    cdef Py_ssize_t n = 0, total, column
    cdef double small[SMALL]
    cdef double *a = small
    cdef double out
    cdef int involved
    cdef PyObject *made
    if op.kernel is NULL:
        return NULL
    for column in range(op.inputs):
        if not PyList_CheckExact(args[column]) and not PyTuple_CheckExact(args[column]):
            return NULL
        if column and Py_SIZE(args[column]) != n:
            return NULL
        n = Py_SIZE(args[column])
    total = n * op.inputs
    recorded = is_recording()
    made = new_node(<PyObject *>op, 0.0)
    new_entries(made, total)
    if total > SMALL:
        a = <double *>PyMem_Malloc(total * sizeof(double))
        if a is NULL:
            Py_DECREF(made)
            raise MemoryError()
    involved = gather(args, op.inputs, n, <Entries *>node_of(made).x, a)
    out = reduce_columns(op.kernel, op.inputs, n, a) if involved >= 0 else NAN
    if a is not small:
        PyMem_Free(a)
    if involved > 0 and recorded and isfinite(out):
        node_of(made).value = out
        return made
    Py_DECREF(made)
    if not isfinite(out):
        return NULL
    return new_node(NULL, out) if involved else owned(out)


cdef int gather(PyObject **args, Py_ssize_t columns, Py_ssize_t n, Entries *entries, double *a) noexcept:
    """The entries of all columns in a row, and their values. Whether there is a neuron; -1: something is no number.

    The entries are owned from here on: a kernel may be a function of Python, which may change the lists.
    """
    cdef PyObject **items
    cdef PyObject **owned_items = entries.items
    cdef PyObject *entry
    cdef Py_ssize_t i, column, filled = 0
    cdef int involved = 0
    for column in range(columns):
        items = PySequence_Fast_ITEMS(args[column])
        for i in range(n):
            entry = items[i]
            if is_neuron(entry):
                involved = 1
                a[filled] = node_of(entry).value
            elif PyFloat_CheckExact(<object>entry):
                a[filled] = PyFloat_AS_DOUBLE(<object>entry)
            else:
                entries.count = filled
                return -1
            Py_INCREF(entry)
            owned_items[filled] = entry
            filled += 1
    entries.count = filled
    return involved


# Operators and methods

cdef enum:
    ADD, SUB, MUL, DIV, FLOORDIV, MOD, POW, NEG, ABS, COUNT

SYMBOLS = (("+", 2), ("-", 2), ("*", 2), ("/", 2), ("//", 2), ("%", 2), ("**", 2), ("-", 1), ("abs", 1))

cdef PyObject *operators[COUNT]  # the operations that implement them, owned; NULL where none is known


cdef inline object operate(int which, left, right):
    """A binary operator, between a neuron and anything."""
    cdef PyObject *made = NULL
    cdef PyObject *args[2]
    if operators[which] is not NULL:
        args[0], args[1] = <PyObject *>left, <PyObject *>right
        made = apply(<Operation>operators[which], args, 2)
    return operate_with_care(which, left, right) if made is NULL else steal(made)


cdef object operate_with_care(int which, left, right):
    cdef PyObject *made = NULL
    cdef PyObject *args[2]
    if operators[which] is NULL:
        return behaviour.operate(SYMBOLS[which][0], left, right)
    op = <object>operators[which]
    if type(left) is int or type(right) is int:  # the commonest of all else
        x, y = float_or_same(left), float_or_same(right)
        args[0], args[1] = <PyObject *>x, <PyObject *>y
        made = apply(<Operation>op, args, 2)
        if made is not NULL:
            return steal(made)
    return calling.call(op, left, right) if behaviour.is_operand(right if type(left) is Neuron else left) else NotImplemented


cdef object float_or_same(number):
    try:
        return float(number) if type(number) is int else number
    except OverflowError:
        return number


cdef inline object operate_alone(int which, operand):
    """A sign, or abs."""
    cdef Operation op
    cdef PyObject *made
    cdef PyObject *args[1]
    if operators[which] is NULL:
        return registry.active[f"{SYMBOLS[which][0]} 1"](operand)
    op = <Operation>operators[which]  # a reference of our own: the rule may bind another operation in its place
    args[0] = <PyObject *>operand
    made = apply(op, args, 1)
    return calling.call(op, operand) if made is NULL else steal(made)


def bind_operator(symbol, arity, Operation op):
    """Let an operator of Python call `op`; None: no longer."""
    cdef int which = SYMBOLS.index((symbol, arity))
    cdef PyObject *before = operators[which]
    operators[which] = NULL if op is None else owned(op)
    if before is not NULL:
        Py_DECREF(before)


cdef class Method:
    """``x.name(*others)`` for an operation; in the class it is what a function would be."""

    cdef vectorcallfunc vectorcall
    cdef Operation op
    cdef readonly str __name__, __doc__

    def __cinit__(self, Operation op=None):
        self.vectorcall = <vectorcallfunc>call_method
        self.op = op
        if op is not None:
            self.__name__, self.__doc__ = (<object>op).name, (<object>op).doc

    def __get__(self, neuron, kind):
        return self if neuron is None else PyMethod_New(self, neuron)


cdef PyObject *call_method(PyObject *callable, PyObject **args, size_t flags, PyObject *names) except NULL:
    return call_operation(<PyObject *>(<Method>callable).op, args, flags, names)


def bind_method(name, op):
    """Let ``x.name()`` call `op`; None: no longer."""
    attributes = <dict>neuron_type.tp_dict
    if op is None:
        del attributes[name]
    else:
        attributes[name] = Method(op)
    PyType_Modified(neuron_type)


cdef PyObject *get_or_discover(PyObject *neuron, PyObject *name) except NULL:
    try:
        return generic_getattr(neuron, name)
    except AttributeError:
        return owned(bound(behaviour.undiscovered(<object>name), <object>neuron))


def discover(bint on):
    """Whether the first method that is asked for loads the operations."""
    neuron_type.tp_getattro = get_or_discover if on else generic_getattr
    PyType_Modified(neuron_type)


cdef allow_vectorcall(PyTypeObject *kind, Py_ssize_t offset):
    kind.tp_vectorcall_offset = offset
    kind.tp_call = PyVectorcall_Call
    kind.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL


cdef Operation _some_operation = Operation()
cdef Method _some_method = Method()
allow_vectorcall(<PyTypeObject *>Operation, <char *>&_some_operation.vectorcall - <char *><void *>_some_operation)
allow_vectorcall(<PyTypeObject *>Method, <char *>&_some_method.vectorcall - <char *><void *>_some_method)
(<PyTypeObject *>Method).tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR


def _subclassed(cls, **_):
    """A class made in Python does not inherit the faster way of calling where it may have a ``__call__`` of its own."""
    if cls.__call__ is Operation.__call__:
        allow_vectorcall(<PyTypeObject *>cls, (<PyTypeObject *>Operation).tp_vectorcall_offset)


(<dict>(<PyTypeObject *>Operation).tp_dict)["__init_subclass__"] = classmethod(_subclassed)
