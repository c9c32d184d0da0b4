"""Fingerprints of rules, which show whether kernels still belong to the rules from which they were printed."""

from __future__ import annotations

import hashlib
import linecache
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["fingerprint"]


def fingerprint(op: Op) -> str:
    """Return a digest of the source of the rules, and of the Python functions and numbers that they use by name.

    It is empty if there is no source. It costs little, unlike printing the kernels again, so it is compared whenever
    kernels are attached.
    """
    texts: list[str] = []
    functions = [rule for rule in op.rules if isinstance(rule, FunctionType)]
    for function in functions:  # it grows
        source = _source(function)
        if not source:
            return ""
        texts.append(source)
        for value in _used(function):
            if isinstance(value, (int, float)):
                texts.append(repr(value))
            elif isinstance(value, FunctionType) and value not in functions:
                functions.append(value)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _source(function: FunctionType) -> str:
    code = function.__code__
    last = max(line or 0 for _, _, line in code.co_lines())
    return "".join(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : last]).replace("\r\n", "\n")


def _used(function: FunctionType) -> list[Any]:
    """Find what a function uses from outside: names of its module, variables around it, and default values."""
    in_module = [function.__globals__.get(name) for name in function.__code__.co_names]
    around = [cell.cell_contents for cell in function.__closure__ or ()]
    return [*in_module, *around, *(function.__defaults__ or ())]
