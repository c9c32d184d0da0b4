"""``+ - * /``, the sign and the absolute value."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["ARITHMETIC"]

PAIRS = ((2.0, 3.0), (-1.5, 0.25), (1e-3, -4e2))


def add_forward(xp: Any, x: Any, y: Any) -> Any:
    return x + y


def add_partial(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return 1.0


ADD = Op(
    "add",
    forward=add_forward,
    partials=(add_partial, add_partial),
    operator="+",
    samples=PAIRS,
    reference=lambda mp, x, y: mp.fadd(x, y),
    doc="The sum x + y.",
)


def sub_forward(xp: Any, x: Any, y: Any) -> Any:
    return x - y


def sub_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return -1.0


SUB = Op(
    "sub",
    forward=sub_forward,
    partials=(add_partial, sub_partial_y),
    operator="-",
    aliases=("subtract",),
    samples=PAIRS,
    reference=lambda mp, x, y: mp.fsub(x, y),
    doc="The difference x - y.",
)


def mul_forward(xp: Any, x: Any, y: Any) -> Any:
    return x * y


def mul_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return y


def mul_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return x


MUL = Op(
    "mul",
    forward=mul_forward,
    partials=(mul_partial_x, mul_partial_y),
    operator="*",
    aliases=("multiply",),
    samples=PAIRS,
    reference=lambda mp, x, y: mp.fmul(x, y),
    doc="The product x * y.",
    advice="scale the factors, or add their logarithms",
)


def div_forward(xp: Any, x: Any, y: Any) -> Any:
    return x / y


def div_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return 1.0 / y


def div_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return -out / y


DIV = Op(
    "div",
    forward=div_forward,
    partials=(div_partial_x, div_partial_y),
    operator="/",
    aliases=("divide",),
    samples=PAIRS,
    edges=(
        Edge((1.0, 0.0), inf, (inf, -inf), "a pole: the quotient grows without bound"),
        Edge((1.0, -0.0), -inf, (-inf, -inf), "the same pole, approached from below"),
        Edge((0.0, 0.0), nan, (inf, nan), "0/0 is undefined"),
        Edge((0.0, 2.0), 0.0, (0.5, -0.0), "an ordinary point"),
    ),
    domain="y != 0",
    reference=lambda mp, x, y: mp.fdiv(x, y),
    doc="The quotient x / y.",
    advice="keep the divisor away from 0, as x / maximum(y, 1e-12) or x / (norm + 1e-12) do",
)


def positive_forward(xp: Any, x: Any) -> Any:
    return xp.positive(x)


def positive_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0


POSITIVE = Op(
    "positive",
    forward=positive_forward,
    partials=(positive_partial,),
    samples=((2.0,), (-1.5,)),
    reference=lambda mp, x: +x,
    doc="The number x, unchanged: +x.",
)


def neg_forward(xp: Any, x: Any) -> Any:
    return -x


def neg_partial(xp: Any, out: Any, x: Any) -> Any:
    return -1.0


NEG = Op(
    "neg",
    forward=neg_forward,
    partials=(neg_partial,),
    operator="-",
    aliases=("negative",),
    samples=((2.0,), (-1.5,)),
    reference=lambda mp, x: mp.fneg(x),
    doc="The negative of x, -x.",
)


def abs_forward(xp: Any, x: Any) -> Any:
    return xp.abs(x)


def abs_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.sign(x)


ABS = Op(
    "abs",
    forward=abs_forward,
    partials=(abs_partial,),
    operator="abs",
    aliases=("fabs",),
    symbol="|x|",
    samples=((2.0,), (-1.5,), (1e-9,)),
    edges=(Edge((0.0,), 0.0, (0.0,), "a kink: slopes range from -1 to 1, and the middle one is taken"),),
    reference=lambda mp, x: mp.fabs(x),
    doc="The absolute value |x|.",
)

ARITHMETIC = (ADD, SUB, MUL, DIV, POSITIVE, NEG, ABS)
