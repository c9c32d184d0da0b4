"""Divides steps of sums into tables, runs, and loose sums.

Sums of one step that do not read each other may be added up in any order. So runs are first looked for among sums that
follow each other, and then among the rest, where sums come together whose last terms share a factor.
"""

cdef inline Py_ssize_t hashed(int64_t key, Py_ssize_t bits) noexcept nogil:
    return <Py_ssize_t>((<uint64_t>key * <uint64_t>0x9E3779B97F4A7C15) >> (64 - bits))


cdef class Division:
    """Steps of sums that are divided into tables, runs and loose sums, among other steps that stay as they are.

    Attributes:
        steps, moves: what is to be run, as `even_sums.h` describes it.
        room: how many doubles the copies of columns need.
        tables: how many rows, columns and terms each table has: three numbers for each.
        in_tables, in_runs, loose: how many terms are in tables, in runs, and in loose sums.
    """

    cdef readonly object steps, moves, tables
    cdef readonly Py_ssize_t room, in_tables, in_runs, loose
    cdef Sums sums
    cdef Run *runs
    cdef object kept  # the memory of the runs
    cdef int64_t[:, ::1] rows
    cdef int32_t[:, ::1] written
    cdef Py_ssize_t made, moved, ran, most

    def __init__(self, const int64_t[:, ::1] steps, const int64_t[::1] starts, const int32_t[:, ::1] terms):
        cdef Py_ssize_t count = starts.shape[0] - 1
        self.sums.starts, self.sums.terms = &starts[0], <const Term *>&terms[0, 0]
        ranges = np.full(count, -1, dtype=np.int32)  # the sums of other steps stay out of it
        heads = np.full(self.find_ranges(steps, ranges), -1, dtype=np.int64)
        taken = (ranges < 0).astype(np.uint8)
        self.tables, self.loose = [], np.diff(starts)[taken == 0].sum()
        self.find_runs(ranges, taken)
        self.find_tables(heads)
        rows = np.empty((len(steps) + self.ran + count, 4), dtype=np.int64)
        moves = np.empty((self.most, 4), dtype=np.int32)
        self.rows, self.written = rows, moves
        self.emit(steps, ranges, taken, heads)
        self.loose -= self.in_tables + self.in_runs
        self.steps, self.moves = rows[: self.made].copy(), moves[: self.moved].copy()
        self.rows = self.written = self.kept = None

    cdef Py_ssize_t find_ranges(self, const int64_t[:, ::1] steps, int32_t[::1] ranges) noexcept:
        """Number ranges of sums that follow each other and do not read each other. Returns how many there are."""
        cdef Py_ssize_t k, g
        cdef int64_t place
        cdef uint32_t own
        cdef int32_t last = -1
        cdef const Step *step
        for k in range(steps.shape[0]):
            step = <const Step *>&steps[k, 0]
            own = 0
            for g in range(step.count if step.code == 0 else 0):
                for place in range(self.sums.starts[step.at + g], self.sums.starts[step.at + g + 1]):
                    if self.sums.terms[place].first >= own or self.sums.terms[place].second >= own:
                        own = <uint32_t>(step.slot + g)
                        last += 1
                        break
                ranges[step.at + g] = last
        return last + 1

    cdef object find_runs(self, ranges, taken):
        """Find runs among sums that follow each other, then among those that share a factor of the last term, and then
        among those that follow each other when all these have gone.
        """
        self.kept = np.empty((len(taken) // FEWEST + 1, sizeof(Run) // 8), dtype=np.int64)
        cdef int64_t[:, ::1] kept = self.kept
        self.runs = <Run *>&kept[0, 0]
        self.take_runs(np.flatnonzero(taken == 0), ranges, taken)
        for side in (1, 0):
            self.take_runs(self.find_others(ranges, taken, side), ranges, taken)
        self.take_runs(np.flatnonzero(taken == 0), ranges, taken)

    cdef object find_others(self, const int32_t[::1] ranges, const uint8_t[::1] taken, bint side):
        """Find sums in no run whose last terms share this factor with others. Those that share it come together."""
        cdef Py_ssize_t count = taken.shape[0], place, found = 0, bits = max((count - 1).bit_length(), 1)
        cdef const Term *last
        cdef int64_t key
        buckets, places, keys = np.zeros(1 << bits, dtype=np.int32), np.empty(count, np.int64), np.empty(count, np.int64)
        cdef int32_t[::1] sizes = buckets
        cdef int64_t[::1] into = places, all_keys = keys
        for place in range(count):
            if not taken[place]:
                last = terms_of(&self.sums, place + 1) - 1
                key = (<int64_t>ranges[place] << 42) + (length_of(&self.sums, place) << 31)
                all_keys[place] = key + (last.second if side else last.first)
                sizes[hashed(all_keys[place], bits)] += 1
        for place in range(count):
            if not taken[place] and sizes[hashed(all_keys[place], bits)] >= FEWEST:
                into[found], all_keys[found] = place, all_keys[place]
                found += 1
        return places[np.argsort(keys[:found], kind="stable")]

    cdef object take_runs(self, const int64_t[::1] order, const int32_t[::1] ranges, uint8_t[::1] taken):
        """Take the runs among sums in this order."""
        cdef Py_ssize_t i = 0, j, count
        cdef Run *run
        while i + FEWEST <= order.shape[0]:
            count = run_length(&self.sums, &order[i], order.shape[0] - i, ranges)
            if count < FEWEST:
                i += max(count - 1, 1)
                continue
            run = self.runs + self.ran
            run.first, run.by, run.count, run.range = order[i], order[i + 1] - order[i], count, ranges[order[i]]
            run.rows, run.begin, run.end, run.next, run.last = 1, 0, length_of(&self.sums, run.first), -1, self.ran
            for j in range(count):
                taken[order[i + j]] = 1
            self.ran += 1
            self.most += 2 * (run.end + 4)
            i += count

    cdef object find_tables(self, int64_t[::1] heads):
        """Join runs that share factors, and chain up the runs of each range, from `heads` on."""
        cdef Py_ssize_t number, length
        cdef Run *run
        cdef Run *head
        cdef Move middle
        known = {}
        cdef int32_t[::1] sizes = np.zeros(heads.shape[0], dtype=np.int32)
        for number in range(self.ran - 1, -1, -1):
            run = self.runs + number
            run.after, heads[run.range] = heads[run.range], number
            sizes[run.range] += 1
        for number in range(self.ran):
            run = self.runs + number
            middle = move_of(&self.sums, run, run.end // 2)
            if middle.dy != 0 or sizes[run.range] < FEWEST:
                continue
            key = run.range, run.count, run.end, run.by, middle.first, middle.dx
            found = known.get(key)
            if found is not None:
                head = self.runs + <Py_ssize_t>found
                if joined(&self.sums, head, run):
                    (self.runs + head.last).next = head.last = number
                    run.rows = 0
                    continue
            known[key] = number

    cdef object emit(self, const int64_t[:, ::1] steps, int32_t[::1] ranges, uint8_t[::1] taken, int64_t[::1] heads):
        """Write the steps: those of a range one after the other, with loose sums last."""
        cdef Py_ssize_t k, place, begin, end
        cdef int64_t number
        cdef const Step *step
        for k in range(steps.shape[0]):
            step = <const Step *>&steps[k, 0]
            if step.code != 0:
                self.append(step.code, step.slot, step.count, step.at)
                continue
            begin = step.at
            while begin < step.at + step.count:
                end = begin
                while end < step.at + step.count and ranges[end] == ranges[begin]:
                    end += 1
                number = heads[ranges[begin]]
                while number >= 0:
                    if self.runs[number].rows:
                        self.emit_table(self.runs + number, step.slot - step.at)
                    number = self.runs[number].after
                for place in range(begin, end):
                    if not taken[place]:
                        self.append_sum(place, step)
                begin = end

    cdef object emit_table(self, Run *head, int64_t offset):
        """Write the step of a table. If it has few rows, each of them is a step."""
        cdef Py_ssize_t block, row, k, length = head.end - head.begin, own, whole = length_of(&self.sums, head.first)
        cdef Run *run = head
        cdef Move move
        cdef Head *written
        cdef Run *four[4]
        if head.rows < FEWEST:
            while True:
                self.emit_run(run, offset)
                if run.next < 0:
                    return
                run = self.runs + run.next
        written = self.begin_step(head, offset)
        written.rows, written.length, written.by = head.rows, length, head.by
        written.before, written.after = head.begin, whole - head.end
        own = whole - length
        move = move_of(&self.sums, head, head.begin)
        written.dx = move.dx if move.dx == 1 or move.dx == -1 else 0
        for k in range(head.begin, head.end):
            move = self.write(move_of(&self.sums, head, k))
            if move.dx != written.dx:
                written.dx = 0
        if written.dx == 0:
            self.room = max(self.room, length * head.count)
        members = []
        while True:
            members.append(run - self.runs)
            if run.next < 0:
                break
            run = self.runs + run.next
        for block in range((head.rows + 3) // 4):
            for row in range(4):
                four[row] = self.runs + <Py_ssize_t>members[min(4 * block, head.rows - 4) + row]
            self.write_slots(four[0].first + offset, four[1].first + offset, four[2].first + offset, four[3].first + offset)
            for k in range(head.begin, head.end):
                self.write_slots(
                    move_of(&self.sums, four[0], k).second, move_of(&self.sums, four[1], k).second,
                    move_of(&self.sums, four[2], k).second, move_of(&self.sums, four[3], k).second,
                )
            for row in range(4 if own else 0):
                for k in range(whole):
                    if k < head.begin or k >= head.end:
                        self.write(move_of(&self.sums, four[row], k))
        self.tables.append((head.rows, head.count, length))
        self.in_tables += head.rows * head.count * length
        self.in_runs += head.rows * head.count * own

    cdef object emit_run(self, const Run *run, int64_t offset):
        """Write the step of a run."""
        cdef Py_ssize_t k, length = length_of(&self.sums, run.first), scattered = 0
        cdef Head *written = self.begin_step(run, offset)
        cdef Move move
        written.rows, written.length, written.by = 1, length, run.by
        for k in range(length):
            move = self.write(move_of(&self.sums, run, k))
            scattered += move.dx > 1 or move.dx < -1 or move.dy > 1 or move.dy < -1
        written.dx = 4 * scattered <= length
        self.in_runs += run.count * length

    cdef Head *begin_step(self, const Run *run, int64_t offset) noexcept:
        """Append a step of even sums, and return its head, which is zero."""
        self.append(EVEN, run.first + offset, run.count, self.moved)
        self.write_slots(0, 0, 0, 0)
        self.write_slots(0, 0, 0, 0)
        return <Head *>&self.written[self.moved - 2, 0]

    cdef Move write(self, Move move) noexcept:
        (<Move *>&self.written[self.moved, 0])[0] = move
        self.moved += 1
        return move

    cdef void write_slots(self, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth) noexcept:
        cdef uint32_t *slots = <uint32_t *>&self.written[self.moved, 0]
        slots[0], slots[1], slots[2], slots[3] = first, second, third, fourth
        self.moved += 1

    cdef void append_sum(self, int64_t place, const Step *step) noexcept:
        """Append a loose sum to the last step, if that ends with the sum before, or as a step of its own."""
        cdef Step *last = <Step *>&self.rows[self.made - 1, 0]
        if self.made and last.code == 0 and last.at + last.count == place and last.slot - last.at == step.slot - step.at:
            last.count += 1
        else:
            self.append(0, place + step.slot - step.at, 1, place)

    cdef void append(self, int64_t code, int64_t slot, int64_t count, int64_t at) noexcept:
        cdef Step *step = <Step *>&self.rows[self.made, 0]
        step.code, step.slot, step.count, step.at = code, slot, count, at
        self.made += 1
