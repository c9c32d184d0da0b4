# The user's lines: what a neuron notes while `trace` is in force. See the Python module.
#
# A note lives in place of the label, which it then holds. So a neuron needs no field for it, a note dies with its neuron,
# and freeing a neuron without a note does nothing that it did not do before.

cdef extern from *:
    """
    static PyObject *gograd_running(void)  /* the innermost frame of Python, or None */
    {
        PyObject *frame = (PyObject *)PyEval_GetFrame();
        return Py_NewRef(frame == NULL ? Py_None : frame);
    }
    static PyObject *gograd_caller(PyObject *frame)  /* the frame that called it, or None */
    {
        PyObject *back = (PyObject *)PyFrame_GetBack((PyFrameObject *)frame);
        return back == NULL ? Py_NewRef(Py_None) : back;
    }
    #define gograd_code(frame) ((PyObject *)PyFrame_GetCode((PyFrameObject *)(frame)))
    #define gograd_instruction(frame) PyFrame_GetLasti((PyFrameObject *)(frame))
    #define gograd_filename(code) (((PyCodeObject *)(code))->co_filename)
    """
    object running_frame "gograd_running" ()
    object caller_of "gograd_caller" (object frame)
    object code_of_frame "gograd_code" (object frame)
    int instruction_of "gograd_instruction" (object frame)
    PyObject *filename_of "gograd_filename" (object code)


@cython.no_gc  # a code refers to constants only
@cython.freelist(64)
cdef class Note:
    """The label of a neuron, and what was running when the neuron was made."""

    cdef str label
    cdef object code
    cdef int instruction


cdef PyTypeObject *note_type = <PyTypeObject *>Note
cdef dict libraries = {}  # those of the Python module, later


cdef bint is_library(object code) except -1:
    cdef PyObject *known = PyDict_GetItem(libraries, <object>filename_of(code))
    return lines.is_library(<object>filename_of(code)) if known is NULL else <object>known is True


cdef inline int begin(Neuron leaf, label) except -1:
    """Give a new leaf its label, and note the user's line if that is wanted."""
    if not (type(label) is str and len(label) == 0):
        leaf.label = label
    if pauses and in_force().tracing:
        note_origin(leaf)
    return 0


cdef PyObject *with_origin(PyObject *made) except NULL:
    """Note the user's line that is running in a new neuron."""
    cdef object neuron = steal(made)
    note_origin(<Neuron>neuron)
    return owned(neuron)


cdef int note_origin(Neuron neuron) except -1:
    cdef object frame = running_frame(), code
    while frame is not None:
        code = code_of_frame(frame)
        if not is_library(code):
            return keep_note(&neuron.node.label, code, instruction_of(frame))
        frame = caller_of(frame)
    return 0


cdef int keep_note(PyObject **place, object code, int instruction) except -1:
    """Put a note where the label of a neuron is."""
    cdef Note note = Note.__new__(Note)
    note.label, note.code, note.instruction = label_at(place[0]), code, instruction
    replace(place, note)
    return 0


cdef inline void replace(PyObject **place, kept) noexcept:
    cdef PyObject *before = place[0]
    Py_INCREF(<PyObject *>kept)
    place[0] = <PyObject *>kept
    if before is not NULL:
        Py_DECREF(before)


cdef inline str label_at(PyObject *kept):
    """Return the label of a neuron that keeps this."""
    if kept is NULL:
        return ""
    return (<Note>kept).label if Py_TYPE(kept) is note_type else <str>kept


cdef inline object origin_at(PyObject *kept):
    """Return what made a neuron that keeps this: a code and the offset of an instruction, or None."""
    if kept is NULL or Py_TYPE(kept) is not note_type:
        return None
    return (<Note>kept).code, (<Note>kept).instruction


cdef inline void set_label(PyObject **place, str label) noexcept:
    if place[0] is not NULL and Py_TYPE(place[0]) is note_type:
        (<Note>place[0]).label = label
    else:
        replace(place, label)
