# The memory that neurons lie in.
#
# A graph is swept by age, so neurons of one age should lie together. A slab is a piece of memory, aligned to its own
# size, so that a neuron's address says which slab it is in. Whenever a slab has become empty it is filled from its
# beginning again: a loop that makes and frees graphs finds its memory as orderly as at the start.

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
    char *fresh  # from here on, nothing was taken since the slab was empty
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
    """For one neuron; NULL if there is none left."""
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
    """Back again."""
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
