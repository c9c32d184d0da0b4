"""Variadic operations: columns of numbers to one number."""

from __future__ import annotations

from typing import Any

from gograd_core import Edge, Op

__all__ = ["REDUCTIONS"]


def sum_forward(xp: Any, x: Any) -> Any:
    return xp.sum(x)


def sum_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0


def dot_forward(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(x * y)


def dot_partial_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return y


def dot_partial_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return x


REDUCTIONS = (
    Op(
        "sum",
        forward=sum_forward,
        partials=(sum_partial,),
        variadic=True,
        symbol="Σ",
        samples=(((1.0, 2.0, 3.5),), ((-0.25,),)),
        edges=(Edge(((),), 0.0, (1.0,), "the sum of nothing"),),
        reference=lambda mp, x: mp.fsum(x),
        doc="The sum of a column of numbers.",
    ),
    Op(
        "dot",
        forward=dot_forward,
        partials=(dot_partial_x, dot_partial_y),
        variadic=True,
        symbol="·",
        samples=(((1.0, 2.0), (3.0, -0.5)), ((0.1,), (7.0,))),
        reference=lambda mp, x, y: mp.fdot(x, y),
        doc="The sum of the products of two columns, entry by entry.",
    ),
)
