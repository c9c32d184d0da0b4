cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

cdef int PROBES
cdef int64_t LOW, SPREAD

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    k=Py_ssize_t, e=Py_ssize_t, depends=uint8_t,
)
cpdef find_varying(
    Py_ssize_t leaves, tuple rows, const uint8_t[::1] passes_on, uint8_t[::1] varies, uint8_t[::1] used
)

@cython.locals(k=Py_ssize_t, e=Py_ssize_t)
cpdef find_live(Py_ssize_t leaves, const int64_t[::1] starts, const int32_t[::1] inputs, uint8_t[::1] live)

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    new_codes=int32_t[::1], new_starts=int64_t[::1], new_inputs=int32_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, row=Py_ssize_t, entry=Py_ssize_t,
)
cpdef take_rows(
    Py_ssize_t leaves, Py_ssize_t new_leaves, tuple rows, const uint8_t[::1] kept, int32_t[::1] number, tuple new_rows,
)

cdef int64_t _mixed(int64_t number, int64_t other) noexcept

@cython.locals(k=Py_ssize_t, place=int64_t, mask=int64_t, remain=Py_ssize_t)
cpdef Py_ssize_t merge_constants(
    Py_ssize_t first, const int64_t[::1] bits, int32_t[::1] table, int32_t[::1] same, int32_t[::1] number
) except -1

@cython.locals(one=Py_ssize_t, two=Py_ssize_t, entries=Py_ssize_t, i=Py_ssize_t)
cdef bint _equal(
    Py_ssize_t row, Py_ssize_t other, const int32_t[::1] codes, const int64_t[::1] starts, const int32_t[::1] inputs
) noexcept

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    new_codes=int32_t[::1], new_starts=int64_t[::1], new_inputs=int32_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, row=Py_ssize_t, end=Py_ssize_t, first=Py_ssize_t, twin=Py_ssize_t, probe=int,
    place=int64_t, entry=int64_t, mask=int64_t,
)
cpdef Py_ssize_t merge_operations(
    Py_ssize_t leaves, Py_ssize_t new_leaves, tuple rows, const uint8_t[::1] opaque, int64_t[::1] table,
    int32_t[::1] same, int32_t[::1] number, tuple new_rows,
) except -1
