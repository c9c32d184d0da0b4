"""Writes kernels of columns: one number from columns of `length` numbers, or one number per entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gograd_compile.kernels.instructions import Function, constant
from gograd_core.extend import Symbol, postorder

__all__ = ["Columns"]

STEPS = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}
"""The function that takes one more entry into a reduction."""


class Columns:
    """A kernel of columns. The result goes to `out`.

    Reductions that do not depend on each other share a loop. What a column consists of is computed in every loop that
    needs it. But if the result is a column, the last column that is reduced is kept in `out` for the last loop.
    """

    def __init__(self, function: Function, root: Symbol, inputs: Sequence[Symbol]) -> None:
        self.function = function
        self.root = root
        self.inputs = inputs
        self.is_stored = root.is_column or any(symbol.value == -1.0 for symbol in inputs)
        self.numbers: dict[Symbol, str] = {}
        self.starts: dict[Symbol, str] = {}
        self.groups: dict[int, list[Symbol]] = {}
        depths: dict[Symbol, int] = {}
        for symbol in postorder([root]):
            depths[symbol] = max((depths[argument] for argument in symbol.arguments), default=0)
            if symbol.function in STEPS:
                depths[symbol] += 1
                self.groups.setdefault(depths[symbol], []).append(symbol)
        self.kept = self._find_kept() if self.is_stored else None

    def _find_kept(self) -> Symbol | None:
        reduced = _columns_of(symbol.arguments[0] for group in self.groups.values() for symbol in group)
        needed = _columns_of(self.root.arguments)
        found = (each for each in reversed(reduced) if each in needed and not (each.is_leaf or each.is_truth))
        return next(found, None)

    def text(self) -> str:
        """Write the module."""
        function = self.function
        self._find_inputs()
        for _, group in sorted(self.groups.items()):
            self._reduce(group)
        if not self.is_stored:
            function.store(self._number(self.root), "%out")
            return function.text()
        self._prepare([self.root])
        with function.loop("%length") as i:
            function.store(self._in_loop([self.root], i)[self.root], "%out", i)
        return function.text()

    def _find_inputs(self) -> None:
        """Load the numbers among the inputs, and find where each column begins."""
        function, before, columns = self.function, 0, "0"
        for symbol in self.inputs:
            start = function.shifted(function.shifted("%x", f"{before}"), columns)
            if symbol.is_column:
                self.starts[symbol] = start
                columns = "%length" if columns == "0" else function.add(f"add i64 {columns}, %length")
            else:
                self.numbers[symbol] = function.load(start)
                before += 1

    def _number(self, symbol: Symbol) -> str:
        """Compute a number outside of loops, from inputs and from reductions that are known."""
        for each in postorder([symbol], known=self.numbers):
            if each.function == "constant":
                self.numbers[each] = constant(each)
            elif each.function == "length":
                self.numbers[each] = self.function.add("sitofp i64 %length to double")
            else:
                self.numbers[each] = self.function.apply(each, [self.numbers[argument] for argument in each.arguments])
        return self.numbers[symbol]

    def _prepare(self, roots: Iterable[Symbol]) -> None:
        """Compute the numbers that a loop needs."""
        for symbol in roots:
            if not symbol.is_column:
                self._number(symbol)
        for symbol in _columns_of(roots):
            for argument in symbol.arguments:
                if not argument.is_column:
                    self._number(argument)

    def _reduce(self, group: Sequence[Symbol]) -> None:
        """Write the loop of reductions that do not depend on each other, each in the order of its entries."""
        function = self.function
        columns = [symbol.arguments[0] for symbol in group]
        self._prepare(columns)
        totals = {symbol: function.allocate("double") for symbol in group}
        for symbol, total in totals.items():
            function.store(self._start(symbol.function), total)
        with function.loop("%length") as i:
            values = self._in_loop(columns, i)
            for symbol, total in totals.items():
                step = Symbol(symbol.library, STEPS[symbol.function], (symbol, symbol.arguments[0]))
                function.store(function.apply(step, [function.load(total), values[symbol.arguments[0]]]), total)
        for symbol, total in totals.items():
            self.numbers[symbol] = function.load(total)

    def _start(self, reduction: str) -> str:
        """Write what a reduction is before its first entry. The largest of no numbers is NaN."""
        if reduction in ("sum", "prod"):
            return "0.0" if reduction == "sum" else "1.0"
        has_entries = self.function.add("icmp sgt i64 %length, 0")
        worst = "0xFFF0000000000000" if reduction == "max" else "0x7FF0000000000000"
        return self.function.add(f"select i1 {has_entries}, double {worst}, double 0x7FF8000000000000")

    def _in_loop(self, roots: Sequence[Symbol], i: str) -> dict[Symbol, str]:
        """Compute the entries of columns at an index. Numbers are known."""
        function, names = self.function, dict(self.numbers)
        for symbol in _columns_of(roots, self.starts):
            names[symbol] = (
                function.load(self.starts[symbol], i)
                if symbol in self.starts
                else function.apply(symbol, [names[argument] for argument in symbol.arguments])
            )
        if self.kept in names and self.kept is not None and self.kept not in self.starts:
            function.store(names[self.kept], "%out", i)
            self.starts[self.kept] = "%out"
        return names


def _columns_of(roots: Iterable[Symbol], known: Iterable[Symbol] = ()) -> dict[Symbol, None]:
    """Find the columns that one loop computes for the roots, down to `known` ones, as an ordered set.

    Each comes after what it is made of.
    """
    found: dict[Symbol, None] = {}
    stops = set(known)

    def visit(symbol: Symbol) -> None:
        if symbol.is_column and symbol not in found:
            for argument in symbol.arguments if symbol not in stops else ():
                visit(argument)
            found[symbol] = None

    for root in roots:
        visit(root)
    return found
