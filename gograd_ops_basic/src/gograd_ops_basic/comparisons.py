"""``< <= > >= == !=``: they compare values, give a bool, and have no derivative."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from gograd_core import Op

__all__ = ["COMPARISONS"]


def less(xp: Any, x: Any, y: Any) -> Any:
    return x < y


def less_equal(xp: Any, x: Any, y: Any) -> Any:
    return x <= y


def greater(xp: Any, x: Any, y: Any) -> Any:
    return x > y


def greater_equal(xp: Any, x: Any, y: Any) -> Any:
    return x >= y


def equal(xp: Any, x: Any, y: Any) -> Any:
    return x == y


def not_equal(xp: Any, x: Any, y: Any) -> Any:
    return x != y


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


COMPARISONS = (
    comparison("<", less, operator.lt),
    comparison("<=", less_equal, operator.le),
    comparison(">", greater, operator.gt),
    comparison(">=", greater_equal, operator.ge),
    comparison("==", equal, operator.eq),
    comparison("!=", not_equal, operator.ne),
)
