"""The error function and its complement."""

from __future__ import annotations

import math
from math import inf
from typing import Any

from gograd_core import Accuracy, Edge, Op

__all__ = ["ERROR_FUNCTIONS", "gaussian"]


def gaussian(xp: Any, x: Any, scale: float = 1.0) -> Any:
    """Compute exp(-scale * x*x), for a scale of 1 or 1/2, without the error of a rounded x*x where it is large.

    The part of x that has a short exact square is separated: x*x = near*near - (near - x)*(near + x). Beyond 40, where
    the result is 0.0 in floats, it is not, so that no infinity meets a zero.
    """
    near = xp.where(xp.abs(x) < 40.0, xp.round(x * 1024.0) / 1024.0, 0.0)
    return xp.exp(-scale * near * near) * xp.exp(scale * (near - x) * (near + x))


def erf_partial(xp: Any, out: Any, x: Any) -> Any:
    return 2.0 / xp.sqrt(xp.pi) * gaussian(xp, x)


ERF = Op(
    "erf",
    implementations={
        "scalar": math.erf,
        "numpy": "scipy.special:erf",
        "jax": "jax.scipy.special:erf",
        "c": "gograd_core.kernels.libm:erf",
    },
    partials=(erf_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (5.5,), (1e-12,)),
    edges=(
        Edge((inf,), 1.0, (0.0,), "the limit"),
        Edge((-inf,), -1.0, (-0.0,), "the limit"),
        Edge((30.0,), 1.0, (0.0,), "the slope underflows"),
    ),
    reference=lambda mp, x: mp.erf(x),
    doc="The error function, the integral of 2/sqrt(pi) * exp(-t*t) from 0 to x.",
)


def erfc_partial(xp: Any, out: Any, x: Any) -> Any:
    return -2.0 / xp.sqrt(xp.pi) * gaussian(xp, x)


ERFC = Op(
    "erfc",
    implementations={
        "scalar": math.erfc,
        "numpy": "scipy.special:erfc",
        "jax": "jax.scipy.special:erfc",
        "c": "gograd_core.kernels.libm:erfc",
    },
    partials=(erfc_partial,),
    samples=((0.0,), (0.3,), (-2.0,), (10.0,), (25.0,)),
    edges=(
        Edge((inf,), 0.0, (-0.0,), "the limit"),
        Edge((-inf,), 2.0, (-0.0,), "the limit"),
        Edge((30.0,), 0.0, (-0.0,), "value and slope underflow"),
    ),
    accuracy=Accuracy(4.0, input_ulps=1.0, why="in the right tail, the value falls by 2*x*x ulps for every ulp of x"),
    reference=lambda mp, x: mp.erfc(x),
    doc="The complementary error function 1 - erf(x), accurate even where it is small.",
)

ERROR_FUNCTIONS = (ERF, ERFC)
