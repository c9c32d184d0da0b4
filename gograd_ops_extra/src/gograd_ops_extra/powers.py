"""Roots, squares, the reciprocal, and powers of two."""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["POWERS"]


def sqrt_forward(xp: Any, x: Any) -> Any:
    return xp.sqrt(x)


def sqrt_partial(xp: Any, out: Any, x: Any) -> Any:
    return 0.5 / out


SQRT = Op(
    "sqrt",
    forward=sqrt_forward,
    partials=(sqrt_partial,),
    symbol="√",
    samples=((0.5,), (9.0,), (1e-12,)),
    edges=(
        Edge((0.0,), 0.0, (inf,), "a vertical tangent"),
        Edge((-1.0,), nan, (nan,), "the square root of a negative number is not real"),
        Edge((inf,), inf, (0.0,), "the limit"),
    ),
    domain="x >= 0",
    reference=lambda mp, x: mp.sqrt(x),
    doc="The square root.",
    advice="keep the input above 0, as sqrt(x + 1e-12) does: at 0 the derivative is infinite",
)


def cbrt_partial(xp: Any, out: Any, x: Any) -> Any:
    # C libraries compute cbrt only to 3 ulps. out / x / 3 has that error once, and 1 / (3 * out * out) has it twice,
    # with the opposite sign. In the mean (2 * out / x + 1 / (out * out)) / 9 it cancels. Derivatives are those of
    # 1 / (out * out), in which no two terms are infinities that cancel.
    third = xp.stop_gradient((2.0 * out / x * out * out + 1.0) / 9.0)
    return xp.where(x == 0.0, xp.inf, third / (out * out))


CBRT = Op(
    "cbrt",
    partials=(cbrt_partial,),
    implementations={
        "scalar": math.cbrt,
        "numpy": "numpy:cbrt",
        "jax": "jax.numpy:cbrt",
        "c": "gograd_core.kernels.libm:cbrt",
    },
    symbol="∛",
    samples=((0.5,), (-8.0,), (1e-12,), (1e80,)),
    edges=(
        Edge((0.0,), 0.0, (inf,), "a vertical tangent"),
        Edge((-inf,), -inf, (nan,), "infinity divided by infinity"),
    ),
    reference=lambda mp, x: mp.sign(x) * mp.cbrt(mp.fabs(x)),
    doc="The real cube root, defined for negative numbers too.",
)


def square_forward(xp: Any, x: Any) -> Any:
    return xp.square(x)


def square_partial(xp: Any, out: Any, x: Any) -> Any:
    return 2.0 * x


SQUARE = Op(
    "square",
    forward=square_forward,
    partials=(square_partial,),
    samples=((3.0,), (-0.7,), (1e-9,)),
    edges=(Edge((0.0,), 0.0, (0.0,), "an ordinary point"), Edge((1e200,), inf, (2e200,), "an overflow")),
    reference=lambda mp, x: x**2,
    doc="The square x * x.",
)


def reciprocal_forward(xp: Any, x: Any) -> Any:
    return xp.reciprocal(x)


def reciprocal_partial(xp: Any, out: Any, x: Any) -> Any:
    return -out * out


RECIPROCAL = Op(
    "reciprocal",
    forward=reciprocal_forward,
    partials=(reciprocal_partial,),
    symbol="1/x",
    samples=((3.0,), (-0.7,), (1e-9,)),
    edges=(
        Edge((0.0,), inf, (-inf,), "a pole"),
        Edge((-0.0,), -inf, (-inf,), "the same pole, approached from below"),
        Edge((-inf,), -0.0, (0.0,), "the limit"),
    ),
    domain="x != 0",
    reference=lambda mp, x: 1 / x,
    doc="The reciprocal 1 / x.",
    advice="keep the input away from 0, or decide with `if` before what happens there",
)


def hypot_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.hypot(x, y)


def hypot_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    # Both arms are x / out. The terms of the first one's derivative, y**2 / out**3, would cancel where x is larger
    # than y. In the second one it is a product. At the origin the slope and all its derivatives are 0, not 0/0.
    larger = xp.abs(x) > xp.abs(y)
    smaller_part = x / xp.where(out == 0.0, xp.inf, out)
    return xp.where(larger, xp.sign(x) / xp.hypot(1.0, y / xp.where(larger, x, 1.0)), smaller_part)


def hypot_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return hypot_partial_x(xp, out, y, x)


HYPOT = Op(
    "hypot",
    forward=hypot_forward,
    partials=(hypot_partial_x, hypot_partial_y),
    samples=((3.0, 4.0), (-0.5, 2.0), (3e80, -1e80), (2e-80, 1e-80)),
    edges=(
        Edge((0.0, 0.0), 0.0, (0.0, 0.0), "the tip of a cone: the middle slope is taken, as for abs"),
        Edge((0.0, 2.0), 2.0, (0.0, 1.0), "an ordinary point"),
        Edge((inf, 1.0), inf, (1.0, 0.0), "the limit"),
        Edge((inf, inf), inf, (nan, nan), "infinity divided by infinity"),
    ),
    reference=lambda mp, x, y: mp.sqrt(x**2 + y**2),
    doc="The length of the vector (x, y), computed without overflow.",
)


def ldexp_forward(xp: Any, x: Any, i: Any) -> Any:
    # This takes three steps, because 2**i may overflow or underflow although the result does not.
    third = xp.trunc(i / 3.0)
    factor = 2.0**third
    scaled = x * factor * factor * 2.0 ** (i - 2.0 * third)
    return xp.where(x == 2.0 * x, x, scaled)  # zeros and infinities are kept


def ldexp_partial_x(xp: Any, out: Any, x: Any, i: Any) -> Any:
    return ldexp_forward(xp, 1.0, i)


LDEXP = Op(
    "ldexp",
    forward=ldexp_forward,
    partials=(ldexp_partial_x, None),
    samples=((0.75, 3.0), (-1.5, -40.0), (1e-200, 1000.0)),
    edges=(
        Edge((1e-300, 1500.0), 3.507466211043404e151, (inf, None), "the slope overflows, but the value does not"),
        Edge((0.0, 5000.0), 0.0, (inf, None), "0 times any power of 2 is 0"),
        Edge((1.0, -5000.0), 0.0, (0.0, None), "an underflow"),
        Edge((1.0, 1024.0), inf, (inf, None), "an overflow"),
    ),
    domain="i == floor(i)",
    reference=lambda mp, x, i: mp.ldexp(x, int(i)),
    doc="x * 2**i for an integer i. There is no derivative with respect to i.",
)

POWERS = (SQRT, CBRT, SQUARE, RECIPROCAL, HYPOT, LDEXP)
