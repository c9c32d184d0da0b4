"""Rules as functions in JavaScript, which call functions of the files in `RUNTIME`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from math import isinf, isnan
from typing import TYPE_CHECKING, ClassVar

import attrs

from gograd_core.extend import Body, Expansion, ExpansionError, Symbol, SymbolLibrary, Text, canonical, expand

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["OF_COLUMNS", "OF_NUMBERS", "RUNTIME", "expanded", "functions_of"]

RUNTIME = ("runtime.js", "probability.js", "gamma.js", "bessel.js")
"""Files that define the functions, under the names that they have in C, or else those of operations."""

OF_NUMBERS = {
    "gograd-ops-extra": {"gamma", "lgamma", "round_to"},
    "gograd-ops-special": {
        "digamma", "entr", "erfcinv", "erfcx", "erfinv", "expit", "i0", "i1", "j0", "j1", "log_ndtr", "logit", "ndtr",
        "ndtri", "polygamma", "xlogy",
    },
}  # fmt: skip
"""Operations whose value is computed by a function of Python, but here by a function of their name."""
OF_COLUMNS = {"gograd-ops-extra": {"dist", "fsum", "norm"}}
"""The same for variadic operations, whose functions take arrays."""
HOMES = ("math", "scipy.special.", "gograd_ops_")
"""Where the functions of Python are that these replace. A copy of the operation may have another one."""


def functions_of(op: Op) -> str:
    """Print the rules of `op` as an object ``{forward, partials}``.

    Raises:
        ExpansionError: a rule cannot be printed; the message says why.
    """
    try:
        return _printed(op)
    except RecursionError:
        raise ExpansionError(op, "its expressions are nested too deeply") from None


class JavaScriptLibrary(SymbolLibrary):
    """Symbols for the functions of C, and for those that are defined in JavaScript."""

    def function_for(self, op: Op) -> Callable[..., Symbol] | None:
        return functools.partial(self.call, op.name) if _is_among(OF_NUMBERS, op) else None


def _is_among(table: Mapping[str, set[str]], op: Op) -> bool:
    if op.provider is None or op.name not in table.get(canonical(op.provider.distribution), ()):
        return False
    function = op.implementations.get("scalar", "")
    return (function if isinstance(function, str) else function.__module__).startswith(HOMES)


def expanded(op: Op) -> Expansion:
    """Write the rules of `op` as expressions. The value of an operation in `OF_COLUMNS` is only a 0 in its place."""
    if _is_among(OF_COLUMNS, op):
        op = attrs.evolve(op, forward=lambda xp, *inputs: 0.0, implementations={})
    return expand(op, kind=JavaScriptLibrary)


def _printed(op: Op) -> str:
    expansion = expanded(op)
    inputs = [f"x{position}" for position in range(len(expansion.inputs))]
    names = dict(zip(expansion.inputs, (f"{x}[i]" for x in inputs) if op.variadic else inputs, strict=True))
    names[expansion.out] = "out"
    if _is_among(OF_COLUMNS, op):
        forward = f"    return {op.name}({', '.join(inputs)});\n"
    else:
        forward = JavaScriptBody(expansion.forward.library.as_number(expansion.forward), names).returned()
    length = "    const n = x0.length;\n" if op.variadic else ""
    partials = []
    for partial in expansion.partials:
        if partial is None:
            partials.append("null")
            continue
        body = JavaScriptBody(partial, names)
        text = (
            f"{length}    const d = new Array(n);\n{body.stored()}    return d;\n" if op.variadic else body.returned()
        )
        partials.append(f"(out, {', '.join(inputs)}) => {{\n{text}}}")
    return f"{{\nforward: ({', '.join(inputs)}) => {{\n{length}{forward}}},\npartials: [{', '.join(partials)}],\n}}"


class JavaScriptBody(Body):
    """The statements of a function in JavaScript.

    Truth values are true and false there. Everything else is a number.
    """

    starts: ClassVar[Mapping[str, str]] = {
        "sum": "0.0",
        "prod": "1.0",
        "max": "n > 0 ? -Infinity : NaN",
        "min": "n > 0 ? Infinity : NaN",
    }

    def format(self, symbol: Symbol, operands: Sequence[Text]) -> Text:
        function = symbol.function
        if function == "constant":
            return _constant(symbol)
        if function == "length":
            return Text("n")
        truths = 1 if function == "where" else len(operands) if function.startswith("logical_") else 0
        operands = [
            operand if place >= truths or argument.is_truth else Text(f"({operand.code} !== 0)")  # NaN is true
            for place, (operand, argument) in enumerate(zip(operands, symbol.arguments, strict=True))
        ]
        if any(function in names for names in OF_NUMBERS.values()):
            return Text(f"{function}({', '.join(operand.code for operand in operands)})")
        if function == "logical_xor":
            return Text(f"({operands[0].code} !== {operands[1].code})")
        return super().format(symbol, operands)

    def declare(self, kind: str, name: str, value: str) -> str:
        return f"{'const' if kind.startswith('const') else 'let'} {name} = {value};"

    def loop(self, block: list[str]) -> list[str]:
        return ["for (let i = 0; i < n; i++) {", *block, "}"]

    def choose(self, name: str, condition: str, blocks: list[list[str]]) -> list[str]:
        return [f"let {name};", f"if ({condition}) {{", *blocks[0], "} else {", *blocks[1], "}"]


def _constant(symbol: Symbol) -> Text:
    value = symbol.value
    if symbol.is_truth:
        return Text("true" if value else "false")
    if isnan(value):
        return Text("NaN")
    text = repr(value) if not isinf(value) else "Infinity" if value > 0.0 else "-Infinity"
    return Text(f"({text})" if text.startswith("-") else text)
