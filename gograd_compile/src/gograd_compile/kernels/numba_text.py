"""Functions of modules that Numba translates to the language of LLVM, once: what is in the cache runs without Numba."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from gograd_compile.kernels import machine
from gograd_compile.kernels.numba_code import installed

__all__ = ["loaded"]


@functools.cache
def loaded(module: str, name: str) -> Callable[[int], None]:
    """Find a function of a module as native code, which gets an integer.

    The function uses only what its module defines, and the modules of this package. It is decorated with `numba.njit`,
    without wrappers. It needs no Python object, and raises nothing. While it runs, other threads run, too.

    Raises:
        ImportError: the module cannot be imported, which is tried if the function must be compiled.
    """
    spec = find_spec(module)
    assert spec is not None
    files = [Path(spec.origin or ""), *sorted(Path(__file__).parent.glob("*.py"))]
    sources = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    found = machine.load(f"gograd_{name}", name, "\0".join([installed(), *sources]), write=lambda: _text(module, name))
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(found.address)


def _text(module: str, name: str) -> str:
    """Write the function, and one that calls it as C does."""
    function, types = getattr(import_module(module), name), import_module("numba").types
    function.compile(types.void(types.int64))
    (kind,) = function.signatures
    symbol = function.overloads[kind].fndesc.mangled_name
    return f"""{function.inspect_llvm(kind)}
define void @gograd_{name}(i64 %arguments) {{
  %result = alloca ptr
  %error = alloca ptr
  %status = call i32 @{symbol}(ptr %result, ptr %error, i64 %arguments)
  ret void
}}
"""
