"""The front of a compiled function: its call from Python."""


cdef class Front:
    """See `PythonFront`."""

    cdef dict calls
    cdef object kind

    def __init__(self, dict calls not None, kind):
        self.calls, self.kind = calls, kind

    def __call__(self, *args, **named):
        """See `PythonFront`."""
        if not named and not observers and not replacing:
            calls = self.calls.get(self.kind)
            if type(calls) is Alternatives:
                found = (<Alternatives>calls).answer(args)
                if found is not NotImplemented:
                    return found
        return self._anyhow(args, named)
