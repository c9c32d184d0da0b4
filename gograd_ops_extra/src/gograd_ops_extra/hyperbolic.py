"""The hyperbolic sine, cosine and tangent, and their inverses."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op
from gograd_ops_extra.trigonometric import one_minus_square

__all__ = ["HYPERBOLIC"]


def sinh_forward(xp: Any, x: Any) -> Any:
    return xp.sinh(x)


def sinh_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.cosh(x)


SINH = Op(
    "sinh",
    forward=sinh_forward,
    partials=(sinh_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (700.0,)),
    edges=(
        Edge((1000.0,), inf, (inf,), "an overflow"),
        Edge((-1000.0,), -inf, (inf,), "an overflow"),
    ),
    reference=lambda mp, x: mp.sinh(x),
    doc="The hyperbolic sine.",
    advice="bound the input: it grows as exp(abs(x))",
)


def cosh_forward(xp: Any, x: Any) -> Any:
    return xp.cosh(x)


def cosh_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.sinh(x)


COSH = Op(
    "cosh",
    forward=cosh_forward,
    partials=(cosh_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (700.0,)),
    edges=(
        Edge((1000.0,), inf, (inf,), "an overflow"),
        Edge((-1000.0,), inf, (-inf,), "an overflow"),
    ),
    reference=lambda mp, x: mp.cosh(x),
    doc="The hyperbolic cosine.",
    advice="bound the input: it grows as exp(abs(x))",
)


def tanh_forward(xp: Any, x: Any) -> Any:
    return xp.tanh(x)


def tanh_partial(xp: Any, out: Any, x: Any) -> Any:
    # 1 - out**2 loses all digits beyond x = 19, where out rounds to 1. The other formula has a kink at 0,
    # which would make higher derivatives wrong. Each is used where it is smooth and accurate.
    size = xp.abs(x)
    decay = xp.exp(-2.0 * size)
    return xp.where(size < 0.5, 1.0 - out * out, 4.0 * decay / ((1.0 + decay) * (1.0 + decay)))


TANH = Op(
    "tanh",
    forward=tanh_forward,
    partials=(tanh_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (25.0,)),
    edges=(Edge((inf,), 1.0, (0.0,), "the limit"), Edge((-400.0,), -1.0, (0.0,), "the slope underflows")),
    reference=lambda mp, x: mp.tanh(x),
    doc="The hyperbolic tangent.",
)


def asinh_forward(xp: Any, x: Any) -> Any:
    return xp.asinh(x)


def asinh_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / xp.hypot(1.0, x)


ASINH = Op(
    "asinh",
    forward=asinh_forward,
    partials=(asinh_partial,),
    aliases=("arcsinh",),  # what NumPy calls it
    samples=((0.5,), (-2.0,), (1e-9,), (1e80,)),
    edges=(Edge((inf,), inf, (0.0,), "the limit"),),
    reference=lambda mp, x: mp.asinh(x),
    doc="The number whose hyperbolic sine is x.",
)


def acosh_forward(xp: Any, x: Any) -> Any:
    return xp.acosh(x)


def acosh_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0))  # x * x - 1 overflows, and near 1 it loses digits


ACOSH = Op(
    "acosh",
    forward=acosh_forward,
    partials=(acosh_partial,),
    aliases=("arccosh",),  # what NumPy calls it
    samples=((1.5,), (20.0,), (1.0001,), (1e80,)),
    edges=(
        Edge((1.0,), 0.0, (inf,), "a vertical tangent"),
        Edge((0.5,), nan, (nan,), "no real number has this hyperbolic cosine"),
        Edge((inf,), inf, (0.0,), "the limit"),
    ),
    domain="x >= 1",
    reference=lambda mp, x: mp.acosh(x),
    doc="The nonnegative number whose hyperbolic cosine is x.",
)


def atanh_forward(xp: Any, x: Any) -> Any:
    return xp.atanh(x)


def atanh_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / one_minus_square(xp, x)


ATANH = Op(
    "atanh",
    forward=atanh_forward,
    partials=(atanh_partial,),
    aliases=("arctanh",),  # what NumPy calls it
    samples=((0.5,), (-0.9,), (1e-9,), (0.9999,)),
    edges=(
        Edge((1.0,), inf, (inf,), "a pole"),
        Edge((-1.0,), -inf, (inf,), "a pole"),
        Edge((2.0,), nan, (-1.0 / 3.0,), "no real number has this hyperbolic tangent"),
    ),
    domain="-1 < x < 1",
    reference=lambda mp, x: mp.atanh(x),
    doc="The number whose hyperbolic tangent is x.",
    advice="keep the input between -1 and 1, as clip(x, -0.999, 0.999) does",
)

HYPERBOLIC = (SINH, COSH, TANH, ASINH, ACOSH, ATANH)
