"""``< <= > >= == !=``: they compare values, give a bool, and have no derivative."""

from __future__ import annotations

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


def comparison(operator: str, rule: Callable[..., Any]) -> Op:
    return Op(
        rule.__name__,
        forward=rule,
        partials=(None, None),
        operator=operator,
        samples=((1.0, 2.0), (2.0, 1.0), (1.5, 1.5)),
        reference=lambda mp, x, y: rule(mp, x, y),
        doc=f"Whether x {operator} y.",
    )


COMPARISONS = (
    comparison("<", less),
    comparison("<=", less_equal),
    comparison(">", greater),
    comparison(">=", greater_equal),
    comparison("==", equal),
    comparison("!=", not_equal),
)
