"""The numbers of a page without the page, in Node or in a browser: many graphs at once."""

from __future__ import annotations

import functools
import json
from importlib.resources import files

from gograd_draw.explorer.data import collect
from gograd_draw.explorer.packing import json_for_html
from gograd_draw.reading import read as read_graph
from javascript import CALL, evaluated, in_node, written
from javascript import read as read_bits

__all__ = ["explored", "numbering"]

PARTS = ("numbers", "model", "recompute", "sweep", "state")
RUN = """
const explore = async ([data, rules, edits]) => {
    const state = new State(await readModel(data), new Function(`${rules}; return rules;`)());
    return edits.map((settings) => {
        for (const [leaf, value] of settings) state.set(leaf, read(value));
        const steps = state.steps;
        const found = {
            values: write([...state.numbers.values]), adjoints: write([...state.adjoints]), text: state.stop?.why ?? "",
            steps: [steps.nodes, steps.targets],
            figures: write([steps.locals, steps.adjoints, steps.shares, steps.totals].map((list) => [...list])),
        };
        state.reset();
        return found;
    });
};
"""


@functools.cache
def program():
    assets = files("gograd_draw.explorer").joinpath("assets")
    return "\n".join(assets.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in PARTS)


def explored(graphs, run=in_node):
    """For each (what `collect` takes, edits) what the page computes after each edit: leaves by number, with values."""
    tasks = []
    for arguments, edits in graphs:
        collected = collect(*arguments)
        settings = [[[leaf, written(value)] for leaf, value in edit.items()] for edit in edits]
        tasks.append([json.loads(json_for_html(collected.data)), collected.rules.source, settings])
    script = "\n".join([program(), CALL, RUN])
    results = evaluated(script, f"await Promise.all({json.dumps(tasks)}.map(explore))", run)
    return [[_decoded(each) for each in found] for found in results]


def _decoded(found):
    return {**found, **{name: read_bits(found[name]) for name in ("values", "adjoints", "figures")}}


def numbering(outputs):
    """The number in the page of each neuron."""
    return {id(neuron): number for number, neuron in enumerate(read_graph(outputs).nodes)}
