# Making neurons, and freeing them.

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
