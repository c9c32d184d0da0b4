"""From a graph to arrays that a driver can follow: values by level, those of one call lying together.

A slot is a place in the memory of a run. Leaves have the first slots. After them come the values in the
order in which they are computed: level by level, in each level calls, grouped by what is called, and
then the sums, each after those it is made of. All that a group or a sum reads was computed before.

Derivatives come after everything else. In a batch, both parts begin with what all points share, which
is computed once.
"""

from __future__ import annotations

import attrs
import numpy as np

from gograd_compile.loops import schedules
from gograd_compile.lower.graph import SUM, Graph
from gograd_compile.trace.tape import Integers

__all__ = ["FIELDS", "Schedule", "schedule"]

FIELDS = ("code", "slot", "count", "start")
"""What a step holds: what is computed (0: sums), the first slot, how many values, and where its inputs begin."""

BANDS = 4  # values that are shared, values that are not, derivatives that are shared, derivatives that are not


@attrs.frozen(eq=False)
class Schedule:
    """The steps of a run.

    Attributes:
        graph: what is computed.
        slots: the slot of each value.
        steps: a row per step, see `FIELDS`. A step of sums begins in `sum_starts`, a step of calls in `gathers`.
        sum_starts: per sum where its terms begin in `terms`; of the last one also where they end.
        terms: two slots each.
        gathers: slots: of a step of calls first the first inputs of all applications, then the second ones, …
        levels: how many levels there are.
        bands: where the steps of each band begin, and the end: values that all points of a batch share, other values,
            derivatives that they share, other derivatives.
        forward: whether derivatives are tangents. A tangent that is zero by value may meet a pole.
    """

    graph: Graph
    slots: Integers
    steps: Integers
    sum_starts: Integers
    terms: Integers
    gathers: Integers
    levels: int
    bands: Integers
    forward: bool = False

    def slots_of(self, band: int) -> tuple[int, int]:
        """Give the first slot of a band, and the first one after it."""
        ends = np.append(self.steps[:, 1], len(self.graph))
        return int(ends[self.bands[band]]), int(ends[self.bands[band + 1]])


def schedule(
    graph: Graph, derivatives: int | None = None, varying: Integers | None = None, *, forward: bool = False
) -> Schedule:
    """Order the values of `graph`.

    Args:
        derivatives: the first value that belongs to derivatives.
        varying: leaves that differ between the points of a batch; all, unless given.
        forward: whether derivatives are tangents.
    """
    leaves, codes, starts, inputs = graph.leaves, graph.codes.data, graph.starts.data, graph.inputs.data
    first = (len(graph) if derivatives is None else derivatives) - leaves
    widths = np.array([1, *(call.width for call in graph.calls)], dtype=np.int64)
    arities = np.array([0, *(call.arity for call in graph.calls)], dtype=np.int64)
    varies = np.full(len(graph), varying is None, dtype=np.uint8)
    if varying is not None:
        varies[varying] = 1
    bands, levels = np.full(len(graph), BANDS, np.uint8), np.zeros(len(graph), np.int32)
    heights, sizes = np.zeros(BANDS, np.int64), np.zeros(BANDS, np.int64)
    schedules.find_levels(
        leaves, codes, starts, inputs, first, graph.barriers.data, graph.guards.data, varies.data,
        bands.data, levels.data, heights.data, sizes.data,
    )  # fmt: skip
    bands, levels = bands[leaves:], levels[leaves:]
    below, total = np.cumsum(heights) - heights, int(heights.sum())
    code_places, places = np.zeros(len(graph.calls) + 2, np.int64), np.zeros(total + 1, np.int64)
    by_code, order = np.empty_like(graph.codes), np.empty_like(graph.codes)
    slots = np.arange(len(graph), dtype=np.int32)
    factors = schedules.in_order(
        leaves, codes, starts, levels.data, bands.data, below.data, code_places.data, places.data,
        by_code.data, order.data, slots.data,
    )  # fmt: skip
    sums = np.count_nonzero(graph.codes == SUM)
    steps = np.empty((min(len(order), total * len(widths)), len(FIELDS)), np.int64)
    sum_starts, terms = np.empty(sums + 1, np.int64), np.empty(factors, np.int32)
    gathers = np.empty(len(graph.inputs) - factors, np.int32)
    made = schedules.lay_out(
        leaves, order.data, codes, levels.data, bands.data, starts, inputs, slots.data,
        widths.data, arities.data, steps.data, sum_starts.data, terms.data, gathers.data,
    )  # fmt: skip
    steps = steps[:made].copy()
    begins = np.searchsorted(steps[:, 1], leaves + np.concatenate([[0], np.cumsum(sizes)]))
    return Schedule(
        graph, slots, steps, sum_starts, terms.reshape(-1, 2), gathers, int(levels.max(initial=0)) + 1, begins, forward
    )
