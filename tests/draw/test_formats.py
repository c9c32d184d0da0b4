"""SVG is XML with all texts, DOT can be parsed, and hostile labels are only texts."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import Neuron, Op, Registry, errstate, ops, register
from gograd_draw import draw
from gograd_draw.texts import cleaned, width
from gograd_draw.themes import DARK, LIGHT, PLUGINS, colours_of
from random_graphs import random_graph
from svg_texts import SVG, texts_of, titles_of

pytestmark = pytest.mark.any_engine

HOSTILE = [
    "</script><script>alert(1)</script>",
    "]]></style><style>",
    "\"quoted\" 'twice'",
    "a -> b; c",
    "&amp; &lt; &#0;",
    "two\nlines\r\nand\ttab",
    "null \0 bell \a escape \x1b[31m",
    "\\N \\G \\l {x|y} <html>",
    "back\\",
    '\\"',
    "w" * 10_000,
    "\u202egnp.exe\u2066",
    "שלום עולם",
    "日本語のラベル",
    "🎉👩‍💻",
    "e\u0301" * 50,
    "\ud800 lone",
    "\ufffe\uffff\U0010ffff",
    "]]>",
    "--><!--",
]
DOT_STRING = r'"(?:[^"\\]|\\.)*"'
DOT_VALUE = rf"(?:{DOT_STRING}|[\w.#]+)"
DOT_ATTRIBUTES = rf"\[\w+={DOT_VALUE}(?:, \w+={DOT_VALUE})*\]"
DOT_LINE = re.compile(
    rf"  (?:rankdir=(?:LR|TB)|(?:node|edge) {DOT_ATTRIBUTES}|b(\d+) {DOT_ATTRIBUTES}"
    rf"|b(\d+) -> b(\d+)(?: {DOT_ATTRIBUTES})?);"
)


def parsed_dot(text):
    """The numbers of boxes, and the edges. Every line must be one of the few kinds that there are."""
    first, *lines, last = text.split("\n")[:-1]
    assert (first, last) == ("digraph gograd {", "}")
    found = [DOT_LINE.fullmatch(line) for line in lines]
    assert None not in found, lines[found.index(None)]
    boxes = [int(match[1]) for match in found if match[1]]
    return boxes, Counter((int(match[2]), int(match[3])) for match in found if match[2])


@given(st.integers(0, 10**6), st.sampled_from(["right", "down"]))
def test_svg_and_dot_have_every_box_and_edge(seed, direction):
    outputs = random_graph(seed)
    picture = draw(outputs, direction=direction, limit=None)
    root = ElementTree.fromstring(picture.svg)
    groups = [each for each in root.iter(f"{SVG}g") if each.find(f"{SVG}title") is not None]
    lines = [each for each in root.iter(f"{SVG}path") if each.get("class").startswith("gg-edge")]
    boxes, edges = parsed_dot(picture.dot)
    assert boxes == list(range(len(groups)))
    assert edges.total() == len(lines)
    assert not list(root.iter(f"{SVG}script"))
    assert not [each for each in root.iter() if each.get("id")]  # several pictures may stand on one page


@given(st.integers(0, 10**6))
def test_the_same_graph_gives_the_same_picture(seed):
    pictures = [draw(random_graph(seed), limit=20) for _ in range(2)]
    assert pictures[0].svg == pictures[1].svg
    assert pictures[0].dot == pictures[1].dot


def check_hostile(labels):
    leaves = [Neuron(1.0, label) for label in labels]
    y = ops.sum(leaves)
    y.label = labels[0]
    picture = draw(y)
    root = ElementTree.fromstring(picture.svg)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags == {"svg", "style", "rect", "g", "title", "text", "path"}
    shown = texts_of(picture.svg)
    for label in labels:
        assert cleaned(label) in shown or not label
    boxes, edges = parsed_dot(picture.dot)
    assert len(boxes) == len(labels) + 1
    assert edges.total() == len(labels)
    picture.svg.encode()
    picture.dot.encode()


def test_hostile_labels():
    check_hostile(HOSTILE)


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=40), min_size=1, max_size=5))
def test_any_label(labels):
    check_hostile(labels)


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_are_short_and_on_one_line(label):
    shown = cleaned(label)
    assert len(shown) <= 24
    assert shown.isprintable() or {"\u200c", "\u200d"} & set(shown)
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("a" * 24, "a" * 24),
        ("a" * 25, "a" * 23 + "…"),
        ("a\nb", "a␊b"),
        ("\u202ea", "\ufffda"),
        ("é", "é"),
        ("日", "日"),
    ],
)
def test_cleaned(label, shown):
    assert cleaned(label) == shown


def test_widths():
    assert (width("abc"), width("日本"), width("e\u0301")) == (3.0, 4.4, 1.0)


@pytest.mark.parametrize("name", ["</script>", "a -> b", '"', "&", "日本語", "x" * 300])
def test_hostile_symbols(name):
    def forward(xp, x):
        return x * 2.0

    def partial(xp, out, x):
        return 2.0

    op = register(Op("hostile", forward=forward, partials=(partial,), samples=((1.0,),), symbol=name))
    picture = draw(op(Neuron(1.0)))
    assert f"{cleaned(f'{name} hostile')}" in texts_of(picture.svg)
    parsed_dot(picture.dot)


@pytest.fixture(autouse=True)
def own_registry():
    with Registry():
        yield


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (float("nan"), 4, "nan"),
        (float("inf"), 4, "inf"),
        (float("-inf"), 4, "-inf"),
        (1 / 3, 4, "0.3333"),
        (1 / 3, 2, "0.33"),
        (2.0, 4, "2"),
        (-0.0, 4, "-0"),
        (1e300, 3, "1e+300"),
        (5e-324, 2, "4.9e-324"),
    ],
)
def test_numbers(value, digits, shown):
    x = Neuron(1.0, "x")
    x.value = value
    x.grad = value
    picture = draw(x, digits=digits)
    assert texts_of(picture.svg) == ["x", "value", shown, "grad", shown]
    assert titles_of(picture.svg) == [f"leaf\nlabel: x\nvalue: {value!r}\ngrad: {value!r}"]
    assert "grad" not in texts_of(draw(x, gradients=False).svg)


def test_constants_that_are_not_finite():
    with errstate(domain="ignore"):
        picture = draw(Neuron(1.0, "x") * float("inf"))
    assert texts_of(picture.svg) == ["x", "value", "1", "grad", "0", "inf", "*", "value", "inf", "grad", "0"]


def test_tooltips_name_the_plugin_and_its_version():
    assert titles_of(draw(ops.tanh(Neuron(0.0, "x"))).svg)[1] == "tanh (gograd-ops-extra 0.1.0)\nvalue: 0.0\ngrad: 0.0"


def test_a_neuron_used_twice_has_two_edges():
    x = Neuron(3.0, "x")
    assert parsed_dot(draw(x * x).dot)[1] == {(0, 1): 2}
    assert parsed_dot(draw(ops.dot([x, x], [x, 1.0])).dot)[1] == {(0, 2): 3, (1, 2): 1}


def test_a_legend_is_there_if_there_is_something_to_tell_apart():
    x = Neuron(3.0, "x")
    assert "gograd-ops-basic" not in texts_of(draw(x * x).svg)
    assert texts_of(draw(ops.tanh(x * x)).svg)[-2:] == ["gograd-ops-basic", "gograd-ops-extra"]


@given(st.sets(st.text(max_size=8), max_size=8))
def test_plugins_have_different_colours(names):
    assert len(set(colours_of(names).values())) == len(names)


def luminance(colour):
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_texts_have_the_contrast_that_wcag_asks_for(theme, colours):
    for behind in (colours["paper"], colours["surface"]):
        for ink in (colours["ink"], colours["muted"]):
            assert contrast(ink, behind) >= 4.5
    assert contrast(colours["line"], colours["paper"]) >= 3.0
    for colour in PLUGINS[theme]:
        assert contrast(colour, mixed(colour, colours["paper"], float(colours["strength"]))) >= 4.5
        assert contrast(colours["muted"], mixed(colour, colours["paper"], float(colours["strength"]))) >= 4.5


def mixed(colour, behind, strength):
    pairs = ((int(colour[p : p + 2], 16), int(behind[p : p + 2], 16)) for p in (1, 3, 5))
    return "#" + "".join(f"{round(strength * one + (1 - strength) * other):02x}" for one, other in pairs)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_themes(theme):
    svg = draw(Neuron(1.0), theme=theme).svg
    assert f'class="gograd gg-{theme}"' in svg
    assert ("prefers-color-scheme" in svg) == (theme == "auto")
    assert (LIGHT["paper"] in svg) == (theme != "dark")
    assert (DARK["paper"] in svg) == (theme != "light")


def check_texts_fit(svg):
    """Every text of a box is inside of its shape, in a font as wide as the widest of those that are asked for."""
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        shapes = [each for each in group.findall(f"{SVG}rect") if each.get("class") == "gg-shape"]
        if group.find(f"{SVG}title") is None or not shapes:
            continue
        left = float(shapes[0].get("x"))
        right = left + float(shapes[0].get("width"))
        top, bottom = (float(shapes[0].get("y")) + part * float(shapes[0].get("height")) for part in (0, 1))
        for each in group.findall(f"{SVG}text"):
            extent = width(each.text) * 0.602 * (13 if each.get("class") == "gg-title" else 11)
            start = float(each.get("x")) - (extent / 2 if each.get("text-anchor") == "middle" else 0.0)
            assert left + 6 <= start, each.text
            assert start + extent <= right - 6, each.text
            assert top + 9 <= float(each.get("y")) <= bottom - 3, each.text


@given(st.integers(0, 10**6), st.integers(1, 80), st.sampled_from(["right", "down"]))
def test_texts_fit_in_their_boxes(seed, limit, direction):
    check_texts_fit(draw(random_graph(seed), limit=limit, direction=direction).svg)


def test_hostile_texts_fit_in_their_boxes():
    check_texts_fit(draw([Neuron(-1.234e-300, label) for label in HOSTILE], digits=17).svg)


def test_merged_edges_have_their_count():
    total = Neuron(0.0)
    for index in range(600):
        total = total + Neuron(float(index))
    for direction in ("right", "down"):
        picture = draw(total, direction=direction)
        assert "×601" in texts_of(picture.svg)
        assert '[label="×601"]' in picture.dot


def test_hostile_prefixes():
    labels = [label.replace(".", "") for label in HOSTILE]
    leaves = [Neuron(1.0, f"{label}.w{index}") for label in labels for index in range(10)]
    picture = draw(ops.sum(leaves), limit=60)
    titles = titles_of(picture.svg)
    for label in labels:
        assert cleaned(label) in texts_of(picture.svg)
        assert f"{cleaned(label, 200)}: 10 leaves" in titles
    assert len(parsed_dot(picture.dot)[0]) == len(labels) + 1
    picture.svg.encode()
    picture.dot.encode()
