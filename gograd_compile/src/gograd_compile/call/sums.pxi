"""Adds up the sums of a step. Every sum is added in order, so its bits do not depend on how it is run.

Sums that follow each other often read slots that move on evenly: those of a matrix times a vector, for example, or the
derivatives with respect to the entries of a matrix. Such a run of sums is computed side by side, so that the compiler
can use vector instructions, and only the slots of its first sum and their steps are read from memory.
"""

cdef enum:
    FEWEST = 4  # sums of a run

cdef struct Step:
    int64_t code, slot, count, at  # a run of sums has minus the length of each as its code, and begins in the moves

cdef struct Term:
    uint32_t first, second

cdef struct Move:  # a term of the first sum of a run, and how far its slots move from sum to sum
    uint32_t first, second
    int32_t dx, dy


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


cdef inline Py_ssize_t add_to_eight(
    double *total, const double *v, const Move *moves, Py_ssize_t length, Py_ssize_t begin, Py_ssize_t k, Py_ssize_t dx
) noexcept nogil:
    """Add terms from `k` on to eight totals, as long as the first factor moves by `dx` and the second one stays."""
    cdef const double *x
    cdef double y
    cdef double t0 = total[0], t1 = total[1], t2 = total[2], t3 = total[3]
    cdef double t4 = total[4], t5 = total[5], t6 = total[6], t7 = total[7]
    while k < length and moves[k].dx == dx and moves[k].dy == 0:
        x, y = v + moves[k].first + begin * dx, v[moves[k].second]
        t0 += x[0] * y
        t1 += x[dx] * y
        t2 += x[2 * dx] * y
        t3 += x[3 * dx] * y
        t4 += x[4 * dx] * y
        t5 += x[5 * dx] * y
        t6 += x[6 * dx] * y
        t7 += x[7 * dx] * y
        k += 1
    total[0], total[1], total[2], total[3] = t0, t1, t2, t3
    total[4], total[5], total[6], total[7] = t4, t5, t6, t7
    return k


cdef inline Py_ssize_t add_to_four(
    double *total, const double *v, const Move *moves, Py_ssize_t length, Py_ssize_t begin, Py_ssize_t k, Py_ssize_t dx
) noexcept nogil:
    """Add terms from `k` on to four totals, as long as the first factor moves by `dx` and the second one stays."""
    cdef const double *x
    cdef double y
    cdef double t0 = total[0], t1 = total[1], t2 = total[2], t3 = total[3]
    while k < length and moves[k].dx == dx and moves[k].dy == 0:
        x, y = v + moves[k].first + begin * dx, v[moves[k].second]
        t0 += x[0] * y
        t1 += x[dx] * y
        t2 += x[2 * dx] * y
        t3 += x[3 * dx] * y
        k += 1
    total[0], total[1], total[2], total[3] = t0, t1, t2, t3
    return k


cdef inline void run_block(
    const double *v, double *out, const Move *moves, Py_ssize_t length, Py_ssize_t begin, const Py_ssize_t width
) noexcept nogil:
    """Add up so many sums of a run, four or eight, from the one at `begin`."""
    cdef double total[8]
    cdef Py_ssize_t j, k = 0
    for j in range(width):
        total[j] = -0.0  # which changes no term that is added to it
    while k < length:
        if moves[k].dy != 0:
            for j in range(width):
                total[j] += (
                    v[moves[k].first + (begin + j) * moves[k].dx] * v[moves[k].second + (begin + j) * moves[k].dy]
                )
            k += 1
        elif width == 4:
            k = add_to_four(total, v, moves, length, begin, k, moves[k].dx)
        elif moves[k].dx == 1:
            k = add_to_eight(total, v, moves, length, begin, k, 1)
        elif moves[k].dx == -1:
            k = add_to_eight(total, v, moves, length, begin, k, -1)
        else:
            k = add_to_eight(total, v, moves, length, begin, k, moves[k].dx)
    for j in range(width):
        out[begin + j] = total[j]


cdef void run_even_sums(double *v, const Step *step, const Move *moves) noexcept nogil:
    """Add up the sums of a run. The last blocks overlap, since to add up a sum again changes nothing."""
    cdef double *out = v + step.slot
    cdef Py_ssize_t begin = 0
    while step.count - begin >= 8:
        run_block(v, out, moves, -step.code, begin, 8)
        begin += 8
    if step.count - begin > 4 and step.count > 8:
        run_block(v, out, moves, -step.code, step.count - 8, 8)
        return
    if step.count - begin > 4:
        run_block(v, out, moves, -step.code, begin, 4)
    if begin < step.count:
        run_block(v, out, moves, -step.code, step.count - 4, 4)


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
