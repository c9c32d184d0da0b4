"""The sum of a column, rounded once as `math.fsum` does it, in Python that Numba can compile."""

from __future__ import annotations

from math import fabs, isfinite, isinf, isnan, nan
from typing import Any

__all__ = ["fsum"]


def fsum(x: Any) -> float:
    """Compute the sum of an array, which is overwritten. To the last bit it is that of the operation fsum on floats.

    Partial sums take the places of the numbers that have been added. Their sum is exactly that of these numbers. They
    are in order of size and do not overlap (J. R. Shewchuk's expansions). If one of them overflows, the result is the
    sum from left to right.
    """
    count, from_left, special, infinities, overflows = 0, 0.0, 0.0, 0.0, False
    for i in range(len(x)):
        number = x[i]
        from_left += number
        total, kept = number, 0
        for j in range(count):
            small, large = (total, x[j]) if fabs(total) < fabs(x[j]) else (x[j], total)
            total = large + small
            lost = small - (total - large)
            if lost != 0.0:
                x[kept] = lost
                kept += 1
        if not isfinite(total):
            overflows = overflows or isfinite(number)
            special += number
            infinities += number if isinf(number) else 0.0
            kept = 0
        else:
            x[kept] = total
            kept += 1
        count = kept
    if overflows:
        return from_left
    if special != 0.0:
        return nan if isnan(infinities) else special
    total, lost = 0.0, 0.0
    while count > 0 and lost == 0.0:
        count -= 1
        large, total = total, total + x[count]
        lost = x[count] - (total - large)
    # If `lost` is half of the last place, the partial sums not added yet decide, and not which neighbour is even.
    if count > 0 and ((lost < 0.0 and x[count - 1] < 0.0) or (lost > 0.0 and x[count - 1] > 0.0)):
        rounded = total + 2.0 * lost
        total = rounded if rounded - total == 2.0 * lost else total
    return float(total)
