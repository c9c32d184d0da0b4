"""Rounding to integers, signs and steps, which are piecewise constant and have the slope 0; and `fma`."""

from __future__ import annotations

from math import copysign, inf, isfinite, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["ROUNDING"]

JUMP = "a jump; the slope is taken to be 0, as everywhere else"


def zero(xp: Any, out: Any, x: Any) -> Any:
    return 0.0


def floor_forward(xp: Any, x: Any) -> Any:
    return xp.floor(x)


FLOOR = Op(
    "floor",
    forward=floor_forward,
    partials=(zero,),
    symbol="⌊x⌋",
    samples=((0.3,), (-2.5,), (1e15,)),
    edges=(Edge((2.0,), 2.0, (0.0,), JUMP), Edge((-0.0,), -0.0, (0.0,), "the zero keeps its sign")),
    reference=lambda mp, x: mp.floor(x),
    doc="The largest integer that is less than or equal to x.",
)


def ceil_forward(xp: Any, x: Any) -> Any:
    return xp.ceil(x)


CEIL = Op(
    "ceil",
    forward=ceil_forward,
    partials=(zero,),
    symbol="⌈x⌉",
    samples=((0.3,), (-2.5,), (1e15,)),
    edges=(Edge((2.0,), 2.0, (0.0,), JUMP), Edge((-0.5,), -0.0, (0.0,), "a zero has the sign of x")),
    reference=lambda mp, x: mp.ceil(x),
    doc="The smallest integer that is greater than or equal to x.",
)


def trunc_forward(xp: Any, x: Any) -> Any:
    return xp.trunc(x)


TRUNC = Op(
    "trunc",
    forward=trunc_forward,
    partials=(zero,),
    samples=((0.3,), (-2.5,), (1e15,)),
    edges=(Edge((2.0,), 2.0, (0.0,), JUMP), Edge((-0.5,), -0.0, (0.0,), "a zero has the sign of x")),
    reference=lambda mp, x: mp.floor(x) if x > 0 else mp.ceil(x),
    doc="x rounded towards 0 to an integer.",
)


def round_forward(xp: Any, x: Any) -> Any:
    return xp.round(x)


ROUND = Op(
    "round",
    forward=round_forward,
    partials=(zero,),
    aliases=("rint",),  # what NumPy calls it
    samples=((0.3,), (-2.6,), (1e15,)),
    edges=(
        Edge((2.5,), 2.0, (0.0,), "a jump halfway between two integers; the even one is taken"),
        Edge((3.5,), 4.0, (0.0,), "a jump halfway between two integers; the even one is taken"),
        Edge((-0.5,), -0.0, (0.0,), "a zero has the sign of x"),
    ),
    reference=lambda mp, x: mp.nint(x),
    doc="The nearest integer; halfway between two integers, the even one.",
)


def round_to_forward(xp: Any, x: Any, digits: Any) -> Any:
    scale = 10.0**digits
    return xp.round(x * scale) / scale


def round_to_of_floats(x: float, digits: float) -> float:
    if not (isfinite(x) and isfinite(digits)):
        return x + 0.0 * digits
    try:
        return round(x, int(digits))
    except OverflowError:
        return copysign(inf, x)


def round_to_in_c(x: Any, digits: Any) -> Any:
    """Write out `round_to_of_floats` for a known number of digits, to the last bit.

    x times a power of ten up to 10**22, which is a float, is a float and an error that is a float too (T. J. Dekker's
    product). The error decides only where the float is half of an odd number. The integer found, below 2**53, divided
    by that power is rounded once. Larger products are those of an x that is nearer to the decimal than other floats.

    Raises:
        TypeError: the number of digits is not known, or the power of ten is not a float.
    """
    if not (isinstance(digits, float) and abs(digits) < 23.0):
        raise TypeError("the number of digits must be a constant, and at most 22")
    xp, scale = x.library, float(10 ** abs(int(digits)))
    is_fraction = digits >= 0.0
    scaled = x * scale if is_fraction else x / scale
    lost = _error_of_product(x, scale, scaled)
    if not is_fraction:  # the rest of the division, which is a float, too
        product = scaled * scale
        lost = (x - product) - _error_of_product(scaled, scale, product)
    whole = xp.round(scaled)
    part = scaled - whole
    whole = xp.where(xp.logical_and(abs(part) == 0.5, part * lost > 0.0), whole + 2.0 * part, whole)
    rounded = whole / scale if is_fraction else whole * scale
    return xp.where(abs(scaled) < 2.0**53, rounded, x)


def _error_of_product(x: Any, y: float, product: Any) -> Any:
    """Compute x * y - product, without an error of its own, for numbers whose parts neither overflow nor underflow."""
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    return x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)


def _halves(x: Any) -> tuple[Any, Any]:
    """Split a number into a sum of two with half as many digits."""
    shifted = x * (2.0**27 + 1.0)
    high = shifted - (shifted - x)
    return high, x - high


def round_to_partial(xp: Any, out: Any, x: Any, digits: Any) -> Any:
    return 0.0


ROUND_TO = Op(
    "round_to",
    forward=round_to_forward,
    partials=(round_to_partial, None),
    operator="round",
    implementations={
        "scalar": round_to_of_floats,
        "numpy": "gograd_ops_extra.decimal_arrays:round_to",
        "c": round_to_in_c,
    },
    samples=((2.345, 1.0), (-1234.5, -2.0), (0.625, 2.0)),
    edges=(Edge((0.25, 1.0), 0.2, (0.0, None), "a jump; halfway, the even digit is taken"),),
    domain="digits == floor(digits) and abs(digits) < 9 and abs(x) < 1e6",
    reference=lambda mp, x, digits: mp.nint(x * mp.mpf(10) ** digits) / mp.mpf(10) ** digits,
    doc="x rounded to the given number of digits after the decimal point, like Python's round(x, digits).",
)


def sign_forward(xp: Any, x: Any) -> Any:
    return xp.sign(x)


SIGN = Op(
    "sign",
    forward=sign_forward,
    partials=(zero,),
    samples=((0.3,), (-2.0,)),
    edges=(Edge((0.0,), 0.0, (0.0,), JUMP),),
    reference=lambda mp, x: mp.sign(x),
    doc="The sign of x: -1, 0 or 1.",
)


def step_forward(xp: Any, x: Any) -> Any:
    return 0.5 + 0.5 * xp.sign(x)


STEP = Op(
    "step",
    forward=step_forward,
    partials=(zero,),
    samples=((0.3,), (-2.0,)),
    edges=(Edge((0.0,), 0.5, (0.0,), JUMP), Edge((nan,), nan, (0.0,), "NaN propagates")),
    reference=lambda mp, x: (1 + mp.sign(x)) / 2,
    doc="Heaviside's step function: 0 for negative x, 1 for positive x, 1/2 at 0.",
)


def copysign_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.copysign(x, y)


def copysign_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return xp.sign(x) * xp.copysign(1.0, y)


def copysign_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return 0.0


COPYSIGN = Op(
    "copysign",
    forward=copysign_forward,
    partials=(copysign_partial_x, copysign_partial_y),
    samples=((2.0, -3.0), (-1.5, -0.25), (-7.0, 4.0)),
    edges=(
        Edge((0.0, -1.0), -0.0, (0.0, 0.0), "a kink: slopes range from -1 to 1, and the middle one is taken"),
        Edge((2.0, -0.0), -2.0, (-1.0, 0.0), "a jump with respect to y; zeros have a sign"),
    ),
    reference=lambda mp, x, y: mp.fabs(x) if y >= 0 else -mp.fabs(x),
    doc="The absolute value of x with the sign of y.",
)


def fma(x: float, y: float, z: float) -> float:
    """Compute x * y + z with floats, rounded once. Not every version of Python has `math.fma`."""
    if not (isfinite(x) and isfinite(y)):
        return x * y + z
    if not isfinite(z):
        return z  # x * y is finite, although it may overflow as a float
    from fractions import Fraction  # which few programs need

    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:
        return x * y + z  # exact too, and a zero with the sign of IEEE 754
    try:
        return float(exact)
    except OverflowError:
        return inf if exact > 0 else -inf


def fma_partial_x(xp: Any, out: Any, x: Any, y: Any, z: Any) -> Any:
    return y


def fma_partial_y(xp: Any, out: Any, x: Any, y: Any, z: Any) -> Any:
    return x


def fma_partial_z(xp: Any, out: Any, x: Any, y: Any, z: Any) -> Any:
    return 1.0


FMA = Op(
    "fma",
    partials=(fma_partial_x, fma_partial_y, fma_partial_z),
    implementations={"scalar": fma, "c": "gograd_core.kernels.libm:fma"},
    symbol="xy+z",
    samples=((2.0, 3.0, -1.5), (0.1, 10.0, -1.0), (1e-3, -4e2, 7.0)),
    edges=(
        Edge((1e200, 1e200, 1.0), inf, (1e200, 1e200, 1.0), "an overflow"),
        Edge((inf, 0.0, 1.0), nan, (0.0, inf, 1.0), "infinity times 0 is undefined"),
    ),
    reference=lambda mp, x, y, z: mp.fadd(mp.fmul(x, y, exact=True), z),
    doc="x * y + z, rounded once.",
)

ROUNDING = (FLOOR, CEIL, TRUNC, ROUND, ROUND_TO, SIGN, STEP, COPYSIGN, FMA)
