"""What `draw` takes and refuses, how pictures are saved, and what notebooks get."""

import builtins
import struct

import pytest

import gograd_draw.notebook
from gograd_core import Neuron, StaleGraphError, ops
from gograd_draw import Picture, draw
from gograd_nn import MLP, Layer, Net
from svg_texts import texts_of

pytestmark = pytest.mark.any_engine


@pytest.fixture
def picture():
    return draw(ops.tanh(Neuron(0.5, "x")))


@pytest.mark.parametrize("name", ["y.svg", "y.dot", "y.gv", "y.SVG", "y.png"])
def test_save_chooses_by_the_suffix(picture, tmp_path, name):
    picture.save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    expected = {"svg": picture.svg.encode(), "png": picture.png}.get(name[2:].lower(), picture.dot.encode())
    assert content == expected


@pytest.mark.parametrize("name", ["y.pdf", "y", "svg", ".svg"])
def test_save_refuses_other_formats(picture, tmp_path, name):
    with pytest.raises(ValueError, match=r"saved as \.svg, \.png, \.dot or \.gv, not as"):
        picture.save(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_png_is_twice_as_large(picture):
    assert picture.png.startswith(b"\x89PNG\r\n")
    wide, high = struct.unpack(">II", picture.png[16:24])
    assert f'viewBox="0 0 {wide // 2} {high // 2}"' in picture.svg


def test_png_without_a_renderer_says_what_to_install(picture, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "resvg_py":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'gograd-draw\[png\]'"):
        picture.png


def test_notebooks(picture):
    assert picture._repr_svg_() == picture.svg
    assert picture._repr_mimebundle_(include=None, exclude=None) == {
        "image/svg+xml": picture.svg,
        "text/plain": "<Picture of 2 numbers>",
    }


def test_a_neuron_in_a_notebook():
    y = ops.tanh(Neuron(0.5, "x"))
    shown = y._repr_mimebundle_(include=None, exclude=None)
    assert shown == {"image/svg+xml": draw(y).svg, "text/plain": repr(y)}


def test_a_stale_graph_is_not_drawn():
    x = Neuron(2.0, "x")
    y = x * 3.0
    x.value = 5.0
    with pytest.raises(StaleGraphError, match=r"'x' was set to 5.0 after mul was computed .* differentiate or draw it"):
        draw(y)
    assert draw(x).svg
    assert y._repr_mimebundle_() == {
        "text/plain": f"{y!r}\n(no picture: the leaf 'x' was set to 5.0 after mul was computed from its old value, and "
        "gave 6.0: compute the graph again before you differentiate or draw it)"
    }


def test_a_large_graph_in_a_notebook_is_folded_and_a_very_large_one_a_text(monkeypatch):
    y = Neuron(0.0)
    for _ in range(300):
        y = ops.tanh(y * 1.5)
    assert y._repr_mimebundle_()["image/svg+xml"].count("<title>") < 60
    monkeypatch.setattr(gograd_draw.notebook, "MOST_NEURONS", 500)
    assert y._repr_mimebundle_() == {
        "text/plain": f"{y!r}\n(the graph has more than 500 neurons; gograd_draw.draw shows it)"
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"direction": "up"}, "direction must be 'right' or 'down', got 'up'"),
        ({"digits": 0}, "digits must be at least 1"),
        ({"limit": 0}, "limit must be at least 1, or None"),
        ({"theme": "blue"}, "theme must be 'auto', 'light' or 'dark', got 'blue'"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(Neuron(1.0), **arguments)


@pytest.mark.parametrize("what", [None, "x", {"y": 1.0}, object(), [Neuron(1.0), "y"]])
def test_what_cannot_be_drawn(what):
    with pytest.raises(TypeError, match=r"draw\(\) takes a neuron, several in a list, or an object with a method"):
        draw(what)


@pytest.mark.parametrize("what", [[], [1.0], ((), [])])
def test_nothing_to_draw(what):
    with pytest.raises(ValueError, match="there is no neuron to draw"):
        draw(what)


def test_nested_lists_are_drawn_together_and_each_neuron_once():
    x = Neuron(1.0, "x")
    assert repr(draw([[x], (x * 2.0, x, 3.0)])) == "<Picture of 3 numbers>"


class Described:
    def __init__(self, *columns):
        self.columns = columns

    def _gograd_picture_(self):
        return {"name": "of <b>mine</b>", "columns": self.columns}


@pytest.mark.parametrize("direction", ["right", "down"])
def test_objects_that_describe_themselves(direction):
    columns = {"title": "<one>", "lines": ["&"]}, {"title": "two", "units": 30}, {"title": "three", "units": 3}
    picture = draw(Described(*columns), direction=direction)
    for text in ("&lt;one&gt;", "&amp;", "two", "three", "of &lt;b&gt;mine&lt;/b&gt;"):
        assert f">{text}</text>" in picture.svg
    assert picture.dot.count(" -> ") == 2
    assert isinstance(picture, Picture)


def test_units_are_abridged():
    svg = draw(Described({"title": "many", "units": 1000}, {"title": "ten", "units": 10})).svg
    assert svg.count('<circle class="gg-shape"') == 9 + 10
    assert svg.count('<circle class="gg-head"') == 3  # the dots between the first and the last units


def test_no_column():
    with pytest.raises(ValueError, match="there is no column to draw"):
        draw(Described())


def scaled(values):
    return values


LAYERS = [
    "inputs, 2 numbers, layer0, 16 units, tanh, 48 parameters",
    "layer1, 16 units, tanh, 272 parameters, layer2, 1 unit, linear, 17 parameters",
]
NESTED = [
    "inputs, scaled, no parameters, layer1.layer0, 2 units, relu, 8 parameters",
    "layer1.layer1, 1 unit, scaled, 3 parameters",
]


@pytest.mark.parametrize(
    ("net", "name", "texts"),
    [
        (MLP([2, 16, 16, 1]), "MLP 2-16-16-1, 337 parameters", ", ".join(LAYERS)),
        (Net(scaled, Net(Layer(3, 2, ops.relu), Layer(2, 1, scaled))), "Net 2-1, 11 parameters", ", ".join(NESTED)),
        (Layer(2, 1, None), "Layer 2-1, 3 parameters", "inputs, 2 numbers, layer0, 1 unit, linear, 3 parameters"),
    ],
    ids=["mlp", "nested", "layer"],
)
def test_nets(net, name, texts):
    assert texts_of(draw(net).svg) == [name, *texts.split(", ")]


def test_png_is_light_unless_dark_is_asked_for():
    x = Neuron(1.0)
    assert draw(x, theme="auto").png == draw(x, theme="light").png != draw(x, theme="dark").png
