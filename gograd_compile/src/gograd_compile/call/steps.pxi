"""Runs the steps of a schedule at one point. Sums are added in the same order as in points.pxi."""

cdef enum:
    CHUNK = 256  # as in `kernels.generate`
    TOGETHER = 1 << 12  # as in `run.native_runner`
    LEFT = -2  # instead of a status, of a run that ended early
    LONG = 1 << 14  # from so many inputs on, other threads run during a run

ctypedef void (*Kernel)(Py_ssize_t n, Py_ssize_t length, double *out, double *x, double *scratch) noexcept nogil

cdef struct Callee:
    int64_t address, arity, length, width

cdef struct Range:
    int64_t begin, end


cdef bint lie_together(const int32_t *slots, Py_ssize_t count) noexcept nogil:
    """Say whether each slot follows the one before it."""
    cdef Py_ssize_t i
    for i in range(1, count):
        if slots[i] != slots[0] + i:
            return False
    return True


cdef void run_calls(
    double *v, const Step *step, const int32_t *gathers, const Callee *callee, double *buffer
) noexcept nogil:
    """Run one kernel on all applications of a step. If the inputs lie together, `at` is ~ the first of their slots."""
    cdef Py_ssize_t begin = 0, n, i, g
    cdef const int32_t *slots
    cdef double *x
    while begin < step.count:
        n = min(<Py_ssize_t>CHUNK, step.count - begin)
        if step.at < 0:
            x = v + ~step.at + begin
        else:
            x = buffer
            for i in range(callee.arity):
                slots = gathers + step.at + i * step.count + begin
                for g in range(n):
                    x[i * CHUNK + g] = v[slots[g]]
        (<Kernel>callee.address)(n, 0, v + step.slot + begin, x, buffer + callee.arity * CHUNK)
        begin += n


cdef Py_ssize_t side_by_side(const Callee *callee) noexcept nogil:
    """Return in how many lanes at once a kernel of columns is run: in most that fit into the cache."""
    return min(<Py_ssize_t>CHUNK, max(TOGETHER // callee.arity, 8))


cdef void run_columns(
    double *v, const Step *step, const int32_t *gathers, const Callee *callee, double *buffer
) noexcept nogil:
    """Run a kernel of columns: several times eight applications side by side, and those that are left one by one."""
    cdef Py_ssize_t applications = step.count // callee.width, begin = 0, n, i, g
    cdef const int32_t *slots
    cdef double *out
    while begin < applications:
        n = min(side_by_side(callee), applications - begin) // 8 * 8
        if n == 0:
            n = 1
        for i in range(callee.arity):
            slots = gathers + i * applications + begin
            for g in range(n):
                buffer[i * n + g] = v[slots[g]]
        out = v + step.slot + begin * callee.width
        if n > 1 and callee.width > 1:
            out = buffer + callee.arity * n
        (<Kernel>callee.address)(n, callee.length, out, buffer, buffer + (callee.arity + callee.width) * n)
        if n > 1 and callee.width > 1:
            for g in range(n):
                for i in range(callee.width):
                    v[step.slot + (begin + g) * callee.width + i] = out[i * n + g]
        begin += n


cdef bint all_finite(const double *v, const int64_t[:, ::1] ranges) noexcept nogil:
    """Say whether all numbers in some ranges of slots are finite."""
    cdef Py_ssize_t i
    for i in range(ranges.shape[0]):
        if not in_lanes.are_finite(v + ranges[i, 0], ranges[i, 1] - ranges[i, 0]):
            return False
    return True


def ranges_of(slots):
    """Find the ranges that these slots make up: a row for each, with its first slot and the one after its last."""
    if (np.diff(slots) <= 0).any():
        slots = np.sort(slots)
        slots = slots[np.diff(slots, prepend=-1) > 0]
    begins = np.flatnonzero(np.diff(slots, prepend=-2) != 1)
    ends = np.append(begins, len(slots))[1:]
    return np.stack([slots[begins], slots[ends - 1] + 1], axis=1).astype(np.int64)


cdef object ignoring_errors = functools.partial(np.errstate, all="ignore")


cdef class Steps:
    """The steps of a schedule, to be run at one point.

    Args:
        tables: the arrays of a `lower.schedule.Schedule`: steps, where sums begin, terms, and gathers. Then a row for
            each code: the address of its kernel, its arity, length and width.
        derivatives: the first step of derivatives.
        forward: whether derivatives are tangents.
        room: how many doubles kernels need besides the memory.
        watched: slots of values. If any value is not finite, one of these is not.
        results: the slots of the derivatives asked for.
        stops: the steps that only Python can run. For each its number, how many guards must hold before it, and a
            function that takes the memory (a row for each slot) and returns what runs the step there: a `RuleCalls`, or
            a function.
    """

    cdef const int64_t[:, ::1] steps, divided
    cdef const int64_t[::1] starts
    cdef const int32_t[:, ::1] terms, moves
    cdef const int32_t[::1] gathers
    cdef const int64_t[:, ::1] calls
    cdef const int64_t[:, ::1] watched
    cdef const int64_t[:, ::1] results
    cdef Py_ssize_t derivatives
    cdef bint forward, is_long
    cdef readonly Py_ssize_t room
    cdef readonly Division division
    cdef list stops

    def __init__(self, tables, derivatives, forward, room, watched, results, list stops not None):
        self.steps, self.starts, self.terms, self.gathers, self.calls = tables
        division = Division(self.steps, self.starts, self.terms)
        self.division, self.divided, self.moves = division, self.with_places(division.steps), division.moves
        self.derivatives, self.forward, self.room = derivatives, forward, max(room, division.room)
        self.watched, self.results = ranges_of(watched), ranges_of(results)
        self.is_long = len(tables[2]) + len(tables[3]) > LONG
        calls = np.flatnonzero(np.asarray(self.divided)[:, 0] > 0)  # as many as among the steps, in the same order
        before = np.cumsum(np.asarray(self.steps)[:, 0] > 0)
        self.stops = [(int(calls[before[step] - 1]), *rest) for step, *rest in stops]

    cdef object with_places(self, divided):
        """Say of calls of one input whose inputs lie together where that is: see `run_calls`."""
        cdef int64_t[:, ::1] rows = divided
        cdef Py_ssize_t k
        cdef Step *step
        for k in range(rows.shape[0]):
            step = <Step *>&rows[k, 0]
            if step.code > 0 and self.calls[step.code, 1] == 1 and self.calls[step.code, 2] == 0:
                if lie_together(&self.gathers[step.at], step.count):
                    step.at = ~<int64_t>self.gathers[step.at]
        return divided

    cdef list bound(self, memory):
        """Return the steps in Python in a memory: their places among the divided steps, guards, and what runs them."""
        return [(step, guards, bind(memory[:, np.newaxis])) for step, guards, bind in self.stops]

    def run(self, memory):
        """Run all steps at the point whose numbers lie in the first slots, and say what was not finite.

        Returns 1 if it is a value, 2 if it is a derivative, 3 if both, otherwise 0. If a result is not finite, some
        derivative is not. The converse holds as well, unless that derivative is multiplied by 0.0.

        Raises:
            Whatever a step in Python raises.
        """
        cdef double[::1] numbers = memory, buffer = np.empty(self.room)
        return self.run_at(&numbers[0], &buffer[0], self.bound(memory), None)

    def carefully(self, double[::1] numbers):
        """Do what `run_carefully` does in a memory."""
        return self.run_carefully(&numbers[0])

    cdef int run_at(self, double *v, double *buffer, list stops, Guards guards) except -1:
        """Run all steps as `run` does, in a memory to which `stops` are bound. Other threads run if it takes long.

        Returns LEFT if one of these guards, if there are any, does not hold before a step in Python that needs it.

        Raises:
            Whatever a step in Python raises.
        """
        cdef Py_ssize_t begin = 0
        cdef int status
        if stops and self.calls_with_arrays(stops):
            with ignoring_errors():
                begin = self.run_stops(v, buffer, stops, guards)
        elif stops:
            begin = self.run_stops(v, buffer, stops, guards)
        if begin == LEFT:
            return LEFT
        self.advance(v, buffer, begin, self.divided.shape[0])
        if not self.is_long:
            return self.status(v)
        with nogil:
            status = self.status(v)
        return status

    cdef bint calls_with_arrays(self, list stops):
        """Say whether a rule is called with arrays. NumPy would warn where it is not defined."""
        for _, _, run in stops:
            if type(run) is not RuleCalls:
                return True
        return False

    cdef Py_ssize_t run_stops(self, double *v, double *buffer, list stops, Guards guards) except -1:
        """Run the steps up to the last one that only Python can run, and return the number of the next one, or LEFT."""
        cdef Py_ssize_t begin = 0, step, count
        for step, count, run in stops:
            self.advance(v, buffer, begin, step)
            if count and guards is not None and guards.failure(v, count) >= 0:
                return LEFT
            if type(run) is RuleCalls:
                (<RuleCalls>run).run(v, 1)
            else:
                run()
            begin = step + 1
        return begin

    cdef int advance(self, double *v, double *buffer, Py_ssize_t begin, Py_ssize_t end) except -1:
        """Run the divided steps from `begin` to `end`, which are native."""
        if not self.is_long:
            self.run_steps(v, buffer, begin, end)
            return 0
        with nogil:
            self.run_steps(v, buffer, begin, end)
        return 0

    cdef void run_steps(self, double *v, double *buffer, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
        cdef Py_ssize_t k
        cdef const Step *step
        cdef const Callee *callee
        for k in range(begin, end):
            step = <const Step *>&self.divided[k, 0]
            if step.code == 0:
                run_single_sums(v, step, &self.starts[step.at], <const Term *>&self.terms[0, 0])
                continue
            if step.code < 0:
                run_even_sums(v, step, <const Move *>&self.moves[step.at, 0], buffer)
                continue
            callee = <const Callee *>&self.calls[step.code, 0]
            if callee.length == 0:
                run_calls(v, step, &self.gathers[0], callee, buffer)
            else:
                run_columns(v, step, &self.gathers[step.at], callee, buffer)

    cdef int status(self, double *v) noexcept nogil:
        """Say what is not finite, as `run` does."""
        cdef int found = 0
        if not all_finite(v, self.watched):
            found = 1
        if not all_finite(v, self.results) and not (self.run_carefully(v) and all_finite(v, self.results)):
            found += 2
        return found

    cdef bint run_carefully(self, double *v) noexcept nogil:
        """Run the sums among the derivatives again, where 0.0 times an infinity or NaN is 0.0.

        Returns whether all sums and first factors (adjoints or tangents) are finite, and the factors of tangents.
        """
        cdef const Step *step
        cdef const int64_t *starts
        cdef Py_ssize_t k, g, place
        cdef double x, y, total
        cdef bint finite = True
        for k in range(self.derivatives, self.steps.shape[0]):
            step = <const Step *>&self.steps[k, 0]
            starts = &self.starts[step.at]
            for g in range(step.count if step.code == 0 else 0):
                total = 0.0
                for place in range(starts[g], starts[g + 1]):
                    x, y = v[self.terms[place, 0]], v[self.terms[place, 1]]
                    if x != 0.0 and y != 0.0:
                        total += x * y
                    finite = finite and x - x == 0.0 and (not self.forward or y - y == 0.0)
                v[step.slot + g] = total
                finite = finite and total - total == 0.0
        return finite
