# Parts of CPython that Cython does not declare.

cdef extern from "Python.h":
    ctypedef PyObject *(*vectorcallfunc)(PyObject *, PyObject **, size_t, PyObject *) except NULL
    ctypedef struct PyTypeObject
    ctypedef PyObject *(*newfunc)(PyTypeObject *, PyObject *, PyObject *) except NULL
    ctypedef struct PyTypeObject:
        const char *tp_name
        PyObject *tp_dict
        unsigned long tp_flags
        Py_ssize_t tp_vectorcall_offset
        Py_ssize_t tp_weaklistoffset
        Py_ssize_t tp_basicsize
        void (*tp_dealloc)(PyObject *) noexcept
        PyObject *(*tp_alloc)(PyTypeObject *, Py_ssize_t) except NULL
        PyObject *(*tp_getattro)(PyObject *, PyObject *) except NULL
        newfunc tp_new
        vectorcallfunc tp_vectorcall
        PyObject *(*tp_call)(PyObject *, PyObject *, PyObject *) except NULL
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    unsigned long Py_TPFLAGS_METHOD_DESCRIPTOR
    PyTypeObject *Py_TYPE(PyObject *)
    Py_ssize_t Py_REFCNT(PyObject *)
    void Py_INCREF(PyObject *)
    void Py_DECREF(PyObject *)
    void Py_XDECREF(PyObject *)
    void Py_SET_REFCNT(PyObject *, Py_ssize_t)
    void PyObject_ClearWeakRefs(PyObject *) noexcept
    void PyType_Modified(PyTypeObject *)
    PyObject *PyObject_Init(PyObject *, PyTypeObject *)
    PyObject *PyType_GenericAlloc(PyTypeObject *, Py_ssize_t) except NULL
    PyObject *PyVectorcall_Call(PyObject *, PyObject *, PyObject *) except NULL
    object PyObject_Vectorcall(object, PyObject **, size_t, PyObject *)
    PyObject *vectorcall "PyObject_Vectorcall" (PyObject *, PyObject **, size_t, PyObject *) except NULL
    Py_ssize_t PyVectorcall_NARGS(size_t)
    object PyMethod_New(object, object)
    ctypedef PyObject *(*fastcall "PyCFunction") (PyObject *, PyObject **, Py_ssize_t, PyObject *) except NULL
    ctypedef struct PyMethodDef:
        const char *ml_name
        fastcall ml_meth
        int ml_flags
        const char *ml_doc
    int METH_FASTCALL
    int METH_KEYWORDS
    object PyDescr_NewMethod(PyTypeObject *, PyMethodDef *)
    bint PyCapsule_CheckExact(object)
    const char *PyCapsule_GetName(object) except? NULL
    void *PyCapsule_GetPointer(object, const char *) except NULL
    PyObject **PySequence_Fast_ITEMS(PyObject *)
    Py_ssize_t Py_SIZE(PyObject *)
    bint Py_EnterRecursiveCall(const char *) noexcept
    void Py_LeaveRecursiveCall() noexcept
    bint PyList_CheckExact(PyObject *)
    bint PyTuple_CheckExact(PyObject *)
    void PyList_SET_ITEM(PyObject *, Py_ssize_t, PyObject *)
    void *PyMem_Calloc(size_t, size_t)
    PyObject *generic_getattr "PyObject_GenericGetAttr" (PyObject *, PyObject *) except NULL

cdef extern from *:
    """
    #define gograd_steal(p) ((PyObject *)(p))
    #define gograd_items(tuple) (((PyTupleObject *)(tuple))->ob_item)
    """
    object steal "gograd_steal" (PyObject *)  # a new reference becomes Cython's own
    PyObject **items_of "gograd_items" (object)  # of a tuple
