"""What the sweeps of both engines share: one at a time, and with care wherever something is odd."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from gograd_core.errors import StaleGraphError
from gograd_core.evaluation import describe
from gograd_core.partials import float_partials, judge_share

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron

__all__ = ["BUSY", "NOT_AGAIN", "lock", "propagate", "propagate_one", "receives", "refuse_stale"]

BUSY = "a rule started a sweep over neurons of the sweep that is running it"

NOT_AGAIN = (MemoryError, RecursionError)
"""After these a rule is not asked once more, with care: it would fail again, after as long a time."""

lock = threading.RLock()  # one sweep at a time: sweeps of several threads may share leaves


def receives(entry: Any) -> bool:
    """Whether an adjoint is wanted: of a constituent that is no constant, and leads to an input."""
    return type(entry) is not float and entry._grad is not None


def refuse_stale(interior: Sequence[Neuron]) -> None:
    """Raise `StaleGraphError` if a leaf was set after one of these neurons was computed from it."""
    for node in interior:
        for entry in node._constituents:
            if type(entry) is not float and entry._stamp > node._stamp:  # type: ignore[union-attr]
                _refuse(node, entry)


def _refuse(node: Neuron, leaf: Any) -> NoReturn:
    made = describe(node._operation, node._constituents)  # type: ignore[arg-type]
    raise StaleGraphError(
        f"{leaf!r} was set after {made} was computed from it: compute the graph again before the sweep"
    )


def propagate(interior: Sequence[Neuron]) -> None:
    """Pass every adjoint on, youngest neuron first."""
    for node in interior:
        if node._grad != 0.0:
            propagate_one(node)


def propagate_one(node: Neuron) -> None:
    """Pass the adjoint of one neuron on: what a rule gives is checked and judged."""
    adjoint = node._grad
    for index, column, locals_ in float_partials(node, receives):
        for entry, local in zip(column, locals_, strict=True):
            if not receives(entry):
                continue
            total = entry._grad + adjoint * local
            if total - total != 0.0:
                if local == 0.0:  # even against an infinite adjoint: an arm not taken is not poisoned
                    continue
                judge_share(node, index, local, "adjoint", adjoint, entry._grad)
            entry._grad = total
