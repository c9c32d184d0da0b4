"""Writes the source of kernels: Python that Numba compiles, over chunks of points, from expressions of symbols.

An expression is cut into stages. The arithmetic of one stage is one loop, written so that LLVM vectorises it: both arms
of every choice are computed. Between the loops there are calls of functions such as exp, each for the whole chunk. They
use NumPy's own loop if there is one, otherwise a loop over the function of the C library. The inputs and results of
such calls lie in rows of `scratch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan

from gograd_core.extend import CALLS, OPERATORS, PythonBody, Symbol, postorder

__all__ = ["CHUNK", "NUMBA", "kernel_text"]

CHUNK = 256
"""The most points that a kernel is called with, and the length of a row of inputs or of `scratch`."""

NUMBA = "numba "
"""The prefix of `Symbol.function` for a function that Numba compiles. The function's name and digest follow."""

HEADER = "from gograd_compile.kernels.functions import *\n\n"
LOOPS = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power",
    **{name: name for name in (
        "cbrt", "cosh", "exp", "exp2", "expm1", "floor_divide", "log", "log10", "log1p", "log2", "remainder", "sinh",
        "tan", "tanh",
    )},
}  # fmt: skip
"""The ufuncs of NumPy that are two to five times as fast as the C library, with AVX-512. sin, cos and hypot are not."""

INLINE = {
    "negative": "-{0}",
    "abs": "fabs({0})",
    "sqrt": "sqrt({0})",
    "ceil": "ceil({0})",
    "floor": "floor({0})",
    "trunc": "trunc({0})",
    "round": "rint({0})",  # as long as nobody changes how the processor rounds
    "copysign": "copysign({0}, {1})",
    "signbit": "copysign(1.0, {0}) < 0.0",
    "isnan": "{0} != {0}",
    "isinf": "fabs({0}) == inf",
    "isfinite": "fabs({0}) < inf",
    "maximum": "{1} if ({0} < {1}) | ({1} != {1}) else {0}",
    "minimum": "{1} if ({0} > {1}) | ({1} != {1}) else {0}",
    "sign": "{0} if {0} != {0} else (1.0 if {0} > 0.0 else 0.0) - (1.0 if {0} < 0.0 else 0.0)",
    "where": "{1} if {0} else {2}",
    "logical_and": "{0} & {1}",
    "logical_or": "{0} | {1}",
    "logical_xor": "{0} != {1}",
    "logical_not": "not {0}",
    **{name: f"{{0}} {sign} {{1}}" for name, (sign, _) in OPERATORS.items() if not name.startswith("logical")},
}
"""Functions for which LLVM has vector instructions, written in Python. The operands are names or numbers."""


def kernel_text(root: Symbol, inputs: Sequence[Symbol]) -> tuple[str, int]:
    """Write the kernel that computes `root` from `inputs`, which lie in `x` in that order.

    Returns the source of a module that defines ``kernel(n, length, out, x, scratch)``, and how many rows of `scratch`
    it needs.

    Columns among the inputs lie there one after the other. With columns, the result is a column if `root` is one or the
    output is among the inputs. Otherwise it is one number.
    """
    root = root.library.as_number(root)
    if any(symbol.is_column for symbol in inputs):
        return _of_columns(root, inputs)
    return _Stages(root, inputs).text()


class _Stages:
    """The statements of a kernel over a chunk of points."""

    def __init__(self, root: Symbol, inputs: Sequence[Symbol]) -> None:
        self.root = root
        self.places = {symbol: f"x[{_offset(row, 'i')}]" for row, symbol in enumerate(inputs)}
        self.pointers = {symbol: f"shifted(x, {row * CHUNK})" for row, symbol in enumerate(inputs)}
        self.rows = 0
        self.functions: dict[str, str] = {}
        self.lines: list[str] = []
        self.symbols = postorder([root])
        self.levels: dict[Symbol, int] = {}
        for symbol in self.symbols:
            before = (self.levels[argument] + _is_call(argument) for argument in symbol.arguments)
            self.levels[symbol] = max(before, default=0)

    def text(self) -> tuple[str, int]:
        calls = [symbol for symbol in self.symbols if _is_call(symbol)]
        for level in sorted({self.levels[call] for call in calls}):
            stage = [call for call in calls if self.levels[call] == level]
            self._prepare(stage)
            for call in stage:
                self._call(call)
        if not _is_call(self.root):
            self._loop({self.root: "out[i]"})
        source = HEADER + "".join(f"{name} = {value}\n" for name, value in self.functions.items())
        source += "\n\ndef kernel(n, length, out, x, scratch):\n" + "".join(f"    {line}\n" for line in self.lines)
        return source, self.rows

    def _prepare(self, calls: Sequence[Symbol]) -> None:
        """Put the inputs of the calls of a stage into rows. Constants too: NumPy's power differs for strides of 0."""
        computed = {}
        for argument in dict.fromkeys(argument for call in calls for argument in call.arguments):
            if argument not in self.places:
                self._give_row(argument)
                computed[argument] = self.places.pop(argument)
        if computed:
            self._loop(computed)
            self.places.update(computed)

    def _give_row(self, symbol: Symbol) -> None:
        self.places[symbol] = f"scratch[{_offset(self.rows, 'i')}]"
        self.pointers[symbol] = f"shifted(scratch, {self.rows * CHUNK})"
        self.rows += 1

    def _call(self, call: Symbol) -> None:
        """Write the statement that applies one function of the C library or NumPy to all points."""
        if call is self.root:
            self.places[call], self.pointers[call] = "out[i]", "out"
        else:
            self._give_row(call)
        name, arguments = f"f_{call.function.rpartition(':')[2]}", call.arguments
        function = LOOPS.get(call.function)
        ufunc = f"numpy:{function}" if function else call.function
        if ufunc.startswith(NUMBA):
            name, self.functions[name] = _of_numba(call)
        elif ":" in ufunc:
            self.functions[name] = f"numpy_loop({ufunc!r})"
            operands = ", ".join(f"{self.pointers[each]}" for each in arguments)
            self.lines.append(f"{name}(n, {self.pointers[call]}, {operands})")
            return
        else:
            self.functions[name] = f"c_function({CALLS[call.function]!r}, {len(arguments)})"
        operands = ", ".join(_number(each) if each.function == "constant" else self.places[each] for each in arguments)
        self.lines += ["for i in range(n):", f"    {self.places[call]} = {name}({operands})"]

    def _loop(self, results: dict[Symbol, str]) -> None:
        """Write one loop that computes the results from what is in memory, and stores them."""
        names: dict[Symbol, str] = {}
        self.lines.append("for i in range(n):")
        for symbol in postorder(results, known=self.places):
            if not symbol.is_leaf:
                names[symbol] = self._statement(symbol, names)
        for symbol, place in results.items():
            self.lines.append(f"    {place} = {self._loaded(symbol, names)}")

    def _loaded(self, symbol: Symbol, names: dict[Symbol, str]) -> str:
        """Find the name of a value, and load it if needed."""
        if symbol.function == "constant":
            return _number(symbol)
        if symbol not in names:
            names[symbol] = f"t{len(names)}"
            self.lines.append(f"    {names[symbol]} = {self.places[symbol]}")
        return names[symbol]

    def _statement(self, symbol: Symbol, names: dict[Symbol, str]) -> str:
        operands = [self._loaded(argument, names) for argument in symbol.arguments]
        truths = 1 if symbol.function == "where" else len(operands) if symbol.function.startswith("logical_") else 0
        for place, argument in enumerate(symbol.arguments[:truths]):
            if not argument.is_truth:
                operands[place] = f"({operands[place]} != 0.0)"
        name = f"t{len(names)}"
        self.lines.append(f"    {name} = {INLINE[symbol.function].format(*operands)}")
        return name


def _offset(row: int, index: str) -> str:
    return f"{row * CHUNK} + {index}" if row else index


def _is_call(symbol: Symbol) -> bool:
    return not symbol.is_leaf and symbol.function not in INLINE


def _of_numba(call: Symbol) -> tuple[str, str]:
    """Name a function that Numba compiles, and write the Python that defines it."""
    function, digest = call.function.removeprefix(NUMBA).split(" ")
    name = f"f_{function.rpartition(':')[2]}".replace(".", "_")
    return name, f"numba_function({function!r}, {digest!r})"


def _number(symbol: Symbol) -> str:
    value = symbol.value
    if symbol.is_truth:
        return str(bool(value))
    return "nan" if isnan(value) else "inf" if value == inf else "(-inf)" if value == -inf else f"({value!r})"


class _Columns(PythonBody):
    """The statements that compute one number, or one per entry, from columns of `n` numbers. The result goes to `d`."""

    def returned(self) -> str:
        self._reduce()
        result = self._text(self.root, self.uses).code
        return "".join(f"    {line}\n" for line in [*self.lines, f"d[0] = {result}"])


def _of_columns(root: Symbol, inputs: Sequence[Symbol]) -> tuple[str, int]:
    if root.function.startswith(NUMBA):
        name, function = _of_numba(root)
        arrays = ", ".join(f"carray(shifted(x, {place} * n), (n,))" for place in range(len(inputs)))
        code = f"    d[0] = {name}({arrays})\n"
        return f"{HEADER}{name} = {function}\n\n\ndef kernel(count, n, d, x, scratch):\n{code}", 0
    names = {}
    before = columns = 0
    for symbol in inputs:
        column = {0: "", 1: "n + "}.get(columns, f"{columns} * n + ")
        names[symbol] = f"x[{before} + {column}i]" if symbol.is_column else f"x[{before} + {column}0]"
        columns, before = columns + symbol.is_column, before + (not symbol.is_column)
    body = _Columns(root, names)
    is_partial = root.is_column or any(symbol.value == -1.0 for symbol in inputs)
    code = body.stored() if is_partial else body.returned()
    symbols = postorder([root])
    calls = {CALLS[each.function]: len(each.arguments) for each in symbols if each.function in CALLS}
    calls |= {f"xp_{each.function}imum": 2 for each in symbols if each.function in ("max", "min")}
    lines = "".join(f"{name} = python_function({name!r}, {count})\n" for name, count in calls.items())
    return f"{HEADER}{lines}\n\ndef kernel(count, n, d, x, scratch):\n{code}", 0
