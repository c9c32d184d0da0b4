"""Adds up the sums of a step. Every sum is added in order, so its bits do not depend on how it is run.

Sums that follow each other often read slots that move on evenly: those of a matrix times a vector, for example, or the
derivatives with respect to the entries of a matrix. Such a run of sums is computed side by side in vectors, by
`even_sums.h`, and only the slots of its first sum and their steps are read from memory.
"""

cdef enum:
    FEWEST = 4  # sums of a run

cdef struct Term:
    uint32_t first, second

cdef extern from "even_sums.h":
    ctypedef struct Step:
        int64_t code, slot, count, at
    ctypedef struct Move:
        uint32_t first, second
        int32_t dx, dy

ctypedef void (*EvenSums)(double *v, const Step *step, const Move *moves) noexcept nogil

cdef extern from "even_sums.h":
    EvenSums BEST

cdef EvenSums run_even_sums = BEST  # with the vectors of this processor


cdef inline double product(const double *v, const Term *term) noexcept nogil:
    return v[term.first] * v[term.second]


cdef void run_sums(double *v, const Step *step, const int64_t *starts, const Term *terms) noexcept nogil:
    """Add up the terms of each sum in order. Most sums have few terms, and a loop over these would cost more."""
    cdef const Term *term = terms + starts[0]
    cdef const Term *end
    cdef double *out = v + step.slot
    cdef double total
    cdef Py_ssize_t g
    for g in range(step.count):
        end = terms + starts[g + 1]
        total = product(v, term)
        term += 1
        if term != end:
            total += product(v, term)
            term += 1
            if term != end:
                total += product(v, term)
                term += 1
                while term != end:
                    total += product(v, term)
                    term += 1
        out[g] = total


# Called through a pointer, so that the compiler keeps it apart from the loop over steps: it is a fifth faster then.
cdef void (*run_single_sums)(double *, const Step *, const int64_t *, const Term *) noexcept nogil
run_single_sums = run_sums


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


cdef Move move_of(const Term *term, Py_ssize_t length) noexcept nogil:
    """Describe a term of the first sum of a run. If a factor stays, it becomes the second one."""
    cdef Move found
    found.first, found.second = term.first, term.second
    found.dx, found.dy = <int32_t>(term[length].first - term.first), <int32_t>(term[length].second - term.second)
    if found.dx == 0:
        found.first, found.second, found.dx, found.dy = term.second, term.first, found.dy, 0
    return found


def with_runs(const int64_t[:, ::1] steps, const int64_t[::1] starts, const int32_t[:, ::1] terms):
    """Divide steps of sums into runs and others, and leave other steps as they are. Returns steps, and moves."""
    cdef Py_ssize_t sums = starts.shape[0] - 1, made = 0, moved = 0, j, k, g, begin, count, length
    cdef const Step *step
    cdef const Term *term
    found = np.empty((steps.shape[0] + 2 * (sums // FEWEST), 4), dtype=np.int64)
    found_moves = np.empty((terms.shape[0] // FEWEST, 4), dtype=np.int32)
    cdef int64_t[:, ::1] rows = found
    cdef int32_t[:, ::1] moves = found_moves
    for k in range(steps.shape[0]):
        step = <const Step *>&steps[k, 0]
        g = begin = 0
        while step.code == 0 and g < step.count:
            term = <const Term *>&terms[0, 0]
            count = run_length(step, g, &starts[step.at], term)
            if count < FEWEST:
                g += max(count - 1, 1)
                continue
            if begin < g:
                made = append(rows, made, 0, step.slot + begin, g - begin, step.at + begin)
            term += starts[step.at + g]
            length = starts[step.at + g + 1] - starts[step.at + g]
            made = append(rows, made, -length, step.slot + g, count, moved)
            for j in range(length):
                (<Move *>&moves[moved + j, 0])[0] = move_of(term + j, length)
            moved += length
            g += count
            begin = g
        if begin < step.count:
            made = append(rows, made, step.code, step.slot + begin, step.count - begin, step.at + begin)
    return found[:made].copy(), found_moves[:moved].copy()


cdef Py_ssize_t append(
    int64_t[:, ::1] rows, Py_ssize_t place, int64_t code, int64_t slot, int64_t count, int64_t at
) noexcept:
    rows[place, 0], rows[place, 1], rows[place, 2], rows[place, 3] = code, slot, count, at
    return place + 1
