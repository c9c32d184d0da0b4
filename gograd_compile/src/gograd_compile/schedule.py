"""From a graph to arrays that a driver can follow: values by level, those of one call lying together.

A slot is a place in the memory of a run. Leaves have the first slots. After them come the values in the
order in which they are computed: level by level, in each level calls, grouped by what is called, and
then the sums, each after those it is made of. All that a group or a sum reads was computed before.

Derivatives come after everything else. In a batch, both parts begin with what all points share, which
is computed once.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.graph import Graph
from gograd_compile.kernels import jitted
from gograd_compile.kernels.pointers import pointer
from gograd_compile.tape import Integers

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
    """

    graph: Graph
    slots: Integers
    steps: Integers
    sum_starts: Integers
    terms: Integers
    gathers: Integers
    levels: int
    bands: Integers

    def slots_of(self, band: int) -> tuple[int, int]:
        """The first slot of a band, and the first one after it."""
        ends = np.append(self.steps[:, 1], len(self.graph))
        return int(ends[self.bands[band]]), int(ends[self.bands[band + 1]])


def schedule(graph: Graph, derivatives: int | None = None, varying: Integers | None = None) -> Schedule:
    """Order the values of `graph`.

    Args:
        derivatives: the first value that belongs to derivatives.
        varying: leaves that differ between the points of a batch; all, unless given.
    """
    first = (len(graph) if derivatives is None else derivatives) - graph.leaves
    widths = np.array([1, *(call.width for call in graph.calls)])
    arities = np.array([0, *(call.arity for call in graph.calls)])
    varies = np.full(len(graph), varying is None)
    if varying is not None:
        varies[varying] = True
    bands, levels = find_levels(
        graph.leaves, graph.codes, graph.starts, graph.inputs, first, graph.barriers, graph.guards, varies
    )
    order, band_ends = in_order(graph.codes, levels, bands, len(graph.calls))
    slots = np.arange(len(graph), dtype=np.int32)
    slots[graph.leaves + order] = graph.leaves + np.arange(len(order), dtype=np.int32)
    steps, sum_starts, terms, gathers = lay_out(
        graph.leaves, order, graph.codes, levels, bands, graph.starts, graph.inputs, slots, widths, arities
    )
    begins = np.searchsorted(steps[:, 1], graph.leaves + np.concatenate([[0], band_ends]))
    return Schedule(
        graph, slots, steps, sum_starts, terms.reshape(-1, 2), gathers, int(levels.max(initial=0)) + 1, begins
    )


@jitted
def find_levels(
    leaves: int, codes: Any, starts: Any, inputs: Any, derivatives: int, barriers: Any, guards: Any, varies: Any
) -> Any:
    """The band and the level of each computed value; `varies` is completed.

    Among values a call is one level above what it takes from its band, a sum on the highest one. Derivatives are all
    on one level: local derivatives need none of them, and so those of one rule are one group.
    """
    rows = len(codes)
    codes, starts, inputs, varies = pointer(codes), pointer(starts), pointer(inputs), pointer(varies)
    bands, levels = np.empty(rows, np.uint8), np.zeros(rows, np.int32)
    barrier = 0
    for k in range(rows):
        level = np.int32(0)
        shared = not varies[leaves + k]
        for e in range(starts[k], starts[k + 1]):
            shared = shared and not varies[inputs[e]]
        if k > 0 and starts[k] == starts[k + 1]:  # a further entry of a column
            shared = bands[k - 1] % 2 == 0
        waits = barrier < len(barriers) and barriers[barrier, 0] == leaves + k
        if waits:
            for guard in guards[: barriers[barrier, 1]]:
                shared = shared and not varies[guard]
        band = (0 if k < derivatives else 2) + (0 if shared else 1)
        varies[leaves + k] = not shared
        bands[k] = band
        if k >= derivatives:
            continue
        for e in range(starts[k], starts[k + 1]):
            node = inputs[e] - leaves
            if node >= 0 and bands[node] == band:
                level = max(level, levels[node])
        if waits:
            for guard in guards[: barriers[barrier, 1]]:
                if guard >= leaves and bands[guard - leaves] == band:
                    level = max(level, levels[guard - leaves])
            barrier += 1
        levels[k] = level + 1 if codes[k] else level
    return bands, levels


@jitted
def in_order(codes: Any, levels: Any, bands: Any, calls: int) -> Any:
    """The values by band and level, then by what is called, sums last; else as they were. With it, where bands end."""
    rows = len(codes)
    heights, ends = np.zeros(BANDS, np.int64), np.zeros(BANDS, np.int64)
    by_code, order = np.empty(rows, np.int32), np.empty(rows, np.int32)
    places = np.zeros(calls + 2, np.int64)
    for k in range(rows):
        heights[bands[k]] = max(heights[bands[k]], levels[k] + 1)
        ends[bands[k]] += 1
        places[(codes[k] - 1 if codes[k] else calls) + 1] += 1
    codes, levels, bands, sorted_by_code, into = (
        pointer(codes),
        pointer(levels),
        pointer(bands),
        pointer(by_code),
        pointer(order),
    )
    for code in range(calls + 1):
        places[code + 1] += places[code]
    for k in range(rows):
        key = codes[k] - 1 if codes[k] else calls
        sorted_by_code[places[key]] = k
        places[key] += 1
    for band in range(1, BANDS):
        heights[band] += heights[band - 1]
        ends[band] += ends[band - 1]
    places = np.zeros(heights[-1] + 1, np.int64)
    for k in range(rows):
        below = heights[bands[k] - 1] if bands[k] else 0
        places[below + levels[k] + 1] += 1
    for height in range(heights[-1]):
        places[height + 1] += places[height]
    for place in range(rows):
        k = by_code[place]
        below = heights[bands[k] - 1] if bands[k] else 0
        into[places[below + levels[k]]] = k
        places[below + levels[k]] += 1
    return order, ends


@jitted(inline="always")
def _begins_a_step(place: int, order: Any, codes: Any, levels: Any, bands: Any) -> Any:
    """Whether a value does not continue the step of the one before it."""
    if place == 0:
        return True
    k, before = order[place], order[place - 1]
    if codes[k] != codes[before] or bands[k] != bands[before]:
        return True
    return codes[k] != 0 and levels[k] != levels[before]


@jitted
def lay_out(
    leaves: int, order: Any, codes: Any, levels: Any, bands: Any, starts: Any, inputs: Any, slots: Any,
    widths: Any, arities: Any,
) -> Any:  # fmt: skip
    """The steps, and the slots that they read."""
    rows = len(order)
    order, codes, levels, bands = pointer(order), pointer(codes), pointer(levels), pointer(bands)
    starts, inputs, slots = pointer(starts), pointer(inputs), pointer(slots)
    steps_made = sums = factors = gathered = 0
    for place in range(rows):
        k = order[place]
        entries = starts[k + 1] - starts[k]
        if codes[k] == 0:
            sums += 1
            factors += entries
        else:
            gathered += entries
        steps_made += _begins_a_step(place, order, codes, levels, bands)
    steps = np.empty((steps_made, 4), np.int64)
    sum_starts, terms = np.zeros(sums + 1, np.int64), np.empty(factors, np.int32)
    gathers = np.empty(gathered, np.int32)
    step = -1
    sums = factors = gathered = 0
    for place in range(rows):
        k = order[place]
        code = codes[k]
        if _begins_a_step(place, order, codes, levels, bands):
            step += 1
            steps[step, 0], steps[step, 1], steps[step, 2] = code, leaves + place, 0
            steps[step, 3] = gathered if code else sums
        steps[step, 2] += 1
        if code == 0:
            for e in range(starts[k], starts[k + 1]):
                terms[factors] = slots[inputs[e]]
                factors += 1
            sums += 1
            sum_starts[sums] = factors // 2
        else:
            gathered += starts[k + 1] - starts[k]
    for step in range(steps_made):
        code, slot, count, at = steps[step]
        if code:
            applications = count // widths[code]
            for g in range(applications):
                k = order[slot - leaves + g * widths[code]]
                for i in range(arities[code]):
                    gathers[at + i * applications + g] = slots[inputs[starts[k] + i]]
    return steps, sum_starts, terms, gathers
