"""The rules of an operation written out as expressions of symbols."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from gograd_core.errors import InvalidOperationError
from gograd_core.kernels.symbols import Symbol, SymbolLibrary, postorder
from gograd_core.namespaces import scalar
from gograd_core.namespaces.arrays import ArrayNamespace

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["Expansion", "ExpansionError", "expand", "expand_with"]

FORWARD = -1
"""Stands for the forward rule where a number says which rule is meant."""
NONE: Mapping[int, float] = MappingProxyType({})
TRIED_LENGTHS = (*range(9), 16, 17)
"""Lengths of columns for which an expansion must be what the rule gives when it knows the length."""


class ExpansionError(InvalidOperationError):
    """The rules of an operation cannot be written out as expressions.

    Attributes:
        operation: the operation.
        reason: why, without its name.
    """

    def __init__(self, op: Op, reason: str) -> None:
        super().__init__(f"{op.title} has no native code: {reason}")
        self.operation = op
        self.reason = reason


class SymbolNamespace(ArrayNamespace):
    """The `xp` with which rules are written out. The operations that they call must have rules that can be, too."""

    def __getattr__(self, name: str) -> Any:
        if name not in scalar.__all__:
            op = self._lookup(name)
            if function := _require_value(op, self._library):
                return function
        return super().__getattr__(name)


def _require_symbols(op: Op) -> None:
    if op.opaque:
        raise ExpansionError(op, "opaque: its rules understand only floats")


def _require_value(op: Op, library: SymbolLibrary) -> Callable[..., Symbol] | None:
    """Find the function of the language that computes the value of `op`, or None if its forward rule can do so."""
    _require_symbols(op)
    function = library.function_for(op)
    if function is None and "scalar" in op.implementations and library.__name__ not in op.implementations:
        raise ExpansionError(op, "a function of Python computes its value on floats, not a formula")
    return function


@attrs.frozen(eq=False, repr=False)
class Expansion:
    """The rules of an operation, written out.

    Attributes:
        inputs: the symbols of the inputs; columns, if the operation is variadic.
        out: the symbol of the output, as partials take it.
        forward: the value.
        partials: the local derivatives, None where there is none; columns or numbers.
    """

    inputs: tuple[Symbol, ...]
    out: Symbol
    forward: Symbol
    partials: tuple[Symbol | None, ...]

    @property
    def rules(self) -> list[Symbol]:
        """The forward rule and all partials that there are."""
        return [self.forward, *(partial for partial in self.partials if partial is not None)]


def expand(
    op: Op,
    backend: str = "c",
    kind: type[SymbolLibrary] = SymbolLibrary,
    only: int | None = None,
    known: Mapping[int, float] = NONE,
) -> Expansion:
    """Write the rules of `op` as expressions that give what the rules give on floats.

    If a function in `implementations` computes the value on floats, there must be one for `backend` too, or one that
    `function_for` finds in a library of the given kind.

    If only one rule is needed, `only` is FORWARD or the place of a partial. The others are then 0.0 and None. Rules get
    the numbers that are `known`, by their places, in place of symbols.

    Raises:
        ExpansionError: a rule does something that expressions cannot follow; the message says what.
    """
    expansion = expand_with(op, kind(backend, counts=op.variadic), only, known)
    for length in TRIED_LENGTHS if op.variadic else ():
        library = kind(backend, length)
        if any(map(operator.is_not, expand_with(op, library, only, known).rules, _remade(expansion.rules, library))):
            raise ExpansionError(op, "it computes with len() in Python: write xp.subtract(len(x), 1.0), for example")
    return expansion


def expand_with(
    op: Op, library: SymbolLibrary, only: int | None = None, known: Mapping[int, float] = NONE
) -> Expansion:
    """Write the rules of `op` as expressions of a library's symbols, for the length of columns that it has.

    Raises:
        ExpansionError: as `expand`.
    """
    _require_symbols(op)
    function = _require_value(op, library) if only in (None, FORWARD) else lambda *inputs: library.lift(0.0)
    xp = SymbolNamespace(library, op.scope.ops.__getitem__)
    out = library.input(-1, is_column=False)
    inputs = tuple(library.input(position, is_column=op.variadic) for position in range(len(op.partials)))

    def run(what: str, rule: Callable[..., Any], *args: Any) -> Symbol:
        try:
            return library.lift(rule(xp, *args))
        except RecursionError:
            raise
        except ExpansionError as error:
            raise ExpansionError(op, f"{what} calls {error.operation.title}: {error.reason}") from error
        except Exception as error:
            raise ExpansionError(op, f"{what}: {error}") from error

    given = tuple(known.get(place, symbol) for place, symbol in enumerate(inputs))
    forward = function(*given) if function else run("forward", op.forward, *given)
    if forward.is_column:
        raise ExpansionError(op, "forward returns a column")
    partials = (
        partial and library.as_number(run(f"partial {index}", partial, out, *given)) if only in (None, index) else None
        for index, partial in enumerate(op.partials)
    )
    return Expansion(inputs, out, forward, tuple(partials))


def _remade(roots: Sequence[Symbol], library: SymbolLibrary) -> list[Symbol]:
    """Make the same expressions again in another library, where the length may be a number."""
    made: dict[Symbol, Any] = {}
    for symbol in postorder(roots):
        if symbol.function == "input":
            made[symbol] = library.input(int(symbol.value), is_column=symbol.is_column)
        elif symbol.is_leaf:
            number = bool(symbol.value) if symbol.is_truth else symbol.value
            made[symbol] = library.length if symbol.function == "length" else number
        else:
            apply = library.apply if symbol.function in scalar.__all__ else library.call
            made[symbol] = apply(symbol.function, *(made[argument] for argument in symbol.arguments))
    return [library.lift(made[root]) for root in roots]
