cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

cdef int NONE, VALUE, PLACE, RULE

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    begins="const int64_t[::1]", kinds="const int64_t[::1]", lengths="const int64_t[::1]",
    k=Py_ssize_t, e=Py_ssize_t, code=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, column=Py_ssize_t,
    leaf=Py_ssize_t, found=uint8_t,
)
cpdef find_varying(Py_ssize_t leaves, tuple rows, tuple columns, uint8_t[::1] depends, uint8_t[::1] needed)

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    begins="const int64_t[::1]", kinds="const int64_t[::1]", lengths="const int64_t[::1]",
    whats="const int64_t[::1]", widths="const int64_t[::1]", need_starts="const int64_t[::1]",
    needs="const int64_t[::1]", new_codes=int32_t[::1], new_starts=int64_t[::1], new_inputs=int32_t[::1],
    nodes=Py_ssize_t, k=Py_ssize_t, e=Py_ssize_t, code=Py_ssize_t, start=Py_ssize_t, length=Py_ssize_t,
    column=Py_ssize_t, begin=Py_ssize_t, kind=Py_ssize_t, what=Py_ssize_t, entry=Py_ssize_t, need=Py_ssize_t,
    place=Py_ssize_t, row=Py_ssize_t, end=Py_ssize_t, _=Py_ssize_t, found=bint,
)
cpdef add_weights(
    Py_ssize_t leaves, tuple rows, const uint8_t[::1] varies, tuple columns, tuple rules, int32_t[::1] weights,
    tuple new_rows,
)

@cython.locals(last=Py_ssize_t)
cdef void _append(
    Py_ssize_t use, int32_t adjoint, int32_t weight, Py_ssize_t value, int32_t[::1] heads, int32_t[::1] tails,
    int32_t[::1] chain,
) noexcept

@cython.locals(
    starts="const int64_t[::1]", inputs="const int32_t[::1]", outputs="const int32_t[::1]",
    seeds="const int32_t[::1]", heads=int32_t[::1], tails=int32_t[::1], chain=int32_t[::1],
    new_starts=int64_t[::1], new_inputs=int32_t[::1],
    e=Py_ssize_t, place=Py_ssize_t, value=Py_ssize_t, made=Py_ssize_t, row=Py_ssize_t, end=Py_ssize_t,
    use=Py_ssize_t, own=int32_t,
)
cpdef Py_ssize_t add_adjoints(
    Py_ssize_t nodes, int32_t one, Py_ssize_t leaves, tuple rows, const uint8_t[::1] varies,
    const int32_t[::1] weights, tuple ends, tuple uses, int32_t[::1] adjoints, tuple new_rows,
) except -1

@cython.locals(
    starts="const int64_t[::1]", inputs="const int32_t[::1]", new_starts=int64_t[::1], new_inputs=int32_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, row=Py_ssize_t, end=Py_ssize_t, begun=Py_ssize_t,
)
cpdef Py_ssize_t add_tangents(
    Py_ssize_t nodes, int32_t one, Py_ssize_t leaves, tuple rows, const uint8_t[::1] varies,
    const int32_t[::1] weights, int32_t[::1] tangents, tuple new_rows,
) except -1
