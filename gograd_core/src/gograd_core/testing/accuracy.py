"""The check "accuracy": the errors of forward and partials on floats, in ulps of the exact result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import mpmath  # type: ignore[import-untyped]

from gograd_core.errors import InvalidOperationError
from gograd_core.op import Op
from gograd_core.op.metadata import Accuracy
from gograd_core.testing.digits import apart, close
from gograd_core.testing.exact import Point, arguments, one_more, unit
from gograd_core.testing.floats import differentiable, entries_of, float_partial, float_value, rule_name, ulps
from gograd_core.testing.points import Points
from gograd_core.testing.reports import Check, RuleAccuracy

__all__ = ["Comparison", "beyond", "check_accuracy", "digits_lost", "excused", "measured"]

DIGITS = 16  # those of a float
NO_DIGIT = 2.0**53  # the error in ulps of a result without a correct digit; worse ones count as this


@attrs.frozen
class Comparison:
    """One result: the derivative of these orders with respect to each entry (all 0: the value), and its origin."""

    point: Point
    orders: tuple[int, ...]
    found: float
    exact: Any
    how: str = ""

    @property
    def entries(self) -> tuple[int, ...]:
        """List the entries with respect to which the derivative is taken, in order."""
        return tuple(entry for entry, order in enumerate(self.orders) for _ in range(order))


def check_accuracy(op: Op, points: Points) -> Check:
    """Check that the error of every rule is within `Op.accuracy`."""
    if not points.tried:
        return Check("accuracy", "skipped", "no exact value is known")
    try:
        if any(isinstance(points.oracle.value(point), bool) for point in points.samples):
            return Check("accuracy", "skipped", "true or false: nothing is rounded")
        allowed = op.accuracy
        details = [measured(op, points, "forward", _values(op, points), allowed)]
        details += [
            measured(op, points, rule_name(op, i), _partials(op, points, i), allowed) for i in differentiable(op)
        ]
    except InvalidOperationError as error:
        return Check("accuracy", "skipped", str(error))
    complaints = [_complaint(op, points, rule, worst) for rule, worst in details if (rule.ulps or 0.0) > allowed.ulps]
    rules = tuple(detail for detail, _ in details)
    count = len(points.tried) + len(points.beyond)
    return Check("accuracy", "failed" if complaints else "passed", "; ".join(complaints), count, rules)


def excused(op: Op, points: Points, point: Point, orders: tuple[int, ...], inputs: float) -> Any:
    """Estimate how much a derivative changes if every input changes by `inputs` units in its last place."""
    total = mpmath.mpf(0)
    for entry, x in enumerate(point):
        total += points.oracle.slope(point, one_more(orders, entry)) * math.ulp(x) * inputs
    return total


def _values(op: Op, points: Points) -> Iterator[Comparison]:
    for point in [*points.tried, *points.beyond]:
        yield Comparison(point, unit(len(point)), float_value(op, point), points.oracle.value(point))


def _partials(op: Op, points: Points, index: int) -> Iterator[Comparison]:
    for point in points.tried:
        out = float_value(op, point)
        for entry, found in zip(entries_of(op, index, point), float_partial(op, index, out, point), strict=True):
            orders = unit(len(point), entry)
            exact = points.oracle.derivative(point, orders)
            if exact is not None and not mpmath.isnan(exact):
                yield Comparison(point, orders, found, exact)


def measured(
    op: Op, points: Points, rule: str, comparisons: Iterable[Comparison], allowed: Accuracy
) -> tuple[RuleAccuracy, Comparison | None]:
    """Measure the worst error of a rule beyond what the inputs excuse, and return where it is."""
    errors = [(ulps(compared.found, compared.exact), compared) for compared in comparisons]
    worst, raw, at = -1.0, -1.0, None
    for error, compared in sorted(errors, key=lambda each: each[0], reverse=True):
        if error <= worst:
            break
        left = beyond(op, points, compared, allowed) if error > allowed.ulps else error
        matters = left > allowed.ulps or (error > allowed.ulps and raw < 0.0)
        if matters and points.oracle.is_doubtful(compared.point, *compared.entries):
            continue
        raw = max(raw, error)
        if left > worst:
            worst, at = left, compared
    if at is None:
        return RuleAccuracy(rule), None
    inputs = tuple(tuple(x) if op.variadic else x for x in arguments(op, at.point))
    return RuleAccuracy(rule, min(worst, NO_DIGIT), inputs, len(errors), min(raw, NO_DIGIT)), at


def beyond(op: Op, points: Points, compared: Comparison, allowed: Accuracy) -> float:
    """Compute an error in ulps, less what the inputs excuse."""
    error = ulps(compared.found, compared.exact)
    if allowed.input_ulps == 0.0 or math.isinf(error):
        return error
    excuse = excused(op, points, compared.point, compared.orders, allowed.input_ulps)
    return max(0.0, float(error - excuse / math.ulp(float(compared.exact))))


def _complaint(op: Op, points: Points, measured: RuleAccuracy, worst: Any) -> str:
    """Describe what is wrong with a rule: "partial x is right, but loses 9 of 16 digits near x = 1e-09"."""
    inputs = zip(op.input_names, measured.at or (), strict=True)
    near = ", ".join(f"{name} = {x!r}" for name, x in inputs)
    verdict = "is right, but loses" if _is_right(op, points, worst) else "loses"
    found, exact = apart(worst.found, worst.exact)
    lost = digits_lost(measured.ulps)
    return f"{measured.rule} {verdict} {lost} near {near} (it gives {found}, exact is {exact})"


def digits_lost(error: float | None) -> str:
    """Describe how many digits an error in ulps costs: "9 of 16 digits"."""
    digits = min(DIGITS, max(1, round(math.log10(error or 1.0))))
    return f"{f'all {DIGITS}' if digits == DIGITS else f'{digits} of {DIGITS}'} digits"


def _is_right(op: Op, points: Points, worst: Comparison) -> bool:
    """Return whether the formula of the rule is right there, and the result on floats comes from that formula."""
    if not any(worst.orders):
        return op.formula is not None and not op.implementations and not op.opaque
    entry = worst.orders.index(1)
    index = entry * len(op.partials) // len(worst.point)
    start = entries_of(op, index, worst.point).start
    return not op.opaque and close(points.oracle.partial(op, index, worst.point)[entry - start], worst.exact)
