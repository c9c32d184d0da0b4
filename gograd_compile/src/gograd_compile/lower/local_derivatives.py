"""Local derivatives as values of a graph: what each value changes by with what it is made of.

The local derivative of a sum by a factor is the other factor. That of a call is a constant, an input or the output
itself, where its rule expands to that; else a call of the rule.
"""

from __future__ import annotations

import attrs
import numpy as np

from gograd_compile.loops import derivatives
from gograd_compile.lower.graph import FORWARD, Call, Graph, Rows
from gograd_compile.lower.rules import OUTPUT
from gograd_compile.trace.tape import Integers

__all__ = ["Weights", "weights_of"]

NONE, VALUE, PLACE, RULE = derivatives.KINDS


@attrs.frozen(eq=False)
class Weights:
    """Local derivatives: values that follow those of a graph.

    Attributes:
        calls: all calls, those of derivative rules added.
        rows: how the values are computed.
        varies: what depends on the leaves to differentiate by, and an output depends on it.
        of: the value of the local derivative by each entry of the graph's `inputs`, -1 where none is needed.
    """

    calls: tuple[Call, ...]
    rows: Rows
    varies: Integers
    of: Integers

    @property
    def count(self) -> int:
        """Count the values."""
        return len(self.rows[0])


def weights_of(graph: Graph, wrt: Integers) -> Weights:
    """Find all local derivatives that are needed."""
    calls, (begins, kinds, lengths, whats, widths, need_starts, needs) = _table(graph)
    rows = graph.codes.data, graph.starts.data, graph.inputs.data
    columns = begins.data, kinds.data, lengths.data
    depends, varies = np.zeros(len(graph), dtype=np.uint8), np.zeros(len(graph), dtype=np.uint8)
    depends[wrt] = varies[graph.outputs] = 1
    derivatives.find_varying(graph.leaves, *rows, *columns, depends.data, varies.data)
    weights = np.full(len(graph.inputs), -1, dtype=np.int32)
    made = entries = 0
    for filling in (False, True):
        codes, starts, inputs = np.empty(made, np.int32), np.zeros(made + 1, np.int64), np.empty(entries, np.int32)
        made, entries = derivatives.add_weights(
            filling, len(graph), graph.leaves, *rows, varies.data, *columns, whats.data, widths.data,
            need_starts.data, needs.data, weights.data, codes.data, starts.data, inputs.data,
        )  # fmt: skip
    return Weights(calls, (codes, starts, inputs), varies, weights)


def _table(graph: Graph) -> tuple[tuple[Call, ...], tuple[Integers, ...]]:
    """Add the calls of derivative rules, and find the weights of the inputs of all calls, by code.

    In the table: where the inputs (the columns) of a code begin; of each input what kind its weight is, and
    which value, which place or which code; the length of a code's columns (of numbers, 1); how many values a
    code gives; where the places that a code needs begin; these.
    """
    calls = list(graph.calls)
    kinds: list[int] = []
    whats: list[int] = []
    begins = [0, 0]
    positions = [{OUTPUT: OUTPUT, **{place: index for index, place in enumerate(call.needs)}} for call in calls]
    for call, position in zip(graph.calls, list(positions), strict=True):
        for place in call.needs if call.what == FORWARD else ():
            partial = call.rules.partials[place]
            if partial is None:
                kind, what = NONE, 0
            elif partial.constant is not None:
                kind, what = VALUE, graph.constant(partial.constant)
            elif partial.place is not None:
                kind, what = PLACE, position[partial.place]
            else:
                calls.append(Call(call.rules, place, call.length, partial.needs))
                positions.append(position)
                kind, what = RULE, len(calls)
            kinds.append(kind)
            whats.append(what)
        begins.append(len(kinds))
    needs = [[position[place] for place in call.needs] for call, position in zip(calls, positions, strict=True)]
    return tuple(calls), (
        np.array(begins, dtype=np.int64),
        np.array(kinds, dtype=np.int64),
        np.array([0, *(max(call.length, 1) for call in calls)], dtype=np.int64),
        np.array(whats, dtype=np.int64),
        np.array([1, *(call.width for call in calls)], dtype=np.int64),
        np.cumsum([0, 0, *map(len, needs)], dtype=np.int64),
        np.array([place for each in needs for place in each], dtype=np.int64),
    )
