"""Plans how sums are added up at many points: which are tables, sums of products of the same rows, and which are not.

What differs between points is a row, with a lane for each point. What they share is a number. A term of a sum is a row
times a row, or a row times a coefficient: a shared number, or the product of two such numbers and a row of ones. Sums
that are multiplied with the same rows, and do not read each other, make a table. Derivatives that nothing reads, and
whose sum over the points is asked for, are never computed in lanes: they are tables of totals.
"""

cdef extern from "lanes.h":
    enum:
        TILE
    ctypedef struct Factors:
        int32_t row, other
    ctypedef struct SumTable:
        const int32_t *rows
        const int32_t *outs
        const double *coefficients
        Py_ssize_t length, sums
    ctypedef struct SumList:
        const Factors *terms
        const int32_t *starts
        const int32_t *outs
    ctypedef struct TotalTable:
        const int32_t *xs
        const int32_t *ys
        const int32_t *outs
        Py_ssize_t length, width, height
    ctypedef struct LaneFunctions:
        void (*table)(double *, Py_ssize_t, const SumTable *) noexcept nogil
        void (*sums)(double *, Py_ssize_t, const SumList *, Py_ssize_t, Py_ssize_t, const double *) noexcept nogil
        void (*totals)(const double *, Py_ssize_t, Py_ssize_t, const TotalTable *, double *) noexcept nogil
        double (*total)(const double *, Py_ssize_t) noexcept nogil
        bint (*are_finite)(const double *, Py_ssize_t) noexcept nogil
        void (*add)(double *, const double *, Py_ssize_t) noexcept nogil
        void (*load)(double *, Py_ssize_t, const int64_t *, Py_ssize_t, const double *, Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*store)(const double *, Py_ssize_t, const int64_t *, Py_ssize_t, double *, Py_ssize_t, Py_ssize_t) noexcept nogil
    const LaneFunctions *BEST_LANES

cdef const LaneFunctions *in_lanes = BEST_LANES  # with the vectors of this processor

cdef enum Action:
    STEP, TABLE, SUMS  # calls of a step, a table of sums, sums one by one

cdef enum:
    SMALLEST = 2  # sums of a table
    SHORTEST = 2  # terms of each


cdef class Numbers:
    """A growing row of integers."""

    cdef int32_t *entries
    cdef Py_ssize_t count, room

    def __cinit__(self):
        self.entries = NULL

    def __dealloc__(self):
        PyMem_Free(self.entries)

    cdef int append(self, int64_t number) except -1:
        cdef int32_t *larger
        if self.count == self.room:
            larger = <int32_t *>PyMem_Realloc(self.entries, (2 * self.room + 64) * sizeof(int32_t))
            if larger == NULL:
                raise MemoryError
            self.entries, self.room = larger, 2 * self.room + 64
        self.entries[self.count] = <int32_t>number
        self.count += 1
        return 0

    cdef object rows(self, Py_ssize_t width):
        """Return the numbers, so many in a row."""
        made = np.empty(self.count, dtype=np.int32)
        cdef int32_t[::1] into = made
        if self.count:
            memcpy(&into[0], self.entries, self.count * sizeof(int32_t))
        return made.reshape(-1, width)


cdef class LanePlan:
    """Which actions compute what differs between points.

    Args:
        steps, starts, terms: the steps of the schedule, and its sums.
        varies: for each slot whether it is a row.
        one: the slot of 1.0, which is a row of ones, too.
        summed: for each slot whether it is only read as a sum over the points.

    Attributes:
        actions: a row for each: its kind, and two numbers. Those of step k begin at `action_starts[k]`. For a STEP the
            first number is its place, for a TABLE the place in `tables`, and for SUMS the first and the last one.
        tables: rows of where the rows of a table begin in `table_rows`, how many there are, where its sums begin in
            `table_outs`, how many there are, and where its coefficients begin.
        coefficients: the slot of the number that each coefficient is.
        products: places of coefficients, and the slots of numbers by which these are multiplied.
        sum_starts, factors, outs: sums that are added one by one.
        hidden: how many of these come first. They are only needed where something is not finite.
        total_tables: for each table of totals the slots of the totals, and the rows of both factors.
    """

    cdef const int64_t[::1] starts
    cdef const int32_t[:, ::1] terms
    cdef const uint8_t[::1] varies, summed
    cdef int32_t one
    cdef Numbers action_rows, table_data, rows, table_sums, slots, product_data, factor_data, own, loose, found
    cdef const int32_t[:, ::1] actions, tables, products, factors
    cdef const int32_t[::1] table_rows, table_outs, coefficients, sum_starts, outs
    cdef const int64_t[::1] action_starts
    cdef readonly list total_tables
    cdef readonly Py_ssize_t hidden

    def __init__(self, const int64_t[:, ::1] steps, starts, terms, varies, one, summed):
        cdef Py_ssize_t k
        self.starts, self.terms, self.varies, self.one, self.summed = starts, terms, varies, one, summed
        self.found = Numbers()
        self.action_rows, self.table_data, self.rows, self.table_sums = Numbers(), Numbers(), Numbers(), Numbers()
        self.slots, self.product_data, self.factor_data, self.own, self.loose = Numbers(), Numbers(), Numbers(), Numbers(), Numbers()
        self.loose.append(0)
        sums, begins = [], []
        self.total_tables = self.totals(steps)
        self.hidden = self.own.count
        for k in range(steps.shape[0]):
            begins.append(self.action_rows.count // 3)
            if not self.varies[steps[k, 1]]:
                continue
            if steps[k, 0]:
                self.act(STEP, k, 0)
            else:
                self.plan(<const Step *>&steps[k, 0])
        begins.append(self.action_rows.count // 3)
        self.actions, self.action_starts = self.action_rows.rows(3), np.array(begins, dtype=np.int64)
        self.tables, self.table_rows = self.table_data.rows(5), self.rows.rows(1).ravel()
        self.table_outs, self.coefficients = self.table_sums.rows(1).ravel(), self.slots.rows(1).ravel()
        self.products = self.product_data.rows(2)
        self.sum_starts, self.factors = self.loose.rows(1).ravel(), self.factor_data.rows(2)
        self.outs = self.own.rows(1).ravel()

    def sizes(self):
        """Return how many sums of how many terms each table has, the shapes of tables of totals, and other terms.

        A shape is how many factors the rows have, how many the columns, and how many products a total adds per point.
        """
        rows = np.asarray(self.tables)
        totals = [(*slots.shape, seconds.shape[1]) for slots, _, seconds in self.total_tables]
        return rows[:, [3, 1]].tolist(), totals, self.factors.shape[0] - self.sum_starts[self.hidden]

    cdef int act(self, int64_t kind, int64_t first, int64_t last) except -1:
        self.action_rows.append(kind)
        self.action_rows.append(first)
        self.action_rows.append(last)
        return 0

    cdef int plan(self, const Step *step) except -1:
        """Plan the sums of a step, in order. A table comes where its first sum would be: they all read the same rows."""
        cdef Py_ssize_t g, first, begun = self.own.count
        cdef int32_t[::1] first_of = np.full(step.count, -1, dtype=np.int32)  # in the table, of each sum that is in one
        cdef int32_t[::1] counts = np.zeros(step.count, dtype=np.int32), following = np.empty(step.count, dtype=np.int32)
        cdef int32_t[::1] last_of = np.empty(step.count, dtype=np.int32)
        cdef dict by_rows = {}
        for g in range(step.count):
            key = None if self.summed[step.slot + g] else self.key(step.at + g)
            if key is not None:
                first = by_rows.setdefault(key, g)
                if first < g:
                    following[last_of[first]] = <int32_t>g
                first_of[g], last_of[first] = <int32_t>first, <int32_t>g
                counts[first] += 1
        for g in range(step.count):
            if self.summed[step.slot + g]:
                continue
            if first_of[g] < 0 or counts[first_of[g]] < SMALLEST:
                self.add_sum(step.slot + g, step.at + g)
            elif first_of[g] == g:
                self.end_sums(begun)
                begun = self.own.count
                self.act(TABLE, self.table_data.count // 5, 0)
                self.add_table(step, g, following, counts[g])
        self.end_sums(begun)
        return 0

    cdef int end_sums(self, Py_ssize_t begun) except -1:
        """Let the sums that were added one by one since then run."""
        if self.own.count > begun:
            self.act(SUMS, begun, self.own.count)
        return 0

    cdef object key(self, Py_ssize_t place):
        """Return the rows that a sum multiplies. It is None if it multiplies a row by a row, or has few terms."""
        cdef Py_ssize_t begin = self.starts[place], length = self.starts[place + 1] - begin, k
        cdef int32_t a, b
        if length < SHORTEST:
            return None
        self.found.count = 0
        for k in range(begin, begin + length):
            a, b = self.terms[k, 0], self.terms[k, 1]
            if self.varies[a] and self.varies[b]:
                return None
            self.found.append(a if self.varies[a] else b if self.varies[b] else self.one)
        return (<char *>self.found.entries)[: length * sizeof(int32_t)]

    cdef int add_coefficient(self, Py_ssize_t term) except -1:
        """Add the coefficient of a term: one factor, or the product of both."""
        cdef int32_t a = self.terms[term, 0], b = self.terms[term, 1]
        if self.varies[a] or (a == self.one and not self.varies[b]):
            a = b
        elif b != self.one and not self.varies[b]:
            self.product_data.append(self.slots.count)
            self.product_data.append(b)
        self.slots.append(a)
        return 0

    cdef int add_sum(self, int32_t slot, Py_ssize_t place) except -1:
        """Add a sum that is added up by itself."""
        cdef Py_ssize_t term
        cdef int32_t a, b
        for term in range(self.starts[place], self.starts[place + 1]):
            a, b = self.terms[term, 0], self.terms[term, 1]
            self.factor_data.append(a if self.varies[a] else b if self.varies[b] else self.one)
            if self.varies[a] and self.varies[b]:
                self.factor_data.append(b)
            else:
                self.factor_data.append(~(self.slots.count))
                self.add_coefficient(term)
        self.own.append(slot)
        self.loose.append(self.factor_data.count // 2)
        return 0

    cdef int add_table(self, const Step *step, Py_ssize_t g, const int32_t[::1] following, Py_ssize_t count) except -1:
        """Add a table of so many sums of a step: one, and those that follow it."""
        cdef Py_ssize_t length = self.starts[step.at + g + 1] - self.starts[step.at + g], k, first, i
        places = np.empty(count, dtype=np.int64)
        cdef int64_t[::1] at = places
        for number in (self.rows.count, length, self.table_sums.count, count, self.slots.count):
            self.table_data.append(number)
        self.key(step.at + g)
        for k in range(length):
            self.rows.append(self.found.entries[k])
        for i in range(count):
            self.table_sums.append(step.slot + g)
            at[i] = self.starts[step.at + g]
            g = following[g]
        for first in range(0, count, <Py_ssize_t>TILE):
            for k in range(length):
                for i in range(first, min(first + TILE, count)):
                    self.add_coefficient(at[i] + k)
        return 0

    cdef list totals(self, const int64_t[:, ::1] steps):
        """Find tables of totals: those with the same first factors, in each, have the same list of second factors."""
        cdef Py_ssize_t k, g, place, before = -1, term
        cdef Numbers seconds, slots
        cdef dict by_first = {}, alike = {}
        for k in range(steps.shape[0]):
            for g in range(steps[k, 2] if steps[k, 0] == 0 else 0):
                if self.summed[steps[k, 1] + g]:
                    place = steps[k, 3] + g
                    self.add_sum(<int32_t>(steps[k, 1] + g), place)
                    if before < 0 or not self.begin_alike(place, before):
                        seconds, slots = by_first.setdefault(self.firsts(place), (Numbers(), Numbers()))
                    for term in range(self.starts[place], self.starts[place + 1]):
                        seconds.append(self.terms[term, 1])
                    slots.append(steps[k, 1] + g)
                    before = place
        for first, (seconds, slots) in by_first.items():
            key = len(first), seconds.rows(1).tobytes()
            alike.setdefault(key, []).append((np.frombuffer(first, dtype=np.int32), slots.rows(1).ravel()))
        return [
            (np.array([row[1] for row in rows]), np.array([row[0] for row in rows]), second_factors(key[0], key[1]))
            for key, rows in alike.items()
        ]

    cdef bint begin_alike(self, Py_ssize_t place, Py_ssize_t other) noexcept:
        """Say whether the terms of two sums have the same first factors."""
        cdef Py_ssize_t k, begin = self.starts[place], length = self.starts[place + 1] - begin
        if self.starts[other + 1] - self.starts[other] != length:
            return False
        for k in range(length):
            if self.terms[begin + k, 0] != self.terms[self.starts[other] + k, 0]:
                return False
        return True

    cdef bytes firsts(self, Py_ssize_t place):
        """Return the first factors of the terms of a sum."""
        cdef Py_ssize_t k
        self.found.count = 0
        for k in range(self.starts[place], self.starts[place + 1]):
            self.found.append(self.terms[k, 0])
        return (<char *>self.found.entries)[: self.found.count * sizeof(int32_t)]


cdef object second_factors(size, data):
    return np.frombuffer(data, dtype=np.int32).reshape(-1, size // sizeof(int32_t))
