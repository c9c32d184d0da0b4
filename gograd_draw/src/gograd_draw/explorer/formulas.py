"""Rules as formulas that people read, in which a page puts the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gograd_core.extend import ExpansionError, SymbolLibrary, expand_with

if TYPE_CHECKING:
    from gograd_core import Op
    from gograd_core.extend import Symbol

__all__ = ["Formula", "formulas_of"]

Formula = list[str | int]
"""Texts, and in between the numbers of inputs; -1 is the output. Before and after a number there is a text."""

LONGEST = 160
"""Of a longer formula one sees less than of the name of the operation."""
ATOM, POWER, SIGN, PRODUCT, SUM, COMPARISON, CHOICE = range(7)
INFIX = {
    "add": (" + ", SUM), "subtract": (" − ", SUM), "multiply": (" · ", PRODUCT), "divide": (" / ", PRODUCT),
    "pow": (" ** ", POWER), "less": (" < ", COMPARISON), "less_equal": (" ≤ ", COMPARISON),
    "greater": (" > ", COMPARISON), "greater_equal": (" ≥ ", COMPARISON), "equal": (" = ", COMPARISON),
    "not_equal": (" ≠ ", COMPARISON), "logical_and": (" and ", CHOICE), "logical_or": (" or ", CHOICE),
}  # fmt: skip

Printed = tuple[Formula, int]


def formulas_of(op: Op) -> tuple[Formula | None, list[Formula | None]]:
    """Return the formulas of the value and of each partial; None for those that are too long or have none."""
    nothing: list[Formula | None] = [None] * len(op.partials)
    try:
        expansion = expand_with(op, SymbolLibrary("formula", counts=op.variadic))
        partials = [None if partial is None else _shortened(partial) for partial in expansion.partials]
        return _shortened(expansion.forward), partials
    except (ExpansionError, RecursionError):
        return None, nothing


def _shortened(symbol: Symbol) -> Formula | None:
    formula = _print(symbol, LONGEST)
    return None if formula is None else _joined(formula[0])


def _print(symbol: Symbol, room: int) -> Printed | None:
    """Print a symbol, or return None if that takes more than so many symbols."""
    if room < len(symbol.arguments):
        return None
    if symbol.function == "input":
        return [int(symbol.value)], ATOM
    if symbol.function == "constant":
        text = f"{symbol.value:.6g}".replace("-", "−")
        return [text], SIGN if text.startswith("−") else ATOM
    if symbol.function == "length":
        return ["n"], ATOM
    parts: list[Printed] = []
    for argument in symbol.arguments:
        part = _print(argument, room - sum(len(each) for each, _ in parts) - 1)
        if part is None:
            return None
        parts.append(part)
    formula, level = _apply(symbol.function, parts)
    return (formula, level) if len(formula) <= room else None


def _apply(function: str, parts: Sequence[Printed]) -> Printed:
    if function in INFIX:
        sign, level = INFIX[function]
        left, right = parts
        return [*_in(left, level), sign, *_in(right, level - 1)], level
    if function in ("negative", "logical_not"):
        return ["−" if function == "negative" else "not ", *_in(parts[0], POWER)], SIGN
    if function == "where":
        condition, then, otherwise = parts
        return [*_in(then, SUM), " if ", *_in(condition, COMPARISON), " else ", *_in(otherwise, SUM)], CHOICE
    inside: Formula = []
    for place, (part, _) in enumerate(parts):
        inside += [", "] * bool(place) + part
    return [f"{function}(", *inside, ")"], ATOM


def _in(part: Printed, level: int) -> Formula:
    """Put a part in parentheses if it binds less tightly than what is around it."""
    formula, own = part
    return formula if own <= level else ["(", *formula, ")"]


def _joined(formula: Formula) -> Formula:
    """Join texts that follow each other."""
    found: Formula = [""]
    for part in formula:
        if isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found += [part] if isinstance(part, str) else [*([""] if not isinstance(found[-1], str) else []), part]
    return found if isinstance(found[-1], str) else [*found, ""]


def as_text(formula: Formula, names: Sequence[Any]) -> str:
    """Write a formula with names in the places of the numbers."""
    return "".join(part if isinstance(part, str) else str(names[part]) for part in formula)
