"""Predicates: they return a bool and have no derivative."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

from gograd_core import Op

__all__ = ["PREDICATES"]

NUMBERS = ((1.5,), (-0.25,), (inf,), (nan,))
TRUTHS = ((0.0, 0.0), (0.0, 2.0), (-1.5, 0.0), (1.0, 3.0))
RELATIVE_TOLERANCE = 1e-9


def predicate(
    rule: Callable[..., Any], samples: tuple[tuple[float, ...], ...], reference: Callable[..., Any], doc: str
) -> Op:
    return Op(
        rule.__name__,
        forward=rule,
        partials=(None,) * len(samples[0]),
        samples=samples,
        reference=reference,
        doc=doc,
    )


def isfinite(xp: Any, x: Any) -> Any:
    return xp.isfinite(x)


ISFINITE = predicate(isfinite, NUMBERS, lambda mp, x: mp.isfinite(x), "Whether x is neither infinite nor NaN.")


def isinf(xp: Any, x: Any) -> Any:
    return xp.isinf(x)


ISINF = predicate(isinf, NUMBERS, lambda mp, x: mp.isinf(x), "Whether x is infinite.")


def isnan(xp: Any, x: Any) -> Any:
    return xp.isnan(x)


ISNAN = predicate(isnan, NUMBERS, lambda mp, x: mp.isnan(x), "Whether x is NaN.")


def signbit(xp: Any, x: Any) -> Any:
    return xp.signbit(x)


SIGNBIT = predicate(
    signbit, ((1.5,), (-0.25,), (-inf,)), lambda mp, x: x < 0, "Whether x has a negative sign, as -0.0 does."
)


def isclose(xp: Any, x: Any, y: Any) -> Any:
    distance = xp.abs(x - y)
    near = distance <= RELATIVE_TOLERANCE * xp.maximum(xp.abs(x), xp.abs(y))
    return xp.logical_or(x == y, xp.logical_and(near, distance < xp.inf))


ISCLOSE = predicate(
    isclose,
    ((1.0, 1.0 + 1e-10), (1.0, 1.0 + 1e-8), (0.0, 1e-300), (inf, inf), (inf, 1.0), (nan, nan)),
    lambda mp, x, y: x == y or (mp.isfinite(x - y) and abs(x - y) <= mp.mpf(1e-9) * max(abs(x), abs(y))),
    "Whether x and y differ by at most one part in 10**9, as in math.isclose.",
)


def logical_and(xp: Any, x: Any, y: Any) -> Any:
    return xp.logical_and(x, y)


LOGICAL_AND = predicate(
    logical_and, TRUTHS, lambda mp, x, y: x != 0 and y != 0, "Whether x and y are both different from 0."
)


def logical_or(xp: Any, x: Any, y: Any) -> Any:
    return xp.logical_or(x, y)


LOGICAL_OR = predicate(
    logical_or, TRUTHS, lambda mp, x, y: x != 0 or y != 0, "Whether at least one of x and y is different from 0."
)


def logical_xor(xp: Any, x: Any, y: Any) -> Any:
    return xp.logical_xor(x, y)


LOGICAL_XOR = predicate(
    logical_xor, TRUTHS, lambda mp, x, y: (x != 0) != (y != 0), "Whether exactly one of x and y is 0."
)


def logical_not(xp: Any, x: Any) -> Any:
    return xp.logical_not(x)


LOGICAL_NOT = predicate(logical_not, ((0.0,), (2.0,), (-0.5,)), lambda mp, x: x == 0, "Whether x is 0.")

PREDICATES = (ISFINITE, ISINF, ISNAN, SIGNBIT, ISCLOSE, LOGICAL_AND, LOGICAL_OR, LOGICAL_XOR, LOGICAL_NOT)
