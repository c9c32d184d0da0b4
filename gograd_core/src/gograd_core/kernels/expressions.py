"""Expressions of symbols as expressions of C."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import isinf, isnan
from typing import NamedTuple

from gograd_core.kernels.calls import CALLS
from gograd_core.kernels.symbols import Symbol

__all__ = ["HELPERS", "Text", "format_symbol"]

# How tightly operators bind. An operand that binds less tightly is put in parentheses.
TERNARY, LOGICAL, COMPARISON, SUM, PRODUCT, UNARY, ATOM = range(7)
OPERATORS = {
    "add": ("+", SUM), "subtract": ("-", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT),
    "less": ("<", COMPARISON), "less_equal": ("<=", COMPARISON), "greater": (">", COMPARISON),
    "greater_equal": (">=", COMPARISON), "equal": ("==", COMPARISON), "not_equal": ("!=", COMPARISON),
    "logical_and": ("&&", LOGICAL), "logical_or": ("||", LOGICAL),
}  # fmt: skip
SIGNS = {"negative": "-", "logical_not": "!"}
HELPERS = {
    "xp_maximum": """\
/* The larger of two; NaN if one of them is. */
static inline double xp_maximum(double x, double y)
{
    return x < y || y != y ? y : x;
}
""",
    "xp_minimum": """\
/* The smaller of two; NaN if one of them is. */
static inline double xp_minimum(double x, double y)
{
    return x > y || y != y ? y : x;
}
""",
    "xp_sign": """\
/* -1, 0 or 1; NaN of NaN. */
static inline double xp_sign(double x)
{
    return x != x ? x : (x > 0.0) - (x < 0.0);
}
""",
    "xp_remainder": """\
/* x % y as in Python: with the sign of y. */
static double xp_remainder(double x, double y)
{
    const double rest = fmod(x, y);
    if (rest == 0.0)
        return copysign(0.0, y);
    return (rest < 0.0) != (y < 0.0) ? rest + y : rest;
}
""",
    "xp_floor_divide": """\
/* x // y as in Python: what is left after taking the rest away is nearly a multiple of y. */
static double xp_floor_divide(double x, double y)
{
    const double rest = fmod(x, y);
    double quotient = (x - rest) / y, whole;
    if (y == 0.0)
        return x / y;
    if (rest != 0.0 && (rest < 0.0) != (y < 0.0))
        quotient -= 1.0;
    if (quotient == 0.0)
        return copysign(0.0, x / y);
    whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}
""",
}


class Text(NamedTuple):
    """An expression of C, and how tightly its outermost operator binds."""

    code: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """Return the text for a place that needs `level` at least, with parentheses if necessary."""
        return self.code if self.level >= level else f"({self.code})"


def format_symbol(symbol: Symbol, operands: Sequence[Text]) -> Text:
    """Write the function of a symbol, applied to the texts of its arguments. It cannot be an input or a reduction."""
    function = symbol.function
    if function == "constant":
        return _constant(symbol.value)
    if function == "length":
        return Text("(double)n", UNARY)
    if function == "where":
        condition, x, y = operands
        return Text(f"{condition.at(LOGICAL)} ? {x.at(LOGICAL)} : {y.at(TERNARY)}", TERNARY)
    if function == "logical_xor":
        return Text(f"!{operands[0].at(ATOM)} != !{operands[1].at(ATOM)}", COMPARISON)
    if function in SIGNS:
        return Text(SIGNS[function] + operands[0].at(ATOM), UNARY)  # two signs in a row would be another operator
    if function in OPERATORS:
        sign, level = OPERATORS[function]
        left = level if level >= SUM else level + 1  # compilers warn of comparisons of comparisons
        return Text(f"{operands[0].at(left)} {sign} {operands[1].at(level + 1)}", level)
    return Text(f"{CALLS[function]}({', '.join(operand.code for operand in operands)})")


def _constant(value: float) -> Text:
    """Write `value` exactly: in decimal if that is short, else in hexadecimal."""
    level = UNARY if str(value).startswith("-") else ATOM
    if isnan(value):
        return Text("NAN")
    if isinf(value):
        return Text("INFINITY" if value > 0.0 else "-INFINITY", level)
    decimal = repr(value)
    if len(decimal) <= 8 and Fraction(decimal) == Fraction(value):
        return Text(decimal, level)
    return Text(f"{re.sub('0+p', 'p', value.hex())} /* {decimal} */", level)
