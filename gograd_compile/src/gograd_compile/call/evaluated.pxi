"""Points that are evaluated without a recording, by the function itself."""


cdef class Counts:
    """See `PythonCounts`."""

    cdef public int64_t wait, evaluated


def add_values(f, Nested arguments, const double[:, ::1] rows, taken, list found):
    """Add to `found` what `f` returns at each row of numbers: the value of a neuron, or what `taken` makes of it."""
    cdef Py_ssize_t i
    for i in range(rows.shape[0]):
        result = f(*arguments.neurons(&rows[i, 0], None))
        found.append(result._value if type(result) is Neuron else taken(result))


def add_gradients_at(
    block, f, output_of, Nested arguments, list places not None, const double[:, ::1] rows, list found
):
    """Add to `found` the value of `f`, and its derivatives with respect to some numbers, at each row of numbers."""
    cdef Py_ssize_t i
    for i in range(rows.shape[0]):
        leaves = []
        inputs = arguments.neurons(&rows[i, 0], leaves)
        wanted = [leaves[<Py_ssize_t>place] for place in places]
        value, derivatives = value_and_adjoints(block, f, inputs, {}, wanted, output_of)
        derivatives.insert(0, value)
        found.append(derivatives)


cdef list listed(const double *numbers, Py_ssize_t count):
    return [numbers[i] for i in range(count)]
