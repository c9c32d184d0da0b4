"""The form in which a tape is scheduled: sums of products, and calls of rules; derivatives are more of the same.

A value is numbered: first the leaves (arguments, captured neurons, constants, seeds of derivatives),
then what is computed, each after what it is made of.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from gograd_compile.trace.tape import Floats, Integers

if TYPE_CHECKING:
    from gograd_compile.lower.rules import Rules
    from gograd_core.extend import Symbol

__all__ = ["FORWARD", "SUM", "Call", "Graph", "Rows"]

Rows = tuple[Integers, Integers, Integers]
"""Of computed values the codes, where their inputs begin (and where the last ones end), and these."""

SUM = 0
"""The code of a sum of products; those of calls are their places in `Graph.calls` plus 1."""

FORWARD = -1
"""What a call computes: the value of an operation, or (numbers from 0) its derivative by an input."""


@attrs.frozen
class Call:
    """One of the functions that a graph calls: a rule of an operation.

    Attributes:
        rules: the operation.
        what: FORWARD, or the place of the input by which it is the derivative.
        length: of the columns, if the operation is variadic; else 0.
        needs: the places that it takes, OUTPUT among them; of a variadic operation whole columns.
    """

    rules: Rules
    what: int
    length: int
    needs: tuple[int, ...]

    @property
    def symbol(self) -> Symbol | None:
        """Give what the rule expands to. It is None if the rule must be called in Python."""
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
        """Count the values that one application gives. The derivative by a column is a column."""
        return max(self.length, 1) if self.what != FORWARD else 1


@attrs.frozen(eq=False)
class Graph:
    """Values, and how each is computed.

    Attributes:
        arguments: how many numbers the arguments hold: the first leaves.
        captured: how many captured neurons there are: the next leaves.
        constants: the numbers that follow; the first is 1.0, the second 0.0.
        seeds: how many leaves come last, for the seeds of derivatives.
        calls: the functions that are called.
        codes: per computed value SUM, or the place in `calls` plus 1. A call that gives a column has a row for
            its first entry; the others follow, without inputs of their own.
        starts: where its inputs begin, one more at the end.
        inputs: of a call its inputs; of a sum the factors of the first term, of the second, …
        outputs: the values asked for.
        guards: the values that decide whether the path is right, in order; then the inputs of operations which, if the
            path is right, are outside of their domain.
        outside: the values of these operations, which need not be finite.
        barriers: of each call of an opaque operation its value, and how many guards must hold before it is called.
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
        """Give the number of the value 1.0."""
        return self.arguments + self.captured

    @property
    def zero(self) -> int:
        """Give the number of the value 0.0."""
        return self.one + 1

    @property
    def leaves(self) -> int:
        return self.arguments + self.captured + len(self.constants) + self.seeds

    def __len__(self) -> int:
        """Count the values."""
        return self.leaves + len(self.codes)

    def inputs_of(self, value: int) -> Integers:
        """Give the inputs of a computed value."""
        row = value - self.leaves
        return self.inputs[self.starts[row] : self.starts[row + 1]]

    def constant(self, number: float) -> int:
        """Find the first value that is this constant, bit for bit."""
        bits = np.float64(number).view(np.int64)
        return self.one + int(np.argmax(self.constants.view(np.int64) == bits))

    def with_seeds(self, count: int) -> Graph:
        """Add so many leaves for seeds. Computed values get higher numbers."""

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
        codes, starts, inputs = zip((self.codes, self.starts, self.inputs), *rows, strict=True)
        begins = itertools.accumulate(map(len, inputs[:-1]))
        return attrs.evolve(
            self,
            calls=calls,
            codes=np.concatenate(codes),
            starts=np.concatenate([self.starts, *map(np.add, begins, (part[1:] for part in starts[1:]))]),
            inputs=np.concatenate(inputs),
        )
