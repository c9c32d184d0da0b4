"""Which slots have a row, with a lane for each point, and which derivatives are only added up over the points."""


def find_varying(steps, bands, size, slots):
    """Find the slots that have rows: these leaves, and what bands 1 and 3 compute. All have if there are no `slots`."""
    varies = np.ones(size, dtype=np.uint8)
    if slots is not None:
        varies[: steps[0, 1] if len(steps) else size] = 0
        varies[slots] = 1
        for band in (0, 2):
            for _, slot, count, _ in steps[bands[band] : bands[band + 1]].tolist():
                varies[slot : slot + count] = 0
    return varies


def find_summed(const int64_t[:, ::1] steps, first_step, starts, terms, gathers, varies, read, totals):
    """Find the derivatives that are only read as sums over the points, and are sums of products of two rows each."""
    cdef const int64_t[::1] begins = starts
    cdef const int32_t[:, ::1] factors = terms
    cdef const uint8_t[::1] rows = varies
    cdef Py_ssize_t k, g, place
    cdef bint fits
    summed = np.zeros(len(varies), dtype=np.uint8)
    summed[totals] = 1
    summed[read] = summed[gathers] = summed[terms.ravel()] = 0
    cdef uint8_t[::1] found = summed
    for k in range(steps.shape[0]):
        for g in range(steps[k, 2]):
            if found[steps[k, 1] + g]:
                fits = k >= first_step and steps[k, 0] == 0
                if fits:  # so `begins` has an entry for it
                    for place in range(begins[steps[k, 3] + g], begins[steps[k, 3] + g + 1]):
                        fits = fits and rows[factors[place, 0]] and rows[factors[place, 1]]
                found[steps[k, 1] + g] = fits
    summed[: steps[0, 1] if len(steps) else len(summed)] = 0  # leaves
    return summed
