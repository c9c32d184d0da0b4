"""Numbers taken out of nested arguments, and nested results made, as `nesting.trees` does with any containers."""

cdef enum Kind:
    NUMBER, ARRAY, LIST, TUPLE, DICT, OTHER

cdef enum:
    DEEPEST = 64

cdef type ndarray = np.ndarray, float64 = np.float64
cdef object empty = np.empty


cdef inline bint read_number(PyObject *number, double *into) noexcept:
    """Read a number of one of the types that need no look at what they hold. Returns whether it is one."""
    if PyFloat_CheckExact(number):
        into[0] = PyFloat_AS_DOUBLE(number)
        return True
    return read_other_number(<object>number, into)


cdef bint read_other_number(number, double *into) noexcept:
    if type(number) is not int and type(number) is not bool and type(number) is not float64:
        return False
    try:
        into[0] = number
    except OverflowError:
        return False
    return True


cdef class Nested:
    """How numbers are nested, for structures that are made of numbers, arrays, and containers with known parts.

    Raises:
        NotImplementedError: the structure is made of something else.
    """

    cdef Kind kind
    cdef readonly Py_ssize_t size  # how many numbers there are
    cdef bint is_flat  # whether all children are numbers
    cdef list children
    cdef tuple shape  # of an array
    cdef tuple keys  # of a dict
    cdef object container

    def __init__(self, form, shapes, depth=0):
        self.children = []
        self.container = form.container
        self.is_flat = True
        if depth > DEEPEST:
            raise NotImplementedError
        if self.container is None:
            (self.shape,) = shapes
            self.kind = NUMBER if self.shape is None else ARRAY
            self.size = 1 if self.shape is None else math.prod(self.shape)
            return
        self.kind = {list: LIST, tuple: TUPLE, dict: DICT}.get(self.container.cls, OTHER)
        if self.kind == DICT:
            self.keys = form.rest
            if any(type(key) is not str for key in self.keys):
                raise NotImplementedError
        elif form.rest is not None:
            raise NotImplementedError
        first = 0
        for child in form.children:
            part = shapes[first : first + child.leaves]
            number = child.container is None and part[0] is None
            self.children.append(ONE_NUMBER if number else Nested(child, part, depth + 1))
            self.is_flat = self.is_flat and number
            first += child.leaves
        self.size = sum([(<Nested>child).size for child in self.children])

    cdef bint read(self, PyObject *tree, double *into) except -1:
        """Write the numbers in `tree` one after the other. Returns whether it is nested like this.

        Raises:
            Whatever a container of the user raises when it is taken apart.
        """
        if self.kind == NUMBER:
            return read_number(tree, into)
        if self.kind == LIST:
            if not PyList_CheckExact(tree):
                return False
            if not self.is_flat:
                return self.read_row(tuple(<object>tree), into)  # a container of the user may change the list
            return Py_SIZE(tree) == len(self.children) and self.read_items(PySequence_Fast_ITEMS(tree), into)
        if self.kind == TUPLE:
            return PyTuple_CheckExact(tree) and self.read_row(<tuple>tree, into)
        if self.kind == ARRAY:
            return type(<object>tree) is ndarray and self.read_array(<object>tree, into)
        if self.kind == DICT:
            return type(<object>tree) is dict and self.read_values(<dict>tree, into)
        if type(<object>tree) is not self.container.cls:
            return False
        children, rest = self.container.take_apart(<object>tree)
        return rest is None and self.read_row(tuple(children), into)

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

    cdef bint read_values(self, dict tree, double *into) except -1:
        if len(tree) != len(self.keys):
            return False
        for key, own in zip(tree, self.keys):
            if type(key) is not str or key != own:
                return False
        return self.read_row(tuple(tree.values()), into)

    cdef bint read_array(self, array, double *into) except -1:
        cdef Py_buffer view
        cdef Py_ssize_t axis
        cdef bint fits
        PyObject_GetBuffer(array, &view, PyBUF_RECORDS_RO)
        fits = view.format[0] == b"d" and view.format[1] == 0 and view.ndim == len(self.shape)
        for axis in range(view.ndim if fits else 0):
            fits = fits and view.shape[axis] == <Py_ssize_t>self.shape[axis]
        fits = fits and PyBuffer_IsContiguous(&view, b"C")
        if fits:
            memcpy(into, view.buf, view.len)
        PyBuffer_Release(&view)
        return fits

    cdef object build(self, const double *v, const int64_t *slots):
        """Nest the numbers in some slots like this."""
        cdef Py_ssize_t i
        cdef Nested child
        cdef list made
        if self.kind == NUMBER:
            return v[slots[0]]
        if self.kind == ARRAY:
            return self.build_array(v, slots)
        made = PyList_New(len(self.children))
        for i in range(len(self.children)):
            if self.is_flat:
                PyList_SET_ITEM(<PyObject *>made, i, PyFloat_FromDouble(v[slots[i]]))
            else:
                child = <Nested>self.children[i]
                part = child.build(v, slots)
                PyList_SET_ITEM(<PyObject *>made, i, Py_NewRef(<PyObject *>part))
                slots += child.size
        if self.kind == LIST:
            return made
        if self.kind == TUPLE:
            return tuple(made)
        return self.container.put_together(self.keys, made)

    cdef object build_array(self, const double *v, const int64_t *slots):
        cdef Py_buffer view
        cdef Py_ssize_t i
        array = empty(self.shape)
        PyObject_GetBuffer(array, &view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        for i in range(self.size):
            (<double *>view.buf)[i] = v[slots[i]]
        PyBuffer_Release(&view)
        return array


cdef Nested ONE_NUMBER = Nested(take_apart(0.0)[1], (None,))
