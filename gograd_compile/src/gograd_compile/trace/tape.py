"""What a recording makes: a tape of every operation that ran, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_core.extend import DOMAIN_ERRORS

if TYPE_CHECKING:
    from gograd_core import Neuron, Op

__all__ = ["DOMAIN", "FINITE", "GUARDS", "UNUSED", "Guards", "Tape", "answer_text", "question"]

# Which `numpy.typing` calls NDArray. NumPy itself does not import that.
Integers = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Floats = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]

GUARDS = ("bool", "trunc", "round", "floor", "ceil", "index", "finite", "domain", "unused")
"""What may be asked about a number that decides what runs. The kind of a guard is a place in here."""

FINITE = GUARDS.index("finite")
"""Whether a number is finite. An integer is asked for, and there is none for NaN or an infinity."""
DOMAIN = GUARDS.index("domain")
"""Which error an operation raises, a place in `DOMAIN_ERRORS`, where its result is not finite and its inputs are."""
UNUSED = GUARDS.index("unused")
"""Nothing is asked. Nobody uses the result, and the operation runs because it raises an error outside of its domain."""


def question(kind: int) -> str:
    """Say in words what a guard of that kind asks."""
    return "the domain error of an operation" if kind == DOMAIN else f"{GUARDS[kind]}() of a number"


def answer_text(kind: int, outcome: float) -> str:
    """Say in words what the answer to a guard of that kind was: a number, or the class of an error."""
    if kind != DOMAIN:
        return f"{outcome:g}"
    error = DOMAIN_ERRORS[int(outcome)]
    return error.__name__ if error else "none"


@attrs.frozen(eq=False, repr=False)
class Guards:
    """Numbers that decided what ran while the tape was recorded, and how they decided.

    Attributes:
        nodes: the node of each guard.
        kinds: what was asked, as a place in `GUARDS`.
        outcomes: what was answered: 0 or 1 for "bool" and "finite", a place in `DOMAIN_ERRORS` for "domain", 0 for
            "unused", otherwise an integer.
        after: how many operations had run before.
        lines: where in the user's source it was asked: "model.py:12 in loss".
        order: the place of the question among all that the function asked. Empty if the tape was loaded.
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


@attrs.frozen(eq=False, repr=False)
class Tape:
    """The operations of one path through a function.

    Nodes are numbered: first the numbers among the arguments, then the captured neurons, then the constants, then the
    operations that ran. So inputs come before what is made of them.

    Attributes:
        arguments: how many numbers the arguments hold.
        captured: the user's leaf neurons that are read at every call.
        constants: the other numbers that operations take.
        operations: the different operations.
        codes: the place in `operations` of each operation that ran, int32.
        starts: where the inputs of each begin in `inputs`, and where the last ones end, int64.
        inputs: nodes, int32.
        outputs: nodes, int32.
        guards: what decided that these operations ran, and no others.
        lines: lines of the user's source: "model.py:12 in loss".
        line_of: the place in `lines` of the line of each operation that ran, int32. Empty if lines are not known.
        ignored: whether the function itself ignores the errors of each operation that ran. Empty if not known.
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
        """Return the arrays that say which operations ran on which inputs."""
        return self.codes, self.starts, self.inputs

    @property
    def domains(self) -> Integers:
        """Find which guards ask for the domain of an operation."""
        return np.flatnonzero(self.guards.kinds == DOMAIN)

    def inputs_of(self, node: int) -> Integers:
        """Return the inputs of the operation that made a node."""
        operation = node - self.leaves
        return self.inputs[self.starts[operation] : self.starts[operation + 1]]

    def deciding(self) -> Integers:
        """List the nodes that decide: those of guards, then the inputs of operations whose domain is asked for."""
        nodes = self.guards.nodes
        return np.concatenate([nodes, *(self.inputs_of(node) for node in nodes[self.domains].tolist())])

    def line(self, operation: int) -> str:
        """Return the line where an operation ran. It is "" if it is not known."""
        return self.lines[self.line_of[operation]] if len(self.line_of) else ""

    def ignores(self, operation: int) -> bool:
        """Say whether the function ignores the errors of an operation, as far as is known."""
        return bool(len(self.ignored) and self.ignored[operation])

    def runs_as(self, other: Tape) -> bool:
        """Say whether another tape has the same operations in the same places. Constants may differ."""
        mine, others = (
            (tape.codes, tape.starts, tape.inputs, tape.outputs, tape.guards.nodes, tape.guards.outcomes)
            for tape in (self, other)
        )
        return self.operations == other.operations and all(map(np.array_equal, mine, others))

    def __len__(self) -> int:
        """Count the nodes."""
        return self.leaves + len(self.codes)
