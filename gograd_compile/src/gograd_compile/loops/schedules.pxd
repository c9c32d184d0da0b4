cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    bands=uint8_t[::1], levels=int32_t[::1], depths=int32_t[::1], heights=int64_t[::1], counts=int64_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, changes=uint8_t, barrier=Py_ssize_t,
    asked=Py_ssize_t, place=Py_ssize_t, band=uint8_t, level=int32_t, depth=int32_t,
)
cpdef find_levels(
    Py_ssize_t leaves, tuple rows, Py_ssize_t derivatives, const int64_t[:, ::1] barriers, const int32_t[::1] guards,
    uint8_t[::1] varies, tuple places, tuple sizes,
)

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", bands="const uint8_t[::1]", levels="const int32_t[::1]",
    depths="const int32_t[::1]", k=Py_ssize_t, factors=Py_ssize_t, height=Py_ssize_t, key=Py_ssize_t, place=Py_ssize_t,
)
cpdef Py_ssize_t in_order(
    Py_ssize_t leaves, tuple rows, tuple places, const int64_t[::1] below, Py_ssize_t calls, int64_t[::1] key_starts,
    int64_t[::1] level_starts, int32_t[::1] by_key, int32_t[::1] order, int32_t[::1] slots,
) except -1

@cython.locals(
    codes="const int32_t[::1]", starts="const int64_t[::1]", inputs="const int32_t[::1]",
    bands="const uint8_t[::1]", levels="const int32_t[::1]", widths="const int64_t[::1]", arities="const int64_t[::1]",
    steps=int64_t[:, ::1], sum_starts=int64_t[::1], terms=int32_t[::1], gathers=int32_t[::1],
    k=Py_ssize_t, e=Py_ssize_t, g=Py_ssize_t, i=Py_ssize_t, place=Py_ssize_t, code=Py_ssize_t, step=Py_ssize_t,
    before=Py_ssize_t, sums=Py_ssize_t, factors=Py_ssize_t, gathered=Py_ssize_t, each=Py_ssize_t, first=Py_ssize_t,
    at=Py_ssize_t, width=Py_ssize_t, applications=Py_ssize_t,
)
cpdef Py_ssize_t lay_out(
    Py_ssize_t leaves, tuple rows, tuple places, const int32_t[::1] order, const int32_t[::1] slots, tuple calls,
    tuple layout,
) except -1
