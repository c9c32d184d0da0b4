"""Derivatives of the logarithm of the gamma function."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_special.scipy_functions import provided

__all__ = ["GAMMAS"]


def digamma_partial(xp: Any, out: Any, x: Any) -> Any:
    # Negative x are reflected, because SciPy's polygamma is meant for positive numbers.
    right = x > 0.0
    trigamma = xp.polygamma(1.0, xp.where(right, x, 1.0 - x))
    cosecant = xp.pi / xp.sin(xp.pi * xp.where(right, 0.5, x - xp.round(x)))
    return xp.where(right, trigamma, cosecant * cosecant - trigamma)


DIGAMMA = Op(
    "digamma",
    implementations=provided("digamma", of_floats="psi"),
    partials=(digamma_partial,),
    symbol="ψ",
    samples=((0.5,), (3.0,), (-2.5,), (1e5,), (1e-10,)),
    edges=(
        Edge((0.0,), -inf, (inf,), "a pole"),
        Edge((-0.0,), inf, (inf,), "the same pole, approached from below"),
        Edge((-3.0,), nan, (inf,), "a pole, with different signs on its two sides"),
        Edge((inf,), inf, (0.0,), "the limit"),
    ),
    domain="x > 0 or x != floor(x)",
    accuracy=Accuracy(6.0, input_ulps=2.0, why="it has a zero between any two poles"),
    reference=lambda mp, x: mp.digamma(x),
    doc="The derivative of the logarithm of the gamma function.",
)


def polygamma_partial(xp: Any, out: Any, n: Any, x: Any) -> Any:
    return xp.polygamma(n + 1.0, x)


POLYGAMMA = Op(
    "polygamma",
    implementations={
        "scalar": "gograd_ops_special.scipy_polygamma:polygamma_of_float",
        "numpy": "gograd_ops_special.scipy_polygamma:polygamma_of_array",
        "jax": "gograd_ops_special.jax_functions:polygamma",
    },
    partials=(None, polygamma_partial),
    samples=((0.0, 3.0), (1.0, 0.5), (1.0, 1e5), (2.0, 1e-10), (5.0, 10.0)),
    edges=(
        Edge((1.0, 0.0), inf, (None, -inf), "a pole"),
        Edge((1.0, inf), 0.0, (None, -0.0), "the limit"),
        Edge((0.5, 1.0), nan, (None, nan), "the order of a derivative must be an integer"),
    ),
    domain="n >= 0 and n == floor(n) and x > 0",
    accuracy=Accuracy(8.0, input_ulps=1.0, why="high orders contain high powers of x"),
    reference=lambda mp, n, x: mp.psi(int(n), x),
    doc="The n-th derivative of digamma. It can be differentiated only with respect to x.",
)

GAMMAS = (DIGAMMA, POLYGAMMA)
