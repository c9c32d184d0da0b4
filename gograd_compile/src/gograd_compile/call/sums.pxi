"""Adds up the sums of a step. Every sum is added in order, so its bits do not depend on how it is run.

Sums that follow each other often read slots that move on evenly: those of a matrix times a vector, for example, or the
derivatives with respect to the entries of a matrix. Such a run of sums is computed side by side, in vector instructions
where it can be, and the slots of two of its sums say all. So the rest of the terms need not be read from memory.
"""

cdef enum:
    FEWEST = 4  # sums of a run

cdef struct Step:
    int64_t code, slot, count, at  # a run of sums has minus the length of each as its code, and begins in the terms

cdef struct Term:
    uint32_t first, second


cdef inline double product(const double *v, const Term *term) noexcept nogil:
    return v[term.first] * v[term.second]


cdef void run_sums(double *v, const Step *step, const int64_t *starts, const Term *terms) noexcept nogil:
    """Add up the terms of each sum in order. Most sums have few terms, and a loop over these would cost more."""
    cdef const Term *term = terms + starts[0]
    cdef const Term *end
    cdef double *out = v + step.slot
    cdef double total
    cdef Py_ssize_t g, left
    for g in range(step.count):
        end = terms + starts[g + 1]
        left = end - term
        total = product(v, term)
        if left == 1:
            pass
        elif left == 2:
            total += product(v, term + 1)
        elif left == 3:
            total += product(v, term + 1)
            total += product(v, term + 2)
        else:
            term += 1
            while term < end:
                total += product(v, term)
                term += 1
        out[g] = total
        term = end


cdef inline void add_products(
    double *total, const double *x, Py_ssize_t dx, const double *y, Py_ssize_t dy, const Py_ssize_t width
) noexcept nogil:
    """Add one term to each of some sums that lie side by side."""
    cdef Py_ssize_t j
    cdef double factor
    if dy == 0:
        factor = y[0]
        if dx == 1:
            for j in range(width):
                total[j] += x[j] * factor
        else:
            for j in range(width):
                total[j] += x[j * dx] * factor
    elif dx == 0:
        factor = x[0]
        if dy == 1:
            for j in range(width):
                total[j] += factor * y[j]
        elif dy == -1:
            for j in range(width):
                total[j] += factor * y[-j]
        else:
            for j in range(width):
                total[j] += factor * y[j * dy]
    else:
        for j in range(width):
            total[j] += x[j * dx] * y[j * dy]


cdef inline void run_block(
    const double *v, double *out, const Term *terms, Py_ssize_t length, Py_ssize_t begin, const Py_ssize_t width
) noexcept nogil:
    """Add up so many sums of a run, from the one at `begin`."""
    cdef double total[8]
    cdef Py_ssize_t j, k, dx, dy
    for j in range(width):
        total[j] = -0.0  # which changes no term that is added to it
    for k in range(length):
        dx = <Py_ssize_t>terms[length + k].first - <Py_ssize_t>terms[k].first
        dy = <Py_ssize_t>terms[length + k].second - <Py_ssize_t>terms[k].second
        add_products(total, v + (terms[k].first + begin * dx), dx, v + (terms[k].second + begin * dy), dy, width)
    for j in range(width):
        out[begin + j] = total[j]


cdef void run_even_sums(double *v, const Step *step, const Term *terms) noexcept nogil:
    """Add up the sums of a run. The last blocks overlap, since to add up a sum again changes nothing."""
    cdef double *out = v + step.slot
    cdef Py_ssize_t begin = 0
    while step.count - begin >= 8:
        run_block(v, out, terms, -step.code, begin, 8)
        begin += 8
    if step.count - begin > 4 and step.count > 8:
        run_block(v, out, terms, -step.code, step.count - 8, 8)
        return
    if step.count - begin > 4:
        run_block(v, out, terms, -step.code, begin, 4)
    if begin < step.count:
        run_block(v, out, terms, -step.code, step.count - 4, 4)


cdef Py_ssize_t run_length(const Step *step, Py_ssize_t begin, const int64_t *starts, const Term *terms) noexcept nogil:
    """Count the sums from `begin` on that make up a run: their slots move on evenly, and none reads another one."""
    cdef Py_ssize_t length = starts[begin + 1] - starts[begin], end = begin + 1, k
    cdef uint32_t own = step.slot + begin
    cdef const Term *first = terms + starts[begin]
    cdef const Term *last = first
    cdef const Term *term
    while end < step.count and starts[end + 1] - starts[end] == length:
        term = last + length
        for k in range(length):
            if term[k].first >= own or term[k].second >= own:
                return end - begin
            if (
                term[k].first - last[k].first != first[length + k].first - first[k].first
                or term[k].second - last[k].second != first[length + k].second - first[k].second
            ):
                return end - begin
        last = term
        end += 1
    return end - begin


def with_runs(const int64_t[:, ::1] steps, const int64_t[::1] starts, const int32_t[:, ::1] terms):
    """Divide steps of sums into runs and others, and leave the other steps as they are."""
    cdef Py_ssize_t sums = starts.shape[0] - 1, made = 0, k, g, begin, length, at
    cdef const Step *step
    cdef const Term *first
    found = np.empty((steps.shape[0] + 2 * (sums // FEWEST), 4), dtype=np.int64)
    cdef int64_t[:, ::1] rows = found
    for k in range(steps.shape[0]):
        step = <const Step *>&steps[k, 0]
        g = begin = 0
        if step.code == 0:
            first = <const Term *>&terms[0, 0]
            while g < step.count:
                length = run_length(step, g, &starts[step.at], first)
                if length < FEWEST:
                    g += max(length - 1, 1)
                    continue
                if begin < g:
                    made = append(rows, made, 0, step.slot + begin, g - begin, step.at + begin)
                at = starts[step.at + g]
                made = append(rows, made, at - starts[step.at + g + 1], step.slot + g, length, at)
                g += length
                begin = g
        if begin < step.count:
            made = append(rows, made, step.code, step.slot + begin, step.count - begin, step.at + begin)
    return found[:made].copy()


cdef Py_ssize_t append(
    int64_t[:, ::1] rows, Py_ssize_t place, int64_t code, int64_t slot, int64_t count, int64_t at
) noexcept:
    rows[place, 0], rows[place, 1], rows[place, 2], rows[place, 3] = code, slot, count, at
    return place + 1
