"""Runs rules that only Python can run, on floats: what `run.python_calls` does point by point, with the same results."""


@cython.final
cdef class RuleCalls:
    """A step of calls of one rule, which is called with floats, as eager mode does.

    Args:
        rule: the rule, or the function that computes the same on floats.
        first: what it takes before its inputs.
        inputs: for each input a float if it is always that number, otherwise the count of its numbers: 0 if it is a
            number and not a column.
        column: makes a column of a list of floats.
        width: how many numbers an application gives.
        entries: takes the numbers out of what the rule returned. It returns a list, and raises what eager mode raises.
        careful: is called with the same inputs where the rule raises or returns a complex number. It returns such a
            list, too.
        slots: the slots of the inputs: a row for each number, a column for each application.
        slot: the first slot of the results.
    """

    cdef object rule, column, entries, careful
    cdef tuple first, inputs
    cdef Py_ssize_t width, slot
    cdef const int64_t[:, ::1] slots

    def __init__(self, rule, tuple first, tuple inputs, column, width, entries, careful, slots, slot):
        self.rule, self.first, self.inputs, self.column = rule, first, inputs, column
        self.width, self.entries, self.careful, self.slot = width, entries, careful, slot
        self.slots = np.ascontiguousarray(slots, dtype=np.int64)

    def over(self, double[:, :] memory):
        """Run the step at many points. The memory has a row for each slot, and a column for each point."""
        cdef Py_ssize_t point
        for point in range(memory.shape[1]):
            self.run(&memory[0, point], memory.strides[0] // <Py_ssize_t>sizeof(double))

    cdef int run(self, double *v, Py_ssize_t apart) except -1:
        """Run the step at the point whose numbers are so many doubles apart, beginning at `v`."""
        cdef Py_ssize_t application, place, slot = self.slot
        for application in range(self.slots.shape[1]):
            args = self.arguments(v, apart, application)
            try:
                result = self.rule(*args)
            except Exception:
                numbers = self.careful(*args[len(self.first) :])
            else:
                if type(result) is float and self.width == 1:
                    v[slot * apart] = <double>result
                    slot += 1
                    continue
                numbers = self.careful(*args[len(self.first) :]) if isinstance(result, complex) else self.entries(result)
            for place in range(self.width):
                v[(slot + place) * apart] = numbers[place]
            slot += self.width
        return 0

    cdef tuple arguments(self, double *v, Py_ssize_t apart, Py_ssize_t application):
        """Make the arguments of one application."""
        cdef Py_ssize_t place, row = 0, before = len(self.first), count
        cdef tuple args = PyTuple_New(before + len(self.inputs))
        for place in range(before):
            put(args, place, self.first[place])
        for place in range(len(self.inputs)):
            given = self.inputs[place]
            if type(given) is float:
                put(args, before + place, given)
                continue
            count = given
            if count == 0:
                put(args, before + place, v[self.slots[row, application] * apart])
                row += 1
                continue
            put(args, before + place, self.column([v[self.slots[row + i, application] * apart] for i in range(count)]))
            row += count
        return args


cdef inline void put(tuple entries, Py_ssize_t place, object entry):
    """Put an entry into a new tuple."""
    Py_INCREF(entry)
    PyTuple_SET_ITEM(entries, place, entry)
