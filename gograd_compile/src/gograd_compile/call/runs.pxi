"""Runs are rows of sums whose slots move on evenly. In a table, which is a product of matrices, runs share one factor of
each term.
"""

cdef enum:
    FEWEST = 4  # sums of a run, and rows of a table: from there on, tables take less time than their rows
    EVEN = -1  # the code of a step of even sums

cdef struct Run:
    int64_t first, by, count  # the first sum, how far it is to the next one, and how many there are
    int64_t range, after  # of which range it is, and the next run there
    int64_t rows, begin, end, next, last  # of a table: how many rows, its terms, the next row, and the last one

cdef struct Sums:
    const int64_t *starts
    const Term *terms


cdef inline Py_ssize_t length_of(const Sums *sums, int64_t place) noexcept nogil:
    return sums.starts[place + 1] - sums.starts[place]


cdef inline const Term *terms_of(const Sums *sums, int64_t place) noexcept nogil:
    return sums.terms + sums.starts[place]


cdef Py_ssize_t run_length(const Sums *sums, const int64_t *order, Py_ssize_t most, const int32_t[::1] ranges) noexcept:
    """Count the sums that make up a run: the first ones of these, as long as their slots move on evenly."""
    cdef Py_ssize_t length = length_of(sums, order[0]), end = 1, k
    cdef int64_t by = order[1] - order[0] if most > 1 else 0
    cdef const Term *first = terms_of(sums, order[0])
    cdef const Term *last = first
    cdef const Term *term
    while (
        end < most and ranges[order[end]] == ranges[order[0]] and order[end] - order[end - 1] == by
        and length_of(sums, order[end]) == length
    ):
        term = terms_of(sums, order[end])
        for k in range(length):
            if (
                term[k].first - last[k].first != terms_of(sums, order[1])[k].first - first[k].first
                or term[k].second - last[k].second != terms_of(sums, order[1])[k].second - first[k].second
            ):
                return end
        last = term
        end += 1
    return end


cdef inline Move move_of(const Sums *sums, const Run *run, Py_ssize_t k) noexcept nogil:
    """Describe a term of the first sum of a run. If a factor stays, it becomes the second one."""
    cdef const Term *term = terms_of(sums, run.first) + k
    cdef const Term *after = terms_of(sums, run.first + run.by) + k
    cdef Move found
    found.first, found.second = term.first, term.second
    found.dx, found.dy = <int32_t>(after.first - term.first), <int32_t>(after.second - term.second)
    if found.dx == 0:
        found.first, found.second, found.dx, found.dy = term.second, term.first, found.dy, 0
    return found


cdef bint share(const Sums *sums, const Run *one, const Run *other, Py_ssize_t k) noexcept nogil:
    """Say whether two runs share the moving factor of a term, and the other factor stays."""
    cdef Move left = move_of(sums, one, k), right = move_of(sums, other, k)
    return left.dy == 0 and right.dy == 0 and left.dx == right.dx and left.first == right.first


cdef bint joined(const Sums *sums, Run *head, const Run *run) noexcept nogil:
    """Make a run a part of the table that begins with `head`, unless too few terms would be left in the table."""
    cdef Py_ssize_t length = length_of(sums, head.first), middle = length // 2, begin = middle, end = middle
    while begin > head.begin and share(sums, head, run, begin - 1):
        begin -= 1
    while end < head.end and share(sums, head, run, end):
        end += 1
    if 2 * (end - begin) < length:
        return False
    head.begin, head.end = begin, end
    head.rows += 1
    return True
