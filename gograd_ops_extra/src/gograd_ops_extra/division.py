"""Division with remainder, with three conventions for the quotient: floored, truncated, rounded."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["DIVISION"]

JUMP = "a jump; the slopes of its upper side are taken"
NO_QUOTIENT = "a division by 0"


def floor_divide_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.floor_divide(x, y)


def zero(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return 0.0


FLOOR_DIVIDE = Op(
    "floor_divide",
    forward=floor_divide_forward,
    partials=(zero, zero),
    operator="//",
    samples=((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0)),
    edges=(
        Edge((6.0, 3.0), 2.0, (0.0, 0.0), "a jump; the slope is taken to be 0, as everywhere else"),
        Edge((1.0, 0.0), inf, (0.0, 0.0), "a pole, approached in steps"),
    ),
    domain="y != 0",
    reference=lambda mp, x, y: mp.floor(x / y),
    doc="The quotient x / y, rounded down: Python's x // y.",
)


def remainder_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.remainder(x, y)


def remainder_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return 1.0


def remainder_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    # out is x - quotient * y. Flooring (or rounding) x / y instead would be wrong where x / y rounds to an integer.
    return -xp.round((x - out) / y)


REMAINDER = Op(
    "remainder",
    forward=remainder_forward,
    partials=(remainder_partial_x, remainder_partial_y),
    operator="%",
    samples=((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (1.0, 0.1), (1e15, 0.7)),
    edges=(
        Edge((6.0, 3.0), 0.0, (1.0, -2.0), JUMP),
        Edge((1.0, 0.1), 0.09999999999999995, (1.0, -9.0), "0.1 is a little more than a tenth"),
        Edge((1.0, 0.0), nan, (1.0, nan), NO_QUOTIENT),
        Edge((5.0, inf), 5.0, (1.0, 0.0), "the limit"),
    ),
    domain="y != 0",
    reference=lambda mp, x, y: x - y * mp.floor(x / y),
    doc="The remainder of x / y with the sign of y: Python's x % y.",
)


def fmod_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.copysign(xp.remainder(xp.abs(x), xp.abs(y)), x)


FMOD = Op(
    "fmod",
    forward=fmod_forward,
    partials=(remainder_partial_x, remainder_partial_y),
    samples=((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (1.0, 0.1), (1e15, 0.7)),
    edges=(
        Edge((6.0, 3.0), 0.0, (1.0, -2.0), JUMP),
        Edge((-6.0, 3.0), -0.0, (1.0, 2.0), "a jump; the slopes of its lower side are taken"),
        Edge((1.0, 0.0), nan, (1.0, nan), NO_QUOTIENT),
        Edge((-5.0, inf), -5.0, (1.0, 0.0), "the limit"),
    ),
    domain="y != 0",
    reference=lambda mp, x, y: x - y * mp.sign(x / y) * mp.floor(mp.fabs(x / y)),
    doc="The remainder of x / y with the sign of x, like fmod in C and in Python's math.",
)


def ieee_remainder_forward(xp: Any, x: Any, y: Any) -> Any:
    # Every step is exact. `above` is the smallest remainder that is not negative, `below` how much y exceeds it.
    size, modulus = xp.abs(x), xp.abs(y)
    above = xp.remainder(size, modulus)
    below = modulus - above
    # Halfway between two multiples the quotient is even: half of an even quotient is an integer, without remainder.
    middle = above - 2.0 * xp.remainder(0.5 * (size - above), modulus)
    return xp.copysign(1.0, x) * xp.where(above < below, above, xp.where(above > below, -below, middle))


IEEE_REMAINDER = Op(
    "ieee_remainder",
    forward=ieee_remainder_forward,
    partials=(remainder_partial_x, remainder_partial_y),
    math="remainder",
    samples=((7.5, 2.0), (-7.5, 2.0), (7.2, -2.0), (1.0, 0.1), (1e15, 0.7)),
    edges=(
        Edge((6.0, 3.0), 0.0, (1.0, -2.0), "an ordinary point"),
        Edge((5.0, 2.0), 1.0, (1.0, -2.0), "a jump halfway between two multiples of y; the even multiple is taken"),
        Edge((7.0, 2.0), -1.0, (1.0, -4.0), "a jump halfway between two multiples of y; the even multiple is taken"),
        Edge((1.0, 0.0), nan, (1.0, nan), NO_QUOTIENT),
        Edge((-5.0, inf), -5.0, (1.0, 0.0), "the limit"),
    ),
    domain="y != 0",
    reference=lambda mp, x, y: x - y * mp.nint(x / y),
    doc="The remainder between -y/2 and y/2 that IEEE 754 defines: x minus y times the nearest integer to x / y.",
)

DIVISION = (FLOOR_DIVIDE, REMAINDER, FMOD, IEEE_REMAINDER)
