"""Compares guards with the answers recorded, at one point. `paths.guards` does the same at many, with NumPy."""

cdef enum Question:
    BOOL, TRUNC, ROUND, FLOOR, CEIL, INDEX, FINITE, DOMAIN, UNUSED  # the places in `trace.tape.GUARDS`


cdef inline double answer(int64_t question, double x) noexcept nogil:
    """Answer what a guard asks about a number. Of a number that is finite, no operation is outside of its domain."""
    if question == BOOL:
        return x != 0.0
    if question == TRUNC:
        return trunc(x)
    if question == ROUND:
        return rint(x)
    if question == FLOOR:
        return floor(x)
    if question == CEIL:
        return ceil(x)
    if question == INDEX:
        return x if x == trunc(x) else NAN
    if question == FINITE:
        return x - x == 0.0
    if question == DOMAIN and x - x != 0.0:
        return NAN
    return 0.0


cdef class Guards:
    """The guards of a path: what is asked about the numbers in which slots, and what was answered."""

    cdef const int64_t[::1] questions
    cdef const int64_t[::1] slots
    cdef const double[::1] answers
    cdef bint tell_paths_apart  # whether no error may be caught, so that nothing but other answers makes another path

    def __init__(self, questions, slots, answers):
        self.questions, self.slots = map(as_integers, (questions, slots))
        self.answers = np.ascontiguousarray(answers, dtype=np.float64)
        self.tell_paths_apart = not np.isin(questions, (DOMAIN, UNUSED)).any()

    cdef Py_ssize_t failure(self, const double *v) noexcept nogil:
        """Find the first guard that turns out differently. It is -1 if there is none."""
        cdef Py_ssize_t i
        for i in range(self.answers.shape[0]):
            if answer(self.questions[i], v[self.slots[i]]) != self.answers[i]:
                return i
        return -1

    cdef bint begin_with(self, Guards others, Py_ssize_t count, double other) noexcept nogil:
        """Say whether the first guards are those of another path, so many of them, and the next has another answer."""
        cdef Py_ssize_t i
        if count >= self.answers.shape[0] or self.questions[count] != others.questions[count]:
            return False
        for i in range(count):
            if self.questions[i] != others.questions[i] or self.answers[i] != others.answers[i]:
                return False
        return self.answers[count] == other
