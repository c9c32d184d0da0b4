"""Turns a graph into arrays that a runner can follow.

A slot is a place in the memory of a run. Leaves have the first slots. After them come the values in the order in which
they are computed, level by level. On each level the calls come first, grouped by what is called. Then come the sums,
each after the sums that it is made of: by depth, unless they differ between the points of a batch. So everything that a
group or a sum reads was computed before.

Derivatives come after everything else. In a batch, both parts begin with what all points share, which is computed once.
"""

from __future__ import annotations

from itertools import pairwise

import attrs
import numpy as np

from gograd_compile.loops import schedules, views
from gograd_compile.lower.derivatives import Derived
from gograd_compile.lower.graph import SUM, Graph
from gograd_compile.trace.tape import Integers

__all__ = ["FIELDS", "Schedule", "schedule"]

FIELDS = ("code", "slot", "count", "start")
"""The fields of a step: what is computed (0: sums), the first slot, how many values, and where the inputs begin."""

BANDS = 4  # values that are shared, values that are not, derivatives that are shared, derivatives that are not


@attrs.frozen(eq=False, repr=False)
class Schedule:
    """The steps of a run.

    Attributes:
        graph: what is computed.
        slots: the slot of each value.
        steps: a row for each step, see `FIELDS`. The inputs of sums begin in `sum_starts`, those of calls in `gathers`.
        sum_starts: where the terms of each sum begin in `terms`, and where the last ones end.
        terms: two slots for each term.
        gathers: slots that calls read. A step lists the first inputs of all its applications, then the second ones, …
        levels: how many levels there are.
        bands: where the steps of each band begin, and where the last one ends. The bands are values that all points of
            a batch share, other values, derivatives that all points share, and other derivatives.
        forward: whether derivatives are tangents. A tangent that is zero may meet a pole.
    """

    graph: Graph
    slots: Integers
    steps: Integers
    sum_starts: Integers
    terms: Integers
    gathers: Integers
    levels: int
    bands: Integers
    forward: bool

    def slots_of(self, band: int) -> tuple[int, int]:
        """Return the first slot of a band, and the first one after it."""
        ends = np.append(self.steps[:, 1], len(self.graph))
        return int(ends[self.bands[band]]), int(ends[self.bands[band + 1]])


def schedule(derived: Derived, varying: Integers | None = None) -> Schedule:
    """Order the values of a graph. `varying` leaves differ between the points of a batch: by default all do."""
    graph = derived.graph
    leaves, rows = graph.leaves, views(*graph.rows)
    widths = np.array([1, *(call.width for call in graph.calls)], dtype=np.int64)
    arities = np.array([0, *(call.arity for call in graph.calls)], dtype=np.int64)
    varies = np.full(len(graph), varying is None, dtype=np.uint8)
    if varying is not None:
        varies[varying] = 1
    bands, levels = np.full(len(graph), BANDS, np.uint8), np.zeros(len(graph), np.int32)
    depths = np.zeros(len(graph), np.int32)
    heights, sizes = np.zeros(BANDS, np.int64), np.zeros(BANDS, np.int64)
    schedules.find_levels(
        leaves, rows, derived.weights - leaves, graph.barriers.data, graph.guards.data, varies.data,
        views(bands, levels, depths), views(heights, sizes),
    )  # fmt: skip
    levels, depths = levels[leaves:], depths[leaves:]
    if varying is not None:  # a row of lanes is read again while it is in the cache: up to a fifth faster
        depths[bands[leaves:] % 2 == 1] = 1
    places = views(bands[leaves:], levels, depths)
    below, total = np.cumsum(heights) - heights, int(heights.sum())
    calls, level_starts = len(graph.calls), np.zeros(total + 1, np.int64)
    key_starts = np.zeros(calls + int(depths.max(initial=0)) + 1, np.int64)
    by_key, order = np.empty_like(graph.codes), np.empty_like(graph.codes)
    slots = np.arange(len(graph), dtype=np.int32)
    factors = schedules.in_order(
        leaves, rows, places, below.data, calls, key_starts.data, level_starts.data, by_key.data, order.data, slots.data
    )
    if varying is None:
        _order_by_inputs(graph, order, slots, int(sizes[:3].sum()))
    sums = np.count_nonzero(graph.codes == SUM)
    steps = np.empty((min(len(order), total * len(widths)), len(FIELDS)), np.int64)
    sum_starts, terms = np.empty(sums + 1, np.int64), np.empty(factors, np.int32)
    gathers = np.empty(len(graph.inputs) - factors, np.int32)
    made = schedules.lay_out(
        leaves, rows, places, order.data, slots.data, views(widths, arities), views(steps, sum_starts, terms, gathers)
    )
    steps = steps[:made].copy()
    begins = np.searchsorted(steps[:, 1], leaves + np.concatenate([[0], np.cumsum(sizes)]))
    height = int(levels.max(initial=0)) + 1
    return Schedule(graph, slots, steps, sum_starts, terms.reshape(-1, 2), gathers, height, begins, derived.forward)


def _order_by_inputs(graph: Graph, order: Integers, slots: Integers, first: int) -> None:
    """Order the calls from `order[first]` on by the slots of their first inputs, if they have one result.

    Calls that follow each other do not take each other's results.
    """
    codes = graph.codes[order[first:]]
    for begin, end in pairwise([*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(codes)]):
        if codes[begin] != SUM and graph.calls[codes[begin] - 1].width == 1:
            calls = order[first + begin : first + end]
            calls[:] = calls[np.argsort(slots[graph.inputs[graph.starts[calls]]], kind="stable")]
            slots[graph.leaves + calls] = graph.leaves + np.arange(first + begin, first + end)
