"""What a run over many points reads, and what it fills: records that native code takes as well."""

from __future__ import annotations

from typing import NamedTuple

from gograd_compile.trace.tape import Floats, Integers

__all__ = ["Points", "Slots"]


class Slots(NamedTuple):
    """The slots of a schedule that a run over many points looks at.

    Attributes:
        shared: values that are the same at all points. One is not finite if any value that they share is not.
        varying: values that differ. One is not finite at a point if any of its own values is not.
        outputs: what the function returns.
        gradients: derivatives that are asked for per point.
        totals: derivatives whose sum over the points is asked for.
    """

    shared: Integers
    varying: Integers
    outputs: Integers
    gradients: Integers
    totals: Integers


class Points(NamedTuple):
    """What a run over many points gives.

    Attributes:
        outputs: a row per point.
        gradients: a row per point, for what is asked for per point.
        totals: sums over the points, for what is asked for in total. During a run there is a sum per lane.
        status: per point what was not finite; such points are not in the totals.
    """

    outputs: Floats
    gradients: Floats
    totals: Floats
    status: Integers
