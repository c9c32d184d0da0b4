"""The front of a compiled function: its call from Python, and what was prepared for it."""

cdef enum:
    MOST_NESTINGS = 16  # for how many ways in which arguments are nested calls are prepared


@cython.final
cdef class Alternatives:
    """The prepared calls of one kind: a `Calls` for each way in which arguments were nested, the one used last first."""

    cdef tuple calls

    def __init__(self):
        self.calls = ()

    def add(self, Calls calls not None):
        """Keep these, as those used last. Those whose paths were dropped go."""
        cdef Calls other
        kept = calls.structures.values()
        others = [other for other in self.calls if other is not calls and other.paths in kept]
        self.calls = (calls, *others)[:MOST_NESTINGS]

    def __call__(self, tuple args):
        """Answer a call. Returns NotImplemented if anything is unusual, so that the call must take the general way."""
        return NotImplemented if observers and watching() is not None else self.answer(args)

    cdef object answer(self, tuple args):
        """Answer as the calls do that take arguments nested like these, while nothing watches for anomalies."""
        cdef Calls calls, other
        for calls in self.calls:
            found = calls.answer(args)
            if found is not NotImplemented:
                if calls is not self.calls[0]:
                    self.calls = (calls, *[other for other in self.calls if other is not calls])
                return found
        return NotImplemented


cdef bint is_seen() except -1:
    """Say whether a recorder, or what watches for anomalies, is in force here and now, and not only somewhere."""
    return observers and (recorder() is not None or watching() is not None)


cdef class Front:
    """See `PythonFront`."""

    cdef dict calls
    cdef object kind

    def __init__(self, dict calls not None, kind):
        self.calls, self.kind = calls, kind

    def __call__(self, *args, **named):
        """See `PythonFront`."""
        found = NotImplemented if named else self.answered(self.kind, args)
        return self._anyhow(args, named) if found is NotImplemented else found

    def _prepared(self, wrt, tuple args):
        """See `PythonFront`."""
        if type(wrt) is tuple:
            for place in <tuple>wrt:
                if type(place) is not int:
                    return NotImplemented
        return self.answered(wrt, args) if type(wrt) is int or type(wrt) is tuple else NotImplemented

    cdef object answered(self, kind, tuple args):
        if is_seen() or (replacing and is_computed()):
            return NotImplemented
        calls = self.calls.get(kind)
        return (<Alternatives>calls).answer(args) if type(calls) is Alternatives else NotImplemented
