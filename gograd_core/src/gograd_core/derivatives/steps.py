"""The steps of a sweep as data: one record for each share that a neuron passes on.

Pictures, explanations and lessons are made of these. The numbers are those of the engine that runs, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import engines
from gograd_core.checked.accumulation import Shares, is_chosen, is_finite, is_zero
from gograd_core.checked.partials import among, float_partials
from gograd_core.checked.rules import as_float
from gograd_core.checked.sweep import differentiated, lock, shares_of
from gograd_core.derivatives.forward import creation_order
from gograd_core.engines import Neuron
from gograd_core.errors import quoted
from gograd_core.interfaces import Node
from gograd_core.lines import ignoring

__all__ = ["Step", "TangentStep", "steps_of", "sweep_steps", "tangent_steps", "tangents_into"]


@attrs.frozen(eq=False)
class Step:
    """One share that reverse mode passes from a neuron to one of its constituents.

    Attributes:
        neuron: the neuron whose adjoint is passed on.
        input: the number of the input of its operation.
        place: the place in that input if it is a column, otherwise 0. In ``dot(x, x)``, `x` gets a share at two inputs.
        constituent: the neuron that receives the share.
        local: the local derivative of `neuron` with respect to that constituent.
        adjoint: the derivative of the output with respect to `neuron`, which is complete at this step.
        share: `adjoint` times `local`.
        total: the adjoint of the constituent so far, with this share.
    """

    neuron: Node
    input: int
    place: int
    constituent: Node
    local: float
    adjoint: float
    share: float
    total: float


@attrs.frozen(eq=False)
class TangentStep:
    """One share that forward mode passes from a constituent to the neuron that was made of it.

    Attributes:
        neuron: the neuron that receives the share.
        input: the number of the input of its operation.
        place: the place in that input if it is a column, otherwise 0.
        constituent: the neuron whose tangent is passed on.
        local: the local derivative of `neuron` with respect to that constituent.
        tangent: the tangent of the constituent, which is complete at this step.
        share: `tangent` times `local`.
        total: the tangent of `neuron` so far, with this share.
    """

    neuron: Node
    input: int
    place: int
    constituent: Node
    local: float
    tangent: float
    share: float
    total: float


def sweep_steps(output: Node, seed: float = 1.0) -> Iterator[Step]:
    """Iterate over what ``output.backward(seed)`` does, without changing the `grad` of any neuron.

    The last `total` of a leaf is what `backward` would add to its `grad`, to the last bit. As in `backward`, an adjoint
    of 0.0 passes nothing on, and no share goes to a neuron from which no leaf can be reached.

    Raises:
        TypeError: `output` is not a neuron.
        StaleGraphError: (at once) a leaf's value was set after a neuron was computed from it.
        DomainError: (after the last step) the adjoint of a leaf is not finite although what it was computed from is.
    """
    if type(output) is not Neuron:
        raise TypeError(f"sweep_steps() expects a neuron, got {quoted(output)}")
    return steps_of([output], [as_float(seed, "sweep_steps(seed)", "a real number")])


def steps_of(
    outputs: Sequence[Node], seeds: Sequence[float], inputs: Sequence[Node] | None = None, since: int = 0
) -> Iterator[Step]:
    """Iterate over one sweep from several outputs, each with its seed, to some inputs (None for all leaves).

    Neurons older than the stamp `since` do not depend on the inputs.
    """
    with lock:
        interior, leaves = engines.reachable(outputs, since)
    ends = leaves if inputs is None else inputs
    wanted: dict[Node, float] = dict.fromkeys(ends, 0.0)
    leads = among(wanted)
    for node in reversed(interior):
        if any(map(leads, differentiated(node))):
            wanted[node] = 0.0
    leading = [node for node in interior if node in wanted]
    for output, seed in zip(outputs, seeds, strict=True):
        if output in wanted:
            wanted[output] += seed
    steps = _steps(leading, ends, dict(wanted))
    return iter(steps) if steps is not None else _checked_steps(leading, ends, wanted)


def _steps(interior: Sequence[Node], leaves: Sequence[Node], adjoints: dict[Node, float]) -> list[Step] | None:
    """List the steps. It is None if a number in them is not finite, where an engine begins again with every check."""
    steps = []
    for node in interior:
        adjoint = adjoints[node]
        if adjoint == 0.0:
            continue
        if not is_finite(adjoint):
            return None
        for index, place, entry, local in _slopes(node, adjoints):
            share = adjoint * local
            total = adjoints[entry] = adjoints[entry] + share
            steps.append(Step(node, index, place, entry, local, adjoint, share, total))
    return steps if all(is_finite(adjoints[leaf]) for leaf in leaves) else None


def _slopes(node: Node, wanted: Mapping[Node, float]) -> Iterator[tuple[int, int, Any, float]]:
    """List the local derivatives of a neuron, as the sweep of the engine computes them.

    The engine sweeps over a copy of the neuron. Each constituent of the copy is a leaf of its own, so that those of a
    neuron that occurs twice are not added.
    """
    op: Any = node._operation
    columns = op.columns(node._constituents)
    places = [(index, place, entry) for index, column in enumerate(columns) for place, entry in enumerate(column)]
    matters = [
        op.partials[index] is not None and type(entry) is not float and entry in wanted for index, _, entry in places
    ]
    copies = [
        Neuron(entry._value) if counts else entry if type(entry) is float else entry._value
        for (_, _, entry), counts in zip(places, matters, strict=True)
    ]
    leaves: list[Any] = [copy for copy, counts in zip(copies, matters, strict=True) if counts]
    with ignoring():
        slopes = iter(engines.adjoints([engines.node(op, node._value, tuple(copies))], [1.0], leaves, 0))
    for (index, place, entry), counts in zip(places, matters, strict=True):
        if counts:
            yield index, place, entry, next(slopes)


def _checked_steps(interior: Sequence[Node], leaves: Sequence[Node], adjoints: dict[Node, float]) -> Iterator[Step]:
    sums = Shares(adjoints, "adjoint")
    for node in interior:
        adjoint = sums.numbers[node]
        if adjoint == 0.0:
            continue
        for index, place, entry, local in shares_of(node, sums, among(adjoints)):
            sums.add(entry, node, local, node, index)
            yield Step(node, index, place, entry, local, adjoint, adjoint * local, sums.numbers[entry])
    for leaf in leaves:
        sums.judge(leaf)


def tangent_steps(output: Node, tangents: Mapping[Any, float]) -> Iterator[TangentStep]:
    """Iterate over what forward mode does on the way to `output`, oldest neuron first.

    Args:
        output: a neuron.
        tangents: the neurons to start from, each with its tangent. Those with the tangent 0.0 count as constants.

    The last `total` of `output` is what `jvp` gives, to the last bit.

    Raises:
        TypeError: `output` is not a neuron.
        StaleGraphError: (at once) a leaf's value was set after a neuron was computed from it.
        DomainError: (after the last step) the tangent of `output` is not finite although what it was computed from is.
    """
    if type(output) is not Neuron:
        raise TypeError(f"tangent_steps() expects a neuron, got {quoted(output)}")
    for neuron, tangent in tangents.items():
        if type(neuron) is not Neuron:
            raise TypeError(f"tangent_steps() expects the tangents of neurons, got {quoted(neuron)} as a key")
        as_float(tangent, "tangent_steps()", "tangents that are real numbers")
    known = {neuron: float(tangent) for neuron, tangent in tangents.items() if not is_zero(tangent)}
    order = [node for node in creation_order([output]) if node not in known]
    found = dict(known)
    steps = [step for node in order for step in tangents_into(node, found)]
    finite = is_finite(found.get(output, 0.0))
    return iter(steps) if finite else _checked_tangents(output, order, Shares(known, "tangent"))


def tangents_into(node: Node, tangents: dict[Node, float]) -> Iterator[TangentStep]:
    """Compute the tangent of a neuron from those of its constituents, as `ForwardSweep` does if nothing is odd."""
    is_wide = node._operation.arity not in (1, 2)
    for index, place, entry, local in _carried(node, tangents):
        tangent = tangents[entry]
        if is_wide and local == 0.0:  # whatever the tangent is
            tangents.setdefault(node, 0.0)
            continue
        share = tangent * local
        total = tangents[node] = tangents[node] + share if node in tangents else share
        yield TangentStep(node, index, place, entry, local, tangent, share, total)


def _checked_tangents(output: Node, order: Sequence[Node], sums: Shares) -> Iterator[TangentStep]:
    for node in order:
        for index, place, entry, local in _carried(node, sums.numbers):
            if local != 0.0:
                tangent = sums.numbers[entry]
                sums.add(node, entry, local, node, index)
                yield TangentStep(node, index, place, entry, local, tangent, tangent * local, sums.numbers[node])
            elif not is_chosen(node, index, place):
                sums.numbers.setdefault(node, 0.0)
    sums.judge(output)


def _carried(node: Node, tangents: dict[Node, Any]) -> list[tuple[int, int, Any, float]]:
    """List the local derivatives of a neuron with respect to the constituents that have a tangent."""
    carries = among(tangents)
    return [
        (index, place, entry, local)
        for index, column, locals_ in float_partials(node, carries)
        for place, (entry, local) in enumerate(zip(column, locals_, strict=True))
        if carries(entry)
    ]
