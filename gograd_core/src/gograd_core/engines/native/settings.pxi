# Settings that hold inside a block. They are entered and left in C, where no signal handler can run in between.

from cpython.contextvars cimport PyContextVar_Get, PyContextVar_Set

cdef int pauses = 0, observers = 0, replacing = 0  # how many living `Settings` there are of each kind; see the Python engine


@cython.freelist(8)
cdef class Settings:
    """See `Settings` of the Python engine."""

    cdef readonly bint recording
    cdef readonly int depth
    cdef readonly object domain, recorder, values, tracing
    cdef bint wants_nodes, pauses, observed, replacing
    cdef Settings outer
    cdef Block block

    def __cinit__(self):
        self.recording, self.domain = True, "raise"

    def __dealloc__(self):
        global pauses, observers, replacing
        pauses -= self.pauses
        observers -= self.observed
        replacing -= self.replacing


cdef Settings changed(Settings outer, Block block):
    """Make the settings inside a block."""
    global pauses, observers, replacing
    cdef Settings made = Settings.__new__(Settings)
    made.outer, made.block = outer, block
    made.recording = block.recording > 0 if block.recording else outer.recording
    made.domain = outer.domain if block.domain is None else block.domain
    made.depth = block.deeper
    if not block.outside:
        made.depth += outer.depth
        if block.recorder is None:
            made.recorder, made.wants_nodes = outer.recorder, outer.wants_nodes
        else:
            made.recorder, made.wants_nodes = block.recorder, block.wants_nodes
    made.values = outer.values if block.values is None and not block.outside else block.values
    kept = block.tracing is None or (block.tracing is True and outer.tracing)
    made.tracing = outer.tracing if kept else block.tracing
    made.pauses = made.wants_nodes or bool(made.tracing) or not made.recording
    made.observed = made.recorder is not None or not (made.tracing is None or type(made.tracing) is bool)
    made.replacing = made.values is not None
    pauses += made.pauses
    observers += made.observed
    replacing += made.replacing
    return made


cdef object settings = ContextVar("gograd_settings", default=Settings())
now = settings.get


cdef inline Settings in_force():
    cdef PyObject *found = NULL
    PyContextVar_Get(settings, NULL, &found)  # there is a default
    return <Settings>steal(found)


cdef class Block:
    """See `PythonBlock`."""

    cdef int recording  # 1, or -1 for no; 0: as around the block
    cdef object domain, recorder, values, tracing
    cdef bint wants_nodes, deeper, outside

    def __init__(
        self, *, recording=None, domain=None, recorder=None, deeper=False, outside=False, values=None, tracing=None
    ):
        self.recording = 0 if recording is None else 1 if recording else -1
        self.domain = domain
        self.wants_nodes = recorder is not None and recorder.wants_nodes
        self.recorder = recorder
        self.deeper, self.outside, self.values, self.tracing = deeper, outside, values, tracing

    def __enter__(self):
        PyContextVar_Set(settings, changed(in_force(), self))

    def __exit__(self, *_):
        leave(self)


cdef PyObject *run_inside(PyObject *block, PyObject **args, Py_ssize_t count, PyObject *names) except NULL:
    """Call ``block.run(f, *args, **kwargs)``."""
    if count == 0:
        raise TypeError("run() takes a function, and its arguments")
    outer = in_force()
    PyContextVar_Set(settings, changed(outer, <Block>block))
    try:
        result = steal(vectorcall(args[0], args + 1, count - 1, names))
    finally:
        PyContextVar_Set(settings, outer)
    return owned(result)


# As a method of Cython it would make a tuple and a dict for each call, which takes as long as all the rest.
cdef PyMethodDef run_method = PyMethodDef(
    b"run",
    <fastcall>run_inside,
    METH_FASTCALL | METH_KEYWORDS,
    b"run($self, f, /, *args, **kwargs)\n--\n\n"
    b"Call `f` inside the block and return its result. Afterwards, even after an interrupt, all is as before.",
)
(<dict>(<PyTypeObject *>Block).tp_dict)["run"] = PyDescr_NewMethod(<PyTypeObject *>Block, &run_method)


cdef int leave(Block block) except -1:
    """Undo only this change, since blocks that generators hold open may end in any order."""
    cdef Settings here = in_force()
    cdef list changes = []
    while here.block is not block:
        if here.outer is None:
            return 0  # entered in another thread or task
        changes.append(here.block)
        here = here.outer
    here = here.outer
    while changes:
        here = changed(here, changes.pop())
    PyContextVar_Set(settings, here)
    return 0


cdef class Swap:
    """See `PythonSwap`."""

    cdef list outer

    def __cinit__(self, *_, **__):
        self.outer = []

    def __enter__(self):
        outer = self._replaced()
        self.outer.append(outer)
        try:
            self._activate()
        except BaseException:
            self.outer.pop()
            outer._activate()
            raise
        return self

    def __exit__(self, *_):
        outer = self.outer.pop()
        try:
            outer._activate()
        except BaseException:
            outer._activate()
            raise


cdef class Count:
    """True while there are settings of one kind."""

    cdef int *count

    def __bool__(self):
        return self.count[0] != 0


cdef Count count_at(int *place):
    cdef Count count = Count()
    count.count = place
    return count


counts = count_at(&pauses), count_at(&observers), count_at(&replacing)
