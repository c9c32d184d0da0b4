# Passing on the adjoint of one neuron: what `propagate_one` of the Python module does, by kernels where there are any.

cdef inline int pass_on(PyObject *neuron, double adjoint) except -1:
    """Add one neuron's adjoint to the adjoints of its constituents."""
    cdef Node *node = node_of(neuron)
    cdef Py_ssize_t arity = (<Operation>node.op).arity
    if arity == 2:
        return share(node, <Operation>node.op, adjoint, &node.x, 2)
    if arity == 1:
        return share(node, <Operation>node.op, adjoint, &node.x, 1)
    if arity == 0 and (<Operation>node.op).inputs <= MOST:
        return share_columns(node, <Operation>node.op, adjoint, <Entries *>node.x)
    if 0 < arity <= MOST:
        return share(node, <Operation>node.op, adjoint, (<Entries *>node.x).items, arity)
    try:
        checked_sweep.propagate_one(<object>neuron)
    except checked_sweep.NOT_AGAIN:
        raise
    except Exception:
        return 0
    return 1


cdef inline int share(Node *node, Operation op, double adjoint, PyObject **items, Py_ssize_t count) except -1:
    cdef double a[MOST + 1]
    cdef double local
    cdef Py_ssize_t i
    a[0] = node.value
    for i in range(count):
        a[i + 1] = value_of(items[i])
    for i in range(count):
        if not receives(items[i]):
            continue
        if op.partial_kernels[i] is not NULL:
            local = call(op.partial_kernels[i], count + 1, a)
        elif op.partial_rules[i] is None:
            continue
        elif not local_by_rule(op, i, a, count, &local):
            return 0
        node_of(items[i]).grad = node_of(items[i]).grad + adjoint * local
    return 1


cdef int local_by_rule(Operation op, Py_ssize_t i, double *a, Py_ssize_t count, double *local) except -1:
    """Call a partial in Python, and return whether it gave a number."""
    try:
        answer = ask(op.partial_rules[i], op.xp, a, a + 1, count)
    except checked_sweep.NOT_AGAIN:
        raise
    except Exception:
        return 0
    return is_number(answer, local)


cdef int spread_by_rule(Operation op, Py_ssize_t column, double out, Py_ssize_t n, double *a, double *local) except -1:
    """Call a partial of a variadic operation in Python, and return whether it gave numbers."""
    cdef Py_ssize_t i
    try:
        answer = op.partial_rules[column](op.xp, out, *columns_of(op, a, n))
    except checked_sweep.NOT_AGAIN:
        raise
    except Exception:
        return 0
    entries = answer.entries if type(answer) is Column else [answer] * n
    if len(entries) != n:
        return 0
    for i in range(n):
        if not is_number(entries[i], local + i):
            return 0
    return 1


cdef int is_number(answer, double *number) except -1:
    """Put what a partial gave where it belongs, and return whether it is a number."""
    if not isinstance(answer, (float, int)):
        return 0
    try:
        number[0] = answer
    except OverflowError:
        return 0
    return 1


cdef int share_columns(Node *node, Operation op, double adjoint, Entries *entries) except -1:
    cdef Py_ssize_t needed = entries.count + entries.count // op.inputs
    cdef double small[SMALL]
    cdef double *a
    if needed <= SMALL:
        return share_columns_by(small, node, op, adjoint, entries)
    a = <double *>PyMem_Malloc(needed * sizeof(double))
    if a is NULL:
        raise MemoryError()
    try:
        return share_columns_by(a, node, op, adjoint, entries)
    finally:
        PyMem_Free(a)


cdef int share_columns_by(double *a, Node *node, Operation op, double adjoint, Entries *entries) except -1:
    """Pass on the adjoint of a neuron with columns, given room for all values and for local derivatives."""
    cdef Py_ssize_t n = entries.count // op.inputs, column, i
    cdef double *local = a + entries.count
    cdef PyObject **items
    for i in range(entries.count):
        look_for_signals(i)
        a[i] = value_of(entries.items[i])
    for column in range(op.inputs):
        items = entries.items + column * n
        i = 0
        while i < n and not receives(items[i]):
            i += 1
        if i == n:
            continue
        if op.partial_kernels[column] is not NULL:
            spread(op.partial_kernels[column], op.inputs, node.value, n, a, local)
        elif op.partial_rules[column] is None:
            continue
        elif not spread_by_rule(op, column, node.value, n, a, local):
            return 0
        for i in range(i, n):
            look_for_signals(i)
            if receives(items[i]):
                node_of(items[i]).grad = node_of(items[i]).grad + adjoint * local[i]
    return 1
