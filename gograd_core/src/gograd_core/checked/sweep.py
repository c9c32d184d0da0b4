"""What the sweeps of both engines share: the lock, the search for stale leaves, and the sweep with every check."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from gograd_core.checked.accumulation import Shares, is_chosen, is_finite
from gograd_core.checked.partials import at_line, float_partials
from gograd_core.errors import StaleGraphError, quoted
from gograd_core.interfaces import Node
from gograd_core.lines import ignoring, watching

__all__ = [
    "BUSY",
    "NOT_AGAIN",
    "differentiated",
    "examine",
    "lock",
    "propagate",
    "propagate_one",
    "receives",
    "refuse_stale",
    "shares_of",
]

BUSY = "a rule started a sweep over neurons of the sweep that is running the rule"

NOT_AGAIN = (MemoryError, RecursionError)
"""After these the sweep is not repeated with every check: it would fail again, after just as long."""

lock = threading.RLock()  # one sweep at a time: sweeps of several threads may share leaves


def examine(
    outputs: Sequence[Node], seeds: Sequence[float], inputs: Sequence[Node] | None = None, since: int = 0
) -> None:
    """Let what watches for anomalies look at a sweep before it begins. It may raise an error.

    Args:
        outputs: where the sweep begins.
        seeds: the adjoint of each output.
        inputs: the neurons whose adjoints are wanted; None for all leaves.
        since: neurons older than this stamp do not depend on the inputs.
    """
    watch = watching()
    if watch is not None:
        ignoring().run(watch.before_sweep, outputs, seeds, inputs, since)


def receives(entry: Any) -> bool:
    """Return whether the adjoint of a constituent is wanted: it is a neuron, and leads to an input."""
    return type(entry) is not float and entry._grad is not None


def differentiated(node: Node) -> Sequence[Any]:
    """List the constituents with respect to which a neuron has a derivative."""
    op: Any = node._operation
    entries = node._constituents
    if None not in op.partials:
        return entries
    columns = zip(op.partials, op.columns(entries), strict=True)
    return [entry for partial, column in columns if partial is not None for entry in column]


def refuse_stale(interior: Sequence[Node]) -> None:
    """Raise `StaleGraphError` if a leaf was set after one of these neurons was computed from it."""
    for node in interior:
        for entry in node._constituents:
            if type(entry) is not float and entry._stamp > node._stamp:
                _refuse(node, entry)


def _refuse(node: Node, leaf: Any) -> NoReturn:
    op: Any = node._operation
    name = f"leaf {quoted(leaf.label)}" if leaf.label else "leaf"
    raise StaleGraphError(
        f"the {name} was set to {leaf._value!r} after {op.name}{at_line(node)} was computed from its old value, and "
        f"gave {node._value!r}: compute the graph again before you differentiate or draw it"
    )


def propagate(interior: Sequence[Node], wanted: Sequence[Node]) -> None:
    """Pass every adjoint on, youngest neuron first, and judge the adjoints that are wanted.

    Raises:
        DomainError: one of these is not finite although what it was computed from is.
    """
    receiving: list[Any] = [*interior, *wanted]
    receiving += (entry for node in interior for entry in node._constituents if receives(entry))
    sums = Shares({neuron: neuron._grad for neuron in receiving}, "adjoint")
    for node in interior:
        if sums.numbers[node] != 0.0:
            pass_on(node, sums)
    for neuron, adjoint in sums.numbers.items():
        neuron._grad = adjoint
    for neuron in wanted:
        sums.judge(neuron)


def propagate_one(node: Node) -> None:
    """Pass on the finite adjoint of one neuron. Anything odd then shows in the adjoints of its constituents."""
    for _, column, locals_ in float_partials(node, receives):
        for entry, local in zip(column, locals_, strict=True):
            if receives(entry):
                entry._grad += node._grad * local


def pass_on(node: Node, sums: Shares) -> None:
    """Pass on the adjoint of one neuron, together with the causes of numbers that are not finite."""
    for index, _, entry, local in shares_of(node, sums, receives):
        sums.add(entry, node, local, node, index)


def shares_of(node: Node, sums: Shares, receives: Callable[[Any], bool]) -> Iterator[tuple[int, int, Any, float]]:
    """List what passes on the adjoint of a neuron: the input, the place in its column, the constituent, and the slope.

    A local derivative of 0.0 never passes on an infinity that is no error. It passes on one that is an error, unless
    the zero is a choice.
    """
    for index, column, locals_ in float_partials(node, receives):
        for place, (entry, local) in enumerate(zip(column, locals_, strict=True)):
            if not receives(entry):
                continue
            if (
                local == 0.0
                and not is_finite(sums.numbers[node])
                and (not sums.is_flawed(node) or is_chosen(node, index, place))
            ):
                continue
            yield index, place, entry, local
