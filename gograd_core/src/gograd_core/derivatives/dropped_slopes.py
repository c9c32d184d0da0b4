"""Infinite slopes that a sweep drops, because an adjoint of 0.0 passes nothing on. A finite limit may be lost.

The slope of ``cbrt(x) ** 3`` is 1 everywhere. At 0 the chain rule makes it the product of 0 and infinity. The engine
cannot know its limit, and gives 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from gograd_core.checked.partials import among, described, float_partials
from gograd_core.derivatives.trace import Trace, pull
from gograd_core.op import Op

__all__ = ["DroppedSlope", "dropped_slopes"]


@attrs.frozen
class DroppedSlope:
    """A slope that is not finite, of an operation whose adjoint is 0.0.

    Attributes:
        op: the operation.
        use: the application, "cbrt(x=0.0)".
        index: the input with respect to which the slope is taken.
        slope: an infinity, or NaN.
    """

    op: Op
    use: str
    index: int
    slope: float

    def __str__(self) -> str:
        return (
            f"{self.op.title}: partial {self.index} of {self.use} is {self.slope!r}, and it is multiplied by the "
            f"adjoint 0.0, which passes nothing on: the limit of the product is lost"
        )


def dropped_slopes(run: Trace, beside: Trace | None = None) -> Iterator[DroppedSlope]:
    """Find the slopes that a sweep over `run` drops.

    Args:
        run: the trace of a function with one output.
        beside: the trace of the same function at a point close by. An operation whose adjoint is 0.0 there too, such as
            one in the arm that `where` did not take, is not to blame.
    """
    depends: set[Any] = set(run.inputs)
    others: Iterable[float] = itertools.repeat(1.0)
    if beside is not None and [node.operation for node in beside.order] == [node.operation for node in run.order]:
        others = _adjoints(beside)
    for node, adjoint, other in zip(run.order, _adjoints(run), others, strict=False):
        if not any(map(among(depends), node._constituents)):
            continue
        depends.add(node)
        if adjoint == 0.0 != other:
            op: Any = node.operation
            for index, _, slopes in float_partials(node, among(depends)):
                for slope in slopes:
                    if slope - slope != 0.0:
                        yield DroppedSlope(op, described(node), index, slope)


def _adjoints(run: Trace) -> list[float]:
    return pull(run.outputs, [1.0], run.order, since=run.since, graph=False)
