"""The check "edges": pinned facts, and special values as inputs."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

from gograd_core.checked.rules import as_inputs, run_rule
from gograd_core.engines import Neuron
from gograd_core.errors import NO_NUMBER, DomainError
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import Column
from gograd_core.op import Op
from gograd_core.op.metadata import Edge
from gograd_core.settings import errstate
from gograd_core.testing.exact import Point, arguments, flat
from gograd_core.testing.floats import differentiable, float_partial, float_value, rule_name
from gograd_core.testing.points import Points, free_entries, replaced
from gograd_core.testing.reports import Check

__all__ = ["SPECIAL", "check_edges", "special_points"]

SPECIAL = tuple(sign * x for x in (math.nan, math.inf, 0.0, math.ulp(0.0), sys.float_info.max) for sign in (1.0, -1.0))
PROBES = (-math.inf, -1e300, -2.5, 0.0, 0.3, 1.0, 1e300, math.inf)
SAMPLES = 2  # how many samples have each input replaced by each special value


def check_edges(op: Op, points: Points) -> Check:
    """Check that pinned facts hold, and that special values give only numbers, NaN or `DomainError`."""
    special = list(special_points(op, points))
    count = len(op.edges) + len(special)
    for edge in op.edges:
        complaint = _pinned_value(op, edge) or _pinned_partials(op, edge)
        if complaint:
            return Check("edges", "failed", f"at the pinned {edge.inputs} {complaint}", count)
    for entry, point in special:
        complaint = _ordinary(op, entry, point)
        if complaint:
            return Check("edges", "failed", f"at {point} {complaint}", count)
    return Check("edges", points=count)


def special_points(op: Op, points: Points) -> Iterator[tuple[int, Point]]:
    """Make samples with one entry replaced by a special value, each with the number of that entry."""
    for sample in points.samples[:SAMPLES]:
        for entry in free_entries(op, sample):
            yield from ((entry, replaced(sample, entry, x)) for x in SPECIAL)


def _pinned_value(op: Op, edge: Edge) -> str:
    """Describe what is wrong with a pinned value, or with how it is judged."""
    point = flat(op, edge.inputs)
    found = float_value(op, point)
    if not same(op, found, edge.value):
        return f"the value is {found}, expected {edge.value}"
    error = _raised(lambda: op(*edge.inputs))
    if _is_judged(edge.value, point) != (error is not None):
        return f"the value {found} {'raises no DomainError' if error is None else f'raises {error!r}'}"
    if error is not None and (error.operation is not op or error.inputs != tuple(map(float, point))):
        return f"the error {error!r} does not name the operation and its inputs"
    return ""


def _pinned_partials(op: Op, edge: Edge) -> str:
    """Describe what is wrong with pinned derivatives, or with how they are judged."""
    point = flat(op, edge.inputs)
    out = float_value(op, point)
    for index, expected in enumerate(edge.partials):
        partial = op.partials[index]
        if partial is None or expected is None:
            if partial or expected is not None:
                what = f"the derivative with respect to input {index}"
                return f"{what} is pinned as {expected}, but partial {index} is {partial}"
            continue
        found = run_rule(op, partial, out, *as_inputs(op, point))
        entries = found.entries if isinstance(found, Column) else [found]
        pinned = expected if isinstance(expected, tuple) else (expected,) * len(entries)
        if len(pinned) != len(entries) or not all(
            same(op, entry, pin) or entry == pin == 0.0 for entry, pin in zip(entries, pinned, strict=True)
        ):
            return f"{rule_name(op, index)} gives {entries if op.variadic else found}, expected {expected}"
        if point and math.isfinite(out):
            error = _raised(lambda index=index: _derive(op, index, point))  # type: ignore[misc]
            if any(_is_judged(pin, point) for pin in pinned) != (error is not None):
                return f"{rule_name(op, index)} {f'raises {error!r}' if error else 'raises no DomainError'}"
    return ""


def _derive(op: Op, index: int, point: Point) -> None:
    """Run a sweep in which only one input is a neuron, since derivatives with respect to others do not matter."""
    inputs = arguments(op, point)
    inputs[index] = [Neuron(x) for x in inputs[index]] if op.variadic else Neuron(inputs[index])
    op(*inputs).backward()


def _raised(call: Callable[[], Any]) -> DomainError | None:
    try:
        errstate(domain="raise").run(call)
    except DomainError as error:
        return error
    return None


def _is_judged(value: float, inputs: Point) -> bool:
    """Return whether the engine must object: to NaN made of numbers, or to an infinity made of finite numbers."""
    if math.isnan(value):
        return not any(map(math.isnan, inputs))
    return math.isinf(value) and all(map(math.isfinite, inputs))


def same(op: Op, found: float, expected: float) -> bool:
    """Compare numbers: NaN equals NaN, zeros have the same sign, and others agree up to the operation's accuracy."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return found is expected
    if math.isfinite(expected) and expected != 0.0:
        return abs(found - expected) <= op.accuracy.ulps * math.ulp(expected)
    return repr(float(found)) == repr(float(expected))


def _ordinary(op: Op, entry: int, point: Point) -> str:
    """Describe what is wrong with the results for a special value."""
    try:
        out = float_value(op, point)
    except NO_NUMBER as error:
        return f"forward raises {error!r}, where IEEE 754 has a value"
    if math.isnan(point[entry]) and not math.isnan(out) and _must_pass_on(op, entry, point, out):
        return f"a NaN becomes {out}"
    for index in differentiable(op):
        try:
            float_partial(op, index, out, point)
        except NO_NUMBER as error:
            return f"{rule_name(op, index)} raises {error!r}, where IEEE 754 has a value"
    return ""


def _must_pass_on(op: Op, entry: int, point: Point, out: float | bool) -> bool:
    """Return whether a NaN must give NaN. It need not if another result is pinned or standard, or no number matters."""
    pinned = (list(map(float, flat(op, edge.inputs))) for edge in op.edges)
    if isinstance(out, bool) or repr(list(point)) in map(repr, pinned):
        return False
    for name in {op.name, *op.aliases} & set(scalar.__all__):
        if not math.isnan(getattr(scalar, name)(*arguments(op, point))):
            return False
    return len({repr(float_value(op, replaced(point, entry, probe))) for probe in PROBES}) > 1
