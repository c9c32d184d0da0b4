"""The check "shape": rules return a real number (or a column), the same one twice, and change no input."""

from __future__ import annotations

import math
import numbers
from typing import Any

from gograd_core.checked.rules import as_column, run_rule
from gograd_core.namespaces.columns import Column
from gograd_core.op import Op
from gograd_core.op.domains import inside
from gograd_core.testing.exact import Point, arguments
from gograd_core.testing.floats import differentiable, rule_name
from gograd_core.testing.points import Points
from gograd_core.testing.reports import Check

__all__ = ["check_shape"]


def check_shape(op: Op, points: Points) -> Check:
    """Check that rules return what they must, at samples and points of ordinary size."""
    tried = list(dict.fromkeys([*points.samples, *points.moderate]))
    if not tried:
        return Check("shape", "failed", "there are no points to try: give samples inside the domain")
    for point in points.samples:
        is_real = not any(op.partials) or all(map(math.isfinite, point))  # a predicate is asked about infinities too
        if not (inside(op, point) and is_real):
            where = f"outside the domain {op.domain!r}" if op.domain else "not a point of real numbers"
            return Check("shape", "failed", f"the sample {point} is {where}", len(tried))
    for point in tried:
        complaint = _misfit(op, point)
        if complaint:
            return Check("shape", "failed", f"{complaint}, at {point}", len(tried))
    return Check("shape", points=len(tried))


def _misfit(op: Op, point: Point) -> str:
    out, complaint = _twice(op, op.forward, point, "forward", 1)
    if complaint:
        return complaint
    if isinstance(out, bool) and any(op.partials):
        return "forward returns a bool, and there are partials"
    length = len(point) // len(op.partials)
    for index in differentiable(op):
        _, complaint = _twice(op, op.partials[index], point, rule_name(op, index), length, out)
        if complaint:
            return complaint
    return ""


def _twice(op: Op, rule: Any, point: Point, what: str, length: int, *out: Any) -> tuple[Any, str]:
    """Run a rule twice. Return its result, and a description of what is wrong with it."""
    results = []
    for _ in range(2):
        inputs = arguments(op, point)
        given = [Column(column) for column in inputs] if op.variadic else inputs
        results.append(run_rule(op, rule, *out, *given))
        if op.variadic and inputs != arguments(op, point):
            return None, f"{what} changes its inputs"
        if what == "forward" and isinstance(results[-1], Column):
            count = len(results[-1])
            return None, f"forward returns a column of {count} numbers, expected one: reduce it, as xp.sum(…) does"
    entries = [as_column(op, result, length, what) for result in results]
    for entry in entries[0]:
        if not isinstance(entry, numbers.Real):
            return None, f"{what} returns {entry!r}, expected a real number"
    if any(a != b and a == a for a, b in zip(*entries, strict=True)):
        return None, f"{what} returns {results[0]!r} and then {results[1]!r} for the same inputs"
    return results[0], ""
