"""The sine, cosine and tangent, their inverses, and the units of angles."""

from __future__ import annotations

from math import inf, nan, pi
from typing import Any

from gograd_core import Edge, Op

__all__ = ["TRIGONOMETRIC", "one_minus_square"]

NO_LIMIT = "no limit at infinity"
NOT_REAL = "no real angle has this {}"


def one_minus_square(xp: Any, x: Any) -> Any:
    """Compute 1 - x * x. Near 1 the difference would lose digits; near 0 the derivative of the product would."""
    return xp.where(xp.abs(x) < 0.5, 1.0 - x * x, (1.0 - x) * (1.0 + x))


def sin_forward(xp: Any, x: Any) -> Any:
    return xp.sin(x)


def sin_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.cos(x)


SIN = Op(
    "sin",
    forward=sin_forward,
    partials=(sin_partial,),
    samples=((0.5,), (-2.0,), (100.0,)),
    edges=(Edge((inf,), nan, (nan,), NO_LIMIT),),
    reference=lambda mp, x: mp.sin(x),
    doc="The sine of x in radians.",
)


def cos_forward(xp: Any, x: Any) -> Any:
    return xp.cos(x)


def cos_partial(xp: Any, out: Any, x: Any) -> Any:
    return -xp.sin(x)


COS = Op(
    "cos",
    forward=cos_forward,
    partials=(cos_partial,),
    samples=((0.5,), (-2.0,), (100.0,)),
    edges=(Edge((inf,), nan, (nan,), NO_LIMIT),),
    reference=lambda mp, x: mp.cos(x),
    doc="The cosine of x in radians.",
)


def tan_forward(xp: Any, x: Any) -> Any:
    return xp.tan(x)


def tan_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 + out * out


TAN = Op(
    "tan",
    forward=tan_forward,
    partials=(tan_partial,),
    samples=((0.5,), (-2.0,), (1.5,), (100.0,)),
    edges=(
        Edge((0.0,), 0.0, (1.0,), "an ordinary point"),
        Edge((inf,), nan, (nan,), NO_LIMIT),
    ),
    reference=lambda mp, x: mp.tan(x),
    doc="The tangent of x in radians.",
)


def asin_forward(xp: Any, x: Any) -> Any:
    return xp.asin(x)


def asin_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / xp.sqrt(one_minus_square(xp, x))


ASIN = Op(
    "asin",
    forward=asin_forward,
    partials=(asin_partial,),
    aliases=("arcsin",),  # what NumPy calls it
    samples=((0.5,), (-0.9,), (1e-9,), (0.9999,)),
    edges=(
        Edge((1.0,), pi / 2, (inf,), "a vertical tangent"),
        Edge((-1.0,), -pi / 2, (inf,), "a vertical tangent"),
        Edge((2.0,), nan, (nan,), NOT_REAL.format("sine")),
    ),
    domain="-1 <= x <= 1",
    reference=lambda mp, x: mp.asin(x),
    doc="The angle between -π/2 and π/2 whose sine is x.",
    advice="keep the input between -1 and 1, as clip(x, -0.999, 0.999) does",
)


def acos_forward(xp: Any, x: Any) -> Any:
    return xp.acos(x)


def acos_partial(xp: Any, out: Any, x: Any) -> Any:
    return -asin_partial(xp, out, x)


ACOS = Op(
    "acos",
    forward=acos_forward,
    partials=(acos_partial,),
    aliases=("arccos",),  # what NumPy calls it
    samples=((0.5,), (-0.9,), (1e-9,), (0.9999,)),
    edges=(
        Edge((1.0,), 0.0, (-inf,), "a vertical tangent"),
        Edge((-1.0,), pi, (-inf,), "a vertical tangent"),
        Edge((2.0,), nan, (nan,), NOT_REAL.format("cosine")),
    ),
    domain="-1 <= x <= 1",
    reference=lambda mp, x: mp.acos(x),
    doc="The angle between 0 and π whose cosine is x.",
    advice="keep the input between -1 and 1, as clip(x, -0.999, 0.999) does",
)


def atan_forward(xp: Any, x: Any) -> Any:
    return xp.atan(x)


def atan_partial(xp: Any, out: Any, x: Any) -> Any:
    radius = xp.hypot(1.0, x)
    return 1.0 / radius / radius  # 1 + x * x would overflow where higher derivatives are not yet 0


ATAN = Op(
    "atan",
    forward=atan_forward,
    partials=(atan_partial,),
    aliases=("arctan",),  # what NumPy calls it
    samples=((0.5,), (-2.0,), (1e-9,), (1e50,)),
    edges=(Edge((inf,), pi / 2, (0.0,), "the limit"), Edge((1e200,), pi / 2, (0.0,), "the slope underflows")),
    reference=lambda mp, x: mp.atan(x),
    doc="The angle between -π/2 and π/2 whose tangent is x.",
)


def atan2_forward(xp: Any, y: Any, x: Any) -> Any:
    return xp.atan2(y, x)


def atan2_partial_y(xp: Any, out: Any, y: Any, x: Any) -> Any:
    radius = xp.hypot(x, y)
    return x / radius / radius  # the square of the radius may overflow


def atan2_partial_x(xp: Any, out: Any, y: Any, x: Any) -> Any:
    radius = xp.hypot(x, y)
    return -y / radius / radius


ATAN2 = Op(
    "atan2",
    forward=atan2_forward,
    partials=(atan2_partial_y, atan2_partial_x),
    aliases=("arctan2",),  # what NumPy calls it
    samples=((1.0, 2.0), (-0.5, -3.0), (2.0, -0.1), (3e-80, 1e-80), (3e80, 1e80)),
    edges=(
        Edge((0.0, 0.0), 0.0, (nan, nan), "the origin has no angle; 0 is taken, and there is no slope"),
        Edge(
            (0.0, -1.0),
            pi,
            (-1.0, -0.0),
            "the branch cut, where the angle jumps from π to -π; the slopes are the same on both sides",
        ),
        Edge((-0.0, -1.0), -pi, (-1.0, 0.0), "the other side of the branch cut: zeros have a sign"),
        Edge((1.0, 0.0), pi / 2, (0.0, -1.0), "an ordinary point"),
    ),
    reference=lambda mp, y, x: mp.atan2(y, x),
    doc="The angle of the point (x, y), between -π and π.",
)


def degrees_forward(xp: Any, x: Any) -> Any:
    return x * (180.0 / xp.pi)


def degrees_partial(xp: Any, out: Any, x: Any) -> Any:
    return 180.0 / xp.pi


DEGREES = Op(
    "degrees",
    forward=degrees_forward,
    partials=(degrees_partial,),
    aliases=("rad2deg",),  # what NumPy calls it
    samples=((0.5,), (-2.0,), (100.0,)),
    reference=lambda mp, x: mp.degrees(x),
    doc="An angle, converted from radians to degrees.",
)


def radians_forward(xp: Any, x: Any) -> Any:
    return x * (xp.pi / 180.0)


def radians_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.pi / 180.0


RADIANS = Op(
    "radians",
    forward=radians_forward,
    partials=(radians_partial,),
    aliases=("deg2rad",),  # what NumPy calls it
    samples=((30.0,), (-200.0,), (1e5,)),
    reference=lambda mp, x: mp.radians(x),
    doc="An angle, converted from degrees to radians.",
)

TRIGONOMETRIC = (SIN, COS, TAN, ASIN, ACOS, ATAN, ATAN2, DEGREES, RADIANS)
