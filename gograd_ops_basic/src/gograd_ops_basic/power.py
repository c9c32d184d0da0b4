"""``x ** y``, differentiable with respect to the base and to the exponent."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["POW"]


def pow_forward(xp: Any, x: Any, y: Any) -> Any:
    return x**y


def pow_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    # If y - 1 is rounded, x ** (y - 1) is wrong for large x, and has the wrong sign for negative x if y exceeds 2**53.
    # There y * out / x is used, unless out underflows, and multiplied in the order that does not overflow.
    exact = xp.logical_or(xp.logical_and(y == xp.floor(y), y != 0.0), xp.abs(out) < 1e-290)
    plain = xp.logical_or(xp.logical_and(exact, xp.abs(y) < 2.0**53), x == 0.0)  # decided for fixed y
    base = xp.where(plain, 1.0, x)
    quotient = xp.where(xp.abs(x) > 1.0, y * (out / base), y * out / base)
    slope = xp.where(plain, y * x ** (y - 1.0), quotient)
    # x ** 0 is 1 for every x. At x = 0 the formula would be 0 / 0. For other x it is also right at y = 0, where
    # its derivative with respect to y is not 0.
    return xp.where(x == 0.0, xp.where(y == 0.0, 0.0, slope), slope)


def pow_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    # At x = 0 the formula would be 0 * log(0), but the power is the same for all y > 0.
    return xp.where(x == 0.0, 0.0, out * xp.log(x))


POW = Op(
    "pow",
    forward=pow_forward,
    partials=(pow_partial_x, pow_partial_y),
    operator="**",
    samples=((2.0, 3.0), (0.5, -1.5), (7.0, 0.3), (1.0001, 1000.0), (3.0, 0.0), (1e-100, 2.95)),
    edges=(
        Edge(
            (-3.0, 2.0),
            9.0,
            (-6.0, nan),
            "powers of a negative base are real only for integer exponents, so there is no slope with respect to y",
        ),
        Edge((-2.0, 3.0), -8.0, (12.0, nan), "the same for an odd exponent"),
        Edge((-2.0, -1.0), -0.5, (-0.25, nan), "the same for a negative exponent"),
        Edge((-8.0, 1.0 / 3.0), nan, (nan, nan), "a fractional power of a negative number is not real"),
        Edge((0.0, 2.0), 0.0, (0.0, 0.0), "the minimum of the parabola; 0**y is 0 for all y > 0"),
        Edge((0.0, 1.0), 0.0, (1.0, 0.0), "x**1 is x, with slope 1 at 0 too"),
        Edge((0.0, 0.5), 0.0, (inf, 0.0), "the square root has a vertical tangent at 0"),
        Edge((0.0, 0.0), 1.0, (0.0, 0.0), "x**0 is 1 for every x; 0**y jumps at y = 0, and the slope 0 is taken"),
        Edge(
            (3.0, 0.0),
            1.0,
            (0.0, 1.0986122886681098),
            "x**0 does not depend on x; with respect to y, the slope is log(3)",
        ),
        Edge((0.0, -1.0), inf, (-inf, 0.0), "a pole"),
        Edge((-0.0, -1.0), -inf, (-inf, 0.0), "the same pole, approached from below"),
        Edge((0.0, -2.0), inf, (-inf, 0.0), "a pole of even order"),
        Edge((1e-110, 3.0), 0.0, (3e-220, 0.0), "the value underflows, but the slope does not"),
        Edge((-1.0, 1e17), 1.0, (-1e17, nan), "an even exponent, which is too large to subtract 1"),
        Edge((10.0, 400.0), inf, (inf, inf), "an overflow"),
    ),
    domain="x > 0 or x == 0 and y >= 0 or x < 0 and y == floor(y)",
    reference=lambda mp, x, y: mp.power(x, y),
    doc="The power x ** y.",
    advice="a negative base needs a whole exponent, and base 0 an exponent of at least 1",
)
