"""Compares guards with the answers recorded, at one point. `paths.guards` does the same at many, with NumPy."""

cdef enum Question:
    BOOL, TRUNC, ROUND, FLOOR, CEIL, INDEX, FINITE, DOMAIN, UNUSED  # the places in `trace.tape.GUARDS`


cdef inline double answer(int64_t question, double x) noexcept nogil:
    """Answer what a guard asks about a number. If it is finite, no operation was outside of its domain."""
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
    """The guards of a path: what is asked about the numbers in which slots, and what was answered.

    `errors` has the operations that raised an error, by the place of their guard, and the slots of their inputs.
    """

    cdef const int64_t[::1] questions
    cdef const int64_t[::1] slots
    cdef const double[::1] answers
    cdef dict errors
    cdef bint tell_paths_apart  # whether no error may be caught, so that nothing but other answers makes another path

    def __init__(self, questions, slots, answers, errors):
        self.questions, self.slots = map(as_integers, (questions, slots))
        self.answers = np.ascontiguousarray(answers, dtype=np.float64)
        self.errors = errors
        self.tell_paths_apart = not np.isin(questions, (DOMAIN, UNUSED)).any()

    cdef Py_ssize_t failure(self, const double *v, Py_ssize_t count) except -2:
        """Find the first guard, among so many or all, that turns out differently. It is -1 if there is none."""
        cdef Py_ssize_t i
        cdef double found
        for i in range(min(count, self.answers.shape[0])):
            found = answer(self.questions[i], v[self.slots[i]])
            if found != self.answers[i] and not (self.questions[i] == DOMAIN and self.is_raised(i, v)):
                return i
        return -1

    cdef bint is_raised(self, Py_ssize_t place, const double *v) except -1:
        """Say whether an operation raises the error that it raised before: if NaN comes of numbers, or an infinity of
        finite ones. Python finds out which error it is.
        """
        cdef double x = v[self.slots[place]]
        if x - x == 0.0 or place not in self.errors or not domain_errors_raise():
            return False
        operation, slots = self.errors[place]
        inputs = [v[<int64_t>slot] for slot in slots]
        is_outside = not any(map(math.isnan, inputs)) if x != x else all(map(math.isfinite, inputs))
        return is_outside and error_code(operation, inputs) == self.answers[place]

    cdef bint begin_with(self, Guards others, Py_ssize_t count, double other) noexcept nogil:
        """Say whether the first guards are those of another path, so many of them, and the next has another answer."""
        cdef Py_ssize_t i
        if count >= self.answers.shape[0] or self.questions[count] != others.questions[count]:
            return False
        for i in range(count):
            if self.questions[i] != others.questions[i] or self.answers[i] != others.answers[i]:
                return False
        return self.answers[count] == other
