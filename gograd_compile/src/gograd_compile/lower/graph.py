"""The form in which a tape is scheduled: sums of products, and calls of rules. Derivatives are more of the same.

Values are numbered. First come the leaves (arguments, captured neurons, constants, seeds of derivatives), then what is
computed, each value after those that it is made of.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from gograd_compile.lower.rules import FORWARD, Rules
from gograd_compile.trace.tape import Floats, Integers

if TYPE_CHECKING:
    from gograd_core.extend import Symbol

__all__ = ["FORWARD", "SUM", "Call", "Graph", "Rows"]

Rows = tuple[Integers, Integers, Integers]
"""The codes of computed values, where the inputs of each begin (and where the last ones end), and the inputs."""

SUM = 0
"""The code of a sum of products. The code of a call is its place in `Graph.calls`, plus 1."""


@attrs.frozen(repr=False)
class Call:
    """One of the functions that a graph calls: a rule of an operation.

    Attributes:
        rules: the operation.
        what: FORWARD, or the place of the input that the derivative is taken with respect to.
        length: the length of the columns if the operation is variadic, otherwise 0.
        needs: the places of the inputs that it takes, and perhaps OUTPUT. If the operation is variadic, these are
            whole columns.
    """

    rules: Rules
    what: int
    length: int
    needs: tuple[int, ...]

    @property
    def symbol(self) -> Symbol | None:
        """Return what the rule expands to. It is None if the rule must be called in Python."""
        if self.what == FORWARD:
            return self.rules.forward
        partial = self.rules.partials[self.what]
        return None if partial is None else partial.symbol

    @property
    def arity(self) -> int:
        """Count the values that one application takes."""
        return sum(self.length if self.length and place >= 0 else 1 for place in self.needs)

    @property
    def width(self) -> int:
        """Count the values that one application gives. The derivative with respect to a column is a column."""
        return max(self.length, 1) if self.what != FORWARD else 1


@attrs.frozen(eq=False, repr=False)
class Graph:
    """Values, and how each is computed.

    Attributes:
        arguments: how many numbers the arguments hold. These are the first leaves.
        captured: how many captured neurons there are. These are the next leaves.
        constants: the numbers that follow. The first is 1.0, the second 0.0.
        seeds: how many leaves come last, for the seeds of derivatives.
        calls: the functions that are called.
        codes: SUM for each computed value that is a sum, otherwise the place in `calls` plus 1. A call that gives a
            column has a row for its first entry. The other entries follow, without inputs of their own.
        starts: where the inputs of each computed value begin, and at the end where the last ones end.
        inputs: the inputs of calls, and the two factors of each term of sums.
        outputs: the values asked for.
        guards: the values that decide whether the path is right, in order. After them come the inputs of operations
            that are outside of their domain if the path is right.
        outside: the values of these operations, which need not be finite.
        barriers: a row for each call of an opaque operation: its value, and how many guards must hold before the call.
    """

    arguments: int
    captured: int
    constants: Floats
    seeds: int
    calls: tuple[Call, ...]
    codes: Integers
    starts: Integers
    inputs: Integers
    outputs: Integers
    guards: Integers
    outside: Integers
    barriers: Integers

    @property
    def one(self) -> int:
        """Return the number of the value 1.0."""
        return self.arguments + self.captured

    @property
    def zero(self) -> int:
        """Return the number of the value 0.0."""
        return self.one + 1

    @property
    def leaves(self) -> int:
        return self.arguments + self.captured + len(self.constants) + self.seeds

    @property
    def rows(self) -> Rows:
        """Return the arrays that say how values are computed."""
        return self.codes, self.starts, self.inputs

    def __len__(self) -> int:
        """Count the values."""
        return self.leaves + len(self.codes)

    def inputs_of(self, value: int) -> Integers:
        """Return the inputs of a computed value."""
        row = value - self.leaves
        return self.inputs[self.starts[row] : self.starts[row + 1]]

    def constant(self, number: float) -> int:
        """Find the first value that is this constant, bit for bit."""
        bits = np.float64(number).view(np.int64)
        return self.one + int(np.argmax(self.constants.view(np.int64) == bits))

    def with_seeds(self, count: int) -> Graph:
        """Add `count` leaves for seeds. Computed values get higher numbers."""

        def moved(values: Integers) -> Integers:
            return np.where(values >= self.leaves, values + count, values).astype(np.int32)

        assert self.seeds == 0
        return attrs.evolve(
            self,
            seeds=count,
            inputs=moved(self.inputs),
            outputs=moved(self.outputs),
            guards=moved(self.guards),
            outside=moved(self.outside),
            barriers=np.stack([moved(self.barriers[:, 0]), self.barriers[:, 1]], axis=1),
        )

    def extended(self, calls: tuple[Call, ...], *rows: Rows) -> Graph:
        """Add more values, and the calls that they need."""
        codes, starts, inputs = zip(self.rows, *rows, strict=True)
        begins = itertools.accumulate(map(len, inputs[:-1]))
        return attrs.evolve(
            self,
            calls=calls,
            codes=np.concatenate(codes),
            starts=np.concatenate([self.starts, *map(np.add, begins, (part[1:] for part in starts[1:]))]),
            inputs=np.concatenate(inputs),
        )
