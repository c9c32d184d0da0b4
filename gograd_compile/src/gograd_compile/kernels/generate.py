"""Writes kernels, over chunks of points, from expressions of symbols: in the language of LLVM.

An expression is cut into stages. The arithmetic of one stage is one loop, written so that LLVM vectorises it: both arms
of every choice are computed. Between the loops there are calls of functions such as exp, each for the whole chunk. They
use NumPy's own loop if there is one, otherwise a loop over the function of the C library. The inputs and results of
such calls lie in rows of `scratch`.

Kernels that call a function which an operation provides for Numba are written in Python, and Numba compiles them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import NamedTuple

from gograd_compile.kernels.columns import Columns
from gograd_compile.kernels.instructions import INLINE, Function, constant
from gograd_core.extend import CALLS, Symbol, postorder

__all__ = ["CHUNK", "INLINE", "LOOPS", "NUMBA", "Text", "kernel_text"]

CHUNK = 256
"""The most points that a kernel is called with, and the length of a row of inputs or of `scratch`."""

NUMBA = "numba "
"""The prefix of `Symbol.function` for a function that Numba compiles. The function's name and digest follow."""

HEAD = "define void @kernel(i64 %n, i64 %length, ptr noalias %out, ptr noalias %x, ptr noalias %scratch)"
LOOPS = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power",
    **{name: name for name in (
        "cbrt", "cosh", "exp", "exp2", "expm1", "floor_divide", "log", "log10", "log1p", "log2", "remainder", "sinh",
        "tan", "tanh",
    )},
}  # fmt: skip
"""The ufuncs of NumPy that are two to five times as fast as the C library, with AVX-512. sin, cos and hypot are not."""


class Text(NamedTuple):
    """The source of a kernel, which is named `kernel` in it.

    Attributes:
        code: a module in the language of LLVM, or in Python if Numba must compile it.
        scratch: how many rows of `scratch` it needs.
        loops: the ufuncs whose inner loops it calls, as "numpy:exp".
        is_python: whether it is Python.
    """

    code: str
    scratch: int
    loops: tuple[str, ...] = ()
    is_python: bool = False


def kernel_text(root: Symbol, inputs: Sequence[Symbol]) -> Text:
    """Write the kernel that computes `root` from `inputs`, which lie in `x` in that order.

    It is a function ``kernel(n, length, out, x, scratch)``.

    Columns among the inputs lie there one after the other. With columns, the result is a column if `root` is one or the
    output is among the inputs. Otherwise it is one number.
    """
    root = root.library.as_number(root)
    has_columns = any(symbol.is_column for symbol in inputs)
    if root.function.startswith(NUMBA):
        return Text(_of_numba(root, inputs, has_columns=has_columns), 0, is_python=True)
    if has_columns:
        return Text(Columns(Function(HEAD), root, inputs).text(), 0)
    return _Stages(root, inputs).text()


class _Stages:
    """The statements of a kernel over a chunk of points."""

    def __init__(self, root: Symbol, inputs: Sequence[Symbol]) -> None:
        self.root = root
        self.function = Function(HEAD)
        self.places = {symbol: ("%x", row) for row, symbol in enumerate(inputs)}
        self.rows = 0
        self.loops: dict[str, None] = {}
        self.symbols = postorder([root])
        self.levels: dict[Symbol, int] = {}
        for symbol in self.symbols:
            before = (self.levels[argument] + _is_call(argument) for argument in symbol.arguments)
            self.levels[symbol] = max(before, default=0)

    def text(self) -> Text:
        calls = [symbol for symbol in self.symbols if _is_call(symbol)]
        for level in sorted({self.levels[call] for call in calls}):
            stage = [call for call in calls if self.levels[call] == level]
            self._prepare(stage)
            for call in stage:
                self._call(call)
        if not _is_call(self.root):
            self._loop({self.root: ("%out", 0)})
        return Text(self.function.text(), self.rows, tuple(self.loops))

    def _prepare(self, calls: Sequence[Symbol]) -> None:
        """Put the inputs of the calls of a stage into rows. Constants too: NumPy's power differs for strides of 0."""
        computed = {}
        for argument in dict.fromkeys(argument for call in calls for argument in call.arguments):
            if argument not in self.places:
                computed[argument] = self._row()
        if computed:
            self._loop(computed)
            self.places.update(computed)

    def _row(self) -> tuple[str, int]:
        self.rows += 1
        return "%scratch", self.rows - 1

    def _call(self, call: Symbol) -> None:
        """Write what applies one function of the C library or NumPy to all points."""
        self.places[call] = ("%out", 0) if call is self.root else self._row()
        ufunc = f"numpy:{LOOPS[call.function]}" if call.function in LOOPS else call.function
        if ":" in ufunc:
            self._call_loop(ufunc, [self._start(each) for each in (*call.arguments, call)])
            return
        with self.function.loop("%n") as i:
            operands = [self._loaded(each, {}, i) for each in call.arguments]
            self._store(self.function.call(CALLS[call.function], operands), self.places[call], i)

    def _call_loop(self, ufunc: str, rows: Sequence[str]) -> None:
        """Write the call of the inner loop of a ufunc, whose arguments are arrays of pointers and of strides."""
        function, name = self.function, symbol_of(ufunc)
        self.loops[ufunc] = None
        function.declared[name] = f"declare void @{name}(ptr, ptr, ptr, ptr)"
        function.declared[f"{name}_data"] = f"@{name}_data = external global i8"
        count = function.allocate("i64")
        pointers, strides = (function.allocate(f"[{len(rows)} x {kind}]") for kind in ("ptr", "i64"))
        function.do(f"store i64 %n, ptr {count}")
        for place, row in enumerate(rows):
            function.do(f"store ptr {row}, ptr {function.add(f'getelementptr ptr, ptr {pointers}, i64 {place}')}")
            function.do(f"store i64 8, ptr {function.add(f'getelementptr i64, ptr {strides}, i64 {place}')}")
        function.do(f"call void @{name}(ptr {pointers}, ptr {count}, ptr {strides}, ptr @{name}_data)")

    def _loop(self, results: dict[Symbol, tuple[str, int]]) -> None:
        """Write one loop that computes the results from what is in memory, and stores them."""
        names: dict[Symbol, str] = {}
        with self.function.loop("%n") as i:
            for symbol in postorder(results, known=self.places):
                if not symbol.is_leaf:
                    operands = [self._loaded(argument, names, i) for argument in symbol.arguments]
                    names[symbol] = self.function.apply(symbol, operands)
            for symbol, place in results.items():
                self._store(self._loaded(symbol, names, i), place, i)

    def _loaded(self, symbol: Symbol, names: dict[Symbol, str], i: str) -> str:
        """Find the name of a value, and load it if needed."""
        if symbol.function == "constant":
            return constant(symbol)
        if symbol not in names:
            names[symbol] = self.function.load(self._start(symbol), i)
        return names[symbol]

    def _store(self, value: str, place: tuple[str, int], i: str) -> None:
        self.function.store(value, self.function.shifted(place[0], f"{place[1] * CHUNK}"), i)

    def _start(self, symbol: Symbol) -> str:
        """Compute the address of the row of a symbol."""
        start, row = self.places[symbol]
        return self.function.shifted(start, f"{row * CHUNK}")


def symbol_of(ufunc: str) -> str:
    """Name the inner loop of a ufunc, for machine code that calls it."""
    return f"gograd_{ufunc.replace(':', '_').replace('.', '_')}"


def _is_call(symbol: Symbol) -> bool:
    return not symbol.is_leaf and symbol.function not in INLINE


def _of_numba(call: Symbol, inputs: Sequence[Symbol], *, has_columns: bool) -> str:
    """Write the Python that calls a function which Numba compiles, with the numbers of each point or with columns."""
    function, digest = call.function.removeprefix(NUMBA).split(" ")
    name = f"f_{function.rpartition(':')[2]}".replace(".", "_")
    if has_columns:
        arrays = ", ".join(f"carray(shifted(x, {place} * length), (length,))" for place in range(len(inputs)))
        body = f"    out[0] = {name}({arrays})\n"
    else:
        places = {symbol: f"x[{row * CHUNK} + i]" for row, symbol in enumerate(inputs)}
        operands = ", ".join(places.get(each) or _number(each.value) for each in call.arguments)
        body = f"    for i in range(n):\n        out[i] = {name}({operands})\n"
    head = f"from gograd_compile.kernels.functions import *\n\n{name} = numba_function({function!r}, {digest!r})\n\n\n"
    return f"{head}def kernel(n, length, out, x, scratch):\n{body}"


def _number(value: float) -> str:
    """Write a constant in Python."""
    return "nan" if isnan(value) else "inf" if value == inf else "(-inf)" if value == -inf else f"({value!r})"
