"""The logistic function and its inverse, x * log(y), and the entropy."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_special.scipy_functions import provided

__all__ = ["ENTROPIES"]


def expit_partial(xp: Any, out: Any, x: Any) -> Any:
    # Far from 0 the first formula loses all digits. Near 0 the two terms of the second one's derivative cancel.
    half = xp.tanh(0.5 * x)
    return xp.where(xp.abs(x) < 1.0, 0.25 * (1.0 - half * half), out * xp.expit(-x))


EXPIT = Op(
    "expit",
    implementations=provided("expit"),
    partials=(expit_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-700.0,)),
    edges=(
        Edge((800.0,), 1.0, (0.0,), "the slope underflows"),
        Edge((inf,), 1.0, (0.0,), "the limit"),
        Edge((-inf,), 0.0, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: 1 / (1 + mp.exp(-x)),
    doc="The logistic function 1 / (1 + exp(-x)).",
)


def logit_partial(xp: Any, out: Any, p: Any) -> Any:
    # Near 1/2 the two terms of the derivative of p * (1 - p) would cancel. There, 1/4 minus an exact square is used.
    # Elsewhere a sum is, since the terms of its derivative do not overflow with opposite signs.
    middle = p - 0.5
    return xp.where(xp.abs(middle) < 0.25, 1.0 / (0.25 - middle * middle), 1.0 / p + 1.0 / (1.0 - p))


LOGIT = Op(
    "logit",
    implementations=provided("logit"),
    partials=(logit_partial,),
    samples=((0.5,), (0.3,), (0.999,), (1e-100,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((1.0,), inf, (inf,), "a pole"),
        Edge((0.5,), 0.0, (4.0,), "an ordinary point"),
        Edge((2.0,), nan, (-0.5,), "the logarithm is not real outside the interval from 0 to 1"),
    ),
    domain="0 < p < 1",
    accuracy=Accuracy(second=Accuracy(4.0)),
    reference=lambda mp, p: mp.log(p / (1 - p)),
    doc="The logarithm of the odds, log(p / (1 - p)).",
)


def xlogy_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return xp.log(y)


def xlogy_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return x / xp.where(xp.abs(x) + xp.abs(y) == 0.0, 1.0, y)  # if x is 0, the value is 0 for every y


XLOGY = Op(
    "xlogy",
    implementations=provided("xlogy"),
    partials=(xlogy_partial_x, xlogy_partial_y),
    samples=((0.5, 3.0), (-2.0, 0.25), (3.0, 1e-100), (0.0, 2.0)),
    edges=(
        Edge((0.0, 0.0), 0.0, (-inf, 0.0), "0 * log(y) is 0 for every y; the slope with respect to x is log(0)"),
        Edge((0.0, -1.0), 0.0, (nan, -0.0), "0 * log(y) is 0 for every y; for any other x the value is not real"),
        Edge((1.0, 0.0), -inf, (-inf, inf), "the pole of the logarithm"),
        Edge((1.0, -1.0), nan, (nan, -1.0), "the logarithm of a negative number is not real"),
    ),
    domain="y > 0",
    reference=lambda mp, x, y: x * mp.log(y),
    doc="x * log(y), which is 0 wherever x is 0.",
)


def entr_partial(xp: Any, out: Any, x: Any) -> Any:
    return -xp.log(x) - 1.0


ENTR = Op(
    "entr",
    implementations=provided("entr"),
    partials=(entr_partial,),
    samples=((0.5,), (3.0,), (1e-100,)),
    edges=(
        Edge((0.0,), 0.0, (inf,), "a vertical tangent"),
        Edge((-1.0,), -inf, (nan,), "the entropy is concave, so by convention it is -inf outside its domain"),
    ),
    domain="x >= 0",
    accuracy=Accuracy(4.0, input_ulps=1.0, why="the slope has a zero at 1 / e"),
    reference=lambda mp, x: -x * mp.log(x) if x else x,
    doc="The entropy -x * log(x). It is 0 at 0, and -inf for negative x.",
)

ENTROPIES = (EXPIT, LOGIT, XLOGY, ENTR)
