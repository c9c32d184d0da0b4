"""Loops that schedule a graph: the level of each value, the order of all values, and the slots that they read."""

from __future__ import annotations

from typing import Any

__all__ = ["find_levels", "in_order", "lay_out"]


def find_levels(
    leaves: int, rows: Any, derivatives: int, barriers: Any, guards: Any, varies: Any, places: Any, sizes: Any
) -> None:
    """Find the band and the level of each value, complete `varies`, and find how high and how large each band is.

    The arrays already have leaves on level 0 of their own band. A call is one level above the highest of the values
    that it takes from its band. A sum is on the same level as that value, and one deeper than the deepest sum that it
    takes from there. Derivatives are all on one level, since no local derivative needs another one. So those of one
    rule form one group.
    """
    codes, starts, inputs = rows
    bands, levels, depths = places
    heights, counts = sizes
    barrier = 0
    for k in range(len(codes)):
        start, end = starts[k], starts[k + 1]
        changes = varies[leaves + k]
        for e in range(start, end):
            changes |= varies[inputs[e]]
        if k > 0 and start == end:  # another entry of the column before
            changes = bands[leaves + k - 1] & 1
        asked = 0
        if barrier < len(barriers) and barriers[barrier, 0] == leaves + k:
            asked = barriers[barrier, 1]
            barrier += 1
        for place in range(asked):
            changes |= varies[guards[place]]
        varies[leaves + k] = changes
        bands[leaves + k] = band = changes if k < derivatives else 2 + changes
        level = depth = 0  # the depth of the deepest sum on that level
        for e in range(start, end):
            if bands[inputs[e]] == band and levels[inputs[e]] >= level:
                if levels[inputs[e]] > level:
                    level, depth = levels[inputs[e]], 0
                depth = max(depth, depths[inputs[e]])
        for place in range(asked):
            level = max(level, levels[guards[place]] if bands[guards[place]] == band else 0)
        if codes[k] == 0:
            depths[leaves + k] = depth + 1
        elif k < derivatives:
            level += 1
        levels[leaves + k] = level
        heights[band] = max(heights[band], level + 1)
        counts[band] += 1


def in_order(
    leaves: int, rows: Any, places: Any, below: Any, calls: int, key_starts: Any, level_starts: Any,
    by_key: Any, order: Any, slots: Any,
) -> int:  # fmt: skip
    """Order values by band and level, then by what is called, with sums last, by depth. Returns the inputs of all sums.

    Among equals, the order stays. `below` says how many levels lie below a band. There are `calls` that may be called.
    `key_starts` and `level_starts` are zeros, one more than there are calls and depths, or levels.
    """
    codes, starts, _ = rows
    bands, levels, depths = places
    factors = 0
    for k in range(len(codes)):
        if codes[k] == 0:
            factors += starts[k + 1] - starts[k]
        key_starts[codes[k] if codes[k] else calls + depths[k]] += 1
        level_starts[below[bands[k]] + levels[k] + 1] += 1
    for key in range(len(key_starts) - 1):
        key_starts[key + 1] += key_starts[key]
    for height in range(len(level_starts) - 1):
        level_starts[height + 1] += level_starts[height]
    for k in range(len(codes)):
        key = (codes[k] if codes[k] else calls + depths[k]) - 1
        by_key[key_starts[key]] = k
        key_starts[key] += 1
    for place in range(len(codes)):
        k = by_key[place]
        height = below[bands[k]] + levels[k]
        order[level_starts[height]] = k
        slots[leaves + k] = leaves + level_starts[height]
        level_starts[height] += 1
    return factors


def lay_out(leaves: int, rows: Any, places: Any, order: Any, slots: Any, calls: Any, layout: Any) -> int:
    """Fill the layout: the steps, and the slots that they read. Returns the count of steps."""
    codes, starts, inputs = rows
    bands, levels, _ = places
    widths, arities = calls
    steps, sum_starts, terms, gathers = layout
    step = before = -1
    sums = factors = gathered = 0
    sum_starts[0] = 0
    for place in range(len(order)):
        k = order[place]
        code = codes[k]
        if (
            before < 0 or code != codes[before] or bands[k] != bands[before]
            or (code != 0 and levels[k] != levels[before])
        ):  # fmt: skip
            step += 1
            steps[step, 0], steps[step, 1], steps[step, 2] = code, leaves + place, 0
            steps[step, 3] = gathered if code else sums
        steps[step, 2] += 1
        before = k
        if code:
            gathered += starts[k + 1] - starts[k]
        else:
            for e in range(starts[k], starts[k + 1]):
                terms[factors] = slots[inputs[e]]
                factors += 1
            sums += 1
            sum_starts[sums] = factors // 2
    for each in range(step + 1):
        code = steps[each, 0]
        if code == 0:
            continue
        first, at, width = steps[each, 1] - leaves, steps[each, 3], widths[code]
        applications = steps[each, 2] // width
        for g in range(applications):
            k = order[first + g * width]
            for i in range(arities[code]):
                gathers[at + i * applications + g] = slots[inputs[starts[k] + i]]
    return step + 1
