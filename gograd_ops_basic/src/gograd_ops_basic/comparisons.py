"""``< <= > >= == !=``, which compare values, give a bool, and have no derivative."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from gograd_core import Op

__all__ = ["COMPARISONS"]


def comparison(symbol: str, rule: Callable[..., Any], reference: Callable[[Any, Any], Any]) -> Op:
    return Op(
        rule.__name__,
        forward=rule,
        partials=(None, None),
        operator=symbol,
        samples=((1.0, 2.0), (2.0, 1.0), (1.5, 1.5)),
        reference=lambda mp, x, y: reference(x, y),
        doc=f"Whether x {symbol} y.",
    )


def less(xp: Any, x: Any, y: Any) -> Any:
    return x < y


LESS = comparison("<", less, operator.lt)


def less_equal(xp: Any, x: Any, y: Any) -> Any:
    return x <= y


LESS_EQUAL = comparison("<=", less_equal, operator.le)


def greater(xp: Any, x: Any, y: Any) -> Any:
    return x > y


GREATER = comparison(">", greater, operator.gt)


def greater_equal(xp: Any, x: Any, y: Any) -> Any:
    return x >= y


GREATER_EQUAL = comparison(">=", greater_equal, operator.ge)


def equal(xp: Any, x: Any, y: Any) -> Any:
    return x == y


EQUAL = comparison("==", equal, operator.eq)


def not_equal(xp: Any, x: Any, y: Any) -> Any:
    return x != y


NOT_EQUAL = comparison("!=", not_equal, operator.ne)

COMPARISONS = (LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL)
