"""Records of what a run over many points reads and fills, in Python and in native code."""

from __future__ import annotations

from typing import NamedTuple

from gograd_compile.trace.tape import Floats, Integers

__all__ = ["Points", "Slots"]


class Slots(NamedTuple):
    """The slots of a schedule that a run over many points looks at.

    Attributes:
        shared: values to watch among those that all points share. If any of those is not finite, one of these is not.
        varying: values to watch among the others. If any of those is not finite at a point, one of these is not.
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
    """The results of a run over many points.

    Attributes:
        outputs: a row for each point.
        gradients: the derivatives that are asked for per point, in a row for each point.
        totals: the sums over the points of the derivatives asked for in total.
        status: for each point what was not finite. The totals leave these points out.
    """

    outputs: Floats
    gradients: Floats
    totals: Floats
    status: Integers
