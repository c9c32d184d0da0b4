"""What the compiler knows about an operation: what its rules expand to.

The compiler knows no operation by name. From the rules it recognises values that are sums of products of the inputs,
and derivatives that need not be computed: constants, inputs, or the output itself.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from gograd_compile.kernels import expand, specialize
from gograd_compile.kernels.generate import INLINE
from gograd_core.extend import ExpansionError, Symbol, postorder
from gograd_core.extend import expand as expand_for_c

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["FORWARD", "OUTPUT", "Partial", "Rules", "is_exact", "rules_of", "specialized"]

FORWARD = -1
"""Stands for the value of an operation among its rules. Any other number is the place of the input of a derivative."""
OUTPUT = -1
"""The place of the output. The places of inputs are counted from 0."""

EXACT = {*INLINE, "input", "constant", "length", "sum", "max", "min"}
"""Functions that IEEE 754 defines to the last bit, and sums in order."""
MOST_SPECIALIZED = 512
"""How many rules with fixed inputs are remembered."""

Factor = int | float
"""The place of an input (an int), or a number (a float)."""


@attrs.frozen(eq=False, repr=False)
class Partial:
    """The derivative with respect to one input.

    Attributes:
        factor: its value, if it is a constant, or the place of the input that it equals, or OUTPUT. Otherwise None.
        symbol: what it expands to. None if its rule must be called.
        needs: the places that it is computed from.
    """

    factor: Factor | None = None
    symbol: Symbol | None = None
    needs: tuple[int, ...] = ()


@attrs.frozen(eq=False, repr=False)
class Rules:
    """An operation as the compiler sees it.

    Attributes:
        op: the operation.
        forward: what the value expands to. None if the rule must be called.
        partials: the derivative with respect to each input, None if there is no derivative.
        terms: pairs of factors. Their products, added up in this order, are the value. A variadic operation adds them
            up once for each entry of its columns. None if the value is not such a sum.
        fixed: inputs that are always the same number.
        reason: why a rule must be called, in words. Empty if none must be called.
    """

    op: Op
    forward: Symbol | None
    partials: tuple[Partial | None, ...]
    terms: tuple[tuple[Factor, Factor], ...] | None = None
    fixed: Mapping[int, float] = attrs.field(factory=dict)
    reason: str = ""

    @property
    def needs(self) -> tuple[int, ...]:
        """Return the places of the inputs that are not fixed."""
        return tuple(place for place in range(len(self.partials)) if place not in self.fixed)


@functools.cache
def rules_of(op: Op) -> Rules:
    """Expand the rules of `op`. Those that cannot be written out are called."""
    forward: Symbol | None
    try:
        expansion = expand(op)
    except ExpansionError as error:
        reason = error.reason
        forward, *expanded = (_expanded(op, place) for place in range(FORWARD, len(op.partials)))
    else:
        forward, expanded, reason = expansion.forward, list(expansion.partials), ""
    everything = (OUTPUT, *range(len(op.partials)))
    partials = [
        None if rule is None else Partial(needs=everything) if symbol is None else _partial(symbol)
        for rule, symbol in zip(op.partials, expanded, strict=True)
    ]
    if op.variadic:  # a rule may use the length of any column
        partials = [partial and attrs.evolve(partial, needs=everything) for partial in partials]
    terms = None if forward is None else _terms(op, forward, partials)
    return Rules(op, forward, tuple(partials), terms, reason=reason)


def _expanded(op: Op, what: int, known: Mapping[int, float] | None = None) -> Symbol | None:
    """Expand the forward rule or a partial, where some inputs are `known`. It is None if the rule must be called."""
    try:
        expansion = expand(op, what) if known is None else expand_for_c(op, only=what, known=known)
    except ExpansionError:
        return None
    return expansion.forward if what == FORWARD else expansion.partials[what]


def is_exact(root: Symbol | None) -> bool:
    """Say whether a value consists of arithmetic that gives the same bits everywhere."""
    return root is not None and EXACT.issuperset(symbol.function for symbol in postorder([root]))


def specialized(rules: Rules, fixed: Mapping[int, float]) -> Rules:
    """Specialize rules for inputs that are always the same number: x**2.0 becomes x * x.

    A value that could not be written out may be if these numbers are known, like round(x, 2). If that is arithmetic
    that gives the same bits as the rule, it takes its place.
    """
    return _specialized(rules, tuple((place, number.hex()) for place, number in fixed.items()))


@functools.lru_cache(maxsize=MOST_SPECIALIZED)
def _specialized(rules: Rules, digits: tuple[tuple[int, str], ...]) -> Rules:
    """Specialize rules for inputs given as hexadecimal digits, which differ for 0.0 and -0.0."""
    fixed = {place: float.fromhex(number) for place, number in digits}

    def known(root: Symbol) -> Symbol:
        return specialize(root, {root.library.input(place, is_column=False): fixed[place] for place in fixed})

    if rules.forward is not None:
        forward = known(rules.forward)
    else:
        written = _expanded(rules.op, FORWARD, fixed)
        if written is None or not is_exact(written):
            return rules
        forward = written
    partials = tuple(
        None
        if partial is None or place in fixed
        else attrs.evolve(partial, needs=tuple(each for each in partial.needs if each not in fixed))
        if partial.symbol is None
        else _partial(known(partial.symbol))
        for place, partial in enumerate(rules.partials)
    )
    return Rules(rules.op, forward, partials, _terms(rules.op, forward, partials, fixed), fixed, rules.reason)


def _partial(symbol: Symbol) -> Partial:
    used = {int(leaf.value) for leaf in postorder([symbol]) if leaf.function == "input"}
    return Partial(_factor(symbol), symbol, tuple(sorted(used)))


def _terms(
    op: Op, forward: Symbol, partials: Sequence[Partial | None], fixed: Mapping[int, float] | None = None
) -> tuple[tuple[Factor, Factor], ...] | None:
    """Split the value into products, if it is a sum of products and its derivatives are those of that sum."""
    if op.variadic:
        product = _product(forward.arguments[0]) if forward.function == "sum" else None
        terms: tuple[tuple[Factor, Factor], ...] | None = None if product is None else (product,)
    else:
        terms = _sum(forward)
    implied: dict[int, Factor] = {}
    for one, other in terms or ():
        for factor, slope in ((one, other), (other, one)):
            if isinstance(factor, int):
                if factor in implied and terms != ((factor, factor),):
                    return None
                implied[factor] = slope
    for place, partial in enumerate(partials):
        if place in (fixed or {}):
            continue
        if (
            partial is None
            or place not in implied
            or not _is(partial, implied[place], doubled=terms == ((place, place),))
        ):
            return None
    return terms


def _is(partial: Partial, factor: Factor, *, doubled: bool) -> bool:
    """Say whether the derivative is that factor. The derivative of a square is twice the factor."""
    if doubled:
        symbol = partial.symbol
        return (
            symbol is not None
            and symbol.function == "multiply"
            and sorted(map(repr, map(_factor, symbol.arguments))) == sorted(["2.0", repr(factor)])
        )
    return repr(partial.factor) == repr(factor)  # 0.0 is not -0.0


def _sum(root: Symbol) -> tuple[tuple[Factor, Factor], ...] | None:
    """Split a sum into terms that are added from left to right. x - y equals x + y * -1, to the last bit."""
    if root.function not in ("add", "subtract"):
        product = _product(root)
        return None if product is None else (product,)
    before, last = _sum(root.arguments[0]), _product(root.arguments[1])
    if before is None or last is None:
        return None
    if root.function == "subtract":
        factor, number = last
        if isinstance(number, int) or number != 1.0:
            return None
        last = (factor, -1.0)
    return (*before, last)


def _product(symbol: Symbol) -> tuple[Factor, Factor] | None:
    factors = tuple(map(_factor, symbol.arguments))
    if symbol.function == "multiply" and factors[0] is not None and factors[1] is not None:
        return factors[0], factors[1]
    if symbol.function == "negative" and factors[0] is not None:
        return factors[0], -1.0
    factor = _factor(symbol)
    return None if factor is None else (factor, 1.0)


def _factor(symbol: Symbol) -> Factor | None:
    if symbol.function == "constant" and not symbol.is_truth:
        return float(symbol.value)
    return int(symbol.value) if symbol.function == "input" else None
