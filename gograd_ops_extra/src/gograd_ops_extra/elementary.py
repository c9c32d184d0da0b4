"""Exponential, logarithm, square root, sine, cosine, hyperbolic tangent, sign."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["ELEMENTARY"]


def exp_forward(xp: Any, x: Any) -> Any:
    return xp.exp(x)


def exp_partial(xp: Any, out: Any, x: Any) -> Any:
    return out


def log_forward(xp: Any, x: Any) -> Any:
    return xp.log(x)


def log_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / x


def sqrt_forward(xp: Any, x: Any) -> Any:
    return xp.sqrt(x)


def sqrt_partial(xp: Any, out: Any, x: Any) -> Any:
    return 0.5 / out


def sin_forward(xp: Any, x: Any) -> Any:
    return xp.sin(x)


def sin_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.cos(x)


def cos_forward(xp: Any, x: Any) -> Any:
    return xp.cos(x)


def cos_partial(xp: Any, out: Any, x: Any) -> Any:
    return -xp.sin(x)


def tanh_forward(xp: Any, x: Any) -> Any:
    return xp.tanh(x)


def tanh_partial(xp: Any, out: Any, x: Any) -> Any:
    # 1 - out**2 loses every digit beyond x = 19, where out rounds to 1. The other formula has a
    # kink at 0, which higher derivatives would see. Each is taken where it is smooth and accurate.
    size = xp.abs(x)
    decay = xp.exp(-2.0 * size)
    return xp.where(size < 1.0, 1.0 - out * out, 4.0 * decay / ((1.0 + decay) * (1.0 + decay)))


def sign_forward(xp: Any, x: Any) -> Any:
    return xp.sign(x)


def zero(xp: Any, out: Any, x: Any) -> Any:
    return 0.0


ELEMENTARY = (
    Op(
        "exp",
        forward=exp_forward,
        partials=(exp_partial,),
        samples=((0.5,), (-3.0,), (700.0,)),
        edges=(Edge((1000.0,), inf, (inf,), "an overflow"), Edge((-inf,), 0.0, (0.0,), "the limit")),
        reference=lambda mp, x: mp.exp(x),
        doc="The exponential function.",
    ),
    Op(
        "log",
        forward=log_forward,
        partials=(log_partial,),
        samples=((0.5,), (3.0,), (1e-100,)),
        edges=(
            Edge((0.0,), -inf, (inf,), "a pole"),
            Edge((-1.0,), nan, (-1.0,), "the logarithm of a negative number is not real"),
            Edge((1.0,), 0.0, (1.0,), "an ordinary point"),
        ),
        reference=lambda mp, x: mp.log(x),
        doc="The natural logarithm.",
    ),
    Op(
        "sqrt",
        forward=sqrt_forward,
        partials=(sqrt_partial,),
        symbol="√",
        samples=((0.5,), (9.0,), (1e-12,)),
        edges=(
            Edge((0.0,), 0.0, (inf,), "a vertical tangent"),
            Edge((-1.0,), nan, (nan,), "the root of a negative number is not real"),
        ),
        reference=lambda mp, x: mp.sqrt(x),
        doc="The square root.",
    ),
    Op(
        "sin",
        forward=sin_forward,
        partials=(sin_partial,),
        samples=((0.5,), (-2.0,), (100.0,)),
        edges=(Edge((inf,), nan, (nan,), "no limit at infinity"),),
        reference=lambda mp, x: mp.sin(x),
        doc="The sine of x in radians.",
    ),
    Op(
        "cos",
        forward=cos_forward,
        partials=(cos_partial,),
        samples=((0.5,), (-2.0,), (100.0,)),
        edges=(Edge((inf,), nan, (nan,), "no limit at infinity"),),
        reference=lambda mp, x: mp.cos(x),
        doc="The cosine of x in radians.",
    ),
    Op(
        "tanh",
        forward=tanh_forward,
        partials=(tanh_partial,),
        samples=((0.0,), (0.3,), (-2.0,), (25.0,)),
        edges=(Edge((inf,), 1.0, (0.0,), "the limit"), Edge((-400.0,), -1.0, (0.0,), "the slope underflows")),
        reference=lambda mp, x: mp.tanh(x),
        doc="The hyperbolic tangent.",
    ),
    Op(
        "sign",
        forward=sign_forward,
        partials=(zero,),
        samples=((0.3,), (-2.0,)),
        edges=(Edge((0.0,), 0.0, (0.0,), "a jump; like everywhere else the slope taken is 0"),),
        reference=lambda mp, x: mp.sign(x),
        doc="-1, 0 or 1.",
    ),
)
