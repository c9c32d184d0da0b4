"""An extension module in C that offers the kernels of many operations; `with_kernels` attaches them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs

from gograd_core.kernels.c import KernelSource, kernel_source
from gograd_core.kernels.expansion import ExpansionError
from gograd_core.kernels.expressions import HELPERS

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["Extension", "print_extension"]

HEADER = """\
/* Generated from the rules of {module}: do not edit.
 *
 * To generate it again: gograd kernels {module}
 * Compile with -O2 -ffp-contract=off -fno-math-errno. The second option matters: a product and a sum that are rounded
 * together would differ from Python's numbers. The third makes a square root one instruction.
 *
 * Left out, so that Python rules compute them: {left_out}.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>

#ifdef _MSC_VER
#define restrict __restrict
#endif

"""
TABLE = """\
typedef struct {{
    const char *name;
    const char *digest;
    const char *printed_from;
    const char *forward_signature;
    void *forward;
    const char *partial_signature;
    Py_ssize_t inputs;
    void *partials[{most}];
}} Entry;

static const Entry ENTRIES[] = {{
{entries}}};

"""
MODULE = """\
static PyObject *capsule(void *function, const char *signature)
{{
    if (function == NULL)
        Py_RETURN_NONE;
    return PyCapsule_New(function, signature, NULL);
}}

static PyObject *kernels_of(const Entry *entry)
{{
    PyObject *partials = PyTuple_New(entry->inputs);
    if (partials == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < entry->inputs; k++) {{
        PyObject *partial = capsule(entry->partials[k], entry->partial_signature);
        if (partial == NULL || PyTuple_SetItem(partials, k, partial) < 0) {{
            Py_DECREF(partials);
            return NULL;
        }}
    }}
    PyObject *forward = capsule(entry->forward, entry->forward_signature);
    return Py_BuildValue("(ssNN)", entry->digest, entry->printed_from, forward, partials);
}}

static int fill(PyObject *module)
{{
    PyObject *kernels = PyDict_New();
    int failed = kernels == NULL;
    for (size_t k = 0; !failed && k < sizeof(ENTRIES) / sizeof(ENTRIES[0]); k++) {{
        PyObject *entry = kernels_of(&ENTRIES[k]);
        failed = entry == NULL || PyDict_SetItemString(kernels, ENTRIES[k].name, entry) < 0;
        Py_XDECREF(entry);
    }}
    failed = failed || PyModule_AddObjectRef(module, "KERNELS", kernels) < 0;
    Py_XDECREF(kernels);
    return failed ? -1 : 0;
}}

static PyModuleDef_Slot SLOTS[] = {{
    {{Py_mod_exec, (void *)fill}},
#ifdef Py_mod_multiple_interpreters
    {{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}},
#endif
#ifdef Py_mod_gil
    {{Py_mod_gil, Py_MOD_GIL_NOT_USED}},
#endif
    {{0, NULL}},
}};

static struct PyModuleDef MODULE = {{
    PyModuleDef_HEAD_INIT,
    .m_name = "{name}",
    .m_doc = "Kernels of operations, generated from their rules.",
    .m_slots = SLOTS,
}};

PyMODINIT_FUNC PyInit_{name}(void)
{{
    return PyModuleDef_Init(&MODULE);
}}
"""


@attrs.frozen
class Extension:
    """The source of an extension module.

    Attributes:
        text: the source in C.
        kernels: the kernels of the operations that have them.
        left_out: the names of the other operations, each with the reason.
    """

    text: str
    kernels: tuple[KernelSource, ...]
    left_out: dict[str, str]


def print_extension(ops: Iterable[Op], module: str, name: str = "_kernels") -> Extension:
    """Print the extension `name` with the kernels of `ops`, which the plugin `module` provides.

    Its ``KERNELS`` is what `with_kernels` reads.
    """
    kernels, left_out = [], {}
    for op in ops:
        try:
            kernels.append(kernel_source(op))
        except ExpansionError as error:
            left_out[op.name] = error.reason
    used = {helper for kernel in kernels for helper in kernel.helpers}
    parts = [
        HEADER.format(module=module, left_out=_wrapped(sorted(left_out)) or "none"),
        *(f"{text}\n" for helper, text in HELPERS.items() if helper in used),
        *(f"{kernel.code}\n" for kernel in kernels),
        _table(kernels),
        MODULE.format(name=name),
    ]
    return Extension("".join(parts), tuple(kernels), left_out)


def _wrapped(names: Sequence[str]) -> str:
    lines = [", ".join(names[start : start + 8]) for start in range(0, len(names), 8)]
    return ",\n * ".join(lines)


def _table(kernels: Sequence[KernelSource]) -> str:
    entries = []
    for kernel in kernels:
        forward, *partials = (f"(void *){function}" if function else "NULL" for function in kernel.functions)
        of_forward, of_partials = (f'"{signature}"' for signature in kernel.signatures)
        fields = [
            f'"{kernel.name}"',
            f'"{kernel.digest}"',
            f'"{kernel.printed_from}"',
            of_forward,
            forward,
            of_partials,
            str(len(partials)),
        ]
        entries.append(f"    {{{', '.join(fields)},\n        {{{', '.join(partials)}}}}},\n")
    most = max((len(kernel.functions) - 1 for kernel in kernels), default=1)
    return TABLE.format(most=most, entries="".join(entries))
