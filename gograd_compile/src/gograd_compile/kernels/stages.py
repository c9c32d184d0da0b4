"""Writes kernels, over the lanes of a chunk of points, from expressions of symbols: in the language of LLVM.

An expression is cut into stages. The arithmetic of one stage is one loop, written so that LLVM vectorises it: both arms
of every choice are computed. Between the loops there are calls of functions such as exp, each for the whole chunk. They
use NumPy's own loop if there is one, otherwise a loop over the function of the C library. The inputs and results of
such calls lie in rows of `scratch`.

A column is a row of lanes for each of its entries, one after the other, so one call applies a function to all of them.
Reductions of columns end a stage too. They take entries in their order, lane by lane, and those of one stage share a
loop. Arithmetic on columns is done in every loop that needs it. No lane affects another one, so each result has the
same bits however many lanes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from gograd_compile.kernels.instructions import APART, FEW, INLINE, NOTHING, Function, constant
from gograd_core.extend import CALLS, Symbol, postorder

__all__ = ["CHUNK", "LOOPS", "Stages", "Text", "symbol_of"]

CHUNK = 256
"""The most points that a kernel is called with, and the length of a row of inputs or of `scratch`."""

PARAMETERS = "i64 %n, i64 %length, ptr noalias %out, ptr noalias %x, ptr noalias %scratch"
WIDE = '"prefer-vector-width"="512"'  # as NumPy's loops are, which would wait for narrower stores
HEAD = f"define void @kernel({PARAMETERS})"
BODY = f"define internal void @body({PARAMETERS}) alwaysinline {WIDE}"
CHOICE = f"""
{HEAD} {WIDE} {{
  %is_one = icmp eq i64 %n, 1
  br i1 %is_one, label %one, label %many
one:
  call void @body(i64 1, i64 %length, ptr %out, ptr %x, ptr %scratch)
  ret void
many:
  call void @body(i64 %n, i64 %length, ptr %out, ptr %x, ptr %scratch)
  ret void
}}
"""
"""The kernel of columns: LLVM compiles its body for one lane, without loops over lanes, and for many."""

STEPS = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}
"""The function that takes one more entry into a reduction."""

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
        columns: how many columns of `scratch` it needs besides.
        loops: the ufuncs whose inner loops it calls, as "numpy:exp".
        is_python: whether it is Python.
    """

    code: str
    scratch: int
    columns: int = 0
    loops: tuple[str, ...] = ()
    is_python: bool = False


class _Place(NamedTuple):
    """Where the lanes of a number or column lie: in `start`, after so many rows and columns."""

    start: str
    rows: int = 0
    columns: int = 0


OUT = _Place("%out")


class Stages:
    """The statements of the kernel that computes `root` from `inputs`."""

    def __init__(self, root: Symbol, inputs: Sequence[Symbol]) -> None:
        self.root = root
        self.has_columns = any(symbol.is_column for symbol in inputs)
        self.gives_column = self.has_columns and (root.is_column or any(symbol.value == -1.0 for symbol in inputs))
        self.function = Function(BODY if self.has_columns else HEAD)
        self.area = self.function.add("mul nsw i64 %n, %length") if self.has_columns else ""
        self.rows = self.columns = 0
        self.places: dict[Symbol, _Place] = {}
        for place, symbol in enumerate(inputs):
            before = sum(each.is_column for each in inputs[:place])
            self.places[symbol] = _Place("%x", place - before, before)
        self.spread: dict[Symbol, _Place] = {}  # numbers as columns
        self.loops: dict[str, None] = {}
        self.symbols = postorder([root])
        self.levels: dict[Symbol, int] = {}
        for symbol in self.symbols:
            levels = (self.levels[argument] + _ends_stage(argument) for argument in symbol.arguments)
            self.levels[symbol] = max(levels, default=0)
        self._delay()

    def _delay(self) -> None:
        """Reduce columns as late as possible: more reductions share a loop."""
        latest = {self.root: max(self.levels.values())}
        for symbol in reversed(self.symbols):
            if symbol.function in STEPS:
                self.levels[symbol] = latest[symbol]
            before = self.levels[symbol] - 1 if _ends_stage(symbol) else latest[symbol]
            for argument in symbol.arguments:
                latest[argument] = min(latest.get(argument, before), before)

    def text(self) -> Text:
        """Write the module."""
        ends = [symbol for symbol in self.symbols if _ends_stage(symbol)]
        for level in sorted({self.levels[symbol] for symbol in ends}):
            stage = [symbol for symbol in ends if self.levels[symbol] == level]
            calls = [symbol for symbol in stage if symbol.function not in STEPS]
            self._prepare(calls)
            for call in calls:
                self._call(call)
            self._reduce([symbol for symbol in stage if symbol.function in STEPS])
        if self.places.get(self.root) != OUT:
            self._compute({self.root: OUT}, are_columns=self.gives_column)
        code = self.function.text() + (CHOICE if self.has_columns else "")
        return Text(code, self.rows, self.columns, tuple(self.loops))

    def _prepare(self, calls: Sequence[Symbol]) -> None:
        """Put the inputs of the calls of a stage into memory. Constants too: NumPy's power differs for strides of 0."""
        for are_columns in (False, True):
            computed: dict[Symbol, _Place] = {}
            for argument in (
                argument for call in calls if call.is_column is are_columns for argument in call.arguments
            ):
                if argument not in self._places_of(argument, are_columns) and argument not in computed:
                    computed[argument] = self._new_place(are_columns)
            if computed:
                self._compute(computed, are_columns)
            for symbol, place in computed.items():
                self._places_of(symbol, are_columns)[symbol] = place

    def _places_of(self, symbol: Symbol, as_column: bool) -> dict[Symbol, _Place]:
        """Return where symbols such as this one lie, or where they lie as columns."""
        return self.places if symbol.is_column is as_column else self.spread

    def _new_place(self, is_column: bool) -> _Place:
        """Find room in `scratch`."""
        place = _Place("%scratch", self.rows, self.columns)
        if is_column:
            self.columns += 1
        else:
            self.rows += 1
        return place

    def _call(self, call: Symbol) -> None:
        """Write what applies one function of the C library or NumPy in all lanes, to all entries."""
        is_last = call is self.root and call.is_column is self.gives_column
        self.places[call] = place = OUT if is_last else self._new_place(call.is_column)
        count = self.area if call.is_column else "%n"
        operands = [self._places_of(each, call.is_column)[each] for each in call.arguments]
        ufunc = f"numpy:{LOOPS[call.function]}" if call.function in LOOPS else call.function
        if ":" in ufunc:
            self._call_loop(ufunc, count, [self._start(each) for each in (*operands, place)])
            return
        with self.function.loop(count, APART) as i:
            given = [
                constant(symbol) if symbol.function == "constant" else self.function.load(self._start(operand), i)
                for symbol, operand in zip(call.arguments, operands, strict=True)
            ]
            self.function.store(self.function.call(CALLS[call.function], given), self._start(place), i)

    def _call_loop(self, ufunc: str, length: str, starts: Sequence[str]) -> None:
        """Write the call of the inner loop of a ufunc, whose arguments are arrays of pointers and of strides."""
        function, name = self.function, symbol_of(ufunc)
        self.loops[ufunc] = None
        function.declared[name] = f"declare void @{name}(ptr, ptr, ptr, ptr)"
        function.declared[f"{name}_data"] = f"@{name}_data = external global i8"
        count = function.allocate("i64")
        pointers, strides = (function.allocate(f"[{len(starts)} x {kind}]") for kind in ("ptr", "i64"))
        function.do(f"store i64 {length}, ptr {count}")
        for place, start in enumerate(starts):
            function.do(f"store ptr {start}, ptr {function.add(f'getelementptr ptr, ptr {pointers}, i64 {place}')}")
            function.do(f"store i64 8, ptr {function.add(f'getelementptr i64, ptr {strides}, i64 {place}')}")
        function.do(f"call void @{name}(ptr {pointers}, ptr {count}, ptr {strides}, ptr @{name}_data)")

    def _reduce(self, group: Sequence[Symbol]) -> None:
        """Write the loop of reductions that do not depend on each other, each in the order of its entries."""
        function = self.function
        if not group:
            return
        # LLVM keeps the total of one lane in a register if it lies in memory of its own.
        totals = [function.allocate(f"[{CHUNK} x double]") for _ in group]
        with function.loop("%n", APART) as lane:
            for symbol, total in zip(group, totals, strict=True):
                function.store(self._first(symbol.function), total, lane)
        columns = [symbol.arguments[0] for symbol in group]
        self._share(columns)
        with self._each(are_columns=True, are_apart=False) as (i, lane):
            for symbol, total, entry in zip(group, totals, self._values(columns, i, lane), strict=True):
                step = Symbol(symbol.library, STEPS[symbol.function], (symbol, symbol.arguments[0]))
                function.store(function.apply(step, [function.load(total, lane), entry]), total, lane)
        self.places.update((symbol, _Place(total)) for symbol, total in zip(group, totals, strict=True))

    def _first(self, reduction: str) -> str:
        """Write what a reduction is before its first entry. The largest of no numbers is NaN."""
        if reduction in ("sum", "prod"):
            return "0.0" if reduction == "sum" else "1.0"
        has_entries = self.function.add("icmp sgt i64 %length, 0")
        worst = "0xFFF0000000000000" if reduction == "max" else "0x7FF0000000000000"
        return self.function.add(f"select i1 {has_entries}, double {worst}, double 0x7FF8000000000000")

    def _share(self, roots: Iterable[Symbol]) -> None:
        """Compute the numbers that all entries of columns need, and put them into rows. Those may not be truths."""
        found: dict[Symbol, _Place] = {}
        seen: set[Symbol] = set()

        def visit(symbol: Symbol) -> None:
            if symbol in seen or symbol in self.places or symbol.is_leaf:
                return
            seen.add(symbol)
            if symbol.is_column or symbol.is_truth:
                for argument in symbol.arguments:
                    visit(argument)
            else:
                found[symbol] = self._new_place(False)

        for root in roots:
            visit(root)
        if found:
            self._compute(found, are_columns=False)
            self.places.update(found)

    def _compute(self, results: dict[Symbol, _Place], are_columns: bool) -> None:
        """Write one loop that computes the results from what is in memory, and stores them."""
        if are_columns:
            self._share(results)
        with self._each(are_columns) as (i, lane):
            values = self._values(list(results), i, lane)
            for value, place in zip(values, results.values(), strict=True):
                self.function.store(value, self._start(place), i)

    @contextmanager
    def _each(self, are_columns: bool, are_apart: bool = True) -> Iterator[tuple[str, str]]:
        """Write a loop over lanes, or over entries and lanes. The block gets the index of a number, and the lane."""
        if not are_columns:
            with self.function.loop("%n", APART) as lane:
                yield lane, lane
            return
        with self.function.loop("%length", FEW if are_apart else NOTHING) as entry:
            start = self.function.add(f"mul nsw i64 {entry}, %n")
            with self.function.loop("%n", APART) as lane:
                yield self.function.add(f"add nsw i64 {start}, {lane}"), lane

    def _values(self, roots: Sequence[Symbol], i: str, lane: str) -> list[str]:
        """Compute numbers in a lane, and entries of columns at an index, from what is in memory."""
        names: dict[Symbol, str] = {}

        def value(symbol: Symbol) -> str:
            if symbol.function == "constant":
                return constant(symbol)
            if symbol not in names:
                start = self._start(self.places[symbol])
                names[symbol] = self.function.load(start, i if symbol.is_column else lane)
            return names[symbol]

        for symbol in postorder(roots, known=self.places):
            if symbol.function == "length":
                names[symbol] = self.function.add("sitofp i64 %length to double")
            elif not symbol.is_leaf:
                names[symbol] = self.function.apply(symbol, [value(argument) for argument in symbol.arguments])
        return [value(root) for root in roots]

    def _start(self, place: _Place) -> str:
        """Compute the address of a row or column."""
        function = self.function
        if not self.has_columns:
            return function.shifted(place.start, f"{place.rows * CHUNK}")
        rows, columns = (
            "0" if count == 0 else function.add(f"mul nsw i64 {size}, {count}")
            for count, size in ((place.rows, "%n"), (place.columns, self.area))
        )
        return function.shifted(function.shifted(place.start, rows), columns)


def symbol_of(ufunc: str) -> str:
    """Name the inner loop of a ufunc, for machine code that calls it."""
    return f"gograd_{ufunc.replace(':', '_').replace('.', '_')}"


def _ends_stage(symbol: Symbol) -> bool:
    return not symbol.is_leaf and symbol.function not in INLINE
