"""Writes kernels from expressions of symbols: in the language of LLVM, see `stages`, or in Python.

Kernels that call a function which an operation provides for Numba are written in Python, and Numba compiles them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan

from gograd_compile.kernels.instructions import INLINE
from gograd_compile.kernels.stages import CHUNK, LOOPS, Stages, Text
from gograd_core.extend import Symbol

__all__ = ["CHUNK", "INLINE", "LOOPS", "NUMBA", "Text", "kernel_text"]

NUMBA = "numba "
"""The prefix of `Symbol.function` for a function that Numba compiles. The function's name and digest follow."""


def kernel_text(root: Symbol, inputs: Sequence[Symbol]) -> Text:
    """Write the kernel that computes `root` from `inputs`, which lie in `x` in that order.

    It is a function ``kernel(n, length, out, x, scratch)``: see `native.kernel`.
    """
    root = root.library.as_number(root)
    if root.function.startswith(NUMBA):
        return _of_numba(root, inputs)
    return Stages(root, inputs).text()


def _of_numba(call: Symbol, inputs: Sequence[Symbol]) -> Text:
    """Write the Python that calls a function which Numba compiles, with the numbers of each lane or with columns.

    The columns are copies in `scratch`, which the function may overwrite.
    """
    function, digest = call.function.removeprefix(NUMBA).split(" ")
    name = f"f_{function.rpartition(':')[2]}".replace(".", "_")
    columns = len(inputs) if any(symbol.is_column for symbol in inputs) else 0
    if columns:
        arrays = (f"carray(shifted(scratch, {place} * length), (length,))" for place in range(columns))
        copied = f"        for i in range({columns} * length):\n            scratch[i] = x[i * n + lane]\n"
        operands = ", ".join(arrays)
    else:
        places = {symbol: f"x[{row * CHUNK} + lane]" for row, symbol in enumerate(inputs)}
        copied, operands = "", ", ".join(places.get(each) or _number(each.value) for each in call.arguments)
    code = (
        "from gograd_compile.kernels.functions import *\n\n"
        f"{name} = numba_function({function!r}, {digest!r})\n\n\n"
        "def kernel(n, length, out, x, scratch):\n    for lane in range(n):\n"
        f"{copied}        out[lane] = {name}({operands})\n"
    )
    return Text(code, 0, columns, is_python=True)


def _number(value: float) -> str:
    """Write a constant in Python."""
    return "nan" if isnan(value) else "inf" if value == inf else "(-inf)" if value == -inf else f"({value!r})"
