"""Variadic operations, which take columns of numbers and return one number."""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_core.extend import Column, scalar, total

__all__ = ["REDUCTIONS"]

CANCELLATION = "each term is rounded; where terms of opposite sign cancel, these errors remain"
LARGEST = Accuracy(
    inf,
    why="the derivative with respect to an entry much larger than the others is a difference of nearly equal terms",
)
LEFT_OUT = "NaN propagates; it is not equal to any entry"


def one(xp: Any, out: Any, x: Any) -> Any:
    return 1.0


def sum_forward(xp: Any, x: Any) -> Any:
    return xp.sum(x)


SUM = Op(
    "sum",
    forward=sum_forward,
    partials=(one,),
    variadic=True,
    symbol="Σ",
    samples=(((1.0, 2.0, 3.5),), ((-0.25,),)),
    edges=(Edge(((),), 0.0, (1.0,), "the empty sum"),),
    accuracy=Accuracy(input_ulps=4.0, why=CANCELLATION),
    reference=lambda mp, x: mp.fsum(x),
    doc="The sum of a column of numbers.",
)


def fsum(x: Column) -> float:
    return math.fsum(x.entries)


FSUM = Op(
    "fsum",
    forward=sum_forward,
    partials=(one,),
    variadic=True,
    implementations={
        "scalar": total(fsum, overflow=lambda x: scalar.sum(x.entries)),
        "numba": "gograd_ops_extra.exact_sums:fsum",
    },
    symbol="Σ",
    samples=(((0.1, 0.2, 0.3),), ((1.0, 2.0, 3.5),)),
    edges=(
        Edge(((1e16, 1.0, -1e16),), 1.0, (1.0,), "the sum is rounded only once, at the end"),
        Edge(((inf, -inf),), nan, (1.0,), "infinities of opposite sign have no sum"),
    ),
    accuracy=Accuracy(input_ulps=4.0, why="the sum of floats is rounded once, but arrays are summed by their library"),
    reference=lambda mp, x: mp.fsum(x),
    doc="The sum of a column of floats, rounded once.",
)


def mean_forward(xp: Any, x: Any) -> Any:
    return xp.sum(x) / len(x)


def mean_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.divide(1.0, len(x))


MEAN = Op(
    "mean",
    forward=mean_forward,
    partials=(mean_partial,),
    variadic=True,
    samples=(((1.0, 2.0, 4.5),), ((-0.25,),)),
    edges=(Edge(((),), nan, (inf,), "an empty column has no mean"),),
    accuracy=Accuracy(input_ulps=4.0, why=CANCELLATION),
    domain="len(x) > 0",
    reference=lambda mp, x: mp.fsum(x) / len(x),
    doc="The arithmetic mean of a column of numbers.",
)


def max_forward(xp: Any, x: Any) -> Any:
    return xp.max(x)


def extreme_partial(xp: Any, out: Any, x: Any) -> Any:
    share = xp.where(x == out, 1.0, 0.0)
    return share / xp.maximum(xp.sum(share), 1.0)  # NaN is not equal to any entry


MAX = Op(
    "max",
    forward=max_forward,
    partials=(extreme_partial,),
    variadic=True,
    samples=(((1.0, 3.5, 2.0),), ((-0.25,),)),
    edges=(
        Edge(((2.0, 1.0, 2.0),), 2.0, ((0.5, 0.0, 0.5),), "a tie: the largest entries share the derivative"),
        Edge(((nan, 1.0),), nan, ((0.0, 0.0),), LEFT_OUT),
    ),
    domain="len(x) > 0",
    reference=lambda mp, x: max(x),
    doc="The largest entry of a column.",
)


def min_forward(xp: Any, x: Any) -> Any:
    return xp.min(x)


MIN = Op(
    "min",
    forward=min_forward,
    partials=(extreme_partial,),
    variadic=True,
    samples=(((1.0, -3.5, 2.0),), ((-0.25,),)),
    edges=(
        Edge(((2.0, 2.0, 3.0),), 2.0, ((0.5, 0.5, 0.0),), "a tie: the smallest entries share the derivative"),
        Edge(((nan, 1.0),), nan, ((0.0, 0.0),), LEFT_OUT),
    ),
    domain="len(x) > 0",
    reference=lambda mp, x: min(x),
    doc="The smallest entry of a column.",
)


def norm_forward(xp: Any, x: Any) -> Any:
    # Squares of numbers near 1 neither overflow nor underflow, and multiplying by a power of two is exact.
    largest = xp.max(xp.abs(x))
    ordinary = xp.logical_and(largest > 0.0, largest < xp.inf)
    exponent = xp.floor(xp.log2(xp.where(ordinary, largest, 1.0)))
    scale = 2.0 ** xp.minimum(exponent, 1023.0)  # the logarithm of the largest float rounds to 1024
    length = scale * xp.sqrt(xp.sum(xp.square(x / scale)))
    infinite = xp.sum(xp.where(xp.isinf(x), 1.0, 0.0)) > 0.0
    return xp.where(infinite, xp.inf, length)  # even if another entry is NaN, as in hypot


def norm_of_floats(x: Column) -> float:
    return math.hypot(*x.entries)


def norm_partial(xp: Any, out: Any, x: Any) -> Any:
    return x / xp.where(out == 0.0, xp.inf, out)  # at the origin it is 0 with all its derivatives, not 0/0


NORM = Op(
    "norm",
    forward=norm_forward,
    partials=(norm_partial,),
    variadic=True,
    implementations={"scalar": norm_of_floats},
    math="hypot",
    symbol="‖x‖",
    samples=(((3.0, 4.0, -12.0),), ((-0.25,),), ((3e80, 1e80),), ((2e-80, 1e-80),)),
    edges=(
        Edge(((0.0, 0.0),), 0.0, ((0.0, 0.0),), "the tip of a cone: the middle slope is taken, as for abs"),
        Edge(((inf, 1.0),), inf, ((nan, 0.0),), "infinity divided by infinity"),
    ),
    accuracy=Accuracy(second=LARGEST),
    reference=lambda mp, x: mp.norm(x),
    doc="The Euclidean length of a column, computed without overflow.",
)


def dist_forward(xp: Any, x: Any, y: Any) -> Any:
    return norm_forward(xp, x - y)


def dist_of_floats(x: Column, y: Column) -> float:
    return math.dist(x.entries, y.entries)


def dist_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return norm_partial(xp, out, x - y)


def dist_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return norm_partial(xp, out, y - x)


DIST = Op(
    "dist",
    forward=dist_forward,
    partials=(dist_partial_x, dist_partial_y),
    variadic=True,
    implementations={"scalar": dist_of_floats},
    samples=(((1.0, 2.0), (4.0, -2.0)), ((0.5,), (7.0,)), ((3e80, 1e80), (1e80, 2e80))),
    edges=(
        Edge(
            ((1.0, 2.0), (1.0, 2.0)),
            0.0,
            ((0.0, 0.0), (0.0, 0.0)),
            "the tip of a cone: the middle slope is taken, as for abs",
        ),
    ),
    accuracy=Accuracy(second=LARGEST),
    reference=lambda mp, x, y: mp.norm([p - q for p, q in zip(x, y, strict=True)]),
    doc="The Euclidean distance between two points.",
)


def logsumexp_forward(xp: Any, x: Any) -> Any:
    # The largest entry is set aside (unless it is infinite), so that log1p keeps the digits of small entries.
    largest = xp.max(x)
    largest = xp.where(xp.isfinite(largest), largest, 0.0)
    count = xp.sum(xp.where(x == largest, 1.0, 0.0))
    others = xp.sum(xp.where(x == largest, 0.0, xp.exp(x - largest)))
    return largest + xp.log1p(others + (count - 1.0))


def logsumexp_partial(xp: Any, out: Any, x: Any) -> Any:
    # The quotient of weights depends neither on out nor on its rounding error, which is large if the entries are.
    # If one entry has nearly the whole sum, the terms of that quotient's derivative would cancel. 1 minus the shares
    # of the others is used instead.
    weight = xp.exp(x - xp.stop_gradient(out))
    total = xp.sum(weight)
    is_large = weight > 0.75 * total
    others = xp.sum(xp.where(is_large, 0.0, weight))
    share = xp.where(is_large, others, weight) / total
    return xp.where(is_large, 1.0 - share, share)


LOGSUMEXP = Op(
    "logsumexp",
    forward=logsumexp_forward,
    partials=(logsumexp_partial,),
    variadic=True,
    samples=(((1.0, 2.0, -0.5),), ((1000.0, 999.0),), ((-1000.0, -1000.5),), ((3.0,),), ((1e17, 1e17),)),
    edges=(
        Edge(((1000.0, -1000.0),), 1000.0, ((1.0, 0.0),), "the smaller share underflows"),
        Edge(((0.0, -inf),), 0.0, ((1.0, 0.0),), "exp(-inf) adds nothing"),
        Edge(((-inf, -inf),), -inf, ((nan, nan),), "the logarithm of 0, where the shares of the entries are undefined"),
    ),
    accuracy=Accuracy(
        input_ulps=2.0,
        why="the shares depend on differences of the entries, which are rounded, and the value cancels near 0",
    ),
    domain="len(x) > 0",
    reference=lambda mp, x: mp.log(mp.fsum(map(mp.exp, x))),
    doc="The logarithm of the sum of the exponentials of a column, computed without overflow.",
)

REDUCTIONS = (SUM, FSUM, MEAN, MAX, MIN, NORM, DIST, LOGSUMEXP)
