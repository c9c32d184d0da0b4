"""Rules run on floats, as the engine runs them, and the distance of a float from the exact result."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped]

from gograd_core.checked.rules import as_inputs, as_numbers, run_rule
from gograd_core.op import Op
from gograd_core.settings import errstate
from gograd_core.testing.exact import Point, arguments

__all__ = ["differentiable", "entries_of", "float_partial", "float_value", "is_normal", "rule_name", "ulps"]

LARGEST, SMALLEST = sys.float_info.max, sys.float_info.min


def float_value(op: Op, point: Point) -> float | bool:
    """Compute the operation on floats, without judging the result."""
    return errstate(domain="ignore").run(op, *arguments(op, point))  # type: ignore[no-any-return]


def float_partial(op: Op, index: int, out: float, point: Point) -> list[float]:
    """Compute a partial on floats, without judging it, for each entry of column `index`."""
    rule: Callable[..., Any] = op.partials[index]  # type: ignore[assignment]
    found = run_rule(op, rule, out, *as_inputs(op, point))
    return as_numbers(op, found, len(point) // len(op.partials), f"partial {index}")


def differentiable(op: Op) -> list[int]:
    """List the inputs with respect to which there are derivatives."""
    return [index for index, partial in enumerate(op.partials) if partial is not None]


def entries_of(op: Op, index: int, point: Point) -> range:
    """Return the places of the entries of column `index` in a point."""
    length = len(point) // len(op.partials)
    return range(index * length, (index + 1) * length)


def rule_name(op: Op, index: int) -> str:
    return f"partial {op.input_names[index]}"


def is_normal(exact: Any) -> bool:
    """Return whether a float can hold all digits of a number: it is 0, or neither too large nor too small."""
    return bool(exact == 0 or SMALLEST <= abs(exact) <= LARGEST)


def ulps(found: float, exact: Any) -> float:
    """Measure the error of a float in units in the last place of the exact result.

    If the exact result is too small for floats, any number as small is right. If it is too large, anything as large or
    not finite is right, since a sum of such terms is NaN.
    """
    if not is_normal(exact):
        right = abs(found) <= SMALLEST if abs(exact) < 1 else not abs(found) < LARGEST
        return 0.0 if right else math.inf
    if not math.isfinite(found):
        return math.inf
    with mpmath.workdps(50):
        return float(abs(found - exact) / math.ulp(float(exact)))
