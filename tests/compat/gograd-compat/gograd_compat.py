"""Operations written against gograd-core 0.1. Never edit this file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import inf, nan, pi
from typing import Any

from gograd_core import Accuracy, Edge, Op, hookimpl


# A kink, edges, an alias, a symbol.
def squash_forward(xp: Any, x: Any) -> Any:
    return x / (1.0 + xp.abs(x))


def squash_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0 / ((1.0 + xp.abs(x)) * (1.0 + xp.abs(x)))


# A border of the domain, constants by xp, the output used again.
def turn_forward(xp: Any, x: Any) -> Any:
    return xp.acos(x) / xp.pi


def turn_partial(xp: Any, out: Any, x: Any) -> Any:
    return -1.0 / (xp.pi * xp.sin(xp.pi * out))


# A third input without derivative, a choice by xp, and an operation of the same package by xp.
def blend_forward(xp: Any, x: Any, y: Any, choice: Any) -> Any:
    return xp.where(choice > 0.0, xp.gc_squash(x) * y, x * xp.gc_squash(y))


def blend_by_x(xp: Any, out: Any, x: Any, y: Any, choice: Any) -> Any:
    return xp.where(choice > 0.0, squash_partial(xp, None, x) * y, xp.gc_squash(y))


def blend_by_y(xp: Any, out: Any, x: Any, y: Any, choice: Any) -> Any:
    return xp.where(choice > 0.0, xp.gc_squash(x), x * squash_partial(xp, None, y))


def blend_reference(mp: Any, x: Any, y: Any, choice: Any) -> Any:
    return x / (1 + abs(x)) * y if choice > 0 else x * y / (1 + abs(y))


# Columns: one, and two.
def rms_forward(xp: Any, x: Any) -> Any:
    return xp.sqrt(xp.sum(x * x) / len(x))


def rms_partial(xp: Any, out: Any, x: Any) -> Any:
    return x / (out * len(x))


def weighted_forward(xp: Any, x: Any, weight: Any) -> Any:
    return xp.sum(x * weight) / xp.sum(weight)


def weighted_by_x(xp: Any, out: Any, x: Any, weight: Any) -> Any:
    return weight / xp.sum(weight)


def weighted_by_weight(xp: Any, out: Any, x: Any, weight: Any) -> Any:
    return (x - out) / xp.sum(weight)


# No forward rule, but a function for each namespace that has one.
def erf_partial(xp: Any, out: Any, x: Any) -> Any:
    return 2.0 / xp.sqrt(xp.pi) * xp.exp(-x * x)


# Floats alone: the y with y + y**3 = x.
def root_forward(xp: Any, x: float) -> float:
    y = x / 2.0
    for _ in range(100):
        y -= (y + y**3 - x) / (1.0 + 3.0 * y * y)
    return y


def root_partial(xp: Any, out: float, x: float) -> float:
    return 1.0 / (1.0 + 3.0 * out * out)


OPS = (
    Op(
        "gc_squash",
        forward=squash_forward,
        partials=[squash_partial],
        samples=[(0.5,), (-2.0,), (0.0,)],
        edges=[Edge((-0.0,), -0.0, (1.0,), "smooth once"), Edge((1e300,), 1.0, (0.0,), "the slope underflows")],
        reference=lambda mp, x: x / (1 + mp.fabs(x)),
        symbol="⌇",
        doc="x / (1 + |x|).",
        aliases=["gc_softsign"],
    ),
    Op(
        "gc_turn",
        forward=turn_forward,
        partials=(turn_partial,),
        samples=((0.5,), (-0.25,)),
        edges=(
            Edge((0.0,), 0.5, (-1.0 / pi,), "a quarter of a turn is half of pi"),
            Edge((2.0,), nan, (nan,), "outside"),
        ),
        domain="-1 <= x <= 1",
        accuracy=Accuracy(8.0, input_ulps=2.0, why="at 1 the slope is infinite"),
        reference=lambda mp, x: mp.acos(x) / mp.pi,
    ),
    Op(
        "gc_blend",
        forward=blend_forward,
        partials=(blend_by_x, blend_by_y, None),
        samples=((0.5, 2.0, 1.0), (-1.5, 3.0, -1.0)),
        reference=blend_reference,
    ),
    Op(
        "gc_rms",
        forward=rms_forward,
        partials=(rms_partial,),
        variadic=True,
        samples=(((3.0, 4.0),), ((1.0, -2.0, 0.5),)),
        reference=lambda mp, x: mp.sqrt(mp.fsum(e * e for e in x) / len(x)),
    ),
    Op(
        "gc_weighted",
        forward=weighted_forward,
        partials=(weighted_by_x, weighted_by_weight),
        variadic=True,
        samples=(((3.0, 4.0), (1.0, 2.0)), ((0.25, -2.0, 8.0), (1.0, 0.5, 0.125))),
        reference=lambda mp, x, weight: mp.fdot(x, weight) / mp.fsum(weight),
    ),
    Op(
        "gc_erf",
        implementations={"scalar": math.erf, "numpy": "scipy.special:erf"},
        partials=(erf_partial,),
        samples=((0.5,), (-1.25,)),
        edges=(Edge((inf,), 1.0, (0.0,), "the limit"),),
        reference=lambda mp, x: mp.erf(x),
    ),
    Op(
        "gc_root",
        forward=root_forward,
        partials=(root_partial,),
        samples=((0.5,), (-10.0,)),
        opaque=True,
        reference=lambda mp, x: mp.findroot(lambda y: y + y**3 - x, mp.cbrt(x) if x > 0 else -mp.cbrt(-x)),
    ),
)


@hookimpl
def gograd_ops() -> Iterator[Op]:
    yield from OPS
