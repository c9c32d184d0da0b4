"""The check "orders": derivatives up to the third, in 50 digits and through neurons, in forward and reverse mode."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator

import mpmath  # type: ignore[import-untyped]

from gograd_core.derivatives.dropped_slopes import DroppedSlope, dropped_slopes
from gograd_core.derivatives.trace import Trace, trace
from gograd_core.derivatives.transforms import grad, jvp
from gograd_core.errors import InvalidOperationError
from gograd_core.op import Op
from gograd_core.settings import errstate
from gograd_core.testing.accuracy import Comparison, beyond, digits_lost, measured
from gograd_core.testing.digits import DERIVATIVES_TOLERANCE, apart, close
from gograd_core.testing.exact import Point, arguments, unit
from gograd_core.testing.floats import differentiable, entries_of, is_normal
from gograd_core.testing.points import Points, replaced
from gograd_core.testing.reports import Check, RuleAccuracy

__all__ = ["check_orders"]

ORDERS = {1: "first derivatives", 2: "second derivatives", 3: "third derivatives"}
STATED = {2: "second", 3: "third"}  # the fields of `Accuracy`
ENTRIES = 4  # derivatives are taken for all entries of a point with so many, else for the first two and the last
HALF = 2.0**26  # an error of so many ulps, half of the digits, is examined even if it is allowed
BESIDE = 1e-4  # the distance of a neighbouring point, in units of the entry or of 1

NOISE = 16.0 * 2.0**-53  # how large a derivative that is 0 may be, in units of its size elsewhere
SMALL, LARGE = 1e-100, 1e100  # for results outside, the factors may have left the range of floats

Function = Callable[..., float]


def check_orders(op: Op, points: Points) -> Check:
    """Check that derivatives up to the third, in both modes, are those of the forward rule."""
    if not differentiable(op):
        return Check("orders", "skipped", "no derivative")
    if op.opaque:
        return Check("orders", "skipped", "opaque: its partials cannot be differentiated again")
    if not points.higher:
        return Check("orders", "skipped", "no exact value is known")
    try:
        with errstate(domain="ignore"):
            compared, undecided = _compared(op, points)
            details = [_measured(op, points, compared, order) for order in ORDERS]
            complaints = itertools.chain(
                (_modes_differ(op, point) for point in points.higher),
                (_lost(op, points, each) for each in compared),
                (_inaccurate(op, points, *detail) for detail in details),
                (_wrong_in_digits(op, points, point) for point in points.moderate),
            )
            complaint = next(filter(None, complaints), "")
    except InvalidOperationError as error:
        return Check("orders", "skipped", str(error))
    remark = f"{undecided} result(s) undecided, since no two precisions agreed" if undecided else ""
    higher = tuple(rule for rule, _ in details[1:])
    return Check("orders", "failed" if complaint else "passed", complaint or remark, len(points.higher), higher)


def _entries(op: Op, point: Point) -> list[int]:
    entries = [entry for index in differentiable(op) for entry in entries_of(op, index, point)]
    return entries if len(entries) <= ENTRIES else [entries[0], entries[1], entries[-1]]


def _function(op: Op) -> Function:
    """Make the operation a function of the entries of a point."""
    return lambda *numbers: op(*arguments(op, numbers))


def _along(f: Function, point: Point, entry: int) -> Function:
    """Make a function of a point a function of one entry; the other entries stay as they are."""
    return lambda x: f(*point[:entry], x, *point[entry + 1 :])


def _forward(f: Function, point: Point, entry: int) -> float:
    """Compute the derivative with respect to an entry in forward mode."""
    return jvp(_along(f, point, entry), (point[entry],), (1.0,))[1]  # type: ignore[no-any-return]


def _modes_differ(op: Op, point: Point) -> str:
    """Describe a first derivative that is not the same in forward mode and in reverse mode."""
    f = _function(op)
    for entry in _entries(op, point):
        forward, reverse = _forward(f, point, entry), grad(f, entry)(*point)
        if forward != reverse and not (math.isnan(forward) and math.isnan(reverse)):
            what = f"the derivative with respect to entry {entry} at {point}"
            return f"{what} is {forward!r} in forward mode, {reverse!r} in reverse mode"
    return ""


def _derivatives(op: Op, point: Point) -> Iterator[tuple[str, tuple[int, ...], Callable[[], float]]]:
    """List derivatives through neurons: the name, the entries with respect to which it is taken, and a function."""
    f, entries = _function(op), _entries(op, point)
    for first in entries:
        slope = grad(f, first)
        yield "the first derivative", (first,), functools.partial(slope, *point)
        yield "the third derivative", (first,) * 3, functools.partial(grad(grad(slope, first), first), *point)
        for second in entries:
            how = "the second derivative" if first == second else "the mixed derivative"
            yield how, (first, second), functools.partial(grad(slope, second), *point)
            yield "forward over reverse mode", (first, second), functools.partial(_forward, slope, point, second)


def _compared(op: Op, points: Points) -> tuple[list[Comparison], int]:
    """Pair derivatives through neurons with exact ones, and count those that are undecided."""
    compared, undecided = [], 0
    for point in points.higher:
        slopes: dict[int, float] = {}
        for how, entries, find in _derivatives(op, point):
            if len(entries) > 1 and not math.isfinite(slopes[entries[0]]):
                continue  # users get an error, unless `errstate` ignores it
            orders, found = unit(len(point), *entries), find()
            if len(entries) == 1:
                slopes[entries[0]] = found
            vanishes = found == 0.0 and len(entries) > 1 and points.oracle.vanishes(point, orders)
            exact = mpmath.mpf(0) if vanishes else points.oracle.derivative(point, orders)
            if exact == 0 and len(entries) > 1 and abs(found) <= NOISE * points.oracle.size(point, orders):
                found = 0.0
            if exact is None or mpmath.isnan(exact):
                undecided += 1
            elif exact == 0 or SMALL <= abs(exact) <= LARGE:
                compared.append(Comparison(point, orders, found, exact, how))
    return compared, undecided


def _measured(op: Op, points: Points, compared: list[Comparison], order: int) -> tuple[RuleAccuracy, Comparison | None]:
    of_this = [each for each in compared if len(each.entries) == order]
    if order == 1:  # the check "accuracy" has measured those at the points tried
        of_this = [each for each in of_this if each.point not in points.tried]
    return measured(op, points, ORDERS[order], of_this, op.accuracy.of(order))


def _lost(op: Op, points: Points, compared: Comparison) -> str:
    """Describe a derivative that is wrong since a sweep dropped an infinite slope. No accuracy excuses that."""
    exact, allowed = compared.exact, op.accuracy.of(len(compared.entries))
    if not is_normal(exact) or abs(compared.found - exact) <= HALF * math.ulp(float(exact)):
        return ""
    if beyond(op, points, compared, allowed) <= HALF or points.oracle.is_doubtful(compared.point, *compared.entries):
        return ""
    for slope in _dropped(op, compared):
        advice = 'Write the partials so that nothing in them is infinite there: see "Zero times infinity" in'
        return f"{_difference(compared)}: {slope}. {advice} docs/writing-operations.md"
    return ""


def _dropped(op: Op, compared: Comparison) -> Iterator[DroppedSlope]:
    *inner, last = compared.entries
    f: Function = functools.reduce(grad, inner, _function(op))

    def at(x: float) -> Trace:
        return trace(f, replaced(compared.point, last, x), wrt=last, scalar=True)

    x = compared.point[last]
    return dropped_slopes(at(x), at(x + BESIDE * (abs(x) or 1.0)))


def _difference(compared: Comparison) -> str:
    found, exact = apart(compared.found, compared.exact)
    entries = list(compared.entries)
    return f"{compared.how} with respect to entries {entries} at {compared.point} is {found}, expected {exact}"


def _inaccurate(op: Op, points: Points, rule: RuleAccuracy, worst: Comparison | None) -> str:
    """Describe what is wrong with the least accurate derivative of an order."""
    if worst is None or rule.ulps is None or rule.ulps <= op.accuracy.of(len(worst.entries)).ulps:
        return ""
    found, field = points.oracle.rules(worst.point, worst.entries), STATED.get(len(worst.entries))
    if not close(found, worst.exact, DERIVATIVES_TOLERANCE):
        return _difference(worst)
    advice = f"; if it cannot do better, say so: Accuracy({field}=Accuracy({math.ceil(rule.ulps)}, why=…))"
    return f"{_difference(worst)}: the rules are right, but lose {digits_lost(rule.ulps)}{advice if field else ''}"


def _wrong_in_digits(op: Op, points: Points, point: Point) -> str:
    """Describe what is wrong with derivatives of the rules in 50 digits and more, where rounding does not matter."""
    entries = _entries(op, point)
    for by in (*itertools.product(entries, repeat=2), *((entry,) * 3 for entry in entries)):
        exact, found = points.oracle.derivative(point, unit(len(point), *by)), points.oracle.rules(point, by)
        if exact is None or found is None or mpmath.isnan(exact) or close(found, exact, DERIVATIVES_TOLERANCE):
            continue
        if not points.oracle.is_doubtful(point, *by):
            shown, expected = apart(found, exact)
            what = f"in 50 digits the derivative of the rules with respect to entries {list(by)} at {point}"
            return f"{what} is {shown}, expected {expected}"
    return ""
