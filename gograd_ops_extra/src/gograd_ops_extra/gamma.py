"""The gamma function and the logarithm of its absolute value."""

from __future__ import annotations

import math
from math import copysign, inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_core.extend import total

__all__ = ["GAMMA_FUNCTIONS"]

LGAMMA_ERROR = (
    "the absolute error is about 1e-15, even near the zeros at 1, at 2 and left of -2, where the value is as small"
)
NO_POLE = "x > 0 or x != floor(x)"


def _of_gamma(x: float) -> float:
    """Return an infinity with the sign of x, for the pole at 0, and for overflows near it and far from it."""
    return copysign(inf, x)


def gamma_partial(xp: Any, out: Any, x: Any) -> Any:
    return out * xp.digamma(x)


GAMMA = Op(
    "gamma",
    implementations={
        "scalar": total(math.gamma, outside=lambda x: _of_gamma(x) if x == 0.0 else nan, overflow=_of_gamma),
        "numpy": "scipy.special:gamma",
        "jax": "jax.scipy.special:gamma",
    },
    partials=(gamma_partial,),
    symbol="Γ",
    samples=((0.5,), (3.0,), (-2.5,), (150.0,), (1e-10,)),
    edges=(
        Edge((0.0,), inf, (-inf,), "a pole"),
        Edge((-0.0,), -inf, (-inf,), "the same pole, approached from below"),
        Edge((-3.0,), nan, (nan,), "a pole, with different signs on its two sides"),
        Edge((200.0,), inf, (inf,), "an overflow"),
        Edge((inf,), inf, (inf,), "the limit"),
        Edge((-inf,), nan, (nan,), "no limit at infinity"),
    ),
    domain=NO_POLE,
    accuracy=Accuracy(
        10.0, input_ulps=2.0, why="it is a Lanczos approximation, and the slope has a zero between any two poles"
    ),
    reference=lambda mp, x: mp.gamma(x),
    doc="The gamma function, which extends (x - 1)! to non-integer numbers.",
)


def lgamma_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.digamma(x)


LGAMMA = Op(
    "lgamma",
    implementations={
        "scalar": total(math.lgamma, outside=lambda x: inf),
        "numpy": "gograd_ops_extra.scipy_arrays:lgamma",
        "jax": "jax.scipy.special:gammaln",
    },
    partials=(lgamma_partial,),
    samples=((0.5,), (3.0,), (-2.5,), (1e5,), (1e-10,)),
    edges=(
        Edge((0.0,), inf, (-inf,), "a pole"),
        Edge((-3.0,), inf, (nan,), "a pole, where the slope has different signs on the two sides"),
        Edge((1e306,), inf, (math.log(1e306),), "an overflow"),
        Edge((inf,), inf, (inf,), "the limit"),
    ),
    domain=NO_POLE,
    accuracy=Accuracy(96.0, input_ulps=24.0, why=LGAMMA_ERROR),
    reference=lambda mp, x: mp.re(mp.loggamma(x)),
    doc="The natural logarithm of the absolute value of the gamma function.",
)

GAMMA_FUNCTIONS = (GAMMA, LGAMMA)
