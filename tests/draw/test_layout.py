"""Layers grow along edges, boxes do not overlap, and lines do not run through boxes."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import Neuron, ops
from gograd_draw import ordering
from gograd_draw.describing import describe
from gograd_draw.folding import fold
from gograd_draw.layout import place
from gograd_draw.ordering import layered
from gograd_draw.reading import read
from random_graphs import SHAPES, random_graph

pytestmark = pytest.mark.any_engine


def diagram_of(outputs, limit=None):
    graph = read(outputs)
    return describe(graph, fold(graph, limit), digits=4, gradients=True)


def overlap(one, other):
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def check(diagram, across):
    placed = place(diagram, across=across)
    for one, other in combinations(placed.boxes, 2):
        assert not overlap(one, other)
    for box in placed.boxes:
        assert min(box.x, box.y) >= -0.01
        assert box.x + box.width <= placed.size.width + 0.01
        assert box.y + box.height <= placed.size.height + 0.01
    for edge, route in zip(diagram.edges, placed.routes, strict=True):
        source, target = placed.boxes[edge.source], placed.boxes[edge.target]
        if across:
            assert route[0] == pytest.approx((source.x + source.width, source.y + source.height / 2))
            assert route[-1][0] == pytest.approx(target.x)
            assert target.y < route[-1][1] < target.y + target.height
            assert source.x + source.width < target.x
        else:
            assert route[0] == pytest.approx((source.x + source.width / 2, source.y + source.height))
            assert route[-1][1] == pytest.approx(target.y)
            assert target.x < route[-1][0] < target.x + target.width
            assert source.y + source.height < target.y
        straight = [piece for index, piece in enumerate(pairwise(route)) if index % 2 == 0]
        for piece in straight:  # the curves between them are in the gaps between layers
            assert not [box for box in placed.boxes if box not in (source, target) and crosses(piece, box)]
    return placed


def crosses(piece, box):
    (x0, y0), (x1, y1) = piece
    return (
        min(x0, x1) < box.x + box.width
        and box.x < max(x0, x1)
        and min(y0, y1) <= box.y + box.height
        and box.y <= max(y0, y1)
    ) or (
        min(y0, y1) < box.y + box.height
        and box.y < max(y0, y1)
        and min(x0, x1) <= box.x + box.width
        and box.x <= max(x0, x1)
    )


@given(st.integers(0, 10**6), st.booleans())
def test_boxes_and_lines_keep_apart(seed, across):
    check(diagram_of(random_graph(seed)), across)


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_folded_boxes_and_lines_keep_apart(shape, across):
    check(diagram_of(SHAPES[shape](), 40), across)


@given(st.integers(0, 10**6))
def test_edges_into_a_box_arrive_in_the_order_of_its_inputs(seed):
    diagram = diagram_of(random_graph(seed))
    placed = place(diagram, across=True)
    ends = {}
    for edge, route in zip(diagram.edges, placed.routes, strict=True):
        ends.setdefault(edge.target, []).append(route[-1][1])
    assert all(found == sorted(set(found)) for found in ends.values())


@given(st.integers(0, 10**6))
def test_layers_grow_along_edges_and_every_piece_spans_one(seed):
    diagram = diagram_of(random_graph(seed))
    found = layered(len(diagram.boxes), diagram.edges)
    for edge, route in zip(diagram.edges, found.routes, strict=True):
        items = [edge.source, *(link.target for link in route)]
        assert items[-1] == edge.target
        assert [link.source for link in route] == items[:-1]
        assert all(found.layer_of[after] == found.layer_of[before] + 1 for before, after in pairwise(items))
    assert sorted(item for layer in found.layers for item in layer) == list(range(len(found.layer_of)))


def test_a_tree_has_no_crossings_and_a_long_edge_is_straight():
    from gograd_core import Neuron, ops

    a, b = Neuron(1.0, "a"), Neuron(2.0, "b")
    y = ops.tanh(ops.sin(ops.exp(ops.tanh(a)))) * b + a
    placed = place(diagram_of([y]), across=True)
    index = next(i for i, box in enumerate(placed.diagram.boxes) if box.title == "a")
    (route,) = (
        route
        for edge, route in zip(placed.diagram.edges, placed.routes, strict=True)
        if edge.source == index and len(route) > 4
    )
    assert len({round(point[1], 3) for point in route[2:-2]}) == 1


def test_sweeps_undo_crossings(monkeypatch):
    diagrams = [diagram_of(random_graph(seed, 40)) for seed in range(20)]

    def crossings():
        total = 0
        for diagram in diagrams:
            found = layered(len(diagram.boxes), diagram.edges)
            position = {item: place for layer in found.layers for place, item in enumerate(layer)}
            total += ordering._crossings(found, [position[item] for item in range(len(found.layer_of))])
        return total

    with_sweeps = crossings()
    monkeypatch.setattr(ordering, "SWEEPS", 0)
    assert with_sweeps < 0.8 * crossings()


def each_uses_all_before(count):
    hidden = [Neuron(1.0)]
    for _ in range(count):
        hidden.append(ops.tanh(hidden[-1]))
    return [ops.sum(hidden)]


def one_leaf_is_used_everywhere(count):
    x = y = Neuron(1.0, "x")
    for _ in range(count):
        y = y * x
    return [y]


@pytest.mark.parametrize("outputs", [each_uses_all_before(600), one_leaf_is_used_everywhere(600)])
def test_long_edges_take_no_more_room_than_a_graph_deserves(outputs):
    """Otherwise there are as many places as the square of the neurons."""
    diagram = diagram_of(outputs)
    found = layered(len(diagram.boxes), diagram.edges)
    assert sum(map(len, found.routes)) <= ordering.ROOM + 2 * ordering.ROOM_FOR_EACH * len(found.routes)
    for edge, route in zip(diagram.edges, found.routes, strict=True):
        assert (route[0].source, route[-1].target) == (edge.source, edge.target)
        assert all(one.target == other.source for one, other in pairwise(route))
    short = [len(route) for route in found.routes if len(route) > 1]
    assert max(short) > 50  # only the longest lead straight to their targets
    assert place(diagram, across=True).routes


def test_edges_of_folded_pictures_are_never_cut_short():
    diagram = diagram_of(one_leaf_is_used_everywhere(199))
    found = layered(len(diagram.boxes), diagram.edges)
    assert max(map(len, found.routes)) == 199
