"""Activation functions of neural networks."""

from __future__ import annotations

from math import inf
from typing import Any

from gograd_core import Edge, Op

__all__ = ["ACTIVATIONS"]


def sigmoid_forward(xp: Any, x: Any) -> Any:
    # exp of a negative number cannot overflow: one formula per side.
    decay = xp.exp(-xp.abs(x))
    return xp.where(x >= 0.0, 1.0 / (1.0 + decay), decay / (1.0 + decay))


def sigmoid_partial(xp: Any, out: Any, x: Any) -> Any:
    # out * (1 - out) loses every digit beyond x = 37, where out rounds to 1. The other formula has
    # a kink at 0, which higher derivatives would see. Each is taken where it is smooth and accurate.
    size = xp.abs(x)
    decay = xp.exp(-size)
    return xp.where(size < 1.0, out * (1.0 - out), decay / ((1.0 + decay) * (1.0 + decay)))


def relu_forward(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0.0)


def relu_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, 0.0)


ACTIVATIONS = (
    Op(
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
    ),
    Op(
        "relu",
        forward=relu_forward,
        partials=(relu_partial,),
        samples=((0.3,), (-2.0,)),
        edges=(Edge((0.0,), 0.0, (0.0,), "a kink: slopes run from 0 to 1, and 0 is taken, as PyTorch does"),),
        reference=lambda mp, x: max(x, mp.mpf(0)),
        doc="The rectifier: x where x is positive, else 0.",
    ),
)
