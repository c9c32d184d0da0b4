"""The statements of a function that computes an expression of symbols: in C, or in the language of a subclass."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from gograd_core.kernels.calls import CALLS
from gograd_core.kernels.expressions import Text, format_symbol
from gograd_core.kernels.symbols import Symbol, postorder
from gograd_core.namespaces.columns import REDUCTIONS

__all__ = ["Body"]

Step = tuple[Symbol, str]
"""A symbol, and a statement with braces in the place of the expression for the symbol."""

STARTS = {"sum": "0.0", "prod": "1.0", "max": "n > 0 ? -INFINITY : NAN", "min": "n > 0 ? INFINITY : NAN"}
STEPS = {
    "sum": "{0} += {1}", "prod": "{0} *= {1}", "max": "{0} = xp_maximum({0}, {1})", "min": "{0} = xp_minimum({0}, {1})",
}  # fmt: skip


class Body:
    """The statements of one function.

    A value that is used once is written where it is used, so that only the arm of a choice that is taken is evaluated.
    A value that is used more often gets a name. Reductions that do not depend on each other share a loop. One column
    that several loops need is kept in `d`, where the last loop puts the results.

    A subclass for another language has its own `starts`, `format`, `declare`, `loop` and `choose`. What is common to
    all languages: statements end with a semicolon, `n` is the length of the columns, `i` an index, `d` the column of
    results, and names are `t1`, `t2` and so on. `xp_maximum` and `xp_minimum` find the largest and smallest entries.
    """

    starts: ClassVar[Mapping[str, str]] = STARTS
    """The initial value of each reduction."""

    def __init__(self, root: Symbol, inputs: dict[Symbol, str]) -> None:
        self.root = root
        self.names = dict(inputs)
        self.lines: list[str] = []
        self.kept: Symbol | None = None
        self.counter = itertools.count(1)
        symbols = postorder([root])
        self.users: dict[Symbol, list[tuple[Symbol, int]]] = {symbol: [] for symbol in symbols}
        for user in symbols:
            for place, argument in enumerate(user.arguments):
                self.users[argument].append((user, place))
        self.uses = Counter({symbol: len(users) for symbol, users in self.users.items()})
        for symbol in symbols:
            if symbol.is_column:  # a number that all entries share is computed before the loop
                self.uses.update({argument: 2 for argument in symbol.arguments if not argument.is_column})
        depths: dict[Symbol, int] = {}
        self.reductions: dict[int, list[Symbol]] = {}
        for symbol in symbols:
            depths[symbol] = max((depths[argument] for argument in symbol.arguments), default=0)
            if symbol.function in REDUCTIONS:
                depths[symbol] += 1
                self.reductions.setdefault(depths[symbol], []).append(symbol)

    def returned(self) -> str:
        """Write the body that returns a number."""
        self._reduce()
        result = self._text(self.root, self.uses).code
        return _indented([*self.lines, f"return {result};"])

    def stored(self) -> str:
        """Write the body that stores one number per entry."""
        summed = _within([symbol.arguments[0] for group in self.reductions.values() for symbol in group])
        needed = _within(self.root.arguments)
        self.kept = next((symbol for symbol in reversed(summed) if symbol in needed and not symbol.is_leaf), None)
        self._reduce()
        self.uses[self.root] += 2  # a number that is computed gets a name, before the loop
        self._loop([(self.root, "d[i] = {}")])
        return _indented(self.lines)

    def format(self, symbol: Symbol, operands: Sequence[Text]) -> Text:
        """Write the function of a symbol, applied to the texts of its arguments."""
        return format_symbol(symbol, operands)

    def declare(self, kind: str, name: str, value: str) -> str:
        """Write the statement that gives a value a name."""
        return f"{kind} {name} = {value};"

    def loop(self, block: list[str]) -> list[str]:
        """Write the statements of a block, for each index `i` of the columns."""
        start, end = (" {", ["}"]) if len(block) > 1 else ("", [])
        return [f"for (intptr_t i = 0; i < n; i++){start}", *block, *end]

    def choose(self, name: str, condition: str, blocks: list[list[str]]) -> list[str]:
        """Write a choice: the first block if the condition holds, else the second. Each sets the variable `name`."""
        return [f"double {name};", f"if ({condition}) {{", *blocks[0], "} else {", *blocks[1], "}"]

    def _reduce(self) -> None:
        for _, group in sorted(self.reductions.items()):
            steps = []
            for symbol in group:
                name = f"t{next(self.counter)}"
                self.lines.append(self.declare("double", name, self.starts[symbol.function]))
                steps.append((symbol.arguments[0], STEPS[symbol.function].format(name, "{}")))
                self.names[symbol] = name
            self._loop(steps)

    def _loop(self, steps: list[Step]) -> None:
        """Write one pass over the columns."""
        roots = [symbol for symbol, _ in steps]
        inside = _within(roots)
        needed = [*roots, *(argument for symbol in inside for argument in symbol.arguments)]
        for symbol in needed:
            if not symbol.is_column:
                self._text(symbol, self.uses)
        uses = Counter(needed)
        if self.kept in inside and self.kept not in self.names:
            steps = [(self.kept, "d[i] = {}"), *steps]
        block = self._block(functools.partial(self._steps, steps, uses))
        if self.kept in inside:
            self.names[self.kept] = "d[i]"
        self.lines += self.loop(block)

    def _steps(self, steps: Iterable[Step], uses: Counter[Symbol]) -> None:
        for symbol, step in steps:
            text = self._text(symbol, uses)
            self.lines.append(step.format(text.code) + ";")
            if symbol is self.kept:
                self.names[symbol] = "d[i]"

    def _text(self, symbol: Symbol, uses: Counter[Symbol]) -> Text:
        """Return an expression for a symbol, after writing the statements that compute the names in it."""
        if symbol in self.names:
            return Text(self.names[symbol])
        if symbol.function == "where" and any(map(self._deserves_a_branch, self._own(symbol))):
            return self._branches(symbol, uses)
        text = self.format(symbol, [self._text(argument, uses) for argument in symbol.arguments])
        if symbol.is_leaf or uses[symbol] < 2:
            return text
        name = self.names[symbol] = f"t{next(self.counter)}"
        self.lines.append(self.declare("const int" if symbol.is_truth else "const double", name, text.code))
        return Text(name)

    def _own(self, choice: Symbol) -> set[Symbol]:
        """Find what is used in only one arm of a choice."""
        everything: set[Symbol] = set()
        for position, arm in enumerate(choice.arguments[1:], 1):
            own: set[Symbol] = set()
            for symbol in reversed(postorder([arm], self.names)):
                if all(user in own or (user is choice and place == position) for user, place in self.users[symbol]):
                    own.add(symbol)
            everything |= own
        return everything

    def _deserves_a_branch(self, symbol: Symbol) -> bool:
        """Return whether a symbol would otherwise be computed even if the other arm is taken."""
        return self.uses[symbol] > 1 and (symbol.function in CALLS or symbol.function == "divide")

    def _branches(self, choice: Symbol, uses: Counter[Symbol]) -> Text:
        """Write a choice as a statement, so that names may belong to one arm."""
        condition, *arms = choice.arguments
        own = self._own(choice)
        for symbol in postorder(arms, self.names):
            if symbol not in own and uses[symbol] > 1:
                self._text(symbol, uses)
        held = self._text(condition, uses).code
        name = f"t{next(self.counter)}"
        blocks = [self._block(functools.partial(self._steps, [(arm, f"{name} = {{}}")], uses)) for arm in arms]
        self.lines += self.choose(name, held, blocks)
        self.names[choice] = name
        return Text(name)

    def _block(self, emit: Callable[[], None]) -> list[str]:
        """Write the statements that `emit` makes. Their names hold only among them."""
        outside, before = self.lines, self.names
        self.lines, self.names = [], dict(before)
        emit()
        block, self.lines, self.names = self.lines, outside, before
        return [f"    {line}" for line in block]


def _within(roots: Iterable[Symbol]) -> dict[Symbol, None]:
    """List the columns that one loop computes for the roots, each after what it is made of, as an ordered set."""
    found: dict[Symbol, None] = {}

    def visit(symbol: Symbol) -> None:
        if symbol.is_column and symbol not in found:
            for argument in symbol.arguments:
                visit(argument)
            found[symbol] = None

    for root in roots:
        visit(root)
    return found


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)
