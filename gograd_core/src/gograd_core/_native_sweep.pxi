# The traversal, and reverse mode.

cdef enum:
    SIGNALS = 4096  # neurons after which signals, such as an interrupt from the keyboard, are looked for


cdef class Graph:
    """What a sweep visits. It refers to neurons without owning them: `outputs` keep them all alive."""

    cdef PyObject **interior  # youngest first
    cdef PyObject **leaves
    cdef Py_ssize_t count, room, leaf_count, leaf_room
    cdef double *before  # gradients to be put back
    cdef object outputs
    cdef Graph outer  # the sweep that was running when this one began

    def __dealloc__(self):
        PyMem_Free(self.interior)
        PyMem_Free(self.leaves)
        PyMem_Free(self.before)


cdef Graph running = None


cdef int push(PyObject ***items, Py_ssize_t *count, Py_ssize_t *room, PyObject *item) except -1:
    cdef void *larger
    if count[0] == room[0]:
        larger = PyMem_Realloc(items[0], max(2 * room[0], 64) * sizeof(PyObject *))
        if larger is NULL:
            raise MemoryError()
        items[0] = <PyObject **>larger
        room[0] = max(2 * room[0], 64)
    items[0][count[0]] = item
    count[0] += 1
    return 0


cdef uint64_t marks = 0


cdef Graph traverse(outputs, int64_t since, bint beside_running):
    """What lies below `outputs`; see `reachable` and `visit` of the Python engine."""
    global marks
    cdef Graph graph = Graph()
    cdef Graph busy = running if beside_running else None
    cdef uint64_t of_running = marks + 1, mark = marks + 2
    cdef PyObject **stack = NULL
    cdef PyObject **items = NULL
    cdef PyObject *entry
    cdef Node *node
    cdef Py_ssize_t depth = 0, room = 0, i, count
    marks += 2
    while busy is not None:
        for i in range(busy.count):
            node_of(busy.interior[i]).mark = of_running
        for i in range(busy.leaf_count):
            node_of(busy.leaves[i]).mark = of_running
        busy = busy.outer
    graph.outputs = tuple(outputs)
    items, count = items_of(graph.outputs), len(graph.outputs)
    try:
        while True:
            for i in range(count):
                entry = items[i]
                if not is_neuron(entry):
                    continue
                node = node_of(entry)
                if node.mark == mark:
                    continue
                if node.mark == of_running:
                    raise RuntimeError(careful.BUSY)
                node.mark = mark
                if node.op is NULL or node.stamp < since:
                    push(&graph.leaves, &graph.leaf_count, &graph.leaf_room, entry)
                else:
                    push(&stack, &depth, &room, entry)
            if depth == 0:
                break
            depth -= 1
            entry = stack[depth]
            push(&graph.interior, &graph.count, &graph.room, entry)
            count = constituents(node_of(entry), &items)
            if graph.count % SIGNALS == 0:
                PyErr_CheckSignals()
    finally:
        PyMem_Free(stack)
    sort(graph)
    if graph.count and last_setting > node_of(graph.interior[graph.count - 1]).stamp:
        refuse_stale(graph)
    return graph


cdef int sort(Graph graph) except -1:
    """By stamp, the youngest first."""
    cdef int64_t youngest = -1, oldest = clock + 1, stamp
    cdef Py_ssize_t i, filled = 0
    cdef PyObject **places
    if graph.count == 0:
        return 0
    for i in range(graph.count):
        stamp = node_of(graph.interior[i]).stamp
        youngest, oldest = max(youngest, stamp), min(oldest, stamp)
    if youngest - oldest >= 2 * graph.count:
        qsort(graph.interior, graph.count, sizeof(PyObject *), younger)
        return 0
    # Most graphs are made in one go: each neuron has a place of its own, and few are empty.
    places = <PyObject **>PyMem_Calloc(youngest - oldest + 1, sizeof(PyObject *))
    if places is NULL:
        raise MemoryError()
    for i in range(graph.count):
        places[youngest - node_of(graph.interior[i]).stamp] = graph.interior[i]
    for i in range(youngest - oldest + 1):
        if places[i] is not NULL:
            graph.interior[filled] = places[i]
            filled += 1
    PyMem_Free(places)
    return 0


cdef int younger(const void *one, const void *other) noexcept nogil:
    cdef int64_t x = node_of((<PyObject **>one)[0]).stamp, y = node_of((<PyObject **>other)[0]).stamp
    return (x < y) - (x > y)


cdef int refuse_stale(Graph graph) except -1:
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j
    cdef Node *node
    for i in range(graph.count):
        node = node_of(graph.interior[i])
        for j in range(constituents(node, &items)):
            if is_neuron(items[j]) and node_of(items[j]).stamp > node.stamp:
                careful.refuse_stale([<object>graph.interior[i]])
    return 0


cdef list listed(PyObject **items, Py_ssize_t count):
    return [<object>items[i] for i in range(count)]


def reachable(outputs, since):
    """As `reachable` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, False)
    return listed(graph.interior, graph.count), listed(graph.leaves, graph.leaf_count)


def visit(outputs, since=0):
    """As `visit` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, True)
    return listed(graph.interior, graph.count), listed(graph.leaves, graph.leaf_count)


def run(visited, propagate, *args):
    """As `run` of the Python engine."""
    global running
    cdef Graph graph = Graph()
    graph.outputs = visited
    for neuron in visited[0]:
        push(&graph.interior, &graph.count, &graph.room, <PyObject *>neuron)
    for neuron in visited[1]:
        push(&graph.leaves, &graph.leaf_count, &graph.leaf_room, <PyObject *>neuron)
    graph.outer = running
    try:
        running = graph
        propagate(*args)
    finally:
        running = graph.outer


cdef int backward(Neuron output, double seed) except -1:
    """Add the derivative of `output`, times `seed`, to `grad` of the leaves; see `Neuron.backward`."""
    cdef Graph graph
    cdef Py_ssize_t i
    with careful.lock:
        graph = traverse((output,), 0, True)
        keep(graph, 0)
        try:
            sweep(graph, (output,), (seed,))
            for i in range(graph.leaf_count):
                node_of(graph.leaves[i]).grad += graph.before[graph.count + i]
        except BaseException:
            put_back(graph, 0)
            raise
    return 0


def adjoints(outputs, seeds, inputs, since):
    """As `adjoints` of the Python engine."""
    cdef Graph graph
    inputs = list(inputs)
    with careful.lock:
        graph = traverse(outputs, since, True)
        for neuron in inputs:  # some may not be visited
            push(&graph.leaves, &graph.leaf_count, &graph.leaf_room, <PyObject *>neuron)
        keep(graph, 1)
        try:
            lead_to(graph, inputs)
            sweep(graph, outputs, seeds)
            return [(<Neuron>neuron).node.grad for neuron in inputs]
        finally:
            put_back(graph, 1)


cdef int keep(Graph graph, bint interior) except -1:
    """Remember the gradients of the leaves, and of all else if asked."""
    cdef Py_ssize_t i
    graph.before = <double *>PyMem_Malloc((graph.count + graph.leaf_count) * sizeof(double))
    if graph.before is NULL:
        raise MemoryError()
    if interior:
        for i in range(graph.count):
            graph.before[i] = node_of(graph.interior[i]).grad
    for i in range(graph.leaf_count):
        graph.before[graph.count + i] = node_of(graph.leaves[i]).grad
    return 0


cdef void put_back(Graph graph, bint interior) noexcept:
    cdef Py_ssize_t i
    if interior:
        for i in range(graph.count):
            node_of(graph.interior[i]).grad = graph.before[i]
    for i in range(graph.leaf_count):
        node_of(graph.leaves[i]).grad = graph.before[graph.count + i]


cdef void lead_to(Graph graph, list inputs) noexcept:
    """Mark all as unwanted but `inputs` and what leads to them, so that no other partial is asked for."""
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j
    cdef Node *node
    for i in range(graph.count):
        node_of(graph.interior[i]).grad = unwanted.number
    for i in range(graph.leaf_count):
        node_of(graph.leaves[i]).grad = unwanted.number
    for neuron in inputs:
        (<Neuron>neuron).node.grad = 0.0
    for i in range(graph.count - 1, -1, -1):
        node = node_of(graph.interior[i])
        for j in range(constituents(node, &items)):
            if receives(items[j]):
                node.grad = 0.0
                break


cdef inline bint receives(PyObject *entry) noexcept:
    """Whether an adjoint is wanted."""
    return is_neuron(entry) and not is_unwanted(node_of(entry).grad)


cdef int sweep(Graph graph, outputs, seeds) except -1:
    """Leave in `grad` of all that is wanted its adjoint, a finite float, or what errstate allows."""
    global running
    graph.outer = running
    try:
        running = graph
        start(graph, outputs, seeds)
        if not propagate(graph):
            start(graph, outputs, seeds)
            careful.propagate([neuron for neuron in listed(graph.interior, graph.count) if careful.receives(neuron)])
    finally:
        running = graph.outer
        graph.outer = None
    return 0


cdef int start(Graph graph, outputs, seeds) except -1:
    cdef Py_ssize_t i
    for i in range(graph.count):
        if receives(graph.interior[i]):
            node_of(graph.interior[i]).grad = 0.0
    for i in range(graph.leaf_count):
        if receives(graph.leaves[i]):
            node_of(graph.leaves[i]).grad = 0.0
    for output, seed in zip(outputs, seeds, strict=True):
        if receives(<PyObject *>output):
            (<Neuron>output).node.grad = (<Neuron>output).node.grad + <double>seed
    return 0


cdef int propagate(Graph graph) except -1:
    """Pass every adjoint on. Whether nothing was odd, as in the Python engine; nothing is judged here."""
    cdef Py_ssize_t i
    cdef double adjoint
    for i in range(graph.count):
        if i % SIGNALS == SIGNALS - 1:
            PyErr_CheckSignals()
        adjoint = node_of(graph.interior[i]).grad
        if adjoint == 0.0 or is_unwanted(adjoint):  # nothing was added, or an arm of `where` that was not taken
            continue
        if not isfinite(adjoint) or not pass_on(graph.interior[i], adjoint):
            return 0
    for i in range(graph.leaf_count):
        adjoint = node_of(graph.leaves[i]).grad
        if not isfinite(adjoint) and not is_unwanted(adjoint):
            return 0
    return 1


cdef inline int pass_on(PyObject *neuron, double adjoint) except -1:
    """Of one neuron."""
    cdef Node *node = node_of(neuron)
    cdef Py_ssize_t arity = (<Operation>node.op).arity
    if arity == 2:
        return share(node, <Operation>node.op, adjoint, &node.x, 2)
    if arity == 1:
        return share(node, <Operation>node.op, adjoint, &node.x, 1)
    if arity == 0 and (<Operation>node.op).kernel is not NULL:
        return share_columns(node, <Operation>node.op, adjoint, <Entries *>node.x)
    if 0 < arity <= MOST:
        return share(node, <Operation>node.op, adjoint, (<Entries *>node.x).items, arity)
    try:
        careful.propagate_one(<object>neuron)
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
        else:
            answer = ask(op.partial_rules[i], op.xp, a, a + 1, count)
            if not isinstance(answer, (float, int)):
                return 0
            try:
                local = answer
            except OverflowError:
                return 0
        node_of(items[i]).grad += adjoint * local
    return 1


cdef int share_columns(Node *node, Operation op, double adjoint, Entries *entries) except -1:
    cdef Py_ssize_t n = entries.count // op.inputs, column, i
    cdef double *a = numbers(entries.count + n)
    cdef double *local = a + entries.count
    cdef PyObject **items
    for i in range(entries.count):
        a[i] = value_of(entries.items[i])
    for column in range(op.inputs):
        items = entries.items + column * n
        i = 0
        while i < n and not receives(items[i]):
            i += 1
        if i == n or op.partial_kernels[column] is NULL:
            continue
        spread(op.partial_kernels[column], op.inputs, node.value, n, a, local)
        for i in range(n):
            if receives(items[i]):
                node_of(items[i]).grad += adjoint * local[i]
    return 1
