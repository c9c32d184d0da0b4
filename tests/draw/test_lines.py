"""What one line of source made shares a box, if that was asked for, or if a large graph has lines."""

from __future__ import annotations

import linecache

import pytest

from drawn_graphs import is_acyclic, uses
from gograd_core import Neuron, ops, trace
from gograd_draw import draw
from gograd_draw.describing import describe
from gograd_draw.folding import fold
from gograd_draw.reading import read

pytestmark = pytest.mark.any_engine


def model(x, weights):
    hidden = [ops.tanh(w * x) for w in weights]
    total = ops.sum(hidden) * 2.0
    regular = ops.dot(weights, weights)
    return total + regular


def loop(x, turns):
    for _ in range(turns):
        x = ops.sin(x) * 1.1
        x = x + 0.01
    return x


def traced(f, *args):
    with trace():
        return f(*args)


def drawn(output, limit, *, by_lines=True):
    graph = read([output])
    diagram = describe(graph, fold(graph, limit, by_lines=by_lines), digits=4, gradients=True)
    members = sorted(node for box in diagram.boxes for node in box.members)
    assert members == list(range(len(graph.nodes)))
    assert is_acyclic(diagram)
    box_of = {node: index for index, box in enumerate(diagram.boxes) for node in box.members}
    between = sum(count for (source, target), count in uses(graph).items() if box_of[source] != box_of[target])
    assert sum(edge.count for edge in diagram.edges) == between
    return graph, diagram


def line_of(f, offset):
    return f"test_lines.py:{f.__code__.co_firstlineno + offset}"


def test_a_line_is_a_box_in_a_graph_of_any_size():
    weights = [Neuron(0.1, f"w{i}") for i in range(3)]
    graph, diagram = drawn(traced(model, Neuron(0.5, "x"), weights), 200)
    boxes = {box.title: box for box in diagram.boxes}
    assert {*boxes} == {"x", "w0", "w1", "w2", line_of(model, 1), line_of(model, 2), "· dot", "+"}
    first, second = boxes[line_of(model, 1)], boxes[line_of(model, 2)]
    assert [text for _, text in first.rows] == [
        "hidden = [ops.tanh(w * x) for w in weig…",
        "6 operations",
        "3 *, 3 tanh",
    ]
    assert [text for _, text in second.rows] == [
        "total = ops.sum(hidden) * 2.0",
        "2 operations",
        "1 constant",
        "sum, *",
    ]
    assert f"{line_of(model, 2)} in model" in second.tooltip
    output = boxes["+"]
    assert output.members == tuple(graph.outputs)
    assert f"at {line_of(model, 4)} in model\nreturn total + regular" in output.tooltip


def test_each_turn_of_a_loop_has_boxes_while_there_is_room():
    output = traced(loop, Neuron(0.3, "x"), 20)
    _, diagram = drawn(output, 200)
    titles = [box.title for box in diagram.boxes]
    assert titles[1:4] == [line_of(loop, 2), line_of(loop, 3), f"{line_of(loop, 2)} (2)"]
    assert len(titles) == 42  # the leaf, and two lines in each turn, with the output and its constant apart
    assert len(drawn(output, 10)[1].boxes) <= 10


def test_lines_are_tried_before_levels_where_a_graph_is_too_large():
    def three_lines(x):
        first = [ops.sin(x) * (0.1 * i) for i in range(200)]
        second = [ops.cos(each) + each for each in first]
        return ops.sum(second)

    _, diagram = drawn(traced(three_lines, Neuron(0.5, "x")), 100, by_lines=False)
    assert {box.title for box in diagram.boxes} == {"x", line_of(three_lines, 1), line_of(three_lines, 2), "Σ sum"}
    _, diagram = drawn(three_lines(Neuron(0.5, "x")), 100, by_lines=False)
    assert any(box.title.startswith("level") for box in diagram.boxes)


@pytest.mark.parametrize("limit", [1, 2, 5, 30])
def test_labels_come_first(limit):
    def two_layers(x):
        layers = [[Neuron(0.1, f"layer{i}.unit{j}.w") for j in range(30)] for i in range(2)]
        hidden = [ops.tanh(w * x) for w in layers[0]]
        return ops.dot(hidden, layers[1])

    output = traced(two_layers, Neuron(0.5, "x"))
    diagram = drawn(output, limit, by_lines=False)[1]
    assert len(diagram.boxes) <= limit
    assert not any("test_lines.py" in box.title for box in diagram.boxes)
    asked = drawn(output, limit)[1]
    assert len(asked.boxes) <= limit
    assert limit < 5 or line_of(two_layers, 2) in {box.title for box in asked.boxes}


def test_hostile_source_does_nothing():
    name = '</text><script>alert("file")</script>.py'
    source = 'y = x * "</text><script>alert(1)</script> -> \\" \\n &amp; ".__len__() + x'
    linecache.cache[name] = (len(source), None, [source + "\n"], name)
    space = {"x": Neuron(2.0, "x")}
    with trace():
        exec(compile(source, name, "exec"), space)
        y = space["y"] * 3.0
    picture = draw(y, fold="lines")
    assert "<script>" not in picture.svg
    assert "&lt;script&gt;" in picture.svg
    assert "script" in picture.dot
    del linecache.cache[name]


def test_without_lines_an_error_says_what_to_do():
    with pytest.raises(ValueError, match=r"compute them in a trace\(\) block"):
        draw(Neuron(1.0) * 2.0, fold="lines")
    with pytest.raises(ValueError, match="fold must be 'auto' or 'lines', got 'line'"):
        draw(Neuron(1.0), fold="line")


def test_without_a_limit():
    output = traced(loop, Neuron(0.3, "x"), 300)
    assert len(drawn(output, None)[1].boxes) == 602
