"""What a page holds: all numbers to the last bit, and texts that are only texts."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import re
import struct
import zlib
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import Neuron, Op, Registry, StaleGraphError, errstate, ops, register, trace
from gograd_draw import explore
from gograd_draw.explorer import groups
from gograd_draw.explorer.data import collect
from gograd_draw.explorer.decisions import watch
from gograd_draw.explorer.formulas import as_text, formulas_of
from gograd_draw.explorer.groups import fold_deeply
from gograd_draw.explorer.levels import levels_of, places_of
from gograd_draw.explorer.packing import floats, integers, json_for_html
from gograd_draw.explorer.page import page_of
from gograd_draw.reading import read
from random_graphs import SHAPES, random_graph

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "-->",
    "]]></style><style>*{display:none}",
    '"><img src=x onerror=alert(1)>',
    "\"quoted\" 'twice'",
    "a -> b; c [label=x]",
    "&amp; &lt; &#0;",
    "two\nlines\r\nand\ttab",
    "null \0 bell \a escape \x1b[31m",
    "\\N \\G \\l {x|y} <html>",
    "back\\",
    "`${alert(1)}`",
    "w" * 10_000,
    "\u202egnp.exe\u2066",
    "\u2028 and \u2029",
    "\ud800 lone",
    "\ufffe\uffff\U0010ffff",
    "__proto__",
    "{{constructor.constructor('alert(1)')()}}",
]


def unpacked(packed):
    ((kind, text),) = packed.items()
    size, letter = {"float64": (8, "d"), "int32": (4, "i")}[kind]
    content = zlib.decompress(base64.b64decode(text))
    count = len(content) // size
    ordered = bytes(content[place * count + index] for index in range(count) for place in range(size))
    return list(struct.unpack(f"<{count}{letter}", ordered))


@given(st.lists(st.floats()))
def test_floats_survive(numbers):
    assert [struct.pack("d", n) for n in unpacked(floats(numbers))] == [struct.pack("d", n) for n in numbers]


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_integers_survive(numbers):
    assert unpacked(integers(numbers)) == numbers


@given(st.recursive(st.text() | st.sampled_from(HOSTILE) | st.integers(), st.lists))
def test_json_survives_and_is_no_markup(data):
    text = json_for_html(data)
    assert json.loads(text) == data
    assert text.isascii()
    assert not set("<>&\u2028") & set(text)


def test_numbers_that_are_not_finite():
    with errstate(domain="ignore"):
        y = Neuron(math.inf, "x") * -0.0 + Neuron(-math.inf)
    values = unpacked(collect(y).data["values"])
    assert list(map(repr, values)) == ["inf", "-0.0", "nan", "-inf", "nan"]


@given(st.integers(0, 10**6))
def test_the_graph_survives(seed):
    output = random_graph(seed)[0]
    graph, data = read([output]), collect(output).data
    counts, distances = unpacked(data["counts"]), iter(unpacked(data["inputs"]))
    assert [[node - next(distances) for _ in range(count)] for node, count in enumerate(counts)] == graph.inputs
    assert unpacked(data["values"]) == [getattr(node, "value", node) for node in graph.nodes]
    names = [op and op.name for op in map(graph.operation, range(len(graph.nodes)))]
    codes = unpacked(data["codes"])
    assert [data["operations"][code]["name"] if code >= 0 else None for code in codes] == names
    assert data["output"] == len(graph.nodes) - 1


def boxes_when_open(found, open_groups):
    """The box of each node, if these groups are open."""

    def outermost_closed(group):
        chain = []
        while group >= 0:
            chain.append(group)
            group = found.parents[group]
        return next((each for each in reversed(chain) if each not in open_groups), None)

    closed = [outermost_closed(group) for group in found.group_of]
    return [("node", node) if group is None else ("group", group) for node, group in enumerate(closed)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_groups_hold_a_few_boxes_and_form_no_circle(shape, seed):
    rng = random.Random(seed)
    graph = read(SHAPES[shape]())
    found = fold_deeply(graph)
    inside = [0] * (len(found.names) + 1)
    for parent in [*found.parents, *found.group_of]:
        inside[parent] += 1
    assert inside[-1] <= groups.AT_FIRST
    assert all(2 <= count <= groups.INSIDE for count in inside[:-1])
    opened = {group for group in range(len(found.names)) if rng.random() < 0.7}
    box = boxes_when_open(found, opened)
    after = {}
    for node, sources in enumerate(graph.inputs):
        for source in sources:
            if box[source] != box[node]:
                after.setdefault(box[source], set()).add(box[node])
    assert not has_circle(after)


def has_circle(after):
    waiting = {}
    for targets in after.values():
        for target in targets:
            waiting[target] = waiting.get(target, 0) + 1
    ready = [box for box in after if box not in waiting]
    while ready:
        for target in after.get(ready.pop(), ()):
            waiting[target] -= 1
            if not waiting[target]:
                del waiting[target]
                ready.append(target)
    return bool(waiting)


@pytest.mark.parametrize("shape", SHAPES)
def test_places_in_the_overview(shape):
    graph = read(SHAPES[shape]())
    levels = levels_of(graph)
    places = places_of(graph, levels)
    assert len(set(zip(levels, places, strict=True))) == len(graph.nodes)  # no two at one place
    for node, sources in enumerate(graph.inputs):
        assert all(levels[source] < levels[node] for source in sources)


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.content = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        tag, attributes = self.found[-1] if self.found else ("", {})
        self.content.setdefault(attributes.get("id", tag), data)


def hostile_graph():
    leaves = [Neuron(1.0, label) for label in HOSTILE]
    y = ops.sum(leaves)
    y.label = HOSTILE[0]
    return y


def test_hostile_texts_are_data():
    plain, hostile = (Elements(page_of(collect(y))) for y in (Neuron(1.0, "x") + 1.0, hostile_graph()))
    assert hostile.found == [
        (tag, {**attributes, "content": other["content"]} if "content" in other else attributes)
        for (tag, attributes), (_, other) in zip(plain.found, hostile.found, strict=True)
    ]
    assert len(json.loads(hostile.content["graph"])["labels"]) == len(HOSTILE) + 1


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_do_nothing(show, label):
    y = Neuron(1.0, label) * 2.0
    y.label = label
    shown = show(y, title=label)
    shown.page.locator(".box.leaf").click()
    assert shown.page.title()
    assert shown.page.locator("script").count() == 4
    assert shown.page.locator("img, iframe, object").count() == 0
    shown.page.fill("#query", label.replace("\0", "")[:20])
    assert shown.page.locator("#details h2").count() == 1


def test_hostile_operations_and_lines_do_nothing(show):
    with Registry(), trace():
        op = register(
            Op(
                "hostile",
                forward=lambda xp, x: x * 2.0,
                partials=(lambda xp, out, x: 2.0,),
                symbol=HOSTILE[0],
                doc=HOSTILE[4],
            )
        )
        space = {"op": op, "Neuron": Neuron}
        exec(compile("y = op(Neuron(1.0, 'x'))", "/secret/<script><b>.py", "exec"), space)
        shown = show(space["y"])
    shown.run("(app.visit(1), state.set(0, 4.0))")
    assert "<script><b>.py:1" in shown.text("#details")
    assert "secret" not in shown.page.content()
    assert shown.run("state.numbers.values[1]") == 8.0


def test_the_policy_allows_the_scripts_of_the_page_and_nothing_else(tmp_path):
    explore(Neuron(1.0, "x") * 2.0, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy
    assert not re.search(r"unsafe-inline|'unsafe-eval'|https?:|data:|blob:|\*", policy)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "@" not in re.sub(r"<script.*?</script>|<style>.*?</style>", "", page, flags=re.S)  # every place was filled


def test_formulas_say_what_rules_do():
    def text(op):
        value, partials = formulas_of(op)
        names = [*op.input_names, "out"]
        return [part and as_text(part, names) for part in (value, *partials)]

    assert text(ops["div"]) == ["x / y", "1 / y", "−out / y"]
    assert text(ops["sigmoid"])[0] == "1 / (1 + exp(−abs(x))) if x ≥ 0 else exp(−abs(x)) / (1 + exp(−abs(x)))"
    assert text(ops["dot"]) == ["sum(x · y)", "y", "x"]
    assert text(ops["where"]) == ["x if condition else y", None, *text(ops["where"])[2:]]


def test_explore_refuses_what_it_cannot_show(tmp_path):
    path = tmp_path / "page.html"
    with pytest.raises(TypeError, match="takes a neuron, or a function"):
        explore(3.0, path)
    with pytest.raises(TypeError, match="needs its arguments"):
        explore(lambda x: x, path)
    with pytest.raises(TypeError, match="only a function takes arguments"):
        explore(Neuron(1.0), path, at=[1.0])
    with pytest.raises(TypeError, match="returns one number that it computed from its arguments, got 3.0"):
        explore(lambda x: 3.0, path, at=[1.0])
    x = Neuron(1.0)
    y = x * 2.0
    x.value = 3.0
    with pytest.raises(StaleGraphError):
        explore(y, path)
    assert not path.exists()


def test_leaves_have_the_names_of_parameters():
    def labels(f, at):

        return sorted(
            node.label for node in read([watch(f, at, lines=False)[0]]).nodes if isinstance(node, Neuron) and node.label
        )

    assert labels(lambda w, x: w * x, [1.0, 2.0]) == ["w", "x"]
    assert labels(lambda w, *xs: w * xs[0], [1.0, 2.0]) == ["w", "x1"]
    assert labels(lambda **named: named["a"] * named["b"], {"a": 1.0, "b": 2.0}) == ["a", "b"]
