# An operation, and its kernels.

cdef enum:
    MOST = 6  # the most inputs of an operation that is called here; others are called as in the Python engine

ctypedef double (*F1)(double) noexcept
ctypedef double (*F2)(double, double) noexcept
ctypedef double (*F3)(double, double, double) noexcept
ctypedef double (*F4)(double, double, double, double) noexcept
ctypedef double (*F5)(double, double, double, double, double) noexcept
ctypedef double (*F6)(double, double, double, double, double, double) noexcept
ctypedef double (*F7)(double, double, double, double, double, double, double) noexcept
ctypedef double (*Instead)(void *, double *) noexcept
ctypedef double (*Reduce1)(Py_ssize_t, double *) noexcept
ctypedef double (*Reduce2)(Py_ssize_t, double *, double *) noexcept
ctypedef double (*Reduce3)(Py_ssize_t, double *, double *, double *) noexcept
ctypedef void (*Spread1)(double, Py_ssize_t, double *, double *) noexcept
ctypedef void (*Spread2)(double, Py_ssize_t, double *, double *, double *) noexcept
ctypedef void (*Spread3)(double, Py_ssize_t, double *, double *, double *, double *) noexcept


cdef inline double call(void *f, Py_ssize_t count, double *a) noexcept:
    """Call a kernel of `count` numbers."""
    if count == 1:
        return (<F1>f)(a[0])
    if count == 2:
        return (<F2>f)(a[0], a[1])
    if count == 3:
        return (<F3>f)(a[0], a[1], a[2])
    if count == 4:
        return (<F4>f)(a[0], a[1], a[2], a[3])
    if count == 5:
        return (<F5>f)(a[0], a[1], a[2], a[3], a[4])
    if count == 6:
        return (<F6>f)(a[0], a[1], a[2], a[3], a[4], a[5])
    if count == 7:
        return (<F7>f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
    return NAN  # more inputs have no kernels


cdef inline double reduce_columns(void *f, Py_ssize_t columns, Py_ssize_t n, double *a) noexcept:
    """Call the forward kernel of a variadic operation; its columns lie one after the other."""
    if columns == 1:
        return (<Reduce1>f)(n, a)
    if columns == 2:
        return (<Reduce2>f)(n, a, a + n)
    return (<Reduce3>f)(n, a, a + n, a + 2 * n)


cdef inline void spread(void *f, Py_ssize_t columns, double out, Py_ssize_t n, double *a, double *result) noexcept:
    """Call a partial kernel of a variadic operation."""
    if columns == 1:
        (<Spread1>f)(out, n, a, result)
    elif columns == 2:
        (<Spread2>f)(out, n, a, a + n, result)
    else:
        (<Spread3>f)(out, n, a, a + n, a + 2 * n, result)


cdef class Operation:
    """The base class of `Op` in the native engine, which makes it callable, with what calls and sweeps need."""

    cdef vectorcallfunc vectorcall
    cdef Py_ssize_t arity  # 0: columns
    cdef Py_ssize_t inputs
    cdef void *kernel  # of forward
    cdef void *partial_kernels[MOST]  # NULL where the rule is to be called, or there is none
    cdef object rule, xp
    cdef tuple partial_rules
    cdef bint lacks_partials  # None in place of at least one
    cdef bint keeps_value  # nothing computes its value in place of its rule; see `computed.Instead`
    cdef object kernels  # which keeps its functions alive
    cdef uint64_t flattened  # the last flattening that met it
    cdef int code  # its number in that flattening

    def __cinit__(self, *_, **__):
        self.vectorcall = <vectorcallfunc>call_operation
        self.partial_rules = ()

    def __call__(self, *inputs, **names):
        return calls.call(self, *inputs, **names)

    def _prepare(self, kernels):
        """Take what calls and sweeps need from the attributes of the operation, and these kernels."""
        op = <object>self  # its attributes, not those above
        if self.rule is not None and (self.arity != op.arity or self.inputs != len(op.partials)):
            raise TypeError(f"{op.title} is already made: neurons rely on its number of inputs")
        self.arity, self.inputs = op.arity, len(op.partials)
        self.rule, self.xp, self.partial_rules = op.forward, op.xp, op.partials
        self.lacks_partials = None in self.partial_rules
        self.keeps_value = False
        self.take_kernels(kernels)

    cdef take_kernels(self, kernels):
        """Find all the functions, and only then replace the present ones.

        Raises:
            InvalidOperationError: a function is not of the right kind.
        """
        cdef void *forward = NULL
        cdef void *found[MOST]
        cdef Py_ssize_t i
        for i in range(MOST):
            found[i] = NULL
        if kernels is not None:
            wanted, each = native_functions.expected(self)
            forward = address(self, kernels.forward, wanted, "forward")
            for i in range(self.inputs):
                if self.partial_rules[i] is not None:
                    found[i] = address(self, kernels.partials[i], each, f"partial {i}")
        self.kernel, self.partial_kernels, self.kernels = forward, found, kernels


cdef inline bint has_partial(Operation op, Py_ssize_t i, Py_ssize_t count):
    """Return whether there is a derivative with respect to entry `i` of the `count` constituents."""
    return not op.lacks_partials or op.partial_rules[i * op.inputs // count] is not None


cdef void *address(Operation op, function, signature, what) except NULL:
    """Return the address of a kernel, after checking what it takes and returns."""
    cdef const char *name
    if PyCapsule_CheckExact(function):
        name = PyCapsule_GetName(function)
        found = "" if name is NULL else (<bytes>name).decode(errors="replace")
        if found == signature:
            return PyCapsule_GetPointer(function, name)
    else:
        try:
            found = native_functions.signature(function)
        except TypeError as error:
            found = str(error)
        if found == signature:
            place = native_functions.address(function)
            if place:
                return <void *><size_t>place
            found = "NULL"
    raise InvalidOperationError(f"{op.title}: the kernel of {what} must be {signature!r}, not {found!r}")
