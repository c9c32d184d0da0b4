"""What a recording gives: every operation that ran, in the order in which they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gograd_core import Neuron, Op

__all__ = ["DOMAIN", "FINITE", "GUARDS", "UNUSED", "Guards", "Tape", "question"]

Integers = NDArray[Any]
Floats = NDArray[np.float64]

GUARDS = ("bool", "trunc", "round", "floor", "ceil", "index", "finite", "domain", "unused")
"""How a number may decide what runs; a guard's kind is a place in here."""

FINITE = GUARDS.index("finite")
"""Whether a number is finite: if it is not, an integer is asked for that there is not."""
DOMAIN = GUARDS.index("domain")
"""Whether an operation makes NaN out of numbers, or an infinity out of finite ones: an error, which was caught."""
UNUSED = GUARDS.index("unused")
"""Nothing is asked: nobody uses the result, and the operation runs since it raises an error outside of its domain."""


def question(kind: int) -> str:
    """Say in words what a guard of that kind asks. Its answer is a number."""
    return "the domain error of an operation" if kind == DOMAIN else f"{GUARDS[kind]}() of a number"


@attrs.frozen(eq=False)
class Guards:
    """Numbers that decided what ran while the tape was recorded, and how they decided.

    Attributes:
        nodes: the number of the node, for each guard.
        kinds: what was asked, a place in `GUARDS`.
        outcomes: what was answered: 0 or 1 for "bool", "finite" and "domain", 0 for "unused", else a whole number.
        after: how many operations had run before.
        lines: where in the user's source it was asked: "model.py:12 in loss".
        order: which of all questions it was that the function asked; empty if it was loaded.
    """

    nodes: Integers
    kinds: Integers
    outcomes: Floats
    after: Integers
    lines: tuple[str, ...]
    order: Integers = attrs.field(factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.nodes)

    def select(self, which: Integers) -> Guards:
        """Select the guards for which a mask holds."""
        lines = tuple(line for line, selected in zip(self.lines, which, strict=True) if selected)
        return Guards(
            self.nodes[which], self.kinds[which], self.outcomes[which], self.after[which], lines, self.order[which]
        )


@attrs.frozen(eq=False)
class Tape:
    """The operations of one path through a function.

    Nodes are numbered: first a node for each number among the arguments, then for each captured
    neuron, then for each constant, then for each operation, so that inputs come before what is made of them.

    Attributes:
        arguments: how many numbers the arguments hold.
        captured: leaf neurons of the user's that are read at every call.
        constants: the other numbers that operations take.
        operations: the different operations.
        codes: for each operation that ran its place in `operations`, int32.
        starts: where its inputs begin in `inputs`, one more at the end, int64.
        inputs: numbers of nodes, int32.
        outputs: numbers of nodes, int32.
        guards: what decided that these operations ran, and no others.
        lines: lines of the user's source: "model.py:12 in loss".
        line_of: for each operation that ran the place of its line in `lines`, int32; empty if lines are not known.
        ignored: for each operation that ran whether the function itself ignores its errors; empty if that is not known.
    """

    arguments: int
    captured: tuple[Neuron, ...]
    constants: Floats
    operations: tuple[Op, ...]
    codes: Integers
    starts: Integers
    inputs: Integers
    outputs: Integers
    guards: Guards
    lines: tuple[str, ...] = ()
    line_of: Integers = attrs.field(factory=lambda: np.empty(0, dtype=np.int32))
    ignored: Integers = attrs.field(factory=lambda: np.empty(0, dtype=np.uint8))

    @property
    def leaves(self) -> int:
        """Count the nodes that no operation made."""
        return self.arguments + len(self.captured) + len(self.constants)

    @property
    def rows(self) -> tuple[Integers, Integers, Integers]:
        """Give the arrays that say which operations ran on which inputs."""
        return self.codes, self.starts, self.inputs

    @property
    def domains(self) -> Integers:
        """Find which guards ask for the domain of an operation."""
        return np.flatnonzero(self.guards.kinds == DOMAIN)

    @property
    def raises(self) -> bool:
        """Say whether it notes which operations raise errors. Then errors were raised while it was recorded."""
        return bool(np.isin(self.guards.kinds, (DOMAIN, UNUSED)).any())

    def inputs_of(self, node: int) -> Integers:
        """Give the inputs of an operation."""
        operation = node - self.leaves
        return self.inputs[self.starts[operation] : self.starts[operation + 1]]

    def deciding(self) -> Integers:
        """List the nodes whose values decide: those of guards, and then the inputs of the operations they ask for."""
        nodes = self.guards.nodes
        return np.concatenate([nodes, *(self.inputs_of(node) for node in nodes[self.domains].tolist())])

    def line(self, operation: int) -> str:
        """Say where that operation ran. It is "" if that is not known."""
        return self.lines[self.line_of[operation]] if len(self.line_of) else ""

    def ignores(self, operation: int) -> bool:
        """Say whether the function accepts whatever that operation gives, as far as is known."""
        return bool(len(self.ignored) and self.ignored[operation])

    def runs_as(self, other: Tape) -> bool:
        """Say whether the other has the same operations in the same places. Constants may differ."""
        mine, others = (
            (tape.codes, tape.starts, tape.inputs, tape.outputs, tape.guards.nodes, tape.guards.outcomes)
            for tape in (self, other)
        )
        return self.operations == other.operations and all(map(np.array_equal, mine, others))

    def __len__(self) -> int:
        """Count the nodes."""
        return self.leaves + len(self.codes)
