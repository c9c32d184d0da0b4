"""The normal distribution: the probability, its inverse and its logarithm."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_special.inverses import POLES, erfcinv_reference, exp_of_square
from gograd_ops_special.scipy_functions import provided

__all__ = ["NORMAL"]


def density(xp: Any, x: Any) -> Any:
    """Compute exp(-x*x/2) / sqrt(2*pi), without the error of a rounded x*x where it is large.

    The part of x that has a short exact square is separated: x*x = near*near - (near - x)*(near + x). Beyond 40, where
    the result is 0.0 in floats, it is not, so that no infinity meets a zero.
    """
    near = xp.where(xp.abs(x) < 40.0, xp.round(x * 1024.0) / 1024.0, 0.0)
    return xp.exp(-0.5 * near * near) * xp.exp(0.5 * (near - x) * (near + x)) / xp.sqrt(2.0 * xp.pi)


def ndtri_partial(xp: Any, out: Any, p: Any) -> Any:
    tail = 2.0 * xp.where(p < 0.5, p, 1.0 - p)
    return xp.sqrt(2.0 * xp.pi) * exp_of_square(xp, out / xp.sqrt(2.0), xp.abs(p - 0.5) < 0.25, tail)


NDTRI = Op(
    "ndtri",
    implementations=provided("ndtri"),
    partials=(ndtri_partial,),
    samples=((0.5,), (0.3,), (0.9,), (0.01,), (1e-100,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((1.0,), inf, (inf,), "a pole"),
        Edge((2.0,), nan, (nan,), "not a probability"),
    ),
    domain="0 < p < 1",
    accuracy=Accuracy(6.0, input_ulps=1.0, why=POLES),
    reference=lambda mp, p: -mp.sqrt(2) * erfcinv_reference(mp, 2 * p),
    doc="The value below which a standard normal variable lies with probability p: the inverse of ndtr.",
)


def ndtr_reference(mp: Any, x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def ndtr_partial(xp: Any, out: Any, x: Any) -> Any:
    return density(xp, x)


NDTR = Op(
    "ndtr",
    implementations=provided("ndtr"),
    partials=(ndtr_partial,),
    symbol="Φ",
    samples=((0.0,), (0.3,), (-2.0,), (5.0,), (-20.0,)),
    edges=(
        Edge((inf,), 1.0, (0.0,), "the limit"),
        Edge((-inf,), 0.0, (0.0,), "the limit"),
        Edge((-40.0,), 0.0, (0.0,), "value and slope underflow"),
    ),
    accuracy=Accuracy(4.0, input_ulps=3.0, why="in the left tail, the value falls by x*x ulps for every ulp of x"),
    reference=ndtr_reference,
    doc="The probability that a standard normal variable is below x.",
)


def log_ndtr_reference(mp: Any, x: Any) -> Any:
    return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2) if x > 0 else mp.log(ndtr_reference(mp, x))


def log_ndtr_forward(xp: Any, x: Any) -> Any:
    # This rule is for JAX, whose own function has only 10 digits at some points.
    left = xp.log(0.5 * xp.erfcx(-x / xp.sqrt(2.0))) - 0.5 * x * x
    return xp.where(x > -1.0, xp.log1p(-xp.ndtr(-x)), left)


def log_ndtr_partial(xp: Any, out: Any, x: Any) -> Any:
    # For large negative x both density and probability underflow, so their quotient is computed from scaled functions.
    # Their quotient is -x - 1/x + ..., and equal to -x long before the terms of its derivative overflow.
    left = xp.sqrt(2.0 / xp.pi) / xp.erfcx(-xp.minimum(x, 0.0) / xp.sqrt(2.0))
    left = xp.where(x < -1e9, -x, left)
    return xp.where(x > -1.0, density(xp, x) / xp.ndtr(x), left)


LOG_NDTR = Op(
    "log_ndtr",
    forward=log_ndtr_forward,
    implementations=provided("log_ndtr", jax=False),
    partials=(log_ndtr_partial,),
    samples=((0.0,), (0.3,), (-1.5,), (5.0,), (-20.0,)),
    edges=(
        Edge((inf,), -0.0, (0.0,), "the limit"),
        Edge((-inf,), -inf, (inf,), "the limit"),
    ),
    accuracy=Accuracy(
        6.0,
        input_ulps=3.0,
        why="in the right tail, the value falls by x*x ulps for every ulp of x",
        third=Accuracy(inf, why="for large negative x, terms in x*x cancel"),
    ),
    reference=log_ndtr_reference,
    doc="The logarithm of the probability that a standard normal variable is below x.",
)

NORMAL = (NDTR, LOG_NDTR, NDTRI)
