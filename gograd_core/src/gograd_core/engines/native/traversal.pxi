# The traversal: what lies below a neuron, the youngest first.

cdef enum:
    UNWANTED = 1  # in a neuron's mark, beside the number of the sweep
    SIGNALS = 4096  # after so many neurons, signals such as that of Ctrl-C are looked for


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


cdef inline int look_for_signals(Py_ssize_t i) except -1:
    """Check for signals now and then, in a loop over neurons."""
    return PyErr_CheckSignals() if i % SIGNALS == SIGNALS - 1 else 0


@cython.freelist(8)
cdef class Graph:
    """What a sweep visits. It refers to neurons without owning them: `outputs` keep them all alive."""

    cdef Neurons interior  # youngest first
    cdef Neurons leaves
    cdef double *before  # gradients to be put back: of the first `interior_kept` interior neurons, and of the leaves
    cdef Py_ssize_t interior_kept
    cdef uint64_t mark  # that of the neurons visited, unless another sweep has visited them since
    cdef bint lacks_partials  # at least one of the operations does
    cdef tuple outputs
    cdef Graph outer  # the sweep that was running when this one began

    def __dealloc__(self):
        PyMem_Free(self.interior.items)
        PyMem_Free(self.leaves.items)
        PyMem_Free(self.before)


cdef Graph running = None
cdef uint64_t marks = 4  # more than what a new neuron carries


cdef Graph traverse(outputs, int64_t since, bint beside_running, bint to_zero=False):
    """Find what lies below `outputs`; see `reachable` and `visit` of the Python engine.

    `to_zero`: set the gradients of interior neurons to 0.0, as each is visited anyway.
    """
    cdef Graph graph = Graph()
    cdef bint finished = False
    graph.outputs = tuple(outputs)
    while not finished:
        if beside_running:
            mark_running()
        finished = explore(graph, since, to_zero)
    graph.mark = marks - 2
    if graph.interior.count and last_setting > node_of(graph.interior.items[graph.interior.count - 1]).stamp:
        refuse_stale(graph)
    return graph


cdef void mark_running() noexcept:
    """Mark what running sweeps work on, so that `descend` refuses to visit it."""
    global marks
    cdef Graph busy = running
    cdef Py_ssize_t i
    marks += 4
    while busy is not None:
        for i in range(busy.interior.count):
            set_mark(node_of(busy.interior.items[i]), marks)
        for i in range(busy.leaves.count):
            set_mark(node_of(busy.leaves.items[i]), marks)
        busy = busy.outer


cdef inline void set_mark(Node *node, uint64_t mark) noexcept:
    node.mark = mark | (node.mark & UNWANTED)


cdef inline bint is_unwanted(Node *node) noexcept:
    return node.mark & UNWANTED


cdef int explore(Graph graph, int64_t since, bint to_zero) except -1:
    """Collect what lies below the outputs. Return whether no other sweep ran in between."""
    cdef Frontier frontier = Frontier(NULL, 0, 0, clock, clock, 0, Neurons(NULL, 0, 0), 0, Neurons(NULL, 0, 0))
    graph.interior.count = graph.leaves.count = 0
    try:
        return descend(graph, &frontier, since, to_zero)
    finally:
        PyMem_Free(frontier.places)
        PyMem_Free(frontier.queue.items)
        PyMem_Free(frontier.heap.items)


cdef int descend(Graph graph, Frontier *frontier, int64_t since, bint to_zero) except -1:
    """Collect the youngest first, which is also the order in which neurons lie in memory."""
    global marks
    cdef PyObject **items = items_of(graph.outputs)
    cdef PyObject *neuron
    cdef Py_ssize_t i, place = 0, count = len(graph.outputs)
    cdef Node *node
    cdef uint64_t of_running = marks, mark = marks + 2
    marks += 4
    while True:
        for i in range(count):
            look_for_signals(i)
            if not is_neuron(items[i]):
                continue
            node = node_of(items[i])
            if node.mark >= of_running:  # one of these two marks, which are the latest
                if node.mark & ~<uint64_t>UNWANTED == of_running:
                    raise RuntimeError(checked_sweep.BUSY)
                continue
            set_mark(node, mark)
            if node.op is NULL or node.stamp < since:
                push(&graph.leaves, items[i])
            else:
                if to_zero:
                    node.grad = 0.0
                put(frontier, items[i], node.stamp)
        if marks != mark + 2:  # a signal handler swept, and changed marks
            return 0
        if frontier.waiting == 0:
            if youngest_far(frontier) is NULL:
                return 1
            move(frontier, graph.interior.count)
            place = 0
        while frontier.places[place] is NULL:
            place += 1
        neuron = frontier.places[place]
        frontier.places[place] = NULL
        frontier.waiting -= 1
        push(&graph.interior, neuron)
        look_for_signals(graph.interior.count)
        node = node_of(neuron)
        graph.lacks_partials |= (<Operation>node.op).lacks_partials
        count = constituents(node, &items)


# The frontier holds neurons that were found and wait for their turn; the youngest is next. Stamps are dense in most
# graphs, so each neuron has a place of its own, given by its stamp. Neurons that are too old to have a place wait in a
# queue, as long as each is older than the one before, and otherwise in a heap.

cdef struct Frontier:
    PyObject **places  # place i is that of the neuron with the stamp `base` - i
    Py_ssize_t made  # how many places there are; the first `room` of them are used
    Py_ssize_t room
    int64_t base
    int64_t first  # the first base
    Py_ssize_t waiting  # how many neurons are in their places
    Neurons queue  # all in it, and in the heap, are older than any neuron that has a place
    Py_ssize_t served  # how many neurons of the queue have had their turn
    Neurons heap  # the youngest on top


cdef inline int put(Frontier *frontier, PyObject *neuron, int64_t stamp) except -1:
    cdef Neurons *queue = &frontier.queue
    if frontier.base - stamp < frontier.room:
        frontier.places[frontier.base - stamp] = neuron
        frontier.waiting += 1
        return 0
    if frontier.served == queue.count or node_of(queue.items[queue.count - 1]).stamp > stamp:
        return push(queue, neuron)
    return push_heap(&frontier.heap, neuron, stamp)


cdef PyObject *youngest_far(Frontier *frontier) noexcept:
    """Return the youngest neuron without a place; NULL if there is none."""
    cdef PyObject *queued = NULL
    if frontier.served < frontier.queue.count:
        queued = frontier.queue.items[frontier.served]
    if frontier.heap.count == 0:
        return queued
    if queued is NULL or node_of(frontier.heap.items[0]).stamp > node_of(queued).stamp:
        return frontier.heap.items[0]
    return queued


cdef enum:
    FEWEST = 64  # the smallest number of places
    SPARSE = 16  # with more stamps than this for each neuron found, most places would be empty


cdef int move(Frontier *frontier, Py_ssize_t found) except -1:
    """Let the places begin with the youngest neuron that has none. The more were `found`, the more places there are."""
    cdef PyObject *neuron = youngest_far(frontier)
    cdef bint sparse = frontier.first - node_of(neuron).stamp > SPARSE * (found + FEWEST)
    frontier.room = FEWEST if sparse else max(FEWEST, 4 * found)
    if frontier.room > frontier.made:  # all places are empty, so nothing has to be copied
        PyMem_Free(frontier.places)
        frontier.made = 0
        frontier.places = <PyObject **>PyMem_Calloc(frontier.room, sizeof(PyObject *))
        if frontier.places is NULL:
            raise MemoryError()
        frontier.made = frontier.room
    frontier.base = node_of(neuron).stamp
    if found == 0:
        frontier.first = frontier.base
    while neuron is not NULL and frontier.base - node_of(neuron).stamp < frontier.room:
        look_for_signals(frontier.waiting)
        put(frontier, neuron, node_of(neuron).stamp)
        if frontier.heap.count and neuron is frontier.heap.items[0]:
            pop_heap(&frontier.heap)
        else:
            frontier.served += 1
        neuron = youngest_far(frontier)
    if frontier.served == frontier.queue.count:
        frontier.served = frontier.queue.count = 0
    return 0


cdef int push_heap(Neurons *heap, PyObject *neuron, int64_t stamp) except -1:
    cdef Py_ssize_t i = heap.count, parent
    push(heap, neuron)
    while i > 0:
        parent = (i - 1) // 2
        if node_of(heap.items[parent]).stamp > stamp:
            break
        heap.items[i] = heap.items[parent]
        i = parent
    heap.items[i] = neuron
    return 0


cdef void pop_heap(Neurons *heap) noexcept:
    """Remove the top of the heap."""
    cdef PyObject *last = heap.items[heap.count - 1]
    cdef int64_t stamp = node_of(last).stamp
    cdef Py_ssize_t i = 0, child
    heap.count -= 1
    while 2 * i + 1 < heap.count:
        child = 2 * i + 1
        if child + 1 < heap.count and node_of(heap.items[child + 1]).stamp > node_of(heap.items[child]).stamp:
            child += 1
        if node_of(heap.items[child]).stamp < stamp:
            break
        heap.items[i] = heap.items[child]
        i = child
    heap.items[i] = last


cdef int refuse_stale(Graph graph) except -1:
    cdef PyObject **items = NULL
    cdef Py_ssize_t i, j
    cdef Node *node
    for i in range(graph.interior.count):
        node = node_of(graph.interior.items[i])
        for j in range(constituents(node, &items)):
            if is_neuron(items[j]) and node_of(items[j]).stamp > node.stamp:
                checked_sweep.refuse_stale([<object>graph.interior.items[i]])
    return 0


cdef list listed(Neurons *neurons):
    return [<object>neurons.items[i] for i in range(neurons.count)]


def reachable(outputs, since):
    """See `reachable` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, False)
    return listed(&graph.interior), listed(&graph.leaves)


def visit(outputs, since=0):
    """See `visit` of the Python engine."""
    cdef Graph graph = traverse(outputs, since, True)
    return listed(&graph.interior), listed(&graph.leaves)


def run(visited, propagate, *args):
    """See `run` of the Python engine."""
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
