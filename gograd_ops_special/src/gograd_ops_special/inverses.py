"""The inverses of the error functions, and the scaled error function that their derivatives need."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_special.scipy_functions import provided

__all__ = ["INVERSES", "POLES", "erfcinv_reference", "exp_of_square"]

STEPS = 150  # of the continued fraction: 19 digits from x = 1 on

POLES = "near a pole, value and slope change by many ulps for every ulp of the input"


def mean_of_tail(xp: Any, x: Any) -> Any:
    """Compute the mean of t in the density proportional to exp(-t*t - 2*x*t), t > 0, for x >= 1.

    It is -erfcx'(x) / (2 * erfcx(x)), computed from Laplace's continued fraction for erfcx,
    1 / (sqrt(pi) * (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))))), DLMF 7.9. The part of the fraction
    that is left out is about (root - x) / 2. Adding it gains six digits if x is not large.
    """
    start = xp.minimum(x, 1e8)
    square = start * start + (2.0 * STEPS + 1.0)
    root = xp.sqrt(square + start / xp.sqrt(square))
    mean = 0.5 * (root - start)
    for step in range(STEPS, 0, -1):
        mean = 0.5 * step / (x + mean)
    return mean


def erfcx_partial(xp: Any, out: Any, x: Any) -> Any:
    # 2*x*out - 2/sqrt(pi) loses 2*x*x ulps for large x, and its derivative loses even more.
    right = -2.0 * out * mean_of_tail(xp, xp.where(x < 1.0, 1.0, x))
    return xp.where(x < 1.0, 2.0 * x * out - 2.0 / xp.sqrt(xp.pi), right)


ERFCX = Op(
    "erfcx",
    implementations=provided("erfcx"),
    partials=(erfcx_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (10.0,), (1e10,)),
    edges=(Edge((inf,), 0.0, (-0.0,), "the limit"), Edge((-30.0,), inf, (-inf,), "an overflow")),
    accuracy=Accuracy(
        16.0,
        input_ulps=2.0,
        why="up to x = 1, the slope is a difference; for negative x, the value grows like exp(x*x)",
    ),
    reference=lambda mp, x: mp.exp(x * x) * mp.erfc(x),
    doc="The scaled complementary error function exp(x*x) * erfc(x).",
)


def erfinv_partial(xp: Any, out: Any, x: Any) -> Any:
    return 0.5 * xp.sqrt(xp.pi) * exp_of_square(xp, out, xp.abs(x) < 0.5, 1.0 - xp.abs(x))


def exp_of_square(xp: Any, y: Any, small: Any, tail: Any) -> Any:
    """Compute exp(y*y), given `tail` = erfc(abs(y)), which is known better than y where y is large.

    There the value is erfcx(abs(y)) / tail, and derivatives are those of exp(y*y). They are sums of terms of one sign,
    so they do not cancel, and do not become NaN where they overflow. At a pole of y the result is infinite: the bound,
    which no finite y reaches, keeps erfcx above 0.
    """
    square = xp.where(small, y * y, 0.0)
    size = xp.minimum(xp.abs(y), 1e300)
    here = xp.stop_gradient(size)
    far = xp.stop_gradient(xp.erfcx(size) / tail) * xp.exp((size - here) * (size + here))
    return xp.where(small, xp.exp(square), far)


def erfinv_reference(mp: Any, x: Any) -> Any:
    return mp.erfinv(x) if abs(x) < 0.5 else mp.sign(x) * erfcinv_reference(mp, 1 - abs(x))


ERFINV = Op(
    "erfinv",
    implementations=provided("erfinv"),
    partials=(erfinv_partial,),
    samples=((0.0,), (0.3,), (-0.9,), (0.999,), (1e-10,)),
    edges=(
        Edge((1.0,), inf, (inf,), "a pole"),
        Edge((-1.0,), -inf, (inf,), "a pole"),
        Edge((2.0,), nan, (nan,), "outside the range of erf"),
    ),
    domain="-1 < x < 1",
    accuracy=Accuracy(6.0, input_ulps=1.0, why=POLES),
    reference=erfinv_reference,
    doc="The inverse of the error function.",
)


def erfcinv_reference(mp: Any, x: Any) -> Any:
    """Solve log(erfc(y)) = log(x) by Newton's method, from above: the left side is concave, erfc(y) <= exp(-y*y)."""
    if x > 0.5:
        return erfinv_reference(mp, 1 - x)
    y = step = mp.sqrt(-mp.log(x))
    while abs(step) > y * mp.eps**0.75:
        tail = mp.erfc(y)
        step = mp.log(tail / x) * tail * mp.exp(y * y) * mp.sqrt(mp.pi) / 2
        y += step
    return y


def erfcinv_forward(xp: Any, x: Any) -> Any:
    return -xp.ndtri(0.5 * x) / xp.sqrt(2.0)  # not in all versions of JAX


def erfcinv_partial(xp: Any, out: Any, x: Any) -> Any:
    return -0.5 * xp.sqrt(xp.pi) * exp_of_square(xp, out, xp.abs(x - 1.0) < 0.75, xp.where(x < 1.0, x, 2.0 - x))


ERFCINV = Op(
    "erfcinv",
    forward=erfcinv_forward,
    implementations=provided("erfcinv", jax=False),
    partials=(erfcinv_partial,),
    samples=((1.0,), (0.3,), (1.9,), (0.01,), (1e-100,)),
    edges=(
        Edge((0.0,), inf, (-inf,), "a pole"),
        Edge((2.0,), -inf, (-inf,), "a pole"),
        Edge((3.0,), nan, (nan,), "outside the range of erfc"),
    ),
    domain="5e-324 < x < 2",  # the smallest float is taken for 0
    accuracy=Accuracy(6.0, input_ulps=1.0, why=POLES),
    reference=erfcinv_reference,
    doc="The inverse of the complementary error function.",
)

INVERSES = (ERFCX, ERFINV, ERFCINV)
