"""Piecewise activation functions, with a kink or a jump of some derivative where the pieces meet."""

from __future__ import annotations

import sys
from math import inf
from typing import Any

from gograd_core import Edge, Op

__all__ = ["LOWEST", "PIECEWISE", "bounded"]

LOWEST = -sys.float_info.max

LEAKY_SLOPE = 0.01
SELU_SCALE = 1.0507009873554805  # these two: Klambauer et al., "Self-Normalizing Neural Networks", 2017
SELU_ALPHA = 1.6732632423543772

KINK = "a kink: the slope of the left side is taken, as in PyTorch"


def bounded(xp: Any, x: Any) -> Any:
    """Return x, or the largest float for an infinity. A product with 0 is then the limit and not NaN."""
    return xp.maximum(xp.minimum(x, -LOWEST), LOWEST)


def relu_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0.0)


def relu_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, 0.0)


RELU = Op(
    "relu",
    forward=relu_forward,
    partials=(relu_partial,),
    samples=((0.3,), (-2.0,)),
    edges=(Edge((0.0,), 0.0, (0.0,), "a kink: slopes range from 0 to 1, and 0 is taken, as in PyTorch"),),
    reference=lambda mp, x: max(x, mp.mpf(0)),
    doc="The rectifier: x where x is positive, otherwise 0.",
)


def leaky_relu_forward(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, x, LEAKY_SLOPE * x)


def leaky_relu_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, LEAKY_SLOPE)


LEAKY_RELU = Op(
    "leaky_relu",
    forward=leaky_relu_forward,
    partials=(leaky_relu_partial,),
    samples=((0.3,), (-2.0,)),
    edges=(Edge((0.0,), 0.0, (LEAKY_SLOPE,), KINK),),
    reference=lambda mp, x: max(x, LEAKY_SLOPE * x),
    doc="The leaky rectifier: x where x is positive, otherwise 0.01 * x.",
)


def elu_forward(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, x, xp.expm1(xp.minimum(x, 0.0)))


def elu_partial(xp: Any, out: Any, x: Any) -> Any:
    # The bound of 1 prevents an overflow. A bound of 0 would make a kink at 0, which belongs to the left side.
    return xp.where(x > 0.0, 1.0, xp.exp(xp.minimum(x, 1.0)))


ELU = Op(
    "elu",
    forward=elu_forward,
    partials=(elu_partial,),
    samples=((0.3,), (-2.0,), (-40.0,), (-1e-10,)),
    edges=(
        Edge((0.0,), 0.0, (1.0,), "the slope is continuous; the second derivative is that of the left side, 1"),
        Edge((-inf,), -1.0, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: x if x > 0 else mp.expm1(x),
    doc="The exponential linear unit: x where x is positive, otherwise exp(x) - 1.",
)


def selu_forward(xp: Any, x: Any) -> Any:
    return SELU_SCALE * xp.where(x > 0.0, x, SELU_ALPHA * elu_forward(xp, x))


def selu_partial(xp: Any, out: Any, x: Any) -> Any:
    return SELU_SCALE * xp.where(x > 0.0, 1.0, SELU_ALPHA * elu_partial(xp, out, x))


SELU = Op(
    "selu",
    forward=selu_forward,
    partials=(selu_partial,),
    samples=((0.3,), (-2.0,), (-40.0,), (-1e-10,)),
    edges=(
        Edge((0.0,), 0.0, (SELU_SCALE * SELU_ALPHA,), KINK),
        Edge((-inf,), -SELU_SCALE * SELU_ALPHA, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: mp.mpf(SELU_SCALE) * (x if x > 0 else SELU_ALPHA * mp.expm1(x)),
    doc="The scaled exponential linear unit: 1.0507 * x where x is positive, otherwise 1.7581 * (exp(x) - 1).",
)


def hard_tanh_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(xp.minimum(x, 1.0), -1.0)


def hard_tanh_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) < 1.0, 1.0, 0.0)


HARD_TANH = Op(
    "hard_tanh",
    forward=hard_tanh_forward,
    partials=(hard_tanh_partial,),
    samples=((0.3,), (-0.5,), (2.0,), (-3.0,)),
    edges=(
        Edge((1.0,), 1.0, (0.0,), "a kink: slopes range from 0 to 1, and 0 is taken, as in PyTorch"),
        Edge((-1.0,), -1.0, (0.0,), "a kink: slopes range from 0 to 1, and 0 is taken, as in PyTorch"),
    ),
    reference=lambda mp, x: max(min(x, mp.mpf(1)), mp.mpf(-1)),
    doc="x limited to the range from -1 to 1.",
)


def softsign_forward(xp: Any, x: Any) -> Any:
    x = bounded(xp, x)
    return x / (1.0 + xp.abs(x))


def softsign_partial(xp: Any, out: Any, x: Any) -> Any:
    size = 1.0 + xp.abs(x)
    return 1.0 / size / size  # size * size may overflow


SOFTSIGN = Op(
    "softsign",
    forward=softsign_forward,
    partials=(softsign_partial,),
    samples=((0.3,), (-2.0,), (1e10,), (-1e-10,)),
    edges=(
        Edge((0.0,), 0.0, (1.0,), "the slope is continuous; the second derivative jumps, and 0 is taken"),
        Edge((inf,), 1.0, (0.0,), "the limit"),
        Edge((1e300,), 1.0, (0.0,), "the slope underflows"),
    ),
    reference=lambda mp, x: x / (1 + abs(x)),
    doc="x / (1 + abs(x)), which approaches -1 and 1 as slowly as 1 / x approaches 0.",
)

PIECEWISE = (RELU, LEAKY_RELU, ELU, SELU, HARD_TANH, SOFTSIGN)
