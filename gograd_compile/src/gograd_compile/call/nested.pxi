"""Numbers are taken out of nested arguments, and nested results are made, as in `nesting.trees`."""

cdef enum Kind:
    NUMBER, ARRAY, LIST, TUPLE, OTHER

cdef enum:
    DEEPEST = 64  # how deep lists and tuples are nested that are known here

cdef type ndarray = np.ndarray
cdef object empty = np.empty
cdef frozenset NUMBERS = frozenset([int, bool, *{np.dtype(code).type for code in "?bhilqBHILQefd"}])


cdef inline bint read_number(PyObject *number, double *into) noexcept:
    """Read a number that is a float, or of another type whose numbers all become floats. Returns whether it is one."""
    if PyFloat_CheckExact(number):
        into[0] = PyFloat_AS_DOUBLE(number)
        return True
    return read_other_number(<object>number, into)


cdef bint read_other_number(number, double *into) noexcept:
    if type(number) not in NUMBERS:
        return False
    try:
        into[0] = number
    except OverflowError:
        return False
    return True


cdef bint read_whole_array(array, tuple shape, double *into) except -1:
    """Copy the numbers of an array of doubles of that shape, without gaps. Returns whether it is one."""
    cdef Py_buffer view
    cdef Py_ssize_t axis
    cdef bint fits
    try:
        PyObject_GetBuffer(array, &view, PyBUF_RECORDS_RO)
    except Exception:  # NumPy's for dates and texts, which the general way refuses
        return False
    fits = view.format[0] == b"d" and view.format[1] == 0 and view.ndim == len(shape)
    for axis in range(view.ndim if fits else 0):
        fits = fits and view.shape[axis] == <Py_ssize_t>shape[axis]
    fits = fits and PyBuffer_IsContiguous(&view, b"C")
    if fits:
        memcpy(into, view.buf, view.len)
    PyBuffer_Release(&view)
    return fits


cdef class Nested:
    """How numbers are nested. What is neither a number, an array, a list nor a tuple is taken apart as a whole."""

    cdef Kind kind
    cdef readonly Py_ssize_t size  # how many numbers there are
    cdef list children  # of anything else all leaves
    cdef bint is_flat  # whether all children are numbers
    cdef readonly bint is_plain  # whether there are only numbers, lists and tuples
    cdef tuple shape  # of an array
    cdef object form
    cdef readonly object structure  # the same to Python, of what is not part of anything else

    def __init__(self, form, shapes, depth=0, structure=None):
        self.form, self.structure, self.size = form, structure, 1
        if form.container is None:
            (self.shape,) = shapes
            if self.shape is not None:
                self.kind, self.size = ARRAY, math.prod(self.shape)
            self.is_plain = self.shape is None
            return
        self.kind = {list: LIST, tuple: TUPLE}.get(form.container.cls, OTHER) if depth < DEEPEST else OTHER
        first = 0
        self.children = []
        for child in [LEAF] * form.leaves if self.kind == OTHER else form.children:
            part = shapes[first : first + child.leaves]
            is_number = child.container is None and part[0] is None
            self.children.append(ONE_NUMBER if is_number else Nested(child, part, depth + 1))
            first += child.leaves
        self.is_flat = all([child is ONE_NUMBER for child in self.children])
        self.is_plain = self.kind != OTHER and all([(<Nested>child).is_plain for child in self.children])
        self.size = sum([(<Nested>child).size for child in self.children])

    cdef bint read(self, PyObject *tree, double *into) except -1:
        """Write the numbers in `tree` one after the other. Returns whether it is nested like this.

        Raises:
            Whatever `take_apart` raises.
        """
        if self.kind == NUMBER:
            return read_number(tree, into)
        if self.kind == LIST:
            if not PyList_CheckExact(tree):
                return False
            if not self.is_flat:
                return self.read_row(tuple(<object>tree), into)  # taking an item apart may change the list
            return Py_SIZE(tree) == len(self.children) and self.read_items(PySequence_Fast_ITEMS(tree), into)
        if self.kind == TUPLE:
            return PyTuple_CheckExact(tree) and self.read_row(<tuple>tree, into)
        if self.kind == ARRAY:
            return type(<object>tree) is ndarray and read_whole_array(<object>tree, self.shape, into)
        leaves, form = take_apart(<object>tree)
        return form == self.form and self.read_row(tuple(leaves), into)

    cdef bint read_row(self, tuple row, double *into) except -1:
        return len(row) == len(self.children) and self.read_items(PySequence_Fast_ITEMS(<PyObject *>row), into)

    cdef bint read_items(self, PyObject **items, double *into) except -1:
        cdef Py_ssize_t i
        cdef Nested child
        if self.is_flat:
            for i in range(len(self.children)):
                if not read_number(items[i], into + i):
                    return False
            return True
        for i in range(len(self.children)):
            child = <Nested>self.children[i]
            if not child.read(items[i], into):
                return False
            into += child.size
        return True

    cdef object build(self, const double *v, const int64_t *slots):
        """Nest the numbers in some slots like this."""
        if self.kind == NUMBER:
            return v[slots[0]]
        if self.kind == ARRAY:
            return self.build_array(v, slots)
        children = self.build_children(v, slots)
        if self.kind == LIST:
            return children
        return tuple(children) if self.kind == TUPLE else self.form.nest(children)

    cdef object nest_list(self, list numbers):
        """Nest numbers like this."""
        if self.kind == NUMBER:
            return numbers[0]
        if self.is_flat and self.kind == LIST:
            return numbers
        if self.is_flat and self.kind == TUPLE:
            return tuple(numbers)
        return self.structure.build(numbers)

    cdef list build_children(self, const double *v, const int64_t *slots):
        cdef Py_ssize_t i
        cdef Nested child
        cdef list made = PyList_New(len(self.children))
        for i in range(len(self.children)):
            if self.is_flat:
                PyList_SET_ITEM(<PyObject *>made, i, PyFloat_FromDouble(v[slots[i]]))
            else:
                child = <Nested>self.children[i]
                part = child.build(v, slots)
                PyList_SET_ITEM(<PyObject *>made, i, Py_NewRef(<PyObject *>part))
                slots += child.size
        return made

    cdef object neurons(self, const double *numbers, list leaves):
        """Nest leaves that have these values like this, and add them to `leaves` if that is a list. It must be plain."""
        cdef Nested child
        if self.kind == NUMBER:
            leaf = Neuron(numbers[0])
            if leaves is not None:
                leaves.append(leaf)
            return leaf
        cdef Py_ssize_t i
        made = []
        for i in range(len(self.children)):
            child = <Nested>self.children[i]
            made.append(child.neurons(numbers, leaves))
            numbers += child.size
        return made if self.kind == LIST else tuple(made)

    cdef object build_array(self, const double *v, const int64_t *slots):
        cdef Py_buffer view
        cdef Py_ssize_t i
        array = empty(self.shape)
        PyObject_GetBuffer(array, &view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        for i in range(self.size):
            (<double *>view.buf)[i] = v[slots[i]]
        PyBuffer_Release(&view)
        return array


cdef object LEAF = take_apart(0.0)[1]
cdef Nested ONE_NUMBER = Nested(LEAF, (None,))
