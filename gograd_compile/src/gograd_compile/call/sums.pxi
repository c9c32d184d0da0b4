"""Adds up the sums of a step. Every sum is added in order, so its bits do not depend on how it is run.

Sums often read slots that move on evenly: those of a matrix times a vector, for example, or the derivatives with
respect to the entries of a matrix. Such sums are computed side by side in vectors, by `even_sums.h`: `division.pxi`
finds them.
"""

cdef struct Term:
    uint32_t first, second

cdef extern from "even_sums.h":
    ctypedef struct Step:
        int64_t code, slot, count, at
    ctypedef struct Move:
        uint32_t first, second
        int32_t dx, dy
    ctypedef struct Head:
        uint32_t rows, length
        int32_t by, dx
        uint32_t before, after

ctypedef void (*EvenSums)(double *v, const Step *step, const Move *moves, double *copied) noexcept nogil

cdef extern from "even_sums.h":
    EvenSums BEST

cdef EvenSums run_even_sums = BEST  # with the vectors of this processor


cdef inline double product(const double *v, const Term *term) noexcept nogil:
    return v[term.first] * v[term.second]


cdef void run_sums(double *v, const Step *step, const int64_t *starts, const Term *terms) noexcept nogil:
    """Add up the terms of each sum in order. Most sums have few terms, and a loop over these would cost more."""
    cdef const Term *term = terms + starts[0]
    cdef const Term *end
    cdef double *out = v + step.slot
    cdef double total
    cdef Py_ssize_t g
    for g in range(step.count):
        end = terms + starts[g + 1]
        total = product(v, term)
        term += 1
        if term != end:
            total += product(v, term)
            term += 1
            if term != end:
                total += product(v, term)
                term += 1
                while term != end:
                    total += product(v, term)
                    term += 1
        out[g] = total


# Called through a pointer, so that the compiler keeps it apart from the loop over steps: it is a fifth faster then.
cdef void (*run_single_sums)(double *, const Step *, const int64_t *, const Term *) noexcept nogil
run_single_sums = run_sums
