"""What is drawn is the graph: each neuron in one box, each use an edge, no circle, and few boxes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_graphs import is_acyclic, uses
from gograd_core import Neuron, ops
from gograd_draw.describing import describe
from gograd_draw.folding import Folded, fold
from gograd_draw.parts import acyclic
from gograd_draw.reading import Graph, TooLargeError, read
from random_graphs import SHAPES, random_graph

pytestmark = pytest.mark.any_engine


def drawn(outputs, limit):
    graph = read(outputs)
    return graph, describe(graph, fold(graph, limit), digits=4, gradients=True)


@given(st.integers(0, 10**6))
def test_a_graph_is_read_as_it_is(seed):
    outputs = random_graph(seed)
    graph = read(outputs)
    neurons = [node for node in graph.nodes if isinstance(node, Neuron)]
    assert len(set(map(id, neurons))) == len(neurons)
    for node, sources in zip(graph.nodes, graph.inputs, strict=True):
        constituents = node.constituents if isinstance(node, Neuron) else ()
        assert len(sources) == len(constituents)
        for source, constituent in zip(sources, constituents, strict=True):
            found = graph.nodes[source]
            assert found is constituent or (type(found) is float and found == constituent)
    assert [id(graph.nodes[output]) for output in graph.outputs] == list(dict.fromkeys(map(id, outputs)))


@given(st.integers(0, 10**6))
def test_unfolded_each_neuron_is_one_box_and_each_use_one_edge(seed):
    graph, diagram = drawn(random_graph(seed), None)
    assert [box.members for box in diagram.boxes] == [(node,) for node in range(len(graph.nodes))]
    assert Counter((edge.source, edge.target) for edge in diagram.edges) == uses(graph)
    for target, sources in enumerate(graph.inputs):
        assert [edge.source for edge in diagram.edges if edge.target == target] == _in_order(sources)


def _in_order(sources):
    return list(sources)


def check_folded(outputs, limit):
    graph, diagram = drawn(outputs, limit)
    assert len(diagram.boxes) <= limit
    members = [node for box in diagram.boxes for node in box.members]
    assert sorted(members) == list(range(len(graph.nodes)))
    box_of = {node: index for index, box in enumerate(diagram.boxes) for node in box.members}
    expected = Counter()
    for (source, target), count in uses(graph).items():
        if box_of[source] != box_of[target]:
            expected[box_of[source], box_of[target]] += count
    found = Counter()
    for edge in diagram.edges:
        found[edge.source, edge.target] += edge.count
    assert found == expected
    assert is_acyclic(diagram)
    assert [box.kind for box in diagram.boxes if len(box.members) > 1 and box.kind != "folded"] == []
    return diagram


@given(st.integers(0, 10**6), st.integers(1, 60))
def test_folded_each_neuron_is_in_one_box_and_each_use_is_counted(seed, limit):
    check_folded(random_graph(seed), limit)


@pytest.mark.parametrize("limit", [1, 2, 5, 30, 200])
@pytest.mark.parametrize("shape", SHAPES)
def test_large_graphs_fold(shape, limit):
    check_folded(SHAPES[shape](), limit)


@pytest.mark.parametrize(
    ("shape", "limit", "titles"),
    [
        ("long_sum", 200, {"start…t599", "+ … +"}),
        ("wide_dot", 200, {"w0…w499", "constants", "· dot"}),
        ("labelled_layers", 150, {f"layer{i}.unit{j}" for i in range(3) for j in range(12)} | {"Σ sum"}),
        ("labelled_layers", 10, {"layer0", "layer1", "layer2", "Σ sum"}),
        ("used_twice", 100, {"x", "shared", "· dot", *(f"own{i}" for i in range(6))}),
    ],
)
def test_boxes_say_what_they_stand_for(shape, limit, titles):
    diagram = check_folded(SHAPES[shape](), limit)
    assert {box.title for box in diagram.boxes} == titles


def test_levels_are_the_last_resort():
    diagram = check_folded(SHAPES["deep_chain"](), 200)
    titles = [box.title for box in diagram.boxes if box.kind == "folded"]
    assert titles[0] == "levels 0–83"
    assert len(titles) == 24
    assert sum(box.kind != "folded" for box in diagram.boxes) == 2  # x and the output


def test_a_folded_box_counts_its_operations():
    (box,) = (box for box in check_folded(SHAPES["labelled_layers"](), 10).boxes if box.title == "layer1")
    assert box.rows == (("", "24 operations"), ("", "144 leaves"), ("", "12 dot, 12 tanh"))
    assert box.tooltip.startswith("layer1: 24 operations\n144 leaves\n")
    assert box.plugin == "gograd-ops-extra"


@pytest.mark.parametrize("used", [["a", "b", "a"], ["a", "b", "a", "b", "a"]])
def test_groups_that_would_form_a_circle_are_split(used):
    graph = Graph([None] * len(used), [[], *([node] for node in range(len(used) - 1))], [])
    keys = acyclic(graph, [Folded("prefix", name) for name in used])
    assert len(set(keys)) == len(used)


def test_groups_that_form_no_circle_stay():
    graph = Graph([None] * 4, [[], [0], [1], [2]], [])
    keys = ["a", "a", "b", "b"]
    assert acyclic(graph, keys) == keys


def test_a_graph_that_is_too_large_is_not_read():
    output = ops.tanh(ops.tanh(Neuron(1.0)))
    assert len(read([output], 3).nodes) == 3
    with pytest.raises(TooLargeError, match="more than 2 neurons"):
        read([output], 2)


def test_edges_are_to_be_few_as_well():
    titles = {box.title for box in check_folded(SHAPES["labelled_layers"](), 100).boxes}
    assert titles == {"layer0", "layer1", "layer2", "Σ sum"}  # units would be 37 boxes, but 300 edges


def test_what_is_independent_is_side_by_side():
    chains = [SHAPES["deep_chain"]()[0] for _ in range(2)]
    titles = [box.title for box in check_folded(chains, 200).boxes if box.kind == "folded"]
    counts = Counter(title.removesuffix(" (2)") for title in titles)
    assert (len(counts), set(counts.values())) == (24, {2})
