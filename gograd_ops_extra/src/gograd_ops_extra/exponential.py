"""Exponentials and logarithms."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op

__all__ = ["EXPONENTIAL"]


def exp_forward(xp: Any, x: Any) -> Any:
    return xp.exp(x)


def exp_partial(xp: Any, out: Any, x: Any) -> Any:
    return out


EXP = Op(
    "exp",
    forward=exp_forward,
    partials=(exp_partial,),
    samples=((0.5,), (-3.0,), (700.0,)),
    edges=(Edge((1000.0,), inf, (inf,), "an overflow"), Edge((-inf,), 0.0, (0.0,), "the limit")),
    reference=lambda mp, x: mp.exp(x),
    doc="The exponential function.",
    advice="use logsumexp or logaddexp for a sum of exponentials, or bound the exponent by minimum",
)


def exp2_forward(xp: Any, x: Any) -> Any:
    return 2.0**x


def exp2_partial(xp: Any, out: Any, x: Any) -> Any:
    return out * xp.log(2.0)


EXP2 = Op(
    "exp2",
    forward=exp2_forward,
    partials=(exp2_partial,),
    symbol="2^x",
    samples=((0.5,), (-3.0,), (1000.25,)),
    edges=(Edge((1024.0,), inf, (inf,), "an overflow"), Edge((-inf,), 0.0, (0.0,), "the limit")),
    reference=lambda mp, x: mp.power(2, x),
    doc="2 to the power x.",
    advice="use logsumexp or logaddexp for a sum of exponentials, or bound the exponent by minimum",
)


def expm1_forward(xp: Any, x: Any) -> Any:
    return xp.expm1(x)


def expm1_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.exp(x)  # out + 1 loses all digits where out is rounded to -1


EXPM1 = Op(
    "expm1",
    forward=expm1_forward,
    partials=(expm1_partial,),
    samples=((0.5,), (-3.0,), (1e-12,), (-40.0,)),
    edges=(
        Edge((0.0,), 0.0, (1.0,), "an ordinary point"),
        Edge((1000.0,), inf, (inf,), "an overflow"),
        Edge((-inf,), -1.0, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: mp.expm1(x),
    doc="exp(x) - 1, accurate even near 0.",
    advice="use logsumexp or logaddexp for a sum of exponentials, or bound the exponent by minimum",
)


def log_forward(xp: Any, x: Any) -> Any:
    return xp.log(x)


def log_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / x


LOG = Op(
    "log",
    forward=log_forward,
    partials=(log_partial,),
    samples=((0.5,), (3.0,), (1e-100,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((-1.0,), nan, (-1.0,), "the logarithm of a negative number is not real"),
        Edge((1.0,), 0.0, (1.0,), "an ordinary point"),
        Edge((inf,), inf, (0.0,), "the limit"),
    ),
    domain="x > 0",
    reference=lambda mp, x: mp.log(x),
    doc="The natural logarithm.",
    advice="keep the input above 0, as log(maximum(x, 1e-12)) does; log1p and logaddexp need no such bound",
)


def log2_forward(xp: Any, x: Any) -> Any:
    return xp.log2(x)


def log2_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / xp.log(2.0) / x


LOG2 = Op(
    "log2",
    forward=log2_forward,
    partials=(log2_partial,),
    samples=((0.5,), (3.0,), (1e-100,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((-1.0,), nan, (-1.4426950408889634,), "the logarithm of a negative number is not real"),
    ),
    domain="x > 0",
    reference=lambda mp, x: mp.log(x, 2),
    doc="The logarithm to base 2.",
    advice="keep the input above 0, as log2(maximum(x, 1e-12)) does; log1p and logaddexp need no such bound",
)


def log10_forward(xp: Any, x: Any) -> Any:
    return xp.log10(x)


def log10_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / xp.log(10.0) / x


LOG10 = Op(
    "log10",
    forward=log10_forward,
    partials=(log10_partial,),
    samples=((0.5,), (3.0,), (1e-100,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((-1.0,), nan, (-0.4342944819032518,), "the logarithm of a negative number is not real"),
    ),
    domain="x > 0",
    reference=lambda mp, x: mp.log10(x),
    doc="The logarithm to base 10.",
    advice="keep the input above 0, as log10(maximum(x, 1e-12)) does; log1p and logaddexp need no such bound",
)


def log1p_forward(xp: Any, x: Any) -> Any:
    return xp.log1p(x)


def log1p_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x)


LOG1P = Op(
    "log1p",
    forward=log1p_forward,
    partials=(log1p_partial,),
    samples=((0.5,), (-0.75,), (1e-12,), (1e100,)),
    edges=(
        Edge((-1.0,), -inf, (inf,), "a pole"),
        Edge((-2.0,), nan, (-1.0,), "the logarithm of a negative number is not real"),
        Edge((0.0,), 0.0, (1.0,), "an ordinary point"),
    ),
    domain="x > -1",
    reference=lambda mp, x: mp.log1p(x),
    doc="log(1 + x), accurate even near 0.",
    advice="keep the input above -1, as log1p(maximum(x, -0.999)) does",
)


def log_base_forward(xp: Any, x: Any, base: Any) -> Any:
    return xp.where(base == 0.0, xp.nan, xp.log(x) / xp.log(base))


def log_base_partial_x(xp: Any, out: Any, x: Any, base: Any) -> Any:
    return 1.0 / xp.log(base) / x


def log_base_partial_base(xp: Any, out: Any, x: Any, base: Any) -> Any:
    return -out / xp.log(base) / base


LOG_BASE = Op(
    "log_base",
    forward=log_base_forward,
    partials=(log_base_partial_x, log_base_partial_base),
    math="log",
    samples=((8.0, 2.0), (0.5, 10.0), (3.0, 0.25), (1e-100, 7.0)),
    edges=(
        Edge((0.0, 2.0), -inf, (inf, inf), "a pole"),
        Edge((2.0, 1.0), inf, (inf, -inf), "no power of 1 is 2: a pole"),
        Edge((1.0, 1.0), nan, (inf, nan), "every power of 1 is 1"),
        Edge((1.0, 2.0), 0.0, (1.4426950408889634, 0.0), "an ordinary point"),
        Edge((-1.0, 2.0), nan, (-1.4426950408889634, nan), "the logarithm of a negative number is not real"),
    ),
    domain="x > 0 and base > 0 and base != 1",
    reference=lambda mp, x, base: mp.log(x, base),
    doc="The logarithm of x to the given base.",
)


def logaddexp_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.logaddexp(x, y)


def logaddexp_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return xp.sigmoid(x - y)  # exp(x - out) has the rounding error of out


def logaddexp_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return xp.sigmoid(y - x)


LOGADDEXP = Op(
    "logaddexp",
    forward=logaddexp_forward,
    partials=(logaddexp_partial_x, logaddexp_partial_y),
    samples=((1.0, 2.0), (-1.5, -4.0), (1000.0, 999.0), (0.25, 0.25)),
    edges=(
        Edge((800.0, -800.0), 800.0, (1.0, 0.0), "the smaller share underflows"),
        Edge((-inf, 1.0), 1.0, (0.0, 1.0), "exp(-inf) adds nothing"),
        Edge((-inf, -inf), -inf, (nan, nan), "the logarithm of 0, where the shares of the inputs are undefined"),
        Edge((inf, 1.0), inf, (1.0, 0.0), "the limit"),
    ),
    accuracy=Accuracy(
        input_ulps=1.0,
        why="the shares depend on x - y, which is rounded, and the value cancels where exp(x) + exp(y) is near 1",
    ),
    reference=lambda mp, x, y: mp.log(mp.exp(x) + mp.exp(y)),
    doc="log(exp(x) + exp(y)), computed without overflow.",
)

EXPONENTIAL = (EXP, EXP2, EXPM1, LOG, LOG2, LOG10, LOG1P, LOG_BASE, LOGADDEXP)
