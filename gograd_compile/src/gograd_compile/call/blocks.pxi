"""What happens to a block of points outside of sums: numbers are loaded and stored, and kernels are called.

A row of a memory has a lane for each point of a block.
"""

cdef struct Source:  # numbers that lie next to each other in each point
    const double *start
    Py_ssize_t apart, width  # how many doubles lie from point to point, and how many numbers there are
    const int64_t *slots


cdef struct Results:  # see `run.records.Points`
    double *outputs
    double *gradients
    double *totals
    uint8_t *status


cdef bint rows_are_finite(const double *v, Py_ssize_t lanes, const int64_t[:, ::1] ranges) noexcept nogil:
    """Say whether all numbers in some ranges of rows are finite."""
    cdef Py_ssize_t i
    for i in range(ranges.shape[0]):
        if not in_lanes.are_finite(v + ranges[i, 0] * lanes, (ranges[i, 1] - ranges[i, 0]) * lanes):
            return False
    return True


cdef void mark_lanes(
    const double *v, Py_ssize_t lanes, Py_ssize_t count, const int64_t[:, ::1] ranges, uint8_t *marks
) noexcept nogil:
    """Mark the lanes in which some ranges of rows have a number that is not finite."""
    cdef Py_ssize_t i, slot, lane
    for i in range(ranges.shape[0]):
        for slot in range(ranges[i, 0], ranges[i, 1]):
            for lane in range(count):
                marks[lane] |= v[slot * lanes + lane] - v[slot * lanes + lane] != 0.0


cdef void spread(double *v, Py_ssize_t lanes, const int64_t[::1] slots, const double[::1] shared) noexcept nogil:
    """Fill the rows of slots whose numbers all points share."""
    cdef Py_ssize_t i, lane
    for i in range(slots.shape[0]):
        for lane in range(lanes):
            v[slots[i] * lanes + lane] = shared[slots[i]]


cdef void load(double *v, Py_ssize_t lanes, const Source *source, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Load numbers for a block of points. Those of the last point fill the lanes that are left."""
    cdef Py_ssize_t i, lane
    cdef double *row
    in_lanes.load(
        v, lanes, source.slots, source.width, source.start + begin * source.apart, source.apart, end - begin
    )  # fmt: skip
    for i in range(source.width if end - begin < lanes else 0):
        row = v + source.slots[i] * lanes
        for lane in range(end - begin, lanes):
            row[lane] = row[end - begin - 1]


cdef void store(
    const double *v, Py_ssize_t lanes, const int64_t[::1] slots, double *into, Py_ssize_t begin, Py_ssize_t end
) noexcept nogil:
    """Store the rows of some slots for a block of points: a row for each point."""
    cdef Py_ssize_t width = slots.shape[0]
    in_lanes.store(v, lanes, &slots[0], width, into + begin * width, width, end - begin)


cdef void call_in_lanes(
    double *v, Py_ssize_t lanes, const Step *step, const int32_t *gathers, const Callee *callee, double *buffer
) noexcept nogil:
    """Run one kernel on all applications of a step."""
    cdef Py_ssize_t begin = 0, first, n, width, i, g
    cdef double *x
    while begin < step.count:
        n = min(max(<Py_ssize_t>CHUNK // lanes, 1), step.count - begin)
        first = 0
        while first < lanes:  # once, unless Python runs steps
            width = min(<Py_ssize_t>CHUNK, lanes - first)
            if callee.arity == 1 and lie_together(gathers + begin, n):
                x = v + gathers[begin] * lanes + first
            else:
                x = buffer
                for i in range(callee.arity):
                    for g in range(n):
                        memmove(  # which no compiler replaces with a slow string instruction
                            x + i * CHUNK + g * width, v + gathers[i * step.count + begin + g] * lanes + first,
                            width * sizeof(double),
                        )  # fmt: skip
            (<Kernel>callee.address)(
                n * width, 0, v + (step.slot + begin) * lanes + first, x, buffer + callee.arity * CHUNK
            )
            first += width
        begin += n


cdef void columns_in_lanes(
    double *v, Py_ssize_t lanes, const Step *step, const int32_t *gathers, const Callee *callee, double *buffer
) noexcept nogil:
    """Run a kernel of columns, one application at a time, in many lanes at once."""
    cdef Py_ssize_t applications = step.count // callee.width, most = side_by_side(callee), g, first, n, i
    cdef double *out
    cdef double *results
    for g in range(applications):
        out = v + (step.slot + g * callee.width) * lanes
        first = 0
        while first < lanes:
            n = min(most, lanes - first)
            for i in range(callee.arity):
                memmove(buffer + i * n, v + gathers[i * applications + g] * lanes + first, n * sizeof(double))
            results = out if n == lanes else buffer + callee.arity * n
            (<Kernel>callee.address)(n, callee.length, results, buffer, buffer + (callee.arity + callee.width) * n)
            for i in range(callee.width if n < lanes else 0):
                memmove(out + i * lanes + first, results + i * n, n * sizeof(double))
            first += n
