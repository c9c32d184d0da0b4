# Graphs as arrays of numbers. While the arrays are written, the mark of a neuron holds its number in the row.

cdef array.array INTS = new_array("i"), LONGS = new_array("q"), DOUBLES = new_array("d")  # templates of others


cdef struct Aged:
    int64_t stamp
    PyObject *neuron


cdef int by_stamp(const void *x, const void *y) noexcept nogil:
    cdef int64_t first = (<Aged *>x).stamp, second = (<Aged *>y).stamp
    return (first > second) - (first < second)


cdef int sort_by_stamp(Neurons *neurons) except -1:
    """Sort neurons, oldest first. The stamps are copied, so that they lie together."""
    cdef Py_ssize_t i
    cdef Aged *aged = <Aged *>PyMem_Malloc(neurons.count * sizeof(Aged))
    if aged is NULL:
        raise MemoryError()
    for i in range(neurons.count):
        aged[i].neuron, aged[i].stamp = neurons.items[i], node_of(neurons.items[i]).stamp
    qsort(aged, neurons.count, sizeof(Aged), by_stamp)
    for i in range(neurons.count):
        neurons.items[i] = aged[i].neuron
    PyMem_Free(aged)
    return 0


cdef class Constants:
    """Distinct floats, and a hash table of their places among them."""

    cdef array.array numbers
    cdef array.array table  # places plus 1; 0: empty
    cdef double *values
    cdef int *places
    cdef Py_ssize_t count
    cdef uint64_t mask  # the size of the table, a power of 2, less 1

    def __cinit__(self):
        self.make_room(64)

    cdef int make_room(self, Py_ssize_t size) except -1:
        """Make a table of that size, which is at most half full."""
        cdef Py_ssize_t i
        self.table = array.clone(INTS, size, True)
        if self.numbers is None:
            self.numbers = array.clone(DOUBLES, size // 2, False)
        else:
            array.resize(self.numbers, size // 2)
        self.values, self.places, self.mask = self.numbers.data.as_doubles, self.table.data.as_ints, size - 1
        for i in range(self.count):
            self.places[self.slot(self.values[i])] = i + 1
        return 0

    cdef inline uint64_t slot(self, double value) noexcept:
        """Find where a float is in the table, or would be."""
        cdef uint64_t bits, i
        memcpy(&bits, &value, sizeof(double))
        i = (bits * <uint64_t>0x9E3779B97F4A7C15) >> 32  # Fibonacci hashing: the upper bits depend on all
        while self.places[i & self.mask]:
            if not memcmp(&self.values[self.places[i & self.mask] - 1], &value, sizeof(double)):
                break
            i += 1
        return i & self.mask

    cdef inline int place(self, double value) except -1:
        """Return the place of a float among the distinct ones."""
        cdef uint64_t slot = self.slot(value)
        if self.places[slot]:
            return self.places[slot] - 1
        if 2 * self.count > <Py_ssize_t>self.mask:
            self.make_room(2 * (self.mask + 1))
            slot = self.slot(value)
        self.values[self.count] = value
        self.count += 1
        self.places[slot] = self.count
        return self.count - 1


cdef class Writer:
    """Writes the arrays of `flatten`."""

    cdef Graph graph
    cdef list operations
    cdef Constants constants
    cdef array.array codes, starts, inputs, values, stamps, outputs
    cdef int *code
    cdef int64_t *start
    cdef int64_t *stamp
    cdef double *value
    cdef int *input
    cdef Py_ssize_t room, filled  # of inputs
    cdef uint64_t base  # of marks: that of a neuron is base + 2 * (its number + 1)

    def __cinit__(self, Graph graph):
        cdef Py_ssize_t leaves = graph.leaves.count, interior = graph.interior.count
        self.graph = graph
        self.codes = array.clone(INTS, interior, False)
        self.starts = array.clone(LONGS, interior + 1, False)
        self.stamps = array.clone(LONGS, leaves + interior, False)
        self.values = array.clone(DOUBLES, leaves + interior, False)
        self.inputs = array.clone(INTS, 2 * interior, False)
        self.outputs = array.clone(INTS, len(graph.outputs), False)
        self.code, self.input = self.codes.data.as_ints, self.inputs.data.as_ints
        self.value = self.values.data.as_doubles
        self.start, self.stamp = <int64_t *>self.starts.data.as_longlongs, <int64_t *>self.stamps.data.as_longlongs
        self.room = 2 * interior

    cdef int write(self) except -1:
        """Write the graph. Return whether no other sweep ran in between, which would have changed marks.

        A signal handler or a finaliser may start one.
        """
        global marks
        cdef Py_ssize_t i, interior = self.graph.interior.count, leaves = self.graph.leaves.count
        cdef uint64_t own
        self.operations, self.constants, self.filled = [], Constants(), 0
        self.base = marks
        marks = own = self.base + 2 * (leaves + interior + 2)
        for i in range(leaves):
            look_for_signals(i)
            self.number(i, node_of(self.graph.leaves.items[i]))
        for i in range(interior):
            look_for_signals(i)
            self.write_node(i, leaves, node_of(self.graph.interior.items[interior - 1 - i]))
        self.start[interior] = self.filled
        for i in range(len(self.graph.outputs)):
            self.outputs.data.as_ints[i] = self.number_of(items_of(self.graph.outputs)[i])
        return marks == own

    cdef inline void number(self, Py_ssize_t number, Node *node) noexcept:
        set_mark(node, self.base + 2 * <uint64_t>(number + 1))
        self.value[number], self.stamp[number] = node.value, node.stamp

    cdef inline int number_of(self, PyObject *neuron) noexcept:
        return <int>((node_of(neuron).mark - self.base) >> 1) - 1  # without the bit UNWANTED

    cdef inline int write_node(self, Py_ssize_t i, Py_ssize_t leaves, Node *node) except -1:
        """Write the i-th neuron that an operation made. Its constituents already have numbers."""
        cdef PyObject **items = NULL
        cdef Py_ssize_t j, count = constituents(node, &items)
        self.number(leaves + i, node)
        self.start[i], self.code[i] = self.filled, self.code_of(<Operation>node.op)
        if self.filled + count > self.room:
            self.make_room(self.filled + count)
        for j in range(count):
            if is_neuron(items[j]):
                self.input[self.filled] = self.number_of(items[j])
            else:
                self.input[self.filled] = ~self.constants.place(PyFloat_AS_DOUBLE(<object>items[j]))
            self.filled += 1
        return 0

    cdef inline int code_of(self, Operation op) except -1:
        if op.flattened != self.base:
            op.flattened, op.code = self.base, len(self.operations)
            self.operations.append(op)
        return op.code

    cdef int make_room(self, Py_ssize_t needed) except -1:
        self.room = 2 * needed
        array.resize(self.inputs, self.room)
        self.input = self.inputs.data.as_ints
        return 0


def flatten(outputs, since):
    """See `flatten` of the Python engine."""
    cdef Graph graph
    cdef Writer writer
    neurons = tuple(outputs)
    check_neurons(items_of(neurons), len(neurons))
    lock()
    try:
        graph = traverse(neurons, since, False)
        sort_by_stamp(&graph.leaves)
        writer = Writer(graph)
        while not writer.write():
            pass
    finally:
        unlock()
    array.resize(writer.inputs, writer.filled)
    array.resize(writer.constants.numbers, writer.constants.count)
    return interfaces.Flat(
        leaves=listed(&graph.leaves),
        operations=writer.operations,
        codes=writer.codes,
        starts=writer.starts,
        inputs=writer.inputs,
        constants=writer.constants.numbers,
        values=writer.values,
        stamps=writer.stamps,
        outputs=writer.outputs,
    )
