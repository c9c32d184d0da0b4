"""Bessel functions of the first kind and modified Bessel functions, of orders 0 and 1."""

from __future__ import annotations

from typing import Any

from gograd_core import Accuracy, Edge, Op
from gograd_ops_special.scipy_functions import provided

__all__ = ["BESSEL"]

TERMS = 16  # at abs(x) = 2 the next term is 1e-27

NO_OVERFLOW = "-709 <= x <= 709"  # exp(x) overflows, although the function itself does so at 714
KNOWN_PHASE = "-1e12 <= x <= 1e12"  # the phase is known at best to an ulp of x: far away, to no digit

GROWTH = "SciPy's i1 is accurate to 10 ulps, and beyond 1 the value grows by x ulps for every ulp of x"
WAVE = "far from 0, the phase is only as accurate as x itself"


def slope_near_zero(q: Any) -> Any:
    """Compute the derivative of I1 (q = x*x/4) or J1 (q = -x*x/4) by the power series, for abs(x) <= 2.

    It is half the sum of (2k + 1) / (k! (k + 1)!) * q**k. Nested products avoid fractions that would be rounded to
    floats even if q has more digits.
    """
    total: Any = 1.0
    for k in range(TERMS, 0, -1):
        total = 1.0 + q * (2 * k + 1) / ((2 * k - 1) * k * (k + 1)) * total
    return 0.5 * total


def i0_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.i1(x)


I0 = Op(
    "i0",
    implementations=provided("i0"),
    partials=(i0_partial,),
    samples=((0.0,), (0.3,), (-2.5,), (30.0,)),
    edges=(Edge((0.0,), 1.0, (0.0,), "the minimum"),),
    domain=NO_OVERFLOW,
    accuracy=Accuracy(16.0, input_ulps=1.0, why=GROWTH),
    reference=lambda mp, x: mp.besseli(0, x),
    doc="The modified Bessel function of the first kind and order 0.",
)


def i1_partial(xp: Any, out: Any, x: Any) -> Any:
    near, far = halves(xp, x)
    return xp.where(xp.abs(x) < 2.0, slope_near_zero(0.25 * near * near), xp.i0(x) - out / far)


I1 = Op(
    "i1",
    implementations=provided("i1"),
    partials=(i1_partial,),
    samples=((0.0,), (0.3,), (-2.5,), (30.0,), (1e-10,)),
    edges=(Edge((0.0,), 0.0, (0.5,), "smooth, although the formula for larger x divides by x"),),
    domain=NO_OVERFLOW,
    accuracy=Accuracy(16.0, input_ulps=1.0, why=GROWTH),
    reference=lambda mp, x: mp.besseli(1, x),
    doc="The modified Bessel function of the first kind and order 1.",
)


def j0_partial(xp: Any, out: Any, x: Any) -> Any:
    return -xp.j1(x)


J0 = Op(
    "j0",
    implementations=provided("j0", jax=False),
    partials=(j0_partial,),
    samples=((0.0,), (0.3,), (-2.5,), (30.0,)),
    edges=(Edge((0.0,), 1.0, (0.0,), "the maximum"),),
    domain=KNOWN_PHASE,
    accuracy=Accuracy(4.0, input_ulps=2.0, why=WAVE),
    reference=lambda mp, x: mp.besselj(0, x),
    doc="The Bessel function of the first kind and order 0.",
)


def j1_partial(xp: Any, out: Any, x: Any) -> Any:
    near, far = halves(xp, x)
    return xp.where(xp.abs(x) < 2.0, slope_near_zero(-0.25 * near * near), xp.j0(x) - out / far)


J1 = Op(
    "j1",
    implementations=provided("j1", jax=False),
    partials=(j1_partial,),
    samples=((0.0,), (0.3,), (-2.5,), (30.0,), (1e-10,)),
    edges=(Edge((0.0,), 0.0, (0.5,), "smooth, although the formula for larger x divides by x"),),
    domain=KNOWN_PHASE,
    accuracy=Accuracy(4.0, input_ulps=2.0, why=WAVE),
    reference=lambda mp, x: mp.besselj(1, x),
    doc="The Bessel function of the first kind and order 1.",
)


def halves(xp: Any, x: Any) -> tuple[Any, Any]:
    """Return x for the formula below 2 and x for the other one, each replaced where its formula is not used."""
    return xp.where(xp.abs(x) < 2.0, x, 0.0), xp.where(xp.abs(x) < 2.0, 2.0, x)


BESSEL = (I0, I1, J0, J1)
