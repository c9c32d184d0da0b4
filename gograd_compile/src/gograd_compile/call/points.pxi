"""Runs the steps of a schedule at many points, block by block.

In the memory of a block each slot that differs between points has a row, with a lane for each point. What all points
share is a number, in another memory, and its steps run once, as at one point.
"""

cdef class BatchSteps:
    """The steps of a schedule, to be run at many points.

    Args:
        tables: the arrays that describe a schedule: steps, where sums begin, terms, gathers, and rows of calls.
        bands: where the steps of each band begin, and the last ones end. Those of bands 0 and 2 are shared.
        forward, room, one: see `Steps`, and the slot of 1.0.
        slots: the leaves that differ between points. None if every value does, whatever its band is.
        wanted: what to look at, a `run.records.Slots`. None if `points` will not be called.

    Attributes:
        plan: how sums are added up.
        rows: how many rows a block fills.
    """

    cdef readonly LanePlan plan
    cdef readonly Py_ssize_t rows
    cdef tuple tables, wanted
    cdef bint forward
    cdef Py_ssize_t room, one, size
    cdef const int64_t[::1] bands, outputs, gradients, copied, total_slots, total_rows, total_row_slots, total_of
    cdef const int64_t[:, ::1] steps, calls, shared_ranges, varying_ranges, gradient_ranges, asked_ranges
    cdef const int32_t[::1] gathers
    cdef const uint8_t[::1] varies
    cdef list shared_steps, total_tables
    cdef TotalTable *table_of_totals
    cdef Py_ssize_t tables_of_totals
    cdef Steps judge

    def __cinit__(self):
        self.table_of_totals = NULL

    def __dealloc__(self):
        PyMem_Free(self.table_of_totals)

    def __init__(self, tuple tables, bands, forward, room, one, size, slots, wanted):
        self.tables, self.bands, self.forward, self.room, self.one, self.size = tables, bands, forward, room, one, size
        self.wanted = tuple(wanted or (NO_SLOTS,) * 5)
        shared, varying, outputs, gradients, totals = self.wanted
        self.steps, starts, terms, self.gathers, self.calls = tables
        self.varies = varies = find_varying(np.asarray(self.steps), bands, size, slots)
        summed = find_summed(self.steps, bands[2], starts, terms, tables[3], varies, np.concatenate(self.wanted[:4]), totals)
        self.plan = LanePlan(self.steps, starts, terms, varies, one, summed)
        self.rows = int(varies.sum() - summed.sum())
        self.outputs, self.gradients = map(as_integers, (outputs, gradients))
        self.shared_ranges, self.varying_ranges, self.gradient_ranges = map(ranges_of, (shared, varying, gradients))
        self.asked_ranges = ranges_of(np.append(gradients, totals))
        read = np.concatenate([outputs, gradients, totals, [one], *self.gathered(varies)]).astype(np.int64)
        self.copied = np.unique(read[varies[read] == 0])
        self.find_totals(totals, summed)
        self.shared_steps = []
        for band in (0, 2):
            if bands[band] < bands[band + 1] and slots is not None:
                part = tables[0][bands[band] : bands[band + 1]]
                self.shared_steps.append(Steps((part, *tables[1:]), 0, forward, room, NO_SLOTS, NO_SLOTS, []))

    cdef list gathered(self, varies):
        """List the slots that calls read whose results are rows."""
        gathers, calls = np.asarray(self.gathers), np.asarray(self.calls)
        return [
            gathers[at : at + count * calls[code, 1] // calls[code, 3]]
            for code, slot, count, at in np.asarray(self.steps).tolist() if code and varies[slot]
        ]  # fmt: skip

    cdef int find_totals(self, totals, summed) except -1:
        """Number the slots whose sums over the points are asked for, and find how each is computed."""
        cdef Py_ssize_t i
        cdef const int32_t[:, ::1] outs, xs, ys
        slots = np.array([*dict.fromkeys(totals.tolist())], dtype=np.int64)  # in the order in which they are asked for
        by_row = np.flatnonzero(summed[slots] == 0) if len(slots) else NO_SLOTS
        self.total_rows, self.total_row_slots = as_integers(by_row), as_integers(slots[by_row])
        number = np.zeros(self.size, dtype=np.int32)
        number[slots] = np.arange(len(slots))
        self.total_slots, self.total_of = slots, as_integers(number[totals])
        self.total_tables = [
            [np.ascontiguousarray(each, dtype=np.int32) for each in (number[of], firsts, seconds)]
            for of, firsts, seconds in self.plan.total_tables
        ]
        self.tables_of_totals = len(self.total_tables)
        self.table_of_totals = <TotalTable *>PyMem_Malloc(max(len(self.total_tables), 1) * sizeof(TotalTable))
        if self.table_of_totals == NULL:
            raise MemoryError
        for i, (outs, xs, ys) in enumerate(self.total_tables):
            self.table_of_totals[i] = TotalTable(
                &xs[0, 0], &ys[0, 0], &outs[0, 0], xs.shape[1], outs.shape[1], outs.shape[0]
            )
        return 0

    def share(self, double[::1] shared):
        """Compute what all points share, in the memory that has the shared leaves. Returns the coefficients of sums."""
        found = np.empty(self.plan.coefficients.shape[0])
        self.compute_shared(shared, found)
        return found

    cdef int compute_shared(self, double[::1] shared, double[::1] coefficients) except -1:
        cdef Steps steps
        cdef double[::1] buffer
        cdef Py_ssize_t i
        for steps in self.shared_steps:
            buffer = np.empty(steps.room)
            with nogil:
                steps.run_steps(&shared[0], &buffer[0], 0, steps.divided.shape[0])
        with nogil:
            for i in range(self.plan.coefficients.shape[0]):
                coefficients[i] = shared[self.plan.coefficients[i]]
            for i in range(self.plan.products.shape[0]):
                coefficients[self.plan.products[i, 0]] *= shared[self.plan.products[i, 1]]
        return 0

    def run(self, double[:, ::1] memory, Py_ssize_t begin, Py_ssize_t end):
        """Run the steps from `begin` to `end` in all lanes of a memory where every value has a row."""
        cdef double[::1] buffer = np.empty(self.room)
        with nogil:
            self.advance(&memory[0, 0], memory.shape[1], begin, end, NULL, &buffer[0])

    def points(
        self, double[:, ::1] memory, const double[::1] shared, const double[::1] coefficients, Py_ssize_t begin,
        Py_ssize_t end, list sources, found,
    ):  # fmt: skip
        """Run all steps at the points from `begin` to `end`, block by block.

        Outputs and gradients are stored for each point. Other gradients are added up in totals, block by block. The
        status gets for each point what `Steps.run` returns. Points where something is not finite are not added up.

        Args:
            memory: a row for each slot. What it holds does not matter.
            shared: the numbers that all points share, as `share` has left them.
            coefficients: what `share` returned.
            sources: arrays with a row for each point, and the slots of their columns.
            found: outputs, gradients, totals and status, a `run.records.Points`.
        """
        cdef double[:, ::1] outputs = found[0], gradients = found[1]
        cdef double[::1] totals = found[2]
        cdef uint8_t[::1] status = found[3]
        cdef const double[:, ::1] rows
        cdef const int64_t[::1] slots
        cdef Py_ssize_t count = 0
        cdef Results into
        cdef Source *given = <Source *>PyMem_Malloc(len(sources) * sizeof(Source))
        if given == NULL:
            raise MemoryError
        into.outputs, into.gradients = &outputs[0, 0], &gradients[0, 0]
        into.totals, into.status = &totals[0], &status[0]
        try:
            for rows, slots in sources:
                given[count] = Source(&rows[0, 0], rows.shape[1], rows.shape[1], &slots[0])
                count += 1
            self.run_blocks(memory, shared, &coefficients[0], begin, end, given, count, into)
        finally:
            PyMem_Free(given)

    cdef int run_blocks(
        self, double[:, ::1] memory, const double[::1] shared, const double *coefficients, Py_ssize_t begin,
        Py_ssize_t end, const Source *sources, Py_ssize_t count, Results into,
    ) except -1:  # fmt: skip
        """Do what `points` does."""
        cdef double[::1] buffer = np.empty(self.room + self.total_slots.shape[0] + memory.shape[1])
        cdef double *parts = &buffer[0] + self.room
        cdef double *v = &memory[0, 0]
        cdef Py_ssize_t lanes = memory.shape[1], first = begin, last, i
        with nogil:
            shared_is_right = all_finite(&shared[0], self.shared_ranges)
            spread(v, lanes, self.copied, shared)
            while first < end:
                last = min(first + lanes, end)
                for i in range(count):
                    load(v, lanes, sources + i, first, last)
                self.advance(v, lanes, self.bands[0], self.bands[4], coefficients, &buffer[0])
                self.finish(v, lanes, first, last, shared_is_right, shared, coefficients, parts, into)
                first = last
        return 0

    cdef void advance(
        self, double *v, Py_ssize_t lanes, Py_ssize_t begin, Py_ssize_t end, const double *coefficients, double *buffer
    ) noexcept nogil:
        """Run the actions of some steps in all lanes."""
        cdef Py_ssize_t k
        cdef const int32_t *action
        cdef const Step *step
        cdef const Callee *callee
        for k in range(self.plan.action_starts[begin], self.plan.action_starts[end]):
            action = &self.plan.actions[k, 0]
            if action[0] == SUMS:
                self.add_up(v, lanes, action[1], action[2], coefficients)
            elif action[0] == TABLE:
                self.add_table(v, lanes, &self.plan.tables[action[1], 0], coefficients)
            else:
                step = <const Step *>&self.steps[action[1], 0]
                callee = <const Callee *>&self.calls[step.code, 0]
                if callee.length == 0:
                    call_in_lanes(v, lanes, step, &self.gathers[step.at], callee, buffer)
                else:
                    columns_in_lanes(v, lanes, step, &self.gathers[step.at], callee, buffer)

    cdef void add_up(self, double *v, Py_ssize_t lanes, Py_ssize_t begin, Py_ssize_t end, const double *coefficients) noexcept nogil:
        """Add up sums one by one."""
        cdef SumList sums
        sums.terms, sums.starts, sums.outs = (
            <const Factors *>&self.plan.factors[0, 0], &self.plan.sum_starts[0], &self.plan.outs[0]
        )  # fmt: skip
        in_lanes.sums(v, lanes, &sums, begin, end, coefficients)

    cdef void add_table(self, double *v, Py_ssize_t lanes, const int32_t *described, const double *coefficients) noexcept nogil:
        cdef SumTable table
        table.rows, table.length = &self.plan.table_rows[described[0]], described[1]
        table.outs, table.sums = &self.plan.table_outs[described[2]], described[3]
        table.coefficients = coefficients + described[4]
        in_lanes.table(v, lanes, &table)

    cdef int finish(
        self, double *v, Py_ssize_t lanes, Py_ssize_t first, Py_ssize_t last, bint shared_is_right,
        const double[::1] shared, const double *coefficients, double *parts, Results into,
    ) except -1 nogil:  # fmt: skip
        """Judge a block, store what is asked for, and add up totals."""
        cdef Py_ssize_t i, count = last - first
        cdef bint right
        right = shared_is_right and rows_are_finite(v, lanes, self.varying_ranges)
        right = right and rows_are_finite(v, lanes, self.gradient_ranges)
        if right:
            self.add_totals(v, lanes, count, parts)
            right = in_lanes.are_finite(parts, self.total_slots.shape[0])
        if not right:
            self.add_up(v, lanes, 0, self.plan.hidden, coefficients)
            mark_lanes(v, lanes, count, self.varying_ranges, into.status + first)
            mark_lanes(v, lanes, count, self.asked_ranges, into.status + first)
            with gil:
                self.judge_lanes(v, lanes, count, shared, shared_is_right, into.status + first)
            self.add_finite(v, lanes, count, into.status + first, parts)
        store(v, lanes, self.outputs, into.outputs, first, last)
        store(v, lanes, self.gradients, into.gradients, first, last)
        if not right:
            spread(v, lanes, self.copied, shared)
        if self.total_of.shape[0] == self.total_slots.shape[0]:  # no number is asked for twice
            in_lanes.add(into.totals, parts, self.total_slots.shape[0])
        else:
            for i in range(self.total_of.shape[0]):
                into.totals[i] += parts[self.total_of[i]]
        return 0

    cdef void add_totals(self, const double *v, Py_ssize_t lanes, Py_ssize_t count, double *parts) noexcept nogil:
        """Add up what is asked for in total over the first lanes."""
        cdef Py_ssize_t i
        for i in range(self.tables_of_totals):
            in_lanes.totals(v, lanes, count, self.table_of_totals + i, parts)
        for i in range(self.total_rows.shape[0]):
            parts[self.total_rows[i]] = in_lanes.total(v + self.total_row_slots[i] * lanes, count)

    cdef int judge_lanes(
        self, double *v, Py_ssize_t lanes, Py_ssize_t count, const double[::1] shared, bint shared_is_right, uint8_t *status
    ) except -1:  # fmt: skip
        """Find what is not finite in the lanes that are marked, and compute derivatives there carefully, as `Steps` does."""
        cdef Py_ssize_t lane, slot
        cdef double[::1] numbers = np.empty(self.size)
        if self.judge is None:
            watched, asked = np.concatenate(self.wanted[:2]), np.concatenate(self.wanted[3:])
            self.judge = Steps(self.tables, self.bands[2], self.forward, self.room, watched, asked, [])
        for lane in range(count):
            if shared_is_right and not status[lane]:
                continue
            for slot in range(self.size):
                numbers[slot] = v[slot * lanes + lane] if self.varies[slot] else shared[slot]
            status[lane] = self.judge.status(&numbers[0])
            for slot in range(self.size):
                if self.varies[slot]:
                    v[slot * lanes + lane] = numbers[slot]
            for slot in self.copied:  # derivatives, too, of which a careful run may change signs of zeros
                v[slot * lanes + lane] = numbers[slot]
        return 0

    cdef void add_finite(
        self, const double *v, Py_ssize_t lanes, Py_ssize_t count, const uint8_t *status, double *parts
    ) noexcept nogil:
        """Add up totals in the order of `add_totals`, over the lanes where everything is finite."""
        cdef Py_ssize_t i, lane
        cdef const double *row
        cdef double *spare = parts + self.total_slots.shape[0]
        for i in range(self.total_slots.shape[0]):
            row = v + self.total_slots[i] * lanes
            for lane in range(lanes):
                spare[lane] = 0.0 if lane >= count or status[lane] else row[lane]
            parts[i] = in_lanes.total(spare, count)


cdef object NO_SLOTS = np.empty(0, dtype=np.int64)
