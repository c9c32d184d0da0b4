# The traversal, and reverse mode.

cdef enum:
    SIGNALS = 4096  # neurons after which signals, such as an interrupt from the keyboard, are looked for


cdef struct Neurons:  # a list of them, none owned
    PyObject **items
    Py_ssize_t count
    Py_ssize_t room


cdef inline int push(Neurons *neurons, PyObject *neuron) except -1:
    if neurons.count == neurons.room:
        grow(neurons)
    neurons.items[neurons.count] = neuron
    neurons.count += 1
    return 0


cdef int grow(Neurons *neurons) except -1:
    cdef Py_ssize_t room = max(2 * neurons.room, 64)
    cdef void *larger = PyMem_Realloc(neurons.items, room * sizeof(PyObject *))
    if larger is NULL:
        raise MemoryError()
    neurons.items, neurons.room = <PyObject **>larger, room
    return 0


cdef class Graph:
    """What a sweep visits. It refers to neurons without owning them: `outputs` keep them all alive."""

    cdef Neurons interior  # youngest first
    cdef Neurons leaves
    cdef double *before  # gradients to be put back
    cdef object outputs
    cdef Graph outer  # the sweep that was running when this one began

    def __dealloc__(self):
        PyMem_Free(self.interior.items)
        PyMem_Free(self.leaves.items)
        PyMem_Free(self.before)


cdef Graph running = None
cdef object lock = careful.lock.acquire, unlock = careful.lock.release  # a with statement needs memory in order to end
cdef uint64_t marks = 2  # more than what a new neuron carries


cdef Graph traverse(outputs, int64_t since, bint beside_running):
    """What lies below `outputs`; see `reachable` and `visit` of the Python engine."""
    cdef Graph graph = Graph()
    cdef Frontier frontier = Frontier(NULL, 0, clock, 0, Neurons(NULL, 0, 0))
    graph.outputs = tuple(outputs)
    if beside_running:
        mark_running()
    try:
        descend(graph, &frontier, since)
    finally:
        PyMem_Free(frontier.places)
        PyMem_Free(frontier.far.items)
    if graph.interior.count and last_setting > node_of(graph.interior.items[graph.interior.count - 1]).stamp:
        refuse_stale(graph)
    return graph


cdef void mark_running() noexcept:
    """Let `descend` know what running sweeps work on: it may not be visited."""
    global marks
    cdef Graph busy = running
    cdef Py_ssize_t i
    marks += 2
    while busy is not None:
        for i in range(busy.interior.count):
            node_of(busy.interior.items[i]).mark = marks
        for i in range(busy.leaves.count):
            node_of(busy.leaves.items[i]).mark = marks
        busy = busy.outer


cdef int descend(Graph graph, Frontier *frontier, int64_t since) except -1:
    """Collect what lies below the outputs, the youngest first, which is also the order in which it lies in memory."""
    global marks
    cdef PyObject **items = items_of(graph.outputs)
    cdef PyObject *neuron
    cdef Py_ssize_t i, place = 0, count = len(graph.outputs)
    cdef Node *node
    cdef uint64_t of_running = marks, mark = marks + 1
    marks += 2
    while True:
        for i in range(count):
            if not is_neuron(items[i]):
                continue
            node = node_of(items[i])
            if node.mark >= of_running:  # it is one of these two, the latest
                if node.mark == of_running:
                    raise RuntimeError(careful.BUSY)
                continue
            node.mark = mark
            if node.op is NULL or node.stamp < since:
                push(&graph.leaves, items[i])
            else:
                put(frontier, items[i], node.stamp)
        if frontier.waiting == 0:
            if frontier.far.count == 0:
                return 0
            move(frontier, graph.interior.count)
            place = 0
        while frontier.places[place] is NULL:
            place += 1
        neuron = frontier.places[place]
        frontier.places[place] = NULL
        frontier.waiting -= 1
        push(&graph.interior, neuron)
        if graph.interior.count % SIGNALS == 0:
            PyErr_CheckSignals()
        count = constituents(node_of(neuron), &items)


# The frontier: neurons that were found and wait for their turn, the youngest of all first. Stamps are dense
# in most graphs, so that each neuron has a place of its own, found by its stamp. Those too old for the places
# that there are wait in a heap.

cdef struct Frontier:
    PyObject **places  # where a neuron lies that is so much older than `base`
    Py_ssize_t room
    int64_t base
    Py_ssize_t waiting  # in their places
    Neurons far  # a heap with the youngest on top; all of them are older than any neuron that has a place


cdef inline int put(Frontier *frontier, PyObject *neuron, int64_t stamp) except -1:
    if frontier.base - stamp < frontier.room:
        frontier.places[frontier.base - stamp] = neuron
        frontier.waiting += 1
        return 0
    return put_far(&frontier.far, neuron, stamp)


cdef int put_far(Neurons *far, PyObject *neuron, int64_t stamp) except -1:
    cdef Py_ssize_t i = far.count, parent
    push(far, neuron)
    while i > 0:
        parent = (i - 1) // 2
        if node_of(far.items[parent]).stamp > stamp:
            break
        far.items[i] = far.items[parent]
        i = parent
    far.items[i] = neuron
    return 0


cdef PyObject *take_far(Neurons *far) noexcept:
    """The youngest."""
    cdef PyObject *youngest = far.items[0]
    cdef PyObject *last = far.items[far.count - 1]
    cdef int64_t stamp = node_of(last).stamp
    cdef Py_ssize_t i = 0, child
    far.count -= 1
    while 2 * i + 1 < far.count:
        child = 2 * i + 1
        if child + 1 < far.count and node_of(far.items[child + 1]).stamp > node_of(far.items[child]).stamp:
            child += 1
        if node_of(far.items[child]).stamp < stamp:
            break
        far.items[i] = far.items[child]
        i = child
    far.items[i] = last
    return youngest


cdef int move(Frontier *frontier, Py_ssize_t found) except -1:
    """Let the places begin with the youngest of the far ones; there are more of them, the more was `found`."""
    cdef Py_ssize_t room = max(64, 4 * found)
    cdef PyObject *neuron
    if room > frontier.room:  # all places are empty: nothing is to be copied
        PyMem_Free(frontier.places)
        frontier.room = 0
        frontier.places = <PyObject **>PyMem_Calloc(room, sizeof(PyObject *))
        if frontier.places is NULL:
            raise MemoryError()
        frontier.room = room
    frontier.base = node_of(frontier.far.items[0]).stamp
    while frontier.far.count and frontier.base - node_of(frontier.far.items[0]).stamp < frontier.room:
        neuron = take_far(&frontier.far)
        put(frontier, neuron, node_of(neuron).stamp)
    return 0


cdef int refuse_stale(Graph graph) except -1:
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j
    cdef Node *node
    for i in range(graph.interior.count):
        node = node_of(graph.interior.items[i])
        for j in range(constituents(node, &items)):
            if is_neuron(items[j]) and node_of(items[j]).stamp > node.stamp:
                careful.refuse_stale([<object>graph.interior.items[i]])
    return 0


cdef list listed(Neurons *neurons):
    return [<object>neurons.items[i] for i in range(neurons.count)]


def reachable(outputs, since):
    """As `reachable` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, False)
    return listed(&graph.interior), listed(&graph.leaves)


def visit(outputs, since=0):
    """As `visit` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, True)
    return listed(&graph.interior), listed(&graph.leaves)


def run(visited, propagate, *args):
    """As `run` of the Python engine."""
    global running
    cdef Graph graph = Graph()
    graph.outputs = visited
    for neuron in visited[0]:
        push(&graph.interior, <PyObject *>neuron)
    for neuron in visited[1]:
        push(&graph.leaves, <PyObject *>neuron)
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
    lock()
    try:
        graph = traverse((output,), 0, True)
        keep(graph, 0)
        try:
            sweep(graph, (output,), (seed,))
            for i in range(graph.leaves.count):
                node_of(graph.leaves.items[i]).grad += graph.before[graph.interior.count + i]
        except BaseException:
            put_back(graph, 0)
            raise
    finally:
        unlock()
    return 0


def adjoints(outputs, seeds, inputs, since):
    """As `adjoints` of the Python engine."""
    cdef Graph graph
    inputs = list(inputs)
    lock()
    try:
        graph = traverse(outputs, since, True)
        for neuron in inputs:  # some may not be visited
            push(&graph.leaves, <PyObject *>neuron)
        keep(graph, 1)
        try:
            lead_to(graph, inputs)
            sweep(graph, outputs, seeds)
            return [(<Neuron>neuron).node.grad for neuron in inputs]
        finally:
            put_back(graph, 1)
    finally:
        unlock()


cdef int keep(Graph graph, bint interior) except -1:
    """Remember the gradients of the leaves, and of all else if asked."""
    cdef Py_ssize_t i
    graph.before = <double *>PyMem_Malloc((graph.interior.count + graph.leaves.count) * sizeof(double))
    if graph.before is NULL:
        raise MemoryError()
    if interior:
        for i in range(graph.interior.count):
            graph.before[i] = node_of(graph.interior.items[i]).grad
    for i in range(graph.leaves.count):
        graph.before[graph.interior.count + i] = node_of(graph.leaves.items[i]).grad
    return 0


cdef void put_back(Graph graph, bint interior) noexcept:
    cdef Py_ssize_t i
    if interior:
        for i in range(graph.interior.count):
            node_of(graph.interior.items[i]).grad = graph.before[i]
    for i in range(graph.leaves.count):
        node_of(graph.leaves.items[i]).grad = graph.before[graph.interior.count + i]


cdef void lead_to(Graph graph, list inputs) noexcept:
    """Mark all as unwanted but `inputs` and what leads to them, so that no other partial is asked for."""
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j
    cdef Node *node
    for i in range(graph.interior.count):
        node_of(graph.interior.items[i]).grad = unwanted.number
    for i in range(graph.leaves.count):
        node_of(graph.leaves.items[i]).grad = unwanted.number
    for neuron in inputs:
        (<Neuron>neuron).node.grad = 0.0
    for i in range(graph.interior.count - 1, -1, -1):
        node = node_of(graph.interior.items[i])
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
            careful.propagate([neuron for neuron in listed(&graph.interior) if careful.receives(neuron)])
    finally:
        running = graph.outer
        graph.outer = None
    return 0


cdef int start(Graph graph, outputs, seeds) except -1:
    cdef Py_ssize_t i
    for i in range(graph.interior.count):
        if receives(graph.interior.items[i]):
            node_of(graph.interior.items[i]).grad = 0.0
    for i in range(graph.leaves.count):
        if receives(graph.leaves.items[i]):
            node_of(graph.leaves.items[i]).grad = 0.0
    for output, seed in zip(outputs, seeds, strict=True):
        if receives(<PyObject *>output):
            (<Neuron>output).node.grad = (<Neuron>output).node.grad + <double>seed
    return 0


cdef int propagate(Graph graph) except -1:
    """Pass every adjoint on. Whether nothing was odd, as in the Python engine; nothing is judged here."""
    cdef Py_ssize_t i
    cdef double adjoint
    for i in range(graph.interior.count):
        if i % SIGNALS == SIGNALS - 1:
            PyErr_CheckSignals()
        adjoint = node_of(graph.interior.items[i]).grad
        if adjoint == 0.0 or is_unwanted(adjoint):  # nothing was added, or an arm of `where` that was not taken
            continue
        if not isfinite(adjoint) or not pass_on(graph.interior.items[i], adjoint):
            return 0
    for i in range(graph.leaves.count):
        adjoint = node_of(graph.leaves.items[i]).grad
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
        node_of(items[i]).grad = node_of(items[i]).grad + adjoint * local
    return 1


cdef int share_columns(Node *node, Operation op, double adjoint, Entries *entries) except -1:
    cdef Py_ssize_t n = entries.count // op.inputs, column, i
    cdef double small[SMALL]
    cdef double *a = small
    cdef double *local
    cdef PyObject **items
    if entries.count + n > SMALL:
        a = <double *>PyMem_Malloc((entries.count + n) * sizeof(double))
        if a is NULL:
            raise MemoryError()
    local = a + entries.count
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
        for i in range(i, n):
            if receives(items[i]):
                node_of(items[i]).grad = node_of(items[i]).grad + adjoint * local[i]
    if a is not small:
        PyMem_Free(a)
    return 1
