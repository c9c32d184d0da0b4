# Calling an operation: by its kernel, or by its Python rule.

cdef PyObject *call_operation(PyObject *callable, PyObject **args, size_t flags, PyObject *names) except NULL:
    """Call ``op(*inputs)``."""
    cdef Operation op = <Operation>callable
    cdef Py_ssize_t count = PyVectorcall_NARGS(flags)
    cdef PyObject *result = NULL
    cdef Py_ssize_t i
    if names is NULL and count == op.inputs <= MOST:
        result = apply_columns(op, args) if op.arity == 0 else apply(op, args, count)
        if result is NULL and op.arity != 0:
            for i in range(count):
                if is_near_float(args[i]):
                    result = apply_to_floats(op, args, count)
                    break
    if result is NULL:
        keywords = () if names is NULL else <tuple>names
        inputs = [<object>args[i] for i in range(count + len(keywords))]
        result = owned(calls.call(op, *inputs[:count], **dict(zip(keywords, inputs[count:]))))
    return result


cdef inline PyObject *owned(result) noexcept:
    Py_INCREF(<PyObject *>result)
    return <PyObject *>result


cdef inline PyObject *apply(Operation op, PyObject **args, Py_ssize_t count) except? NULL:
    """Apply an operation to neurons and floats. Return NULL, without an exception, if anything else is involved."""
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
    if replacing != 0 and not op.keeps_value:
        instead = instead_of(op)
        if instead is not None and not instead[1]:
            return NULL  # the function is called with every check
    else:
        instead = None
    if instead is not None:
        out = (<Instead>PyLong_AsVoidPtr(instead[1]))(PyLong_AsVoidPtr(instead[2]), a)
    elif op.kernel is NULL:
        return apply_rule(op, args, a, count, involved)
    else:
        out = call(op.kernel, count, a)
    if not isfinite(out):
        return NULL
    if not involved:
        return owned(out)
    return new_result(op, out, args, count) if pauses == 0 else in_block(op, out, args, count)


cdef tuple instead_of(Operation op):
    """Find what computes the value of an operation here and now in place of its rule; None if nothing does."""
    values = in_force().values
    if values is None:
        return None
    found = <tuple>values[op]
    if found[0] is None:
        op.keeps_value = True
        return None
    return found


cdef bint is_recording():
    """Return what `settings.is_recording` returns, given that a block is open somewhere."""
    cdef Settings here = in_force()
    return here.recording or here.recorder is not None


cdef PyObject *result_in_block(Operation op, double out, PyObject **args, Py_ssize_t count) except NULL:
    """Make the result while a block is open somewhere: `no_grad`, `trace`, or that of a recorder that wants nodes."""
    cdef PyObject *made
    if not is_recording():
        return noted(new_node(NULL, out))
    made = new_result(op, out, args, count)
    return noted(made) if observers == 0 else owned(calls.observed(steal(made)))


# Called through a pointer, so that the compiler leaves it out of the common path, which would be 3 % slower.
cdef PyObject *(*in_block)(Operation, double, PyObject **, Py_ssize_t) except NULL
in_block = result_in_block


cdef PyObject *noted(PyObject *made) except NULL:
    """Note the user's line in a neuron that an operation made, if that is wanted."""
    return with_origin(made) if in_force().tracing else made


cdef PyObject *apply_rule(Operation op, PyObject **args, double *a, Py_ssize_t count, bint involved) except? NULL:
    """Apply an operation by its forward rule in Python."""
    cdef double out
    cdef Py_ssize_t i
    try:
        answer = ask(op.rule, op.xp, NULL, a, count)
    except errors.NO_NUMBER:
        return NULL
    except BaseException as raised:
        if involved and observers:
            recording.failed()
        if isinstance(raised, Exception):
            annotate(raised, op, tuple([a[i] for i in range(count)]))
        raise
    if type(answer) is bool and not (involved and observers):
        return owned(answer)
    if type(answer) is not float or not isfinite(<double>answer):
        return NULL
    out = answer
    if not involved:
        return owned(answer)
    return new_result(op, out, args, count) if pauses == 0 else in_block(op, out, args, count)


cdef object ask(rule, xp, double *out, double *a, Py_ssize_t count):
    """Call a Python rule: a forward rule, or (with `out`) a partial."""
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
    finally:
        for i in range(1, given):
            Py_DECREF(args[i])


cdef enum:
    SMALL = 256  # so many numbers fit on the stack


cdef PyObject *apply_columns(Operation op, PyObject **args) except? NULL:
    """Apply a variadic operation to lists or tuples of neurons and floats. Else return NULL, without an exception."""
    cdef Py_ssize_t n = 0, total, column
    cdef double small[SMALL]
    cdef double *a = small
    cdef double out
    cdef int involved
    cdef PyObject *made
    if op.inputs > MOST or (replacing != 0 and not op.keeps_value and instead_of(op) is not None):
        return NULL
    for column in range(op.inputs):
        if not PyList_CheckExact(args[column]) and not PyTuple_CheckExact(args[column]):
            return NULL
        if column and Py_SIZE(args[column]) != n:
            return NULL
        n = Py_SIZE(args[column])
    total = n * op.inputs
    recorded = pauses == 0 or is_recording()
    made = new_node(<PyObject *>op, 0.0)
    new_entries(made, total)
    if total > SMALL:
        a = <double *>PyMem_Malloc(total * sizeof(double))
        if a is NULL:
            Py_DECREF(made)
            raise MemoryError()
    try:
        involved = gather(args, op.inputs, n, <Entries *>node_of(made).x, a)
        if involved < 0:
            out = NAN
        else:
            out = reduce_by_rule(op, n, a) if op.kernel is NULL else reduce_columns(op.kernel, op.inputs, n, a)
    except BaseException:
        Py_DECREF(made)
        raise
    finally:
        if a is not small:
            PyMem_Free(a)
    if involved > 0 and recorded and isfinite(out):
        node_of(made).value = out
        if pauses == 0:
            return made
        return noted(made) if observers == 0 else owned(calls.observed(steal(made)))
    Py_DECREF(made)
    if not isfinite(out):
        return NULL
    if not involved:
        return owned(out)
    made = new_node(NULL, out)
    return made if pauses == 0 else noted(made)


cdef list columns_of(Operation op, double *a, Py_ssize_t n):
    """Make the columns that a rule in Python takes."""
    cdef Py_ssize_t column, i
    return [Column([a[column * n + i] for i in range(n)]) for column in range(op.inputs)]


cdef double reduce_by_rule(Operation op, Py_ssize_t n, double *a) except *:
    """Call the forward rule of a variadic operation. It is NaN for what must be done with every check."""
    try:
        answer = op.rule(op.xp, *columns_of(op, a, n))
    except Exception:
        return NAN
    return <double>answer if type(answer) is float else NAN


cdef int gather(PyObject **args, Py_ssize_t columns, Py_ssize_t n, Entries *entries, double *a) except -2:
    """Put the entries of all columns in a row, with their values. Return whether there is a neuron.

    Return -1 if there is anything but neurons, floats and integers. The entries are owned from here on: a kernel may
    be a function of Python, which may change the lists.
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
                number = float_or_same(<object>entry) if type(<object>entry) is int else None
                if type(number) is not float:
                    return -1
                a[filled] = number
                entry = <PyObject *>number
            Py_INCREF(entry)
            owned_items[filled] = entry
            filled += 1
    entries.count = filled
    return involved
