"""The check "formula": compares, in many digits, forward with the reference and partials with differences of forward.

A wrong formula is off by orders of magnitude here. A formula that only rounds badly is right.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import mpmath  # type: ignore[import-untyped]

from gograd_core.derivatives.finite_differences import compare
from gograd_core.errors import InvalidOperationError
from gograd_core.op import Op
from gograd_core.op.domains import inside
from gograd_core.testing.digits import apart, close
from gograd_core.testing.exact import Point, unit
from gograd_core.testing.floats import differentiable, entries_of, float_partial, float_value, rule_name
from gograd_core.testing.points import Points, replaced
from gograd_core.testing.reports import Check

__all__ = ["check_formula"]

DIFFERENCES_TOLERANCE = 1e-6  # what extrapolated differences of floats can resolve


def check_formula(op: Op, points: Points) -> Check:
    """Check that forward and partials are the right functions."""
    remarks = _unchecked(op)
    if points.unreal:
        complaint = f"{points.unreal[0]} is in the domain, but forward gives no real number there"
        return Check("formula", "failed", complaint, len(points.tried))
    if not points.tried:
        complaint = f"no exact value was found at any point: {points.oracle.complaint or 'give samples'}"
        return Check("formula", "failed", complaint)
    try:
        complaint, undecided = _forward(op, points)
        if op.opaque and op.reference is None:
            return _in_floats(op, points, "opaque")
        if op.opaque:
            remarks.append("opaque: the rules compute only with floats, and are measured as such")
        else:
            for index in differentiable(op):
                if complaint:
                    break
                complaint, more = _partial(op, points, index)
                undecided += more
            complaint = complaint or _missing(op, points)
    except InvalidOperationError as error:
        return _in_floats(op, points, str(error))
    if undecided:
        remarks.append(f"{undecided} result(s) undecided, since no two precisions agreed")
    count = len(points.tried) + len(points.beyond)
    return Check("formula", "failed" if complaint else "passed", complaint or "; ".join(remarks), count)


def _unchecked(op: Op) -> list[str]:
    if op.reference is not None:
        return []
    pinned = sum(math.isfinite(edge.value) for edge in op.edges)
    return [f"forward is checked only at its {pinned} pinned point(s)" if pinned else "forward unchecked"]


def _forward(op: Op, points: Points) -> tuple[str, int]:
    """Describe what is wrong with forward, and count the results that are undecided."""
    undecided = len(points.undecided)
    if op.reference is not None:
        for point in [*points.tried, *points.beyond]:
            found, exact = points.oracle.value(point), points.oracle.reference(point)
            if exact is None:
                undecided += 1
            elif not close(found, exact) or (isinstance(exact, bool) and float_value(op, point) is not exact):
                return f"forward is not the reference: {_compared(point, found, exact)}", undecided
    return "", undecided


def _partial(op: Op, points: Points, index: int) -> tuple[str, int]:
    """Describe what is wrong with a partial, and count the results that are undecided."""
    undecided = decided = 0
    for point in points.tried:
        found = points.oracle.partial(op, index, point)
        for entry, derivative in zip(entries_of(op, index, point), found, strict=True):
            exact = points.oracle.derivative(point, unit(len(point), entry))
            if derivative is None or exact is None or mpmath.isnan(exact):
                undecided += 1
            elif close(derivative, exact):
                decided += 1
            elif points.oracle.is_doubtful(point, entry):
                undecided += 1
            else:
                what = f"{rule_name(op, index)} is not the derivative of forward"
                return f"{what}: {_compared(point, derivative, exact)}", undecided
    if undecided and not decided:
        reason = points.oracle.complaint or "rules must take functions and constants from xp"
        return f"{rule_name(op, index)} cannot be compared in many digits: {reason}", undecided
    return "", undecided


def _missing(op: Op, points: Points) -> str:
    """Describe what is wrong with an input without a partial: forward may change with it only in steps."""
    absent = [index for index, partial in enumerate(op.partials) if partial is None]
    for index, point in itertools.product(absent if any(op.partials) else (), points.samples):
        for entry in entries_of(op, index, point):
            between = replaced(point, entry, point[entry] + math.pi / 1e4 * (abs(point[entry]) or 1.0))  # no integer
            derivative = points.oracle.derivative(point, unit(len(point), entry)) if inside(op, between) else None
            if derivative and mpmath.isfinite(derivative):
                name = op.input_names[index]
                return (
                    f"there is no partial for {name}, but forward changes with it: its derivative at {point} is "
                    f"{float(derivative)!r}. If {name} takes only certain numbers, say so in the domain"
                )
    return ""


def _compared(point: Point, found: Any, exact: Any) -> str:
    """Write the two results, with a hint if their difference looks like that of a number rounded to a float."""
    if isinstance(exact, bool):
        return f"at {point} it gives {found}, expected {exact}"
    shown, expected = apart(found, exact)
    text = f"at {point} it gives {shown}, expected {expected}"
    if mpmath.isfinite(found) and mpmath.isfinite(exact) and abs(found - exact) < 1e-14 * abs(exact):
        with mpmath.workdps(50):
            text += f" (a difference of {mpmath.nstr(abs(found / exact - 1), 2)}: does a constant come from a float?)"
    return text


def _in_floats(op: Op, points: Points, remark: str) -> Check:
    """Check rules that compute only with floats."""
    count = len(points.moderate)
    for point in points.moderate:
        out = float_value(op, point)
        for index in differentiable(op):
            partial = float_partial(op, index, out, point)
            for entry, derivative in zip(entries_of(op, index, point), partial, strict=True):
                f = functools.partial(_moved, op, point, entry)
                found = compare(f, point[entry], derivative, DIFFERENCES_TOLERANCE)
                if found.verdict == "differs":
                    message = f"{rule_name(op, index)} is not the derivative of forward: at {point} it is {found}"
                    return Check("formula", "failed", message, count)
    remarks = [*_unchecked(op), remark, f"partials agree with differences of floats to {DIFFERENCES_TOLERANCE}"]
    return Check("formula", message="; ".join(remarks), points=count)


def _moved(op: Op, point: Point, entry: int, x: float) -> float:
    return float_value(op, replaced(point, entry, x))
