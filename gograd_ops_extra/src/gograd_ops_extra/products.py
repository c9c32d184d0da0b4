"""Variadic operations that multiply: the product of a column and the dot product of two columns."""

from __future__ import annotations

from typing import Any

from gograd_core import Accuracy, Edge, Op

__all__ = ["PRODUCTS"]


def dot_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(x * y)


def dot_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return y


def dot_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return x


DOT = Op(
    "dot",
    forward=dot_forward,
    partials=(dot_partial_x, dot_partial_y),
    variadic=True,
    aliases=("sumprod",),
    symbol="·",
    samples=(((1.0, 2.0), (3.0, -0.5)), ((0.1,), (7.0,))),
    accuracy=Accuracy(input_ulps=4.0, why="each product is rounded; where products cancel, these errors remain"),
    reference=lambda mp, x, y: mp.fdot(x, y),
    doc="The sum of the products of two columns, entry by entry.",
)


def is_ordinary(xp: Any, x: Any) -> Any:
    return xp.logical_and(xp.isfinite(x), x != 0.0)


def mantissas_and_exponents(xp: Any, x: Any) -> Any:
    """Split numbers into factors near 1, whose product neither overflows nor underflows, and exponents of 2."""
    exponent = xp.floor(xp.log2(xp.abs(xp.where(is_ordinary(xp, x), x, 1.0))))
    return xp.ldexp(x, -exponent), exponent


def prod_forward(xp: Any, x: Any) -> Any:
    mantissa, exponent = mantissas_and_exponents(xp, x)
    return xp.ldexp(xp.prod(mantissa), xp.sum(exponent))


def prod_partial(xp: Any, out: Any, x: Any) -> Any:
    """Compute the product of the other entries by a division, but never by zero.

    Its first and second derivatives are right too. `product_of_other_zeros` handles entries that are
    zero. The others are divided by their own values, and these ratios are exactly 1.
    """
    mantissa, exponent = mantissas_and_exponents(xp, xp.stop_gradient(xp.where(x == 0.0, 1.0, x)))
    ordinary = xp.where(is_ordinary(xp, x), x, 1.0)
    ratio = ordinary / xp.stop_gradient(ordinary)
    others = product_of_other_zeros(xp, x) * (xp.prod(ratio) / ratio) * (xp.prod(mantissa) / mantissa)
    return xp.ldexp(others, xp.sum(exponent) - exponent)


PROD = Op(
    "prod",
    forward=prod_forward,
    partials=(prod_partial,),
    variadic=True,
    symbol="Π",
    samples=(
        ((1.0, 2.0, 3.5),),
        ((-0.25,),),
        ((1e-160, -2e-160, 3e20, 1e20),),
        ((0.0, 2.0, -3.0),),
        ((0.0, 0.0, 3.0),),
    ),
    edges=(
        Edge(((),), 1.0, (1.0,), "the empty product"),
        Edge(((0.0, 2.0, 3.0),), 0.0, ((6.0, 0.0, 0.0),), "an ordinary point"),
        Edge(((0.0, 0.0, 3.0),), 0.0, ((0.0, 0.0, 0.0),), "an ordinary point; second derivatives are correct too"),
        Edge(
            ((0.0, 0.0, 0.0, 0.0),),
            0.0,
            ((0.0, 0.0, 0.0, 0.0),),
            "derivatives are correct up to the third order; the fourth is 1, but 0 is returned",
        ),
    ),
    accuracy=Accuracy(input_ulps=1.0, why="one rounding per factor"),
    reference=lambda mp, x: mp.fprod(x),
    doc="The product of a column of numbers.",
    advice="add logarithms in place of multiplying many numbers",
)


def product_of_other_zeros(xp: Any, x: Any) -> Any:
    """Compute the factor of the other entries that are zero: if there are any it is 0, but with a slope.

    One zero contributes itself, and two their product, as polynomials in sums over the column (Newton's identities).
    The first and second derivatives of a product of three are 0.
    """
    zero = xp.where(x == 0.0, x, 0.0)
    is_zero = xp.where(x == 0.0, 1.0, 0.0)
    count = xp.sum(is_zero) - is_zero
    single = xp.sum(zero) - zero
    pair = 0.5 * (single * single - (xp.sum(zero * zero) - zero * zero))
    return xp.where(count == 0.0, 1.0, xp.where(count == 1.0, single, xp.where(count == 2.0, pair, 0.0)))


PRODUCTS = (DOT, PROD)
