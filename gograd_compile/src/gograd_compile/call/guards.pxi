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

    def __init__(self, questions, slots, answers):
        self.questions, self.slots = map(as_integers, (questions, slots))
        self.answers = np.ascontiguousarray(answers, dtype=np.float64)

    cdef bint hold(self, const double *v) noexcept nogil:
        """Say whether all guards turn out as recorded. If it is not certain, they do not."""
        cdef Py_ssize_t i
        for i in range(self.answers.shape[0]):
            if answer(self.questions[i], v[self.slots[i]]) != self.answers[i]:
                return False
        return True
