"""Rules written out as expressions, from which native code can be generated.

A rule is called with symbols in place of numbers. A symbol records the function that made it and the arguments of that
function. Equal expressions are one symbol. A column is one symbol too, which stands for its entry at any index, until
xp.sum, xp.prod, xp.max or xp.min makes a number of it. So symbols have a namespace as the arrays of a library have one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable
from math import nan
from typing import TYPE_CHECKING, Any

from gograd_core.namespaces.columns import REDUCTIONS
from gograd_core.namespaces.ieee import IEEENamespace
from gograd_core.python_operators import ARRAY_API, BINARY

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["Symbol", "SymbolLibrary", "postorder"]

TRUTHS = {
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "signbit",
    "logical_and", "logical_not", "logical_or", "logical_xor",
}  # fmt: skip
TAKES_TRUTHS = {"logical_and", "logical_not", "logical_or", "logical_xor", "where"}
ANY_LENGTH = 100_003
"""The len() of a column while a rule is written out. `xp` takes this number for the length wherever it meets it."""


class Symbol:
    """A number that is not known yet, or the entries of a column.

    Attributes:
        function: a name of the array API standard or of a C library; or "input", "constant", "length".
        arguments: what the function is applied to.
        value: the number, if it is a constant; the position, if it is an input.
        is_column: whether it has a value for each entry of the columns.
        is_truth: whether it is true or false and not a number.
        library: the library that made it.
    """

    __slots__ = ("arguments", "function", "is_column", "is_truth", "library", "value")

    def __init__(
        self,
        library: SymbolLibrary,
        function: str,
        arguments: tuple[Symbol, ...] = (),
        value: float = nan,
        *,
        is_column: bool = False,
        is_truth: bool = False,
    ) -> None:
        self.library = library
        self.function = function
        self.arguments = arguments
        self.value = value
        self.is_column = is_column
        self.is_truth = is_truth

    @property
    def is_leaf(self) -> bool:
        return not self.arguments

    def __repr__(self) -> str:
        return f"{self.function}({'…' if self.arguments else self.value})"

    def __bool__(self) -> bool:
        raise TypeError("whether a symbol holds is not known yet: choose with xp.where")

    def __len__(self) -> int:
        if not self.is_column:
            raise TypeError("only a column has a len()")
        return self.library.length

    __hash__ = object.__hash__  # equality is an expression
    __iter__ = None


def _add_operators() -> None:
    def method(function: str, reflected: bool) -> Any:
        def apply(self: Symbol, *others: object) -> Any:
            if not all(isinstance(other, (int, float, Symbol)) for other in others):
                return NotImplemented
            return self.library.apply(function, *((*others, self) if reflected else (self, *others)))

        return apply

    for name, function in ARRAY_API.items():
        setattr(Symbol, f"__{name}__", method(function, False))
    for name in BINARY.values():
        setattr(Symbol, f"__r{name}__", method(ARRAY_API[name], True))
    setattr(Symbol, "__pos__", lambda self: self)  # noqa: B010 - as its neighbours


_add_operators()


class SymbolLibrary:
    """The functions of the array API standard for symbols. If all arguments are plain numbers, they compute at once.

    Args:
        backend: its name in the `implementations` of operations.
        length: the len() of a column; a symbol, unless given.
        counts: whether there are columns, so that ANY_LENGTH is their length and not a number.
    """

    def __init__(self, backend: str, length: int | None = None, *, counts: bool = False) -> None:
        self.__name__ = backend
        self.length = ANY_LENGTH if length is None else length
        self._any_length = ANY_LENGTH if counts else None
        self._symbols: dict[tuple[Any, ...], Symbol] = {}
        self._numbers = IEEENamespace()

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._numbers, name)
        if not callable(known):
            return known
        composed = COMPOSED.get(name)
        return functools.partial(composed, self) if composed else functools.partial(self.apply, name)

    def apply(self, function: str, *args: Any) -> Any:
        """Make the symbol for a function of symbols and numbers."""
        if function in REDUCTIONS:
            if not (isinstance(args[0], Symbol) and args[0].is_column):
                raise TypeError(f"xp.{function} expects a column, got {args[0]!r}")
        elif not any(map(self._is_symbolic, args)):
            return getattr(self._numbers, function)(*args)
        if function == "where" and not self._is_symbolic(args[0]):
            return args[1] if args[0] else args[2]
        return self.call(function, *args)

    def call(self, function: str, *args: Any) -> Symbol:
        """Make the symbol for a call. The function may be one of the C library."""
        arguments = tuple(map(self.lift, args))
        if arguments[0].is_truth and function == "negative":
            raise TypeError("the opposite of a truth value is an integer in Python: choose with xp.where")
        is_truth = function in TRUTHS or (function == "where" and arguments[1].is_truth and arguments[2].is_truth)
        if not (is_truth and function in TAKES_TRUTHS):
            first = 1 if function == "where" else 0  # the condition
            arguments = arguments[:first] + tuple(map(self.as_number, arguments[first:]))
        is_column = function not in REDUCTIONS and any(argument.is_column for argument in arguments)
        return self._unique(function, arguments, is_column=is_column, is_truth=is_truth)

    def function_for(self, op: Op) -> Callable[..., Symbol] | None:  # noqa: ARG002 - of use in subclasses
        """Return what makes the symbol for the value of `op`, if the language has a function for it.

        C has none. A subclass for another language, which `expand` is given, may have some: where functions of Python
        compute the values of operations, they replace these.
        """
        return None

    def input(self, position: int, *, is_column: bool) -> Symbol:
        """Make the symbol of an input; position -1 is the output."""
        return self._unique("input", value=position, is_column=is_column)

    def lift(self, value: Any) -> Symbol:
        """Make the symbol for a number.

        Raises:
            TypeError: it is neither a symbol nor a number.
        """
        if isinstance(value, Symbol):
            return value
        if not isinstance(value, (int, float)):
            raise TypeError(f"expected a number or a symbol, got {value!r}")
        if self._is_symbolic(value):
            return self._unique("length")
        if type(value) is int and int(float(value)) != value:
            raise TypeError(f"{value} is not a float: Python compares it exactly, and C would round it")
        return self._unique("constant", value=float(value), is_truth=type(value) is bool)

    def as_number(self, symbol: Symbol) -> Symbol:
        """Convert a truth value to 0 or 1."""
        if not symbol.is_truth:
            return symbol
        return self.lift(symbol.value) if symbol.is_leaf else self.call("where", symbol, 1.0, 0.0)

    def _is_symbolic(self, value: Any) -> bool:
        return isinstance(value, Symbol) or value == self._any_length

    def _unique(self, function: str, arguments: tuple[Symbol, ...] = (), **facts: Any) -> Symbol:
        """Find the one symbol for this expression, or make it."""
        # Numbers by their digits, since -0.0 equals 0.0. Symbols by identity, since their == is an expression.
        key = (function, *map(id, arguments), *map(repr, facts.values()))
        return self._symbols.setdefault(key, Symbol(self, function, arguments, **facts))


def _logaddexp(library: SymbolLibrary, x: Any, y: Any) -> Any:
    larger = library.apply("maximum", x, y)
    smaller_part = library.log1p(library.exp(-abs(x - y)))
    return library.apply("where", library.equal(x, y), x + library.log(2.0), larger + smaller_part)


def _clip(library: SymbolLibrary, x: Any, /, min: Any = None, max: Any = None) -> Any:
    if min is not None:
        x = library.apply("maximum", x, min)
    return x if max is None else library.apply("minimum", x, max)


COMPOSED: dict[str, Callable[..., Any]] = {
    "positive": lambda library, x: x,
    "square": lambda library, x: library.apply("multiply", x, x),
    "reciprocal": lambda library, x: library.apply("divide", 1.0, x),
    "logaddexp": _logaddexp,
    "clip": _clip,
}
"""Functions that are composed of others, as in `gograd_core.namespaces.scalar`."""


def postorder(roots: Iterable[Symbol], known: Collection[Symbol] = frozenset()) -> list[Symbol]:
    """List the symbols that the roots are made of, each once and after its arguments, down to `known` ones."""
    ordered: dict[Symbol, None] = {}

    def visit(symbol: Symbol) -> None:
        if symbol not in ordered and symbol not in known:
            for argument in symbol.arguments:
                visit(argument)
            ordered[symbol] = None

    for root in roots:
        visit(root)
    return list(ordered)
