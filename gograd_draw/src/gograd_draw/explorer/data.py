"""Everything that a page knows about a graph, as data for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from gograd_core import Neuron
from gograd_draw.explorer.decisions import Decisions
from gograd_draw.explorer.formulas import formulas_of
from gograd_draw.explorer.groups import fold_deeply
from gograd_draw.explorer.levels import levels_of, places_of
from gograd_draw.explorer.packing import floats, integers
from gograd_draw.explorer.sweeps import Sweep, sweep_of
from gograd_draw.javascript import RulesScript, rules_script
from gograd_draw.reading import Graph, read
from gograd_draw.texts import IN_A_TOOLTIP, cleaned
from gograd_draw.themes import colours_of

__all__ = ["Collected", "collect"]

LEAF, CONSTANT = -1, -2
"""What stands in place of an operation."""


@attrs.frozen
class Collected:
    """What a page gets: data for JSON, and the rules of the operations in it."""

    data: dict[str, Any]
    rules: RulesScript


def collect(output: Neuron, decisions: Decisions | None = None, *, title: str = "") -> Collected:
    """Collect what a page shows about the graph of a neuron.

    Raises:
        StaleGraphError: the value of a leaf was set after a neuron was computed from it.
    """
    others = [] if decisions is None else [*(each.neuron for each in decisions.asked), *decisions.neurons]
    graph = read([output, *others])
    sweep = sweep_of(graph, graph.outputs[0])
    operations = list(dict.fromkeys(op for node in range(len(graph.nodes)) if (op := graph.operation(node))))
    rules = rules_script(operations)
    number_of = {op: number for number, op in enumerate(operations)}
    data = {
        "title": cleaned(title, IN_A_TOOLTIP),
        "output": graph.outputs[0],
        "operations": _operations(operations, rules),
        **_nodes(graph, number_of),
        **_lines(graph),
        **_decisions(graph, decisions, sweep),
        **_boxes(graph),
        "order": integers(sweep.order),
        "locals": floats(sweep.locals),
        "skipped": sweep.skipped,
        "careful": sweep.careful,
        "error": sweep.error,
    }
    return Collected(data, rules)


def _operations(operations: Sequence[Any], rules: RulesScript) -> list[dict[str, Any]]:
    """Describe each operation."""
    plugins = {str(op.provider.distribution) if op.provider else "registered by hand" for op in operations}
    colours = colours_of(plugins)
    found = []
    for op in operations:
        plugin = str(op.provider.distribution) if op.provider else "registered by hand"
        formula, partials = formulas_of(op)
        found.append(
            {
                "name": op.name,
                "symbol": cleaned(op.symbol),
                "infix": op.operator is not None and not op.operator.isalpha(),
                "plugin": cleaned(plugin, IN_A_TOOLTIP),
                "version": cleaned(op.provider.version, IN_A_TOOLTIP) if op.provider else "",
                "colour": colours[plugin],
                "doc": cleaned(op.doc, 2 * IN_A_TOOLTIP),
                "inputs": [cleaned(name) for name in op.input_names],
                "variadic": op.variadic,
                "formula": formula,
                "partials": partials,
                "differentiable": [partial is not None for partial in op.partials],
                "key": rules.keys.get(op),
                "refusal": cleaned(rules.refusals.get(op, ""), 2 * IN_A_TOOLTIP),
            }
        )
    return found


def _nodes(graph: Graph, number_of: Mapping[Any, int]) -> dict[str, Any]:
    codes, values, labels = [], [], {}
    for node, neuron in enumerate(graph.nodes):
        if graph.is_constant(node):
            codes.append(CONSTANT)
            values.append(neuron)
            continue
        codes.append(LEAF if neuron.operation is None else number_of[neuron.operation])
        values.append(neuron.value)
        if neuron.label:
            labels[node] = cleaned(neuron.label, IN_A_TOOLTIP)
    return {
        "codes": integers(codes),
        "values": floats(values),
        "labels": labels,
        "counts": integers(map(len, graph.inputs)),
        "inputs": integers(node - source for node, sources in enumerate(graph.inputs) for source in sources),
    }


def _lines(graph: Graph) -> dict[str, Any]:
    """Describe the lines of the program that made the neurons, where `trace` was in force."""
    numbers: dict[Any, int] = {}
    of_origin: dict[Any, int] = {None: -1}  # finding a line takes long, and many neurons share one
    line_of = []
    for neuron in graph.nodes:
        origin = getattr(neuron, "_origin", None)
        if origin not in of_origin:
            of_origin[origin] = numbers.setdefault(neuron.line, len(numbers))
        line_of.append(of_origin[origin])
    lines = [
        {
            "path": cleaned(line.path, IN_A_TOOLTIP),
            "number": line.number,
            "function": cleaned(line.function, IN_A_TOOLTIP),
            "source": cleaned(line.source, 2 * IN_A_TOOLTIP),
            "expression": cleaned(line.expression, 2 * IN_A_TOOLTIP),
        }
        for line in numbers
    ]
    return {"lines": lines, "lineOf": integers(line_of) if lines else None}


def _decisions(graph: Graph, decisions: Decisions | None, sweep: Sweep) -> dict[str, Any]:
    """List what the function asked about numbers; None if nobody watched it."""
    if decisions is None:
        return {"decisions": None, "unseen": []}
    node_of = {id(neuron): node for node, neuron in enumerate(graph.nodes)}
    asked = [
        {
            "node": node_of[id(each.neuron)],
            "kind": each.kind,
            "outcome": each.outcome,
            "line": cleaned(each.line, IN_A_TOOLTIP),
            "after": sweep.made_before(each.stamp),
        }
        for each in decisions.asked
    ]
    return {"decisions": asked, "unseen": [cleaned(each, IN_A_TOOLTIP) for each in decisions.unseen]}


def _boxes(graph: Graph) -> dict[str, Any]:
    """Fold the graph, and find a place for each node in the overview."""
    groups = fold_deeply(graph)
    levels = levels_of(graph)
    return {
        "groups": {"names": groups.names, "contents": groups.contents, "parents": groups.parents},
        "groupOf": integers(groups.group_of),
        "levels": integers(levels),
        "places": integers(round(2 * place) for place in places_of(graph, levels)),
    }
