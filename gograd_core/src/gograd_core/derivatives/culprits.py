"""Which operation explains that a gradient differs from finite differences, or has a kink where it was used."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import Any

import attrs

from gograd_core.checked.partials import among, described, float_partials, value_of
from gograd_core.checked.rules import as_inputs, as_number, run_rule
from gograd_core.derivatives.finite_differences import Comparison, compare, has_kink
from gograd_core.derivatives.trace import Trace, pull
from gograd_core.engines import Neuron
from gograd_core.op import Op

__all__ = ["Culprit", "culprit", "kink", "wrong_partial"]

LARGE = 2.0**42
"""From here on, less than a thousand floats lie between one integer and the next."""


@attrs.frozen
class Culprit:
    """A use of an operation whose partial contradicts finite differences of the operation's own forward rule.

    Attributes:
        op: the operation.
        use: the application, "tanh(x=0.5)".
        index: the input with respect to which the partial is taken.
        comparison: the partial beside its estimate.
    """

    op: Op
    use: str
    index: int
    comparison: Comparison

    def __str__(self) -> str:
        return f"{self.op.title}: partial {self.index} of {self.use} is {self.comparison}"


def culprit(run: Trace, wrong: Neuron, tolerance: float, rtol: float) -> Culprit | None:
    """Find the operation whose errors change the derivative with respect to `wrong` most, at its worst use.

    The error of a partial, times the adjoint by wrong rules and the tangent by right ones, is what it
    adds to the derivative: the sum over all partials is the whole difference. Those of one operation
    are added before they are compared, as they may cancel.
    """
    adjoints = pull(run.outputs, [1.0], run.order, since=run.since, graph=False)
    tangents = {wrong: 1.0}
    found: dict[Op, list[tuple[float, Culprit]]] = {}
    for node, adjoint in zip(run.order, adjoints, strict=True):
        if any(map(among(tangents), node._constituents)):
            tangent = 0.0
            for entry, use, _ in _checked_partials(node, tangents, rtol):
                local, differs = use.comparison.derivative, use.comparison.verdict == "differs"
                tangent += (use.comparison.estimate if differs else local) * tangents[entry]
                if differs:
                    change = adjoint * tangents[entry] * (local - use.comparison.estimate)
                    found.setdefault(use.op, []).append((change, use))
            tangents[node] = tangent
    most = max(found.values(), key=_total, default=[])
    return max(most, key=lambda use: abs(use[0]))[1] if _total(most) > tolerance else None


def kink(run: Trace, rtol: float) -> Culprit | None:
    """Find the first operation that has a kink where it was used, if the result of the function depends on it."""
    depends = set(run.inputs)
    adjoints = pull(run.outputs, [1.0], run.order, since=run.since, graph=False)
    for node, adjoint in zip(run.order, adjoints, strict=True):
        if any(map(among(depends), node._constituents)):
            depends.add(node)
            for entry, use, along in _checked_partials(node, depends, rtol) if adjoint != 0.0 else ():
                if has_kink(along, entry._value, use.comparison.derivative, rtol):
                    return attrs.evolve(use, comparison=attrs.evolve(use.comparison, kink=True))
    return None


def wrong_partial(node: Neuron, rtol: float) -> Culprit | None:
    """Find a partial of the operation that made `node` which differs from finite differences, if there is one.

    An input without a partial is meant to have no derivative. A partial that is not finite is no wrong number, but an
    error of its own. And where floats are as far apart as the integers at which `floor` jumps, differences contradict
    nothing unless those of the next floats do.
    """
    neurons = {entry for entry in node.constituents if isinstance(entry, Neuron)}
    for entry, use, along in _checked_partials(node, neurons, rtol):
        found = use.comparison
        if use.op.partials[use.index] is None or found.verdict != "differs" or not math.isfinite(found.derivative):
            continue
        if abs(entry._value) < LARGE or not _agrees_nearby(along, entry._value, found.derivative):
            return use
    return None


def _agrees_nearby(f: Callable[[float], float], x: float, derivative: float) -> bool:
    """Return whether the value at one of the next floats agrees with a derivative, as far as rounding lets one see."""
    step, here = math.ulp(x), f(x)
    nearby = [f(x + step) - here, here - f(x - step)]
    rounding = 8.0 * math.ulp(here) + 1e-9 * abs(derivative) * step
    return any(abs(difference - derivative * step) <= rounding for difference in nearby)


def _total(uses: list[tuple[float, Culprit]]) -> float:
    return abs(math.fsum(change for change, _ in uses))


def _checked_partials(
    node: Neuron, depends: Collection[Neuron], rtol: float
) -> Iterator[tuple[Neuron, Culprit, Callable[[float], float]]]:
    """List the constituents of `node` among `depends`, each with its partial and with `node` as a function of it."""
    op: Any = node.operation
    values = [value_of(entry) for entry in node.constituents]

    def along(position: int) -> Callable[[float], float]:
        def value(x: float) -> float:
            entries = [*values[:position], x, *values[position + 1 :]]
            return as_number(op, run_rule(op, op.forward, *as_inputs(op, entries)))

        return value

    partials = {index: locals_ for index, _, locals_ in float_partials(node, among(depends))}
    length = len(values) // len(op.partials)
    for position, entry in enumerate(node.constituents):
        if isinstance(entry, Neuron) and entry in depends:
            index, row = divmod(position, length)
            local = partials[index][row] if index in partials else 0.0  # no partial: no derivative
            comparison = compare(along(position), values[position], local, rtol)
            yield entry, Culprit(op, described(node), index, comparison), along(position)
