"""`explain_gradient`: the paths through which most of a derivative comes."""

from __future__ import annotations

import operator
import textwrap
from collections.abc import Sequence
from heapq import nlargest
from math import inf, isfinite, log, prod
from typing import Any, NamedTuple

import attrs

from gograd_core.derivatives.routes import shortened, told
from gograd_core.derivatives.steps import Step, sweep_steps
from gograd_core.engines import Neuron
from gograd_core.errors import quoted
from gograd_core.interfaces import Node

__all__ = ["Explanation", "GradientPath", "explain_gradient"]

WIDTH = 120
"""The most characters of a line that is printed, unless a single word is longer."""
MANY = 10**15
"""Where counting ends. Twice as many paths with every neuron would soon be numbers of thousands of digits."""


@attrs.frozen(eq=False)
class GradientPath:
    """A path from a neuron to an output.

    Attributes:
        steps: the steps of the sweep along the path, from the neuron on. `local` is the local derivative of each.
    """

    steps: tuple[Step, ...]

    @property
    def product(self) -> float:
        """The product of the local derivatives along the path: what the path adds to the derivative."""
        return prod((step.local for step in reversed(self.steps)), start=1.0)

    def __str__(self) -> str:
        begin = told(self.steps[0].constituent) if self.steps else "the output itself"
        lines = shortened(self.steps, lambda step: f"× {step.local!r}{_place(step)} into {told(step.neuron)}")
        return "\n".join(map(_wrapped, [begin, *lines]))


def _place(step: Step) -> str:
    """Say through which input a step leads, if the neuron is used in several: " as y", or " as x[2]" in a column."""
    op: Any = step.neuron._operation
    if sum(entry is step.constituent for entry in step.neuron._constituents) == 1:
        return ""
    name = op.input_names[step.input]
    return f" as {name}[{step.place}]" if op.variadic else f" as {name}"


def _wrapped(line: str) -> str:
    return textwrap.fill(
        line,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


@attrs.frozen(eq=False)
class Explanation:
    """What `explain_gradient` found. Its text lists the paths.

    Attributes:
        derivative: the derivative of the output with respect to the neuron, as a sweep gives it.
        count: how many paths there are; 10**15 if there are more.
        paths: the heaviest of them, the largest absolute product first.
        reason: why there is no path; empty if there is one.
    """

    derivative: float
    count: int
    paths: tuple[GradientPath, ...]
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"the derivative is {self.derivative!r}: {self.reason}"
        count = f"{self.count:,}" if self.count < MANY else "more than 10^15"
        paths = f"{count} path{'s' * (self.count != 1)}"
        lines = [f"the derivative is {self.derivative!r}, the sum over {paths}"]
        for number, path in enumerate(self.paths, 1):
            lines += [f"{number}. {path.product!r}{self._part(path.product)}", str(path)]
        return "\n".join(lines)

    def _part(self, product: float) -> str:
        if self.derivative == 0.0 or not isfinite(product / self.derivative):
            return ""
        return f", {product / self.derivative:.3g} of the whole"


class Tail(NamedTuple):
    """The rest of a path, from a neuron to the output."""

    weight: float  # the logarithm of the absolute product, which neither overflows nor vanishes
    first: Step | None  # the first step; None at the output
    rest: Tail | None


def explain_gradient(output: Node, leaf: Node, count: int = 5) -> Explanation:
    """Find the heaviest paths from a leaf to an output: those with the largest absolute products of local derivatives.

    The derivative is the sum of the products over all paths. There may be more paths than anybody could list, but the
    heaviest are found in one sweep: those from a neuron begin with a step to one of its users, and go on with one of
    the user's heaviest. As in a sweep, no path leads through a neuron whose adjoint is 0.0.

    Args:
        output: a neuron.
        leaf: a leaf, or any other neuron from which the output was computed.
        count: how many paths to find.

    Raises:
        TypeError: `output` or `leaf` is not a neuron, or `count` not an integer.
        ValueError: `count` is less than 1.
        StaleGraphError: a leaf's value was set after a neuron was computed from it.
        DomainError: the adjoint of a leaf is not finite although what it was computed from is.
    """
    for neuron in (output, leaf):
        if type(neuron) is not Neuron:
            raise TypeError(f"explain_gradient() expects neurons, got {quoted(neuron)}")
    if operator.index(count) < 1:
        raise ValueError(f"explain_gradient() finds at least 1 path, not {count}")
    tails: dict[Any, list[Tail]] = {output: [Tail(0.0, None, None)]}
    counts: dict[Any, int] = {output: 1}
    derivatives: dict[Any, float] = {output: 1.0}
    for step in sweep_steps(output):
        found = (Tail(_added(tail.weight, step.local), step, tail) for tail in tails[step.neuron])
        so_far = tails.get(step.constituent, [])
        tails[step.constituent] = nlargest(count, (*so_far, *found), key=_weight)
        counts[step.constituent] = min(counts.get(step.constituent, 0) + counts[step.neuron], MANY)
        derivatives[step.constituent] = step.total
    if leaf not in tails:
        return Explanation(0.0, 0, (), _reason(output, leaf))
    paths = tuple(GradientPath(tuple(_steps(tail))) for tail in tails[leaf])
    return Explanation(derivatives[leaf], counts[leaf], paths)


def _reason(output: Node, leaf: Node) -> str:
    """Say why no path leads from `leaf` to `output`."""
    names = told(output), told(leaf)
    if _depends(leaf, output):
        return f"{names[0]} is an input of {names[1]}. Swap the arguments: explain_gradient(output, leaf)"
    if _depends(output, leaf):
        return f"{names[0]} depends on {names[1]}, but every way between them has an operation that passes nothing on"
    return f"{names[0]} does not depend on {names[1]}"


def _depends(output: Node, leaf: Node) -> bool:
    """Return whether `output` was computed from `leaf`, by operations with or without derivatives."""
    seen: set[Node] = set()
    pending: list[Any] = [output]
    while pending:
        node = pending.pop()
        if node is leaf:
            return True
        if type(node) is not float and node not in seen and node._stamp > leaf._stamp:
            seen.add(node)
            pending += node._constituents
    return False


def _added(weight: float, local: float) -> float:
    return weight + log(abs(local)) if local == local and local != 0.0 else -inf


def _weight(tail: Tail) -> float:
    return tail.weight


def _steps(tail: Tail) -> Sequence[Step]:
    steps = []
    rest: Tail | None = tail
    while rest is not None and rest.first is not None:
        steps.append(rest.first)
        rest = rest.rest
    return steps
