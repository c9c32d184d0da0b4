"""Activation functions of neural networks."""

from __future__ import annotations

from math import inf
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_extra.error_functions import gaussian
from gograd_ops_extra.piecewise import LOWEST, PIECEWISE, bounded

__all__ = ["ACTIVATIONS"]

GELU_CUBIC = 0.044715  # Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016

MINIMUM = "the slope has a zero at the minimum"
ODD = Accuracy(inf, why="it is 0 at x = 0, where its terms are as large as elsewhere and cancel")
TAIL = "in the left tail, the value falls by many ulps for every ulp of x, and " + MINIMUM


def sigmoid_forward(xp: Any, x: Any) -> Any:
    # exp of a negative number cannot overflow, so there is one formula for each sign of x.
    decay = xp.exp(-xp.abs(x))
    return xp.where(x >= 0.0, 1.0 / (1.0 + decay), decay / (1.0 + decay))


def sigmoid_partial(xp: Any, out: Any, x: Any) -> Any:
    # Far from 0 the first formula loses all digits. At 0 the second one has a kink, which would make higher
    # derivatives wrong. out * (1 - out) has no kink, but near 0 the two terms of its derivative cancel.
    size, half = xp.abs(x), xp.tanh(0.5 * x)
    decay = xp.exp(-size)
    return xp.where(size < 1.0, 0.25 * (1.0 - half * half), decay / ((1.0 + decay) * (1.0 + decay)))


SIGMOID = Op(
    "sigmoid",
    forward=sigmoid_forward,
    partials=(sigmoid_partial,),
    symbol="σ",
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-700.0,)),
    edges=(
        Edge((800.0,), 1.0, (0.0,), "the slope underflows"),
        Edge((-800.0,), 0.0, (0.0,), "value and slope underflow"),
        Edge((inf,), 1.0, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: 1 / (1 + mp.exp(-x)),
    doc="The logistic function 1 / (1 + exp(-x)).",
)


def log_sigmoid_forward(xp: Any, x: Any) -> Any:
    return xp.minimum(x, 0.0) - xp.log1p(xp.exp(-xp.abs(x)))


def log_sigmoid_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.sigmoid(-x)


LOG_SIGMOID = Op(
    "log_sigmoid",
    forward=log_sigmoid_forward,
    partials=(log_sigmoid_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-700.0,)),
    edges=(
        Edge((-800.0,), -800.0, (1.0,), "the logistic function underflows, but its logarithm does not"),
        Edge((-inf,), -inf, (1.0,), "the limit"),
        Edge((inf,), 0.0, (0.0,), "the limit"),
    ),
    reference=lambda mp, x: -mp.log1p(mp.exp(-x)),
    doc="The logarithm of the logistic function, -log(1 + exp(-x)).",
)


def softplus_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def softplus_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.sigmoid(x)


SOFTPLUS = Op(
    "softplus",
    forward=softplus_forward,
    partials=(softplus_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-700.0,)),
    edges=(
        Edge((800.0,), 800.0, (1.0,), "exp(x) would overflow"),
        Edge((-800.0,), 0.0, (0.0,), "value and slope underflow"),
        Edge((inf,), inf, (1.0,), "the limit"),
    ),
    reference=lambda mp, x: mp.log1p(mp.exp(x)),
    doc="log(1 + exp(x)), a smooth rectifier.",
)


def falling(xp: Any, x: Any) -> Any:
    """Compute exp(-x) for x >= 0. For negative x the result is bounded, and there is no kink at 0."""
    return xp.exp(-xp.maximum(x, -1.0))


def rising(xp: Any, x: Any) -> Any:
    """Compute exp(x) for x <= 0. For positive x the result is bounded, and there is no kink at 0."""
    return xp.exp(xp.minimum(x, 1.0))


def silu_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(x, LOWEST) * xp.sigmoid(x)


def silu_partial(xp: Any, out: Any, x: Any) -> Any:
    # s * (1 + x * (1 - s)), as a quotient that cancels only at its zero. For x >= 0 it is the difference from 1.
    x, down, up = bounded(xp, x), falling(xp, x), rising(xp, x)
    right = 1.0 + down * (x - 1.0 - down) / ((1.0 + down) * (1.0 + down))
    left = up * (x + 1.0 + up) / ((1.0 + up) * (1.0 + up))
    return xp.where(x >= 0.0, right, left)


SILU = Op(
    "silu",
    forward=silu_forward,
    partials=(silu_partial,),
    aliases=("swish",),
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-600.0,)),
    edges=(Edge((-inf,), -0.0, (-0.0,), "the limit"), Edge((inf,), inf, (1.0,), "the limit")),
    accuracy=Accuracy(4.0, input_ulps=1.0, why=MINIMUM, third=ODD),
    reference=lambda mp, x: x / (1 + mp.exp(-x)),
    doc="The sigmoid linear unit x / (1 + exp(-x)).",
)


def gelu_forward(xp: Any, x: Any) -> Any:
    return 0.5 * xp.maximum(x, LOWEST) * xp.erfc(-x / xp.sqrt(2.0))


def gelu_partial(xp: Any, out: Any, x: Any) -> Any:
    density = gaussian(xp, x, 0.5) / xp.sqrt(2.0 * xp.pi)
    return 0.5 * xp.erfc(-x / xp.sqrt(2.0)) + bounded(xp, x) * density


GELU = Op(
    "gelu",
    forward=gelu_forward,
    partials=(gelu_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (10.0,), (-20.0,)),
    edges=(Edge((-inf,), -0.0, (0.0,), "the limit"), Edge((inf,), inf, (1.0,), "the limit")),
    accuracy=Accuracy(5.0, input_ulps=3.0, why=TAIL),
    reference=lambda mp, x: x * mp.ncdf(x),
    doc="The Gaussian error linear unit: x times the probability that a standard normal variable is below x.",
)


def gelu_tanh_gate(xp: Any, x: Any) -> Any:
    """Compute (1 + tanh(u)) / 2 as sigmoid(2 * u), which keeps its digits in the left tail."""
    return xp.sigmoid(xp.sqrt(8.0 / xp.pi) * x * (1.0 + GELU_CUBIC * x * x))


def gelu_tanh_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(x, LOWEST) * gelu_tanh_gate(xp, x)


def gelu_tanh_partial(xp: Any, out: Any, x: Any) -> Any:
    x = xp.maximum(xp.minimum(x, 100.0), -100.0)  # beyond these bounds the slope is 0 or 1 to 10,000 digits
    gate, opposite = gelu_tanh_gate(xp, x), gelu_tanh_gate(xp, -x)
    slope = xp.sqrt(8.0 / xp.pi) * (x * gate * opposite)
    return gate + slope * (1.0 + 3.0 * (GELU_CUBIC * x * x))


GELU_TANH = Op(
    "gelu_tanh",
    forward=gelu_tanh_forward,
    partials=(gelu_tanh_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (10.0,), (-15.0,)),
    edges=(
        Edge((-inf,), -0.0, (0.0,), "the limit"),
        Edge((inf,), inf, (1.0,), "the limit"),
        Edge((1e200,), 1e200, (1.0,), "x * x overflows, but the value does not"),
    ),
    accuracy=Accuracy(8.0, input_ulps=4.0, why=TAIL, third=ODD),
    reference=lambda mp, x: x / (1 + mp.exp(-mp.sqrt(8 / mp.pi) * (x + mp.mpf(GELU_CUBIC) * x**3))),
    doc="The tanh approximation of gelu: x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x**3))) / 2.",
)


def mish_forward(xp: Any, x: Any) -> Any:
    # tanh(log(1 + exp(x))) is a rational function of exp(x) and, for positive x, of exp(-x).
    down, up = falling(xp, x), rising(xp, x)
    right = (1.0 + 2.0 * down) / (1.0 + 2.0 * down * (1.0 + down))
    left = up * (2.0 + up) / (2.0 + up * (2.0 + up))
    return xp.maximum(x, LOWEST) * xp.where(x >= 0.0, right, left)


def mish_partial(xp: Any, out: Any, x: Any) -> Any:
    # This is also a quotient that cancels only at its zero. For x >= 0 it is the difference from 1.
    x, down, up = bounded(xp, x), falling(xp, x), rising(xp, x)
    below_right, below_left = 1.0 + 2.0 * down * (1.0 + down), 2.0 + up * (2.0 + up)
    right = 1.0 + 4.0 * (down * down * (x - 0.5 + down * (x - 1.0 - down))) / (below_right * below_right)
    left = 4.0 * (up * (x + 1.0 + up * (x + 1.5 + up * (1.0 + 0.25 * up)))) / (below_left * below_left)
    return xp.where(x >= 0.0, right, left)


MISH = Op(
    "mish",
    forward=mish_forward,
    partials=(mish_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (40.0,), (-600.0,)),
    edges=(Edge((-inf,), -0.0, (-0.0,), "the limit"), Edge((inf,), inf, (1.0,), "the limit")),
    accuracy=Accuracy(
        6.0,
        input_ulps=1.0,
        why=MINIMUM,
        third=Accuracy(inf, why="it is 0 near x = -0.0877, where its terms cancel"),
    ),
    reference=lambda mp, x: x * mp.tanh(mp.log1p(mp.exp(x))),
    doc="x * tanh(softplus(x)).",
)

ACTIVATIONS = (*PIECEWISE, SIGMOID, LOG_SIGMOID, SOFTPLUS, SILU, GELU, GELU_TANH, MISH)
