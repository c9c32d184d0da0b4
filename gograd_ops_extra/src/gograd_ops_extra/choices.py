"""Operations that choose one of their inputs."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Edge, Op

__all__ = ["CHOICES"]

PAIRS = ((2.0, 3.0), (-1.5, -4.0))
TIE = "a tie: each input takes half of the derivative, as in PyTorch and JAX"
BOUND = "a tie: each input takes half of the derivative, as in JAX"


def share_of_larger(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x > y, 1.0, xp.where(x == y, 0.5, 0.0))


def maximum_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.maximum(x, y)


def maximum_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return share_of_larger(xp, x, y)


def maximum_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return share_of_larger(xp, y, x)


MAXIMUM = Op(
    "maximum",
    forward=maximum_forward,
    partials=(maximum_partial_x, maximum_partial_y),
    samples=PAIRS,
    edges=(
        Edge((1.0, 1.0), 1.0, (0.5, 0.5), TIE),
        Edge((nan, 1.0), nan, (0.0, 0.0), "NaN propagates; neither input is the larger"),
    ),
    reference=lambda mp, x, y: max(x, y),
    doc="The larger of x and y.",
)


def minimum_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.minimum(x, y)


MINIMUM = Op(
    "minimum",
    forward=minimum_forward,
    partials=(maximum_partial_y, maximum_partial_x),  # the share of the smaller input is that of the larger, swapped
    samples=PAIRS,
    edges=(
        Edge((1.0, 1.0), 1.0, (0.5, 0.5), TIE),
        Edge((nan, 1.0), nan, (0.0, 0.0), "NaN propagates; neither input is the smaller"),
    ),
    reference=lambda mp, x, y: min(x, y),
    doc="The smaller of x and y.",
)


def clip_forward(xp: Any, x: Any, min: Any, max: Any) -> Any:
    return xp.clip(x, min, max)


# clip is minimum(maximum(x, min), max), and so are the shares of its inputs. If min >= max, the value is max.
def clip_partial_x(xp: Any, out: Any, x: Any, min: Any, max: Any) -> Any:
    share = share_of_larger(xp, x, min) * share_of_larger(xp, max, xp.maximum(x, min))
    return xp.where(min < max, share, 0.0)


def clip_partial_min(xp: Any, out: Any, x: Any, min: Any, max: Any) -> Any:
    share = share_of_larger(xp, min, x) * share_of_larger(xp, max, xp.maximum(x, min))
    return xp.where(min < max, share, 0.0)


def clip_partial_max(xp: Any, out: Any, x: Any, min: Any, max: Any) -> Any:
    return xp.where(xp.logical_and(min >= max, out == max), 1.0, share_of_larger(xp, xp.maximum(x, min), max))


CLIP = Op(
    "clip",
    forward=clip_forward,
    partials=(clip_partial_x, clip_partial_min, clip_partial_max),
    samples=((0.3, -1.0, 1.0), (2.0, -1.0, 1.0), (-2.0, -1.0, 1.0)),
    edges=(
        Edge((1.0, -1.0, 1.0), 1.0, (0.5, 0.0, 0.5), BOUND),
        Edge((-1.0, -1.0, 1.0), -1.0, (0.5, 0.5, 0.0), BOUND),
        Edge((0.0, 2.0, 1.0), 1.0, (0.0, 0.0, 1.0), "bounds in the wrong order: the upper one holds"),
        Edge((0.0, 1.0, 1.0), 1.0, (0.0, 0.0, 1.0), "equal bounds: the upper one holds"),
        Edge((1.0, 1.0, 1.0), 1.0, (0.0, 0.0, 1.0), "equal bounds: the upper one holds"),
        Edge((nan, -1.0, 1.0), nan, (0.0, 0.0, 0.0), "NaN propagates; it is neither inside the bounds nor outside"),
    ),
    reference=lambda mp, x, lower, upper: min(max(x, lower), upper),
    doc="x limited to the range from min to max.",
)


def where_forward(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition, x, y)


def where_partial_x(xp: Any, out: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition != 0.0, 1.0, 0.0)  # a comparison of neurons is a constant


def where_partial_y(xp: Any, out: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition != 0.0, 0.0, 1.0)


WHERE = Op(
    "where",
    forward=where_forward,
    partials=(None, where_partial_x, where_partial_y),
    samples=((1.0, 2.0, 3.0), (0.0, 2.0, 3.0)),
    edges=(
        Edge((0.0, inf, 3.0), 3.0, (None, 0.0, 1.0), "the arm that is not chosen does not count"),
        Edge((1.0, 2.0, nan), 2.0, (None, 1.0, 0.0), "the arm that is not chosen does not count"),
    ),
    reference=lambda mp, condition, x, y: x if condition else y,
    doc="x where the condition is true (not 0), otherwise y.",
)

CHOICES = (MAXIMUM, MINIMUM, CLIP, WHERE)
