# Values and gradients of many neurons, read into arrays and written from arrays; leaves made from an array.

cdef int check_neurons(PyObject **items, Py_ssize_t count) except -1:
    cdef Py_ssize_t i
    for i in range(count):
        if not is_neuron(items[i]):
            flat.refuse(<object>items[i])
    return 0


cdef PyObject **one_each(neurons, Py_buffer *view) except? NULL:
    """Return the items of a list or tuple if there are as many doubles: a list may have changed meanwhile."""
    if Py_SIZE(<PyObject *>neurons) != view.len // <Py_ssize_t>sizeof(double):
        flat.refuse_length(Py_SIZE(<PyObject *>neurons), view.len // <Py_ssize_t>sizeof(double))
    return PySequence_Fast_ITEMS(<PyObject *>neurons)


def read_values(neurons, into):
    """See `read_values` of the Python engine."""
    cdef Py_buffer view
    cdef PyObject **items
    cdef Py_ssize_t i
    neurons = PySequence_Fast(neurons, "expected neurons in a row")
    PyObject_GetBuffer(flat.doubles(into, Py_SIZE(<PyObject *>neurons), writable=True), &view, PyBUF_WRITABLE)
    try:
        items = one_each(neurons, &view)
        for i in range(Py_SIZE(<PyObject *>neurons)):
            if not is_neuron(items[i]):
                flat.refuse(<object>items[i])
            (<double *>view.buf)[i] = node_of(items[i]).value
    finally:
        PyBuffer_Release(&view)


def write_values(leaves, values):
    """See `write_values` of the Python engine."""
    global clock, last_setting
    cdef Py_buffer view
    cdef PyObject **items
    cdef Py_ssize_t i
    leaves = PySequence_Fast(leaves, "expected leaves in a row")
    PyObject_GetBuffer(flat.doubles(values, Py_SIZE(<PyObject *>leaves), writable=False), &view, PyBUF_SIMPLE)
    try:
        if observers:
            flat.refuse_recorded(flat.as_leaves(leaves), "value")
        items = one_each(leaves, &view)
        for i in range(Py_SIZE(<PyObject *>leaves)):
            if not is_neuron(items[i]) or node_of(items[i]).op is not NULL:
                flat.as_leaves(leaves)  # raises
        for i in range(Py_SIZE(<PyObject *>leaves)):
            node_of(items[i]).value = (<double *>view.buf)[i]
            clock += 1
            node_of(items[i]).stamp = last_setting = clock
    finally:
        PyBuffer_Release(&view)


def read_gradients(neurons, into):
    """See `read_gradients` of the Python engine."""
    cdef Py_buffer view
    cdef PyObject **items
    cdef Py_ssize_t i
    neurons = PySequence_Fast(neurons, "expected neurons in a row")
    PyObject_GetBuffer(flat.doubles(into, Py_SIZE(<PyObject *>neurons), writable=True), &view, PyBUF_WRITABLE)
    try:
        if observers:
            flat.refuse_recorded(flat.as_neurons(neurons), "grad")
        items = one_each(neurons, &view)
        for i in range(Py_SIZE(<PyObject *>neurons)):
            if not is_neuron(items[i]):
                flat.refuse(<object>items[i])
            (<double *>view.buf)[i] = node_of(items[i]).grad
    finally:
        PyBuffer_Release(&view)


def write_gradients(neurons, gradients):
    """See `write_gradients` of the Python engine."""
    change_gradients(neurons, gradients, False)


def add_gradients(neurons, gradients):
    """See `add_gradients` of the Python engine."""
    change_gradients(neurons, gradients, True)


cdef int change_gradients(neurons, gradients, bint add) except -1:
    """Set the `grad` of each neuron, or add to it."""
    cdef Py_buffer view
    cdef PyObject **items
    cdef Py_ssize_t i
    neurons = PySequence_Fast(neurons, "expected neurons in a row")
    PyObject_GetBuffer(flat.doubles(gradients, Py_SIZE(<PyObject *>neurons), writable=False), &view, PyBUF_SIMPLE)
    lock()
    try:
        items = one_each(neurons, &view)
        check_neurons(items, Py_SIZE(<PyObject *>neurons))
        for i in range(Py_SIZE(<PyObject *>neurons)):
            if add:
                node_of(items[i]).grad = node_of(items[i]).grad + (<double *>view.buf)[i]
            else:
                node_of(items[i]).grad = (<double *>view.buf)[i]
    finally:
        unlock()
        PyBuffer_Release(&view)
    return 0


def leaves_of(values, into):
    """See `leaves_of` of the Python engine."""
    cdef Py_buffer view, objects
    cdef Py_ssize_t i
    cdef PyObject *leaf
    cdef PyObject *replaced
    cdef list made
    PyObject_GetBuffer(flat.doubles(values, len(values), writable=False), &view, PyBUF_SIMPLE)
    try:
        PyObject_GetBuffer(flat.objects(into, len(values)), &objects, PyBUF_WRITABLE | PyBUF_FORMAT)
        try:
            made = PyList_New(len(values))
            for i in range(len(made)):
                leaf = new_node(NULL, (<double *>view.buf)[i])
                PyList_SET_ITEM(<PyObject *>made, i, leaf)
                Py_INCREF(leaf)
                replaced = (<PyObject **>objects.buf)[i]
                (<PyObject **>objects.buf)[i] = leaf
                Py_XDECREF(replaced)
        finally:
            PyBuffer_Release(&objects)
    finally:
        PyBuffer_Release(&view)
    return made


def read_adjoints(outputs, seeds, list inputs not None, since, into):
    """See `read_adjoints` of the Python engine."""
    cdef Py_buffer view
    if observers != 0:
        checked_sweep.examine(outputs, seeds, inputs, since)
    PyObject_GetBuffer(flat.doubles(into, len(inputs), writable=True), &view, PyBUF_WRITABLE)
    lock()
    try:
        adjoints_in(traverse(outputs, since, True), outputs, seeds, inputs, since, NULL, <double *>view.buf)
    finally:
        unlock()
        PyBuffer_Release(&view)
