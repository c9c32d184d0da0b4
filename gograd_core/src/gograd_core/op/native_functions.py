"""Native functions as kernels: the signatures that an operation expects, those that functions have, and addresses."""

from __future__ import annotations

import re
import sys
from typing import Any

from gograd_core.errors import InvalidOperationError
from gograd_core.interfaces import Op

__all__ = ["address", "expected", "signature", "too_many"]

MOST_INPUTS, MOST_COLUMNS = 6, 3


def too_many(op: Op) -> str:
    """Explain why an operation has too many inputs for kernels; empty if it has not."""
    count, most = len(op.partials), MOST_COLUMNS if op.variadic else MOST_INPUTS
    return f"kernels take at most {most} inputs, and it has {count}" if count > most else ""


def expected(op: Op) -> tuple[str, str]:
    """Return the signatures of the forward kernel and of the kernels of partials.

    Raises:
        InvalidOperationError: the operation has too many inputs for kernels.
    """
    count = len(op.partials)
    if too_many(op):
        raise InvalidOperationError(f"{op.title}: {too_many(op)}")
    if op.variadic:
        columns = ", double *" * count
        return f"double (intptr_t{columns})", f"void (double, intptr_t{columns}, double *)"
    numbers = ", ".join(["double"] * count)
    return f"double ({numbers})", f"double (double, {numbers})"


def signature(function: Any) -> str:
    """Return the signature of a native function in C, as `Kernels` writes it.

    Raises:
        TypeError: it is not a native function, or does not say what it takes.
    """
    if _is_of_cffi(function):
        import cffi  # type: ignore[import-untyped]

        return re.sub(r"\(\*\)|\b(const|volatile) ", "", cffi.FFI().typeof(function).cname).replace("(", " (", 1)
    import ctypes

    function = getattr(function, "ctypes", function)  # a cfunc of Numba has it
    if not isinstance(function, ctypes._CFuncPtr) or function.argtypes is None:  # type: ignore[attr-defined]
        raise TypeError("expected a PyCapsule, a cffi function pointer, a Numba cfunc, or a ctypes one with argtypes")
    names = {
        ctypes.c_double: "double",
        ctypes.c_ssize_t: "intptr_t",
        ctypes.POINTER(ctypes.c_double): "double *",
        None: "void",
    }
    result, *arguments = (names.get(kind, str(kind)) for kind in (function.restype, *function.argtypes))
    return f"{result} ({', '.join(arguments)})"


def address(function: Any) -> int:
    """Return the address of a native function."""
    if _is_of_cffi(function):
        import cffi

        return int(cffi.FFI().cast("intptr_t", function))
    import ctypes

    return ctypes.cast(getattr(function, "ctypes", function), ctypes.c_void_p).value or 0


def _is_of_cffi(function: Any) -> bool:
    backend = sys.modules.get("_cffi_backend")  # whoever has such a function has imported it
    return backend is not None and isinstance(function, backend.FFI.CData)
