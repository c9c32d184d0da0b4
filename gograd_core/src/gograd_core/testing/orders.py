"""The check "orders": second and third derivatives through neurons, and forward mode against reverse mode."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import mpmath  # type: ignore[import-untyped]

from gograd_core.errors import InvalidOperationError, errstate
from gograd_core.op import Op
from gograd_core.testing.accuracy import excused
from gograd_core.testing.exact import Point, arguments, unit
from gograd_core.testing.floats import differentiable, entries_of, is_normal
from gograd_core.testing.points import Points
from gograd_core.testing.reports import Check
from gograd_core.transforms import grad, jvp

__all__ = ["check_orders"]

# A second derivative is a sum of a few terms with errors of some ulps, a third one of more of them.
# Besides, the inputs of these terms are rounded, which matters as much as so many ulps of the point.
TOLERANCES = {2: 1e-11, 3: 1e-9}
INPUT_ULPS = 16.0
ENTRIES = 4  # derivatives are taken by all entries of so short a point, else by the first two and the last

Found = tuple[str, tuple[int, ...], float]  # how a derivative was found, its orders by each entry, what it is


def check_orders(op: Op, points: Points) -> Check:
    """Whether derivatives of any order, in both modes, are those of the forward rule."""
    if not differentiable(op):
        return Check("orders", "skipped", "no derivative")
    if op.opaque:
        return Check("orders", "skipped", "opaque: its partials cannot be differentiated again")
    if not points.moderate:
        return Check("orders", "skipped", "no exact value is known")
    undecided = 0
    try:
        with errstate(domain="ignore"):
            for point in points.moderate:
                if complaint := _modes_differ(op, point):
                    return Check("orders", "failed", complaint, len(points.moderate))
                for how, orders, found in _derivatives(op, point):
                    exact = points.oracle.derivative(point, orders)
                    if exact is None or mpmath.isnan(exact):
                        undecided += 1
                    elif not _close(op, points, point, orders, found, exact):
                        entries = [entry for entry, n in enumerate(orders) for _ in range(n)]
                        complaint = (
                            f"{how} by entries {entries} of {point} is {found}, expected {mpmath.nstr(exact, 16)}"
                        )
                        return Check("orders", "failed", complaint, len(points.moderate))
    except InvalidOperationError as error:
        return Check("orders", "skipped", str(error))
    remark = f"{undecided} result(s) undecided, since no two precisions agreed" if undecided else ""
    return Check("orders", message=remark, points=len(points.moderate))


def _entries(op: Op, point: Point) -> list[int]:
    entries = [entry for index in differentiable(op) for entry in entries_of(op, index, point)]
    return entries if len(entries) <= ENTRIES else [entries[0], entries[1], entries[-1]]


def _modes_differ(op: Op, point: Point) -> str:
    """Whether forward mode gives another first derivative than reverse mode."""
    for entry in _entries(op, point):
        f, x = _along(op, point, entry), point[entry]
        forward, reverse = jvp(f, (x,), (1.0,))[1], grad(f)(x)
        if forward != reverse and not (math.isnan(forward) and math.isnan(reverse)):
            return f"the derivative by entry {entry} of {point} is {forward} in forward mode, {reverse} in reverse mode"
    return ""


def _derivatives(op: Op, point: Point) -> Iterator[Found]:
    entries = _entries(op, point)
    for entry in entries:
        f, x = _along(op, point, entry), point[entry]
        yield "the second derivative", unit(len(point), entry, entry), grad(grad(f))(x)
        yield "forward over reverse mode", unit(len(point), entry, entry), jvp(grad(f), (x,), (1.0,))[1]
        yield "the third derivative", unit(len(point), entry, entry, entry), grad(grad(grad(f)))(x)
    for first, second in itertools.permutations(entries, 2):
        f, x, y = _along(op, point, first, second), point[first], point[second]
        orders = unit(len(point), first, second)
        yield "the mixed derivative", orders, grad(grad(f, 0), 1)(x, y)
        yield "forward over reverse mode", orders, jvp(functools.partial(grad(f), x), (y,), (1.0,))[1]


def _along(op: Op, point: Point, *entries: int) -> Callable[..., Any]:
    """The operation as a function of some entries, the others as they are."""

    def f(*numbers: Any) -> Any:
        changed = dict(zip(entries, numbers, strict=True))
        return op(*arguments(op, [changed.get(entry, x) for entry, x in enumerate(point)]))

    return f


def _close(op: Op, points: Points, point: Point, orders: tuple[int, ...], found: float, exact: Any) -> bool:
    if not is_normal(exact):
        return True
    with mpmath.workdps(50):
        error, tolerance = abs(found - exact), TOLERANCES[sum(orders)] * abs(exact)
        return bool(error <= tolerance or error <= tolerance + excused(op, points, point, orders, INPUT_ULPS))
