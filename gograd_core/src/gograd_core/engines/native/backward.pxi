# Reverse mode.

cdef int backward(Neuron output, double seed) except -1:
    """Add the derivative of `output`, times `seed`, to the `grad` of the leaves; see `Neuron.backward`."""
    global running
    cdef Graph graph
    cdef Py_ssize_t i
    if observers != 0:
        checked_sweep.examine((output,), (seed,))
    lock()
    try:
        graph = traverse((output,), 0, True, to_zero=True)
        keep(graph, 0)
        graph.outer, running = running, graph
        try:
            if graph.lacks_partials:
                lead_to(graph, 0, [])  # what is unwanted here is unwanted in any other sweep too
            sweep(graph, (output,), (seed,))
            for i in range(graph.leaves.count):
                node_of(graph.leaves.items[i]).grad += graph.before[i]
        except BaseException:
            put_back(graph)
            raise
        finally:
            running, graph.outer = graph.outer, None
    finally:
        unlock()
    return 0


def adjoints(outputs, seeds, inputs, since):
    """See `adjoints` of the Python engine."""
    return adjoints_of(outputs, seeds, list(inputs), since)


cdef list adjoints_of(outputs, seeds, list inputs, int64_t since):
    if observers != 0:
        checked_sweep.examine(outputs, seeds, inputs, since)
    lock()
    try:
        return adjoints_in(traverse(outputs, since, True), outputs, seeds, inputs, since, NULL, NULL)
    finally:
        unlock()


def adjoints_and_rounding(Neuron output, inputs, since):
    """See `adjoints_and_rounding` of the Python engine."""
    cdef Graph graph
    cdef Py_ssize_t i
    cdef double rounding = 0.0
    cdef list older = []
    inputs = list(inputs)
    if observers != 0:
        checked_sweep.examine((output,), (1.0,), inputs, since)
    lock()
    try:
        graph = traverse((output,), since, True)
        for i in range(graph.leaves.count):
            if node_of(graph.leaves.items[i]).stamp < since:
                older.append(<object>graph.leaves.items[i])
        return adjoints_in(graph, (output,), (1.0,), inputs, since, &rounding, NULL), rounding, older
    finally:
        unlock()


cdef list adjoints_in(
    Graph graph, outputs, seeds, list inputs, int64_t since, double *rounding, double *into
):
    """Sweep towards the inputs. If `rounding` is not NULL, sweep to everything, and add up how far it may move a value.

    Returns the adjoints of the inputs. If `into` is not NULL, they are written there, and the list is None.
    """
    global running
    cdef Py_ssize_t i, asked = graph.leaves.count
    cdef PyObject **items = PySequence_Fast_ITEMS(<PyObject *>inputs)
    for i in range(len(inputs)):
        if not is_neuron(items[i]):
            flat.refuse(<object>items[i])
        if not is_leaf(graph, node_of(items[i]), since):
            push(&graph.leaves, items[i])
    if rounding is not NULL:
        for i in range(graph.interior.count):
            push(&graph.leaves, graph.interior.items[i])
    keep(graph, graph.interior.count)
    graph.outer, running = running, graph
    try:
        lead_to(graph, asked, inputs)
        sweep(graph, outputs, seeds)
        if rounding is not NULL:
            for i in range(graph.interior.count):
                rounding[0] += rounding_of(node_of(graph.interior.items[i]))
        if into is NULL:
            return [(<Neuron>neuron).node.grad for neuron in inputs]
        for i in range(len(inputs)):
            into[i] = node_of(items[i]).grad
        return None
    finally:
        put_back(graph)
        running, graph.outer = graph.outer, None


cdef inline bint is_leaf(Graph graph, Node *node, int64_t since) noexcept:
    """Return whether a neuron is among the leaves that were visited."""
    return node.mark & ~<uint64_t>UNWANTED == graph.mark and (node.op is NULL or node.stamp < since)


cdef inline double rounding_of(Node *node) noexcept:
    return fabs(node.grad) * (fabs(node.value) * DBL_EPSILON + 5e-324)


cdef int keep(Graph graph, Py_ssize_t interior) except -1:
    """Save the gradients of the leaves, and of so many interior neurons (all or none)."""
    cdef Py_ssize_t i
    graph.before = <double *>PyMem_Malloc((interior + graph.leaves.count) * sizeof(double))
    if graph.before is NULL:
        raise MemoryError()
    graph.interior_kept = interior
    for i in range(interior):
        graph.before[i] = node_of(graph.interior.items[i]).grad
    for i in range(graph.leaves.count):
        graph.before[interior + i] = node_of(graph.leaves.items[i]).grad
    return 0


cdef void put_back(Graph graph) noexcept:
    cdef Py_ssize_t i
    for i in range(graph.interior_kept):
        put_back_one(node_of(graph.interior.items[i]), graph.before[i])
    for i in range(graph.leaves.count):
        put_back_one(node_of(graph.leaves.items[i]), graph.before[graph.interior_kept + i])


cdef inline void put_back_one(Node *node, double grad) noexcept:
    node.grad = grad
    want(node)


cdef inline void want(Node *node) noexcept:
    node.mark &= ~<uint64_t>UNWANTED


cdef void want_all(Graph graph, Py_ssize_t asked, list inputs) noexcept:
    cdef Py_ssize_t i
    cdef PyObject **items = PySequence_Fast_ITEMS(<PyObject *>inputs)
    for i in range(asked, graph.leaves.count):
        want(node_of(graph.leaves.items[i]))
    for i in range(len(inputs)):
        want(node_of(items[i]))


cdef int lead_to(Graph graph, Py_ssize_t asked, list inputs) except -1:
    """Mark all neurons as unwanted except the inputs, the leaves from `asked` on, and what leads to them.

    Partials with respect to other neurons are then not called.
    """
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j, count
    cdef Node *node
    cdef uint64_t unwanted = graph.lacks_partials
    for i in range(asked):
        look_for_signals(i)
        node_of(graph.leaves.items[i]).mark |= UNWANTED
    want_all(graph, asked, inputs)
    for i in range(asked):
        unwanted |= is_unwanted(node_of(graph.leaves.items[i]))
    if not unwanted:
        return 0  # since every neuron leads to a leaf
    for i in range(graph.interior.count):
        look_for_signals(i)
        node_of(graph.interior.items[i]).mark |= UNWANTED
    want_all(graph, asked, inputs)  # some may be interior
    for i in range(graph.interior.count - 1, -1, -1):
        look_for_signals(i)
        node = node_of(graph.interior.items[i])
        count = constituents(node, &items)
        for j in range(count):
            if receives(items[j]) and has_partial(<Operation>node.op, j, count):
                want(node)
                break
    return 0


cdef inline bint receives(PyObject *entry) noexcept:
    """Return whether an adjoint is wanted."""
    return is_neuron(entry) and not is_unwanted(node_of(entry))


cdef int sweep(Graph graph, outputs, seeds) except -1:
    """Leave the adjoint of every wanted neuron in `grad`. Those of leaves are finite, unless errstate allows it."""
    start(graph, outputs, seeds, graph.interior_kept)
    if not propagate_fast(graph):
        start(graph, outputs, seeds, graph.interior.count)
        checked_sweep.propagate(
            [neuron for neuron in listed(&graph.interior) if checked_sweep.receives(neuron)],
            [neuron for neuron in listed(&graph.leaves) if checked_sweep.receives(neuron)],
        )
    return 0


cdef int start(Graph graph, outputs, seeds, Py_ssize_t interior) except -1:
    """Set the adjoints of the outputs to their seeds, and those of the leaves and so many interior neurons to 0.0."""
    cdef Py_ssize_t i
    for i in range(interior):
        look_for_signals(i)
        if receives(graph.interior.items[i]):
            node_of(graph.interior.items[i]).grad = 0.0
    for i in range(graph.leaves.count):
        look_for_signals(i)
        if receives(graph.leaves.items[i]):
            node_of(graph.leaves.items[i]).grad = 0.0
    if len(outputs) != len(seeds):
        raise ValueError(f"expected a seed for each of {len(outputs)} outputs, got {len(seeds)}")
    for i in range(len(outputs)):  # zip(strict=True) takes as long as the sweep over ten neurons
        if receives(<PyObject *>outputs[i]):
            node_of(<PyObject *>outputs[i]).grad = node_of(<PyObject *>outputs[i]).grad + <double>seeds[i]
    return 0


cdef int propagate_fast(Graph graph) except -1:
    """Pass every adjoint on, without judging it. Return whether nothing was odd, as in the Python engine."""
    cdef Py_ssize_t i
    cdef Node *node
    for i in range(graph.interior.count):
        look_for_signals(i)
        node = node_of(graph.interior.items[i])
        if node.grad == 0.0 or is_unwanted(node):  # nothing was added, or an arm of `where` that was not taken
            continue
        if not isfinite(node.grad) or not pass_on(graph.interior.items[i], node.grad):
            return 0
    for i in range(graph.leaves.count):
        node = node_of(graph.leaves.items[i])
        if not isfinite(node.grad) and not is_unwanted(node):
            return 0
    return 1
