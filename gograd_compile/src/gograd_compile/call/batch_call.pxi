"""Whole calls of a compiled function at many points, for the common case: a path that decides nothing."""


@cython.final
cdef class BatchCall:
    """A call at many points, prepared for one path, which decides nothing, and for arguments nested in one way.

    Args:
        steps: what to run.
        shared: memory for what all points share, with the constants in it.
        captured: the captured neurons, whose values follow those of the arguments in the memory.
        form: how the arguments are nested, in a tuple.
        shapes, are_shared: for each leaf of the arguments its shape at one point, and whether all points share it.
        first_seed, seeds: the first slot of the seeds, and how many there are.
        sizes: how many numbers the outputs have, the gradients asked for per point, and those in total.
        room: finds memory for a block of so many points.
        most: how many points are run here at most.
    """

    cdef BatchSteps steps
    cdef double[::1] shared, coefficients
    cdef double[:, ::1] memory
    cdef int64_t[::1] slots
    cdef tuple captured, shapes, are_shared, sizes
    cdef object captured_values, form, room
    cdef Source *sources
    cdef Py_ssize_t given, seeds, points, most
    cdef bint is_busy

    def __cinit__(self):
        self.sources = NULL

    def __dealloc__(self):
        PyMem_Free(self.sources)

    def __init__(
        self, BatchSteps steps, shared, tuple captured, form, tuple shapes, tuple are_shared, first_seed, seeds,
        tuple sizes, room, most,
    ):  # fmt: skip
        cdef Py_ssize_t size, place = 0
        self.steps, self.shared, self.captured, self.form, self.room = steps, shared, captured, form, room
        self.shapes, self.are_shared, self.sizes, self.seeds, self.most = shapes, are_shared, sizes, seeds, most
        self.coefficients = np.empty(steps.plan.coefficients.shape[0])
        sizes_of_leaves = [1 if shape is None else math.prod(shape) for shape in shapes]
        self.captured_values = shared[sum(sizes_of_leaves) : sum(sizes_of_leaves) + len(captured)]
        self.sources = <Source *>PyMem_Malloc((len(shapes) + 1) * sizeof(Source))
        if self.sources == NULL:
            raise MemoryError
        self.slots = np.append(np.arange(sum(sizes_of_leaves)), np.arange(first_seed, first_seed + self.seeds))
        for size, is_shared in zip(sizes_of_leaves, are_shared):
            if not is_shared:
                self.add(place, size)
            place += size
        if self.seeds:
            self.add(place, self.seeds)

    cdef int add(self, Py_ssize_t place, Py_ssize_t width) except -1:
        self.sources[self.given].slots, self.sources[self.given].width = &self.slots[place], width
        self.given += 1
        return 0

    def answer(self, tuple args, seeds):
        """Run at all points. Returns outputs, gradients per point, and totals, or None if anything is unusual.

        Args:
            args: the arguments.
            seeds: a row for each point, if there are any.
        """
        if is_seen() or self.is_busy:
            return None
        self.is_busy = True
        try:
            return self.run(args, seeds)
        finally:
            self.is_busy = False

    cdef object run(self, tuple args, seeds):
        cdef Results into
        cdef Py_ssize_t count, i
        cdef uint8_t wrong = 0
        cdef double[:, ::1] outputs, gradients
        cdef double[::1] totals
        cdef uint8_t[::1] status
        leaves, form = take_apart(args)
        if form != self.form:
            return None
        count = self.read(leaves, seeds)
        if count <= 0 or count > self.most:
            return None
        if self.captured:
            read_values(self.captured, self.captured_values)
        if count != self.points:
            self.memory, self.points = self.room(count), count
        first, second, third = self.sizes
        made = np.empty((count, first)), np.empty((count, second)), np.zeros(third)
        outputs, gradients, totals = made
        status = np.zeros(count, dtype=np.uint8)
        into.outputs, into.gradients, into.totals, into.status = (
            &outputs[0, 0], &gradients[0, 0], &totals[0], &status[0]
        )  # fmt: skip
        self.steps.compute_shared(self.shared, self.coefficients)
        self.steps.run_blocks(
            self.memory, self.shared, &self.coefficients[0], 0, count, self.sources, self.given, into
        )  # fmt: skip
        for i in range(count):
            wrong |= status[i]
        return None if wrong else made

    cdef Py_ssize_t read(self, list leaves, seeds) except -2:
        """Read the shared numbers, and find where those of the points lie. Returns how many points, or -1 if unusual."""
        cdef Py_ssize_t count = -1, place = 0, source = 0, i, size
        for i in range(len(leaves)):
            leaf, shape = leaves[i], self.shapes[i]
            size = 1 if shape is None else math.prod(shape)
            if not self.are_shared[i]:
                count = self.find(leaf, () if shape is None else <tuple>shape, self.sources + source, count)
                source += 1
                if count < 0:
                    return -1
            elif shape is None:
                if not read_number(<PyObject *>leaf, &self.shared[place]):
                    return -1
            elif not (type(leaf) is ndarray and read_whole_array(leaf, <tuple>shape, &self.shared[place])):
                return -1
            place += size
        if self.seeds:
            return self.find(seeds, (self.seeds,), self.sources + source, count)
        return count

    cdef Py_ssize_t find(self, array, tuple shape, Source *source, Py_ssize_t count) except -2:
        """Find where an array has the numbers of the points: so many, if that is known. Returns how many, or -1."""
        cdef Py_buffer view
        cdef Py_ssize_t axis, apart = sizeof(double), points
        cdef bint fits
        if type(array) is not ndarray:
            return -1
        try:
            PyObject_GetBuffer(array, &view, PyBUF_RECORDS_RO)
        except Exception:  # NumPy's for dates and texts, which the general way refuses
            return -1
        fits = view.format[0] == b"d" and view.format[1] == 0 and view.ndim == 1 + len(shape)
        fits = fits and <uint64_t>view.buf % sizeof(double) == 0 and view.strides[0] % <Py_ssize_t>sizeof(double) == 0
        for axis in range(len(shape) if fits else 0, 0, -1):
            fits = fits and view.shape[axis] == <Py_ssize_t>shape[axis - 1] and view.strides[axis] == apart
            apart *= view.shape[axis]
        points = view.shape[0] if fits and (count < 0 or view.shape[0] == count) else -1
        if points >= 0:  # a number in an array has no strides
            source.start, source.apart = <double *>view.buf, view.strides[0] // <Py_ssize_t>sizeof(double)
        PyBuffer_Release(&view)  # the array is referenced until the run ends
        return points
