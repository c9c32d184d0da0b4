"""From a graph to arrays that a driver can follow: values by level, those of one call lying together.

A slot is a place in the memory of a run. Leaves have the first slots. After them come the values in the
order in which they are computed: level by level, in each level calls, grouped by what is called, and
then the sums, each after those it is made of. All that a group or a sum reads was computed before.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from gograd_compile.graph import Call, Graph
from gograd_compile.kernels import jitted
from gograd_compile.tape import Integers

__all__ = ["FIELDS", "Schedule", "schedule"]

FIELDS = ("code", "slot", "count", "start")
"""What a step holds: what is computed (0: sums), the first slot, how many values, and where its inputs begin."""


@attrs.frozen(eq=False)
class Schedule:
    """The steps of a run.

    Attributes:
        graph: what is computed.
        slots: the slot of each value.
        steps: a row per step, see `FIELDS`. A step of sums begins in `sum_starts`, a step of calls in `gathers`.
        sum_starts: per sum where its factors begin in `factors`; of the last one also where they end.
        factors: slots, two per term.
        gathers: slots: of a step of calls first the first inputs of all applications, then the second ones, …
        levels: how many levels there are.
        derivatives: the first step that belongs to derivatives alone.
    """

    graph: Graph
    slots: Integers
    steps: Integers
    sum_starts: Integers
    factors: Integers
    gathers: Integers
    levels: int
    derivatives: int


def schedule(graph: Graph, derivatives: int | None = None) -> Schedule:
    """Order the values of `graph`; those from `derivatives` on come after all others."""
    first = (len(graph) if derivatives is None else derivatives) - graph.leaves
    widths = np.array([1, *(call.width for call in graph.calls)])
    arities = np.array([0, *(call.arity for call in graph.calls)])
    levels = np.zeros(len(graph), dtype=np.int32)
    find_levels(graph.leaves, graph.codes, graph.starts, graph.inputs, first, graph.barriers, graph.guards, levels)
    order = in_order(graph.codes, levels[graph.leaves :], len(graph.calls))
    slots = np.arange(len(graph), dtype=np.int32)
    slots[graph.leaves + order] = graph.leaves + np.arange(len(order), dtype=np.int32)
    steps, sum_starts, factors, gathers = lay_out(
        graph.leaves, first, order, graph.codes, levels[graph.leaves :], graph.starts, graph.inputs, slots, widths, arities
    )
    begun = int(np.searchsorted(steps[:, 1], graph.leaves + first)) if len(steps) else 0
    return Schedule(graph, slots, steps, sum_starts, factors, gathers, int(levels.max(initial=0)), begun)


@jitted
def find_levels(
    leaves: int, codes: Any, starts: Any, inputs: Any, derivatives: int, barriers: Any, guards: Any, levels: Any
) -> None:
    """A call is one level above what it takes, a sum on the highest one.

    Local derivatives are all on one level, above everything that is not a derivative: so those of one rule are one group.
    """
    highest = np.int32(0)
    barrier = 0
    for k in range(len(codes)):
        if k == derivatives:
            highest += 1
        level = highest if k >= derivatives else np.int32(0)
        if k < derivatives or codes[k] == 0:
            for e in range(starts[k], starts[k + 1]):
                level = max(level, levels[inputs[e]])
            if barrier < len(barriers) and barriers[barrier, 0] == leaves + k:
                for guard in guards[: barriers[barrier, 1]]:
                    level = max(level, levels[guard])
                barrier += 1
            if codes[k]:
                level += 1
        levels[leaves + k] = level
        if k < derivatives:
            highest = max(highest, level)


@jitted
def in_order(codes: Any, levels: Any, calls: int) -> Any:
    """The values by level, then by what is called, sums last; else as they were."""
    rows = len(codes)
    top = 0
    for level in levels:
        top = max(top, level)
    by_code, order = np.empty(rows, np.int32), np.empty(rows, np.int32)
    places = np.zeros(calls + 2, np.int64)
    for code in codes:
        places[(code - 1 if code else calls) + 1] += 1
    for code in range(calls + 1):
        places[code + 1] += places[code]
    for k in range(rows):
        key = codes[k] - 1 if codes[k] else calls
        by_code[places[key]] = k
        places[key] += 1
    places = np.zeros(top + 2, np.int64)
    for level in levels:
        places[level + 1] += 1
    for level in range(top + 1):
        places[level + 1] += places[level]
    for k in by_code:
        order[places[levels[k]]] = k
        places[levels[k]] += 1
    return order


@jitted
def _begins_a_step(place: int, derivatives: int, order: Any, codes: Any, levels: Any) -> bool:
    """Whether a value does not continue the step of the one before it."""
    if place == 0:
        return True
    k, before = order[place], order[place - 1]
    if codes[k] != codes[before] or (k >= derivatives) != (before >= derivatives):
        return True
    return codes[k] != 0 and levels[k] != levels[before]


@jitted
def lay_out(
    leaves: int, derivatives: int, order: Any, codes: Any, levels: Any, starts: Any, inputs: Any, slots: Any,
    widths: Any, arities: Any,
) -> Any:  # fmt: skip
    """The steps, and the slots that they read."""
    steps_made = sums = factor_count = gather_count = 0
    for place in range(len(order)):
        k = order[place]
        entries = starts[k + 1] - starts[k]
        if codes[k] == 0:
            sums += 1
            factor_count += entries
        else:
            gather_count += entries
        if _begins_a_step(place, derivatives, order, codes, levels):
            steps_made += 1
    steps = np.empty((steps_made, 4), np.int64)
    sum_starts, factors = np.zeros(sums + 1, np.int64), np.empty(factor_count, np.int32)
    gathers = np.empty(gather_count, np.int32)
    step = -1
    sums = factor_count = gather_count = 0
    for place in range(len(order)):
        k = order[place]
        code = codes[k]
        if _begins_a_step(place, derivatives, order, codes, levels):
            step += 1
            steps[step, 0], steps[step, 1], steps[step, 2] = code, leaves + place, 0
            steps[step, 3] = gather_count if code else sums
        steps[step, 2] += 1
        if code == 0:
            for e in range(starts[k], starts[k + 1]):
                factors[factor_count] = slots[inputs[e]]
                factor_count += 1
            sums += 1
            sum_starts[sums] = factor_count
        else:
            gather_count += starts[k + 1] - starts[k]
    for step in range(steps_made):
        code, slot, count, at = steps[step]
        if code:
            applications = count // widths[code]
            for g in range(applications):
                k = order[slot - leaves + g * widths[code]]
                for i in range(arities[code]):
                    gathers[at + i * applications + g] = slots[inputs[starts[k] + i]]
    return steps, sum_starts, factors, gathers
