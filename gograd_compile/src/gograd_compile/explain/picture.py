"""What gograd-draw shows of a compiled function: the levels of a schedule, and what is computed on each.

It asks for this, so that nothing here depends on it.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.explain.explanation import purpose, what_of
from gograd_compile.lower.graph import FORWARD

if TYPE_CHECKING:
    from gograd_compile.lower.schedule import Schedule
    from gograd_compile.paths.store import Store

__all__ = ["picture_of"]

MOST_COLUMNS, MOST_LINES = 24, 6


def picture_of(store: Store) -> dict[str, Any]:
    """Describe the program that computes most, of the path that was recorded first."""
    paths = [path for _, paths in store.paths.items() for path in paths]
    programs = [(want, program) for path in paths[:1] for want, program in list(path.programs.items())]
    if not programs:
        return {"name": store.name, "columns": [{"title": store.name, "lines": ["nothing was recorded yet"]}]}
    want, program = max(programs, key=lambda each: len(each[1].schedule.steps))
    schedule = program.schedule
    levels = level_starts(schedule)
    count = min(MOST_COLUMNS, len(levels) - 1)
    edges = [level * (len(levels) - 1) // count for level in range(count + 1)] if count else []
    columns = [
        {
            "title": f"level {begin + 1}" if end == begin + 1 else f"levels {begin + 1}–{end}",
            "lines": _lines(schedule, levels[begin], levels[end]),
        }
        for begin, end in pairwise(edges)
    ]
    if levels[-1] < len(schedule.steps):
        columns.append({"title": "derivatives", "lines": _lines(schedule, levels[-1], len(schedule.steps))})
    name = f"{store.name}: {purpose(want, paths[0])}"
    if len(paths) > 1:
        name += f"; the first of {len(paths):,} paths"
    return {"name": name, "columns": columns}


def level_starts(schedule: Schedule) -> list[int]:
    """Return where each level of the values begins among the steps, and where the last one ends.

    The calls of a level do not read each other's results. Its sums come last, and may read anything before them.
    """
    end = int(schedule.bands[2])
    starts, first = [0], int(schedule.graph.leaves)
    steps = schedule.steps[:end].tolist()
    for index, ((before, *_), (code, slot, count, start)) in enumerate(pairwise(steps), 1):
        if code == 0:
            continue  # sums end the level that they follow
        call = schedule.graph.calls[code - 1]
        reads = schedule.gathers[start : start + count // call.width * call.arity]
        if before == 0 or code <= before or bool(np.any(reads >= first)):
            starts.append(index)
            first = slot
    return [*starts, end] if end else starts


def _lines(schedule: Schedule, begin: int, end: int) -> list[str]:
    """Count what some steps compute."""
    counts: Counter[str] = Counter()
    for code, _, count, _ in schedule.steps[begin:end].tolist():
        call = schedule.graph.calls[code - 1] if code else None
        if call is None:
            counts["sum" if count == 1 else "sums"] += count
        else:
            what = "" if call.what == FORWARD and not call.length else f" ({what_of(call)})"
            counts[call.rules.op.name + what] += count // call.width
    lines = [f"{count:,} {what}" for what, count in counts.items()]
    more = [f"… {len(lines) - MOST_LINES + 1} more"] if len(lines) > MOST_LINES else []
    return [*(lines[: MOST_LINES - 1] if more else lines), *more]
