"""Local derivatives as values of a graph: those of each computed value with respect to each of its inputs.

The local derivative of a sum with respect to a factor is the other factor. The local derivative of a call is a
constant, an input or the output itself, if its rule expands to that. Otherwise it is a call of the rule.
"""

from __future__ import annotations

from operator import mul
from typing import Any

import attrs
import numpy as np

from gograd_compile.loops import derivatives, views
from gograd_compile.lower.graph import Call, Graph, Rows
from gograd_compile.lower.rules import OUTPUT
from gograd_compile.trace.tape import Integers

__all__ = ["Weights", "weights_of"]

NONE, VALUE, PLACE, RULE = derivatives.KINDS


@attrs.frozen(eq=False, repr=False)
class Weights:
    """Local derivatives: values that follow those of a graph.

    Attributes:
        calls: the calls of the graph, and those of derivative rules.
        rows: how the values are computed.
        varies: whether a value depends on leaves to differentiate with respect to, and an output depends on it.
        of: for each entry of the graph's `inputs`, the value of the local derivative with respect to it. It is -1 if
            none is needed.
    """

    calls: tuple[Call, ...]
    rows: Rows
    varies: Integers
    of: Integers

    @property
    def count(self) -> int:
        """Count the local derivatives that are computed."""
        return len(self.rows[0])


def weights_of(graph: Graph, wrt: Integers) -> Weights:
    """Find the local derivatives needed to differentiate the outputs with respect to the leaves `wrt`."""
    calls, columns, rules, most = _tables(graph)
    rows = views(*graph.rows)
    depends, varies = np.zeros(len(graph), dtype=np.uint8), np.zeros(len(graph), dtype=np.uint8)
    depends[wrt] = varies[graph.outputs] = 1
    derivatives.find_varying(graph.leaves, rows, columns, depends.data, varies.data)
    weights = np.full(len(graph.inputs), -1, dtype=np.int32)
    ran = np.bincount(graph.codes, minlength=len(most)).tolist()
    most_rows, most_inputs = (sum(map(mul, ran, each)) for each in zip(*most, strict=True))
    codes, starts = np.empty(most_rows, np.int32), np.empty(most_rows + 1, np.int64)
    inputs = np.empty(most_inputs, np.int32)
    made, end = derivatives.add_weights(
        graph.leaves, rows, varies.data, columns, rules, weights.data, views(codes, starts, inputs)
    )
    return Weights(calls, (codes[:made], starts[: made + 1], inputs[:end]), varies, weights)


def _tables(graph: Graph) -> tuple[tuple[Call, ...], tuple[Any, ...], tuple[Any, ...], list[tuple[int, int]]]:
    """Add the calls of derivative rules, and make the tables of what the weights of inputs are.

    Returns four things:

    - all calls;
    - `columns`: where the inputs (or columns) of each code begin, the kind of the weight of each input, and the length
      of the columns of each code, which is 1 if it takes numbers;
    - `rules`: the value, place or code of each weight, how many values each code computes, where the places that it
      needs begin, and these places;
    - `most`: for each code, how many rows and how many inputs its weights have at most.
    """
    calls = list(graph.calls)
    kinds: list[int] = []
    whats: list[int] = []
    begins = [0, 0]
    most = [(0, 0)]
    positions = [{OUTPUT: OUTPUT, **{place: index for index, place in enumerate(call.needs)}} for call in calls]
    for call, position in zip(graph.calls, list(positions), strict=True):
        own = len(calls)
        for place in call.needs:
            partial = call.rules.partials[place]
            if partial is None:
                kind, what = NONE, 0
            elif isinstance(partial.factor, float):
                kind, what = VALUE, graph.constant(partial.factor)
            elif partial.factor is not None:
                kind, what = PLACE, position[partial.factor]
            else:
                calls.append(Call(call.rules, place, call.length, partial.needs))
                positions.append(position)
                kind, what = RULE, len(calls)
            kinds.append(kind)
            whats.append(what)
        begins.append(len(kinds))
        most.append((sum(each.width for each in calls[own:]), sum(each.arity for each in calls[own:])))
    needs = [[position[place] for place in call.needs] for call, position in zip(calls, positions, strict=True)]
    lengths, widths = [0, *(max(call.length, 1) for call in calls)], [1, *(call.width for call in calls)]
    need_starts, places = np.cumsum([0, 0, *map(len, needs)]), [place for each in needs for place in each]
    tables = (np.array(table, np.int64) for table in (begins, kinds, lengths, whats, widths, need_starts, places))
    columns = views(*tables)
    return tuple(calls), columns[:3], columns[3:], most
