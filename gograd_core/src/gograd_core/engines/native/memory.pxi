# The memory of neurons.
#
# A graph is swept by age, so neurons of similar age should lie together. A slab is a piece of memory that is aligned to
# its own size, so that the address of a neuron shows which slab it is in. A slab that has become empty is filled from
# its beginning again. So a loop that makes and frees graphs finds its memory as orderly as at the start.

cdef extern from *:
    """
    #define SLAB_SIZE ((size_t)1 << 20)

    #ifdef _WIN32
    #include <malloc.h>
    #define slab_take() _aligned_malloc(SLAB_SIZE, SLAB_SIZE)
    #define slab_give(slab) _aligned_free(slab)
    #else
    #include <stdint.h>
    #include <sys/mman.h>
    static void *slab_take(void)
    {
        char *start = mmap(NULL, 2 * SLAB_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED)
            return NULL;
        char *slab = (char *)(((uintptr_t)start + SLAB_SIZE - 1) & ~(uintptr_t)(SLAB_SIZE - 1));
        if (slab > start)
            munmap(start, slab - start);
        munmap(slab + SLAB_SIZE, start + SLAB_SIZE - slab);
        return slab;
    }
    #define slab_give(slab) munmap(slab, SLAB_SIZE)
    #endif
    """
    size_t SLAB_SIZE
    void *slab_take() noexcept
    void slab_give(void *) noexcept

cdef extern from *:
    """
    #if defined(__has_feature)
    #if __has_feature(address_sanitizer)
    #define __SANITIZE_ADDRESS__ 1
    #endif
    #endif
    #ifdef __SANITIZE_ADDRESS__  /* it has to see each neuron being freed */
    #define GOGRAD_BY_PYTHON 1
    #else
    #define GOGRAD_BY_PYTHON 0
    #endif
    """
    bint BY_PYTHON "GOGRAD_BY_PYTHON"
    PyObject *PyObject_Malloc(size_t)
    void PyObject_Free(void *)


cdef struct Slab:  # at its beginning; the neurons follow
    PyObject *freed  # linked through their `mark`
    char *fresh  # the memory from here on has not been used since the slab was empty
    Py_ssize_t used
    Slab *next
    Slab *previous


cdef enum:
    EMPTY_AT_MOST = 64  # slabs that are kept for the next graph: 64 MB

cdef Slab *with_room = NULL  # a list
cdef Slab *empty = NULL  # another
cdef Py_ssize_t empty_count = 0


cdef inline bint is_full(Slab *slab) noexcept:
    return slab.freed is NULL and slab.fresh + sizeof(PyObject) + sizeof(Node) > <char *>slab + SLAB_SIZE


cdef inline void link(Slab *slab) noexcept:
    global with_room
    slab.previous, slab.next = NULL, with_room
    if with_room is not NULL:
        with_room.previous = slab
    with_room = slab


cdef inline void unlink(Slab *slab) noexcept:
    global with_room
    if slab.previous is NULL:
        with_room = slab.next
    else:
        slab.previous.next = slab.next
    if slab.next is not NULL:
        slab.next.previous = slab.previous


cdef inline PyObject *take_memory() noexcept:
    """Take memory for one neuron; NULL if there is none left."""
    cdef Slab *slab = with_room
    cdef PyObject *taken
    if BY_PYTHON:
        return PyObject_Malloc(sizeof(PyObject) + sizeof(Node))
    if slab is NULL:
        slab = open_slab()
        if slab is NULL:
            return NULL
    if slab.freed is not NULL:
        taken = slab.freed
        slab.freed = <PyObject *>node_of(taken).mark
    else:
        taken = <PyObject *>slab.fresh
        slab.fresh += sizeof(PyObject) + sizeof(Node)
    slab.used += 1
    if is_full(slab):
        unlink(slab)
    return taken


cdef Slab *open_slab() noexcept:
    global empty, empty_count
    cdef Slab *slab = empty
    if slab is not NULL:
        empty = slab.next
        empty_count -= 1
    else:
        slab = <Slab *>slab_take()
        if slab is NULL:
            return NULL
    slab.freed, slab.fresh, slab.used = NULL, <char *>slab + sizeof(Slab), 0
    link(slab)
    return slab


cdef inline void give_memory(PyObject *neuron) noexcept:
    """Give back the memory of a neuron."""
    global empty, empty_count
    if BY_PYTHON:
        PyObject_Free(neuron)
        return
    cdef Slab *slab = <Slab *>(<uint64_t>neuron & ~(SLAB_SIZE - 1))
    if is_full(slab):
        link(slab)
    node_of(neuron).mark = <uint64_t>slab.freed
    slab.freed = neuron
    slab.used -= 1
    if slab.used > 0:
        return
    unlink(slab)
    if empty_count < EMPTY_AT_MOST:
        slab.next = empty
        empty = slab
        empty_count += 1
    else:
        slab_give(slab)


# Neurons in that memory: reading and making them.

cdef inline Node *node_of(PyObject *neuron) noexcept nogil:
    return &(<Neuron>neuron).node


cdef inline bint is_neuron(PyObject *entry) noexcept:
    return Py_TYPE(entry) is neuron_type


cdef inline double value_of(PyObject *entry) noexcept:
    """Return the value of a neuron or a float."""
    return node_of(entry).value if is_neuron(entry) else PyFloat_AS_DOUBLE(<object>entry)


cdef inline Py_ssize_t constituents(Node *node, PyObject ***items) noexcept:
    """Return how many constituents a neuron has, and where they lie."""
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
    """Make a neuron for `op` without constituents yet; a leaf if `op` is NULL."""
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
    node.x = node.y = node.label = node.weakrefs = NULL
    node.stamp = clock
    node.mark = 0
    return made


cdef int new_entries(PyObject *made, Py_ssize_t room) except -1:
    """Make room for the constituents of a neuron. If there is none, the neuron is freed."""
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
    """Make a neuron that `op` computed from `args`: neurons and floats."""
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


# Freeing a chain of ten million neurons must not recurse. A neuron that loses its last user is linked into a list
# through `mark`, which nobody needs any more. So freeing needs no memory either.

cdef void (*dealloc_of_cython)(PyObject *) noexcept


cdef inline void release(PyObject *entry, PyObject **dying) noexcept:
    if is_neuron(entry) and Py_REFCNT(entry) == 1:
        Py_SET_REFCNT(entry, 0)  # a weak reference must not give it back
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
        if node.weakrefs is not NULL:
            PyObject_ClearWeakRefs(neuron)
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
    """Make the leaf that `Neuron()` fills in."""
    if kind is not neuron_type:
        return PyType_GenericAlloc(kind, count)
    return new_node(NULL, 0.0)


dealloc_of_cython = neuron_type.tp_dealloc
neuron_type.tp_dealloc = dealloc
neuron_type.tp_alloc = alloc
