cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    k=Py_ssize_t, e=Py_ssize_t, i=Py_ssize_t, start=Py_ssize_t, arity=Py_ssize_t, fixed=Py_ssize_t, special=Py_ssize_t,
    width=Py_ssize_t, count=Py_ssize_t, ordinary=Py_ssize_t, room=Py_ssize_t, until=Py_ssize_t, number=Py_ssize_t,
    kind=int32_t, node=int64_t, equal=bint, is_special=bint,
)
cpdef Py_ssize_t find_patterns(
    tuple rows, Py_ssize_t first, Py_ssize_t leaves, const uint8_t[::1] eligible,
    const uint8_t[::1] are_special, Py_ssize_t most, int64_t[:, ::1] patterns, int32_t[::1] kinds, int64_t[::1] ran,
) except -1

cdef int32_t _factor(int64_t factor, Py_ssize_t start, Py_ssize_t length, const int32_t[::1] taken) noexcept

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    factors="const int64_t[::1]", columns="const int64_t[::1]", factor_starts="const int64_t[::1]",
    lengths=int32_t[::1], terms=int32_t[::1], kind=Py_ssize_t, node=Py_ssize_t,
    k=Py_ssize_t, e=Py_ssize_t, t=Py_ssize_t, _=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t,
    made=Py_ssize_t, begun=Py_ssize_t, at=Py_ssize_t, until=Py_ssize_t, length=Py_ssize_t, count=Py_ssize_t,
)
cpdef Py_ssize_t take_terms(
    Py_ssize_t leaves, Py_ssize_t one, Py_ssize_t added, const int32_t[::1] kinds, tuple rows, tuple patterns,
    int32_t[::1] same, int32_t[::1] uses, int32_t[::1] taken, tuple sums,
) except -1

@cython.locals(
    lengths=int32_t[::1], terms="const int32_t[::1]", ends=int32_t[::1], after=int32_t[::1],
    k=Py_ssize_t, made=Py_ssize_t, whole=Py_ssize_t, term=Py_ssize_t, a=Py_ssize_t, b=Py_ssize_t, value=Py_ssize_t,
    other=Py_ssize_t, head=int32_t, tail=int32_t, length=Py_ssize_t,
)
cpdef chain_up(
    Py_ssize_t leaves, Py_ssize_t one, const int32_t[::1] codes, const int32_t[::1] same, const int32_t[::1] uses,
    tuple sums, uint8_t[::1] gone, tuple chains,
)

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", taken="const int32_t[::1]",
    lengths="const int32_t[::1]", terms="const int32_t[::1]", ends="const int32_t[::1]", after="const int32_t[::1]",
    needs="const int64_t[::1]", need_starts="const int64_t[::1]",
    new_codes=int32_t[::1], new_starts=int64_t[::1], new_inputs=int32_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, row=Py_ssize_t, entry=Py_ssize_t, value=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t,
    need=Py_ssize_t, term=Py_ssize_t, _=Py_ssize_t,
)
cpdef Py_ssize_t emit(
    Py_ssize_t leaves, tuple rows, int32_t[::1] same, const uint8_t[::1] gone, tuple sums, tuple chains, tuple needed,
    tuple new_rows,
) except -1
