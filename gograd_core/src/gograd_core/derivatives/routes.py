"""Routes through a graph, as messages show them: one line for each neuron."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, isnan
from typing import Any, TypeVar

from gograd_core.checked.accumulation import is_finite
from gograd_core.checked.partials import at_line, described, float_partials, value_of
from gograd_core.errors import quoted
from gograd_core.interfaces import Node

__all__ = ["MOST", "origins", "route_to_output", "shortened", "spoiled", "told"]

T = TypeVar("T")

MOST = 10
"""The most neurons of a route that messages show."""


def told(node: Any, adjoint: Any = None, name: str = "adjoint") -> str:
    """Describe a neuron: "mul(x=2.0, 3.0) at model.py:3 in f = 6.0, adjoint 1.0 [mul (gograd-ops-basic 0.1.0)]".

    A leaf is described by its label and, if that is known, its line. A float is a constant.
    """
    if type(node) is float:
        return f"{node!r} [constant]"
    number = "" if adjoint is None else f", {name} {value_of(adjoint)!r}"
    op = node._operation
    if op is None:
        name = f"{quoted(node.label) if node.label else ''}{at_line(node)}".lstrip()
        return f"{name}{' = ' if name else ''}{node._value!r}{number} [leaf]"
    return f"{described(node)} = {node._value!r}{number} [{op.title}]"


def shortened(entries: Sequence[T], told: Callable[[T], str]) -> list[str]:
    """Describe entries, a line for each. Those in the middle are left out if there are more than `MOST`."""
    if len(entries) <= MOST:
        return [*map(told, entries)]
    kept = MOST // 2
    return [*map(told, entries[:kept]), f"… {len(entries) - 2 * kept:,} more", *map(told, entries[-kept:])]


def route_to_output(place: Node, numbers: Mapping[Any, Any]) -> list[Node]:
    """Find the way from a neuron to the output of a sweep, always by the user with the largest adjoint or tangent.

    Args:
        place: the neuron to begin with.
        numbers: the adjoints or tangents of the sweep, which lists every neuron that may be on the way.
    """
    users: dict[Node, list[Node]] = {}
    for node in numbers:
        for entry in node._constituents:
            if type(entry) is not float:
                users.setdefault(entry, []).append(node)
    route = [place]
    while users.get(route[-1]):
        route.append(max(users[route[-1]], key=lambda user: _size(numbers[user])))
    return route


def _size(number: Any) -> float:
    value = abs(value_of(number))
    return inf if isnan(value) else value


def origins(entries: Iterable[Any]) -> list[Node]:
    """List how a number came about: the neuron that it depends on most, what that one depends on most, and so on.

    "Most" is by the constituent times the local derivative, the part of it that is due to the constituent.
    """
    found: list[Node] = []
    while True:
        neurons = [entry for entry in entries if type(entry) is not float]
        if not neurons or len(found) == 1000:  # more than anybody reads
            return found
        weights = _weights(found[-1]) if found else {neuron: neuron._stamp for neuron in neurons}
        found.append(max(neurons, key=weights.__getitem__))
        entries = found[-1]._constituents


def spoiled(entries: Sequence[Any]) -> list[Any]:
    """Follow a number that is not finite back to where it began, NaN first: latest first, the last may be a float."""
    found: list[Any] = []
    while True:
        flawed = [entry for entry in entries if not is_finite(entry)]
        if not flawed:
            return found
        found.append(next((entry for entry in flawed if isnan(value_of(entry))), flawed[0]))
        entries = getattr(found[-1], "_constituents", ())


def _weights(node: Node) -> dict[Any, float]:
    """Say how much each constituent matters for a neuron; all the same if its rules cannot tell."""
    weights = {entry: 0.0 for entry in node._constituents if type(entry) is not float}
    try:
        for _, column, locals_ in float_partials(node, lambda entry: type(entry) is not float):
            for entry, local in zip(column, locals_, strict=True):
                if type(entry) is not float:
                    share = entry._value * local
                    weights[entry] += abs(share) if is_finite(share) else inf
    except Exception:  # a rule that fails must not hide the error that is being explained
        return weights
    return weights
