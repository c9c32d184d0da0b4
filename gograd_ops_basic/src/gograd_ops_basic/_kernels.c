/* Generated from the rules of gograd_ops_basic: do not edit.
 *
 * To generate it again: gograd kernels gograd_ops_basic
 * Compile with -O2 -ffp-contract=off -fno-math-errno. The second option matters: a product and a sum that are rounded
 * together would differ from Python's numbers. The third makes a square root one instruction.
 *
 * Left out, so that Python rules compute them: equal, greater, greater_equal, less, less_equal, not_equal.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>

#ifdef _MSC_VER
#define restrict __restrict
#endif

/* -1, 0 or 1; NaN of NaN. */
static inline double xp_sign(double x)
{
    return x != x ? x : (x > 0.0) - (x < 0.0);
}

static double add_forward(double x, double y)
{
    return x + y;
}

static double add_by_x(double out, double x, double y)
{
    return 1.0;
}

static double add_by_y(double out, double x, double y)
{
    return 1.0;
}

static double sub_forward(double x, double y)
{
    return x - y;
}

static double sub_by_x(double out, double x, double y)
{
    return 1.0;
}

static double sub_by_y(double out, double x, double y)
{
    return -1.0;
}

static double mul_forward(double x, double y)
{
    return x * y;
}

static double mul_by_x(double out, double x, double y)
{
    return y;
}

static double mul_by_y(double out, double x, double y)
{
    return x;
}

static double div_forward(double x, double y)
{
    return x / y;
}

static double div_by_x(double out, double x, double y)
{
    return 1.0 / y;
}

static double div_by_y(double out, double x, double y)
{
    return -out / y;
}

static double positive_forward(double x)
{
    return x;
}

static double positive_by_x(double out, double x)
{
    return 1.0;
}

static double neg_forward(double x)
{
    return -x;
}

static double neg_by_x(double out, double x)
{
    return -1.0;
}

static double abs_forward(double x)
{
    return fabs(x);
}

static double abs_by_x(double out, double x)
{
    return xp_sign(x);
}

static double pow_forward(double x, double y)
{
    return pow(x, y);
}

static double pow_by_x(double out, double x, double y)
{
    const int t1 = x == 0.0;
    const int t2 = (((y == floor(y) && y != 0.0) || fabs(out) < 0x1.8f2b061aea072p-964 /* 1e-290 */) && fabs(y) < 0x1.p+53 /* 9007199254740992.0 */) || t1;
    const double t3 = t2 ? 1.0 : x;
    const double t4 = t2 ? y * pow(x, y - 1.0) : fabs(x) > 1.0 ? y * (out / t3) : y * out / t3;
    return t1 ? (y == 0.0 ? 0.0 : t4) : t4;
}

static double pow_by_y(double out, double x, double y)
{
    return x == 0.0 ? 0.0 : out * log(x);
}

typedef struct {
    const char *name;
    const char *digest;
    const char *printed_from;
    const char *forward_signature;
    void *forward;
    const char *partial_signature;
    Py_ssize_t inputs;
    void *partials[2];
} Entry;

static const Entry ENTRIES[] = {
    {"add", "a32eef2fb86ba459", "ce5d7821fbc9148e", "double (double, double)", (void *)add_forward, "double (double, double, double)", 2,
        {(void *)add_by_x, (void *)add_by_y}},
    {"sub", "83488083100c216f", "024b8e8a198c1ae1", "double (double, double)", (void *)sub_forward, "double (double, double, double)", 2,
        {(void *)sub_by_x, (void *)sub_by_y}},
    {"mul", "294d15282eddbc0b", "27fca1c2433a598e", "double (double, double)", (void *)mul_forward, "double (double, double, double)", 2,
        {(void *)mul_by_x, (void *)mul_by_y}},
    {"div", "55e7a5deb491600c", "79bf8420445c531b", "double (double, double)", (void *)div_forward, "double (double, double, double)", 2,
        {(void *)div_by_x, (void *)div_by_y}},
    {"positive", "d8a29ec5683a0650", "86b789c34a31a9a8", "double (double)", (void *)positive_forward, "double (double, double)", 1,
        {(void *)positive_by_x}},
    {"neg", "07d8462626fe75e9", "66b4ca791a55eb09", "double (double)", (void *)neg_forward, "double (double, double)", 1,
        {(void *)neg_by_x}},
    {"abs", "4d0cfddd7c10de9a", "3a4fd19849e496fd", "double (double)", (void *)abs_forward, "double (double, double)", 1,
        {(void *)abs_by_x}},
    {"pow", "50d83bff36a36f8b", "42ab6ce807b1ef28", "double (double, double)", (void *)pow_forward, "double (double, double, double)", 2,
        {(void *)pow_by_x, (void *)pow_by_y}},
};

static PyObject *capsule(void *function, const char *signature)
{
    if (function == NULL)
        Py_RETURN_NONE;
    return PyCapsule_New(function, signature, NULL);
}

static PyObject *kernels_of(const Entry *entry)
{
    PyObject *partials = PyTuple_New(entry->inputs);
    if (partials == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < entry->inputs; k++) {
        PyObject *partial = capsule(entry->partials[k], entry->partial_signature);
        if (partial == NULL || PyTuple_SetItem(partials, k, partial) < 0) {
            Py_DECREF(partials);
            return NULL;
        }
    }
    PyObject *forward = capsule(entry->forward, entry->forward_signature);
    return Py_BuildValue("(ssNN)", entry->digest, entry->printed_from, forward, partials);
}

static int fill(PyObject *module)
{
    PyObject *kernels = PyDict_New();
    int failed = kernels == NULL;
    for (size_t k = 0; !failed && k < sizeof(ENTRIES) / sizeof(ENTRIES[0]); k++) {
        PyObject *entry = kernels_of(&ENTRIES[k]);
        failed = entry == NULL || PyDict_SetItemString(kernels, ENTRIES[k].name, entry) < 0;
        Py_XDECREF(entry);
    }
    failed = failed || PyModule_AddObjectRef(module, "KERNELS", kernels) < 0;
    Py_XDECREF(kernels);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot SLOTS[] = {
    {Py_mod_exec, (void *)fill},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_kernels",
    .m_doc = "Kernels of operations, generated from their rules.",
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    return PyModuleDef_Init(&MODULE);
}
