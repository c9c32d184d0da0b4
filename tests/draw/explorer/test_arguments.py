"""The arguments of a function that is explored: what `at` may be, and how the leaves are called."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import Neuron, ops
from gograd_draw import explore
from gograd_draw.explorer.decisions import watch
from gograd_draw.reading import read
from gograd_nn import MLP

pytestmark = pytest.mark.any_engine


def dotted(w, x):
    return ops.dot(w, x)


def affine(p, x, scale=1.0):
    return (p["w"] * x + p["b"]) * scale


def total_of(m):
    return ops.sum(list(m.ravel()))


def leaves_of(function, at):
    output, _ = watch(function, at, lines=False)
    return {node.label: node.value for node in read([output]).nodes if isinstance(node, Neuron) and not node.operation}


@pytest.mark.parametrize(
    ("function", "at", "leaves"),
    [
        (ops.tanh, 0.5, {"x": 0.5}),
        (ops.tanh, [0.5], {"x": 0.5}),
        (ops.tanh, {"x": 1}, {"x": 1.0}),
        (ops.tanh, np.float64(0.5), {"x": 0.5}),
        (ops.sum, [1.0, 2.0], {"x[0]": 1.0, "x[1]": 2.0}),
        (ops.sum, ([1.0, 2.0],), {"x[0]": 1.0, "x[1]": 2.0}),
        (dotted, ([1.0], np.array([2.0])), {"w[0]": 1.0, "x[0]": 2.0}),
        (dotted, {"w": [1.0], "x": (2.0,)}, {"w[0]": 1.0, "x[0]": 2.0}),
        (
            MLP([1, 1]),
            {"inputs": [1.0]},
            {"inputs[0]": 1.0, "layer0.unit0.w0": MLP([1, 1]).parameters()[0].value, "layer0.unit0.b": 0.0},
        ),
        (compile(dotted), [[1.0], [2.0]], {"w[0]": 1.0, "x[0]": 2.0}),
        (affine, [{"w": 1.0, "b": 2.0}, 3.0], {"p['w']": 1.0, "p['b']": 2.0, "x": 3.0}),
        (total_of, np.ones((2, 1)), {"m[0, 0]": 1.0, "m[1, 0]": 1.0}),
        (lambda *numbers: ops.sum(numbers), [1.0, 2.0], {"x0": 1.0, "x1": 2.0}),
    ],
)
def test_what_at_may_be(function, at, leaves):
    assert leaves_of(function, at) == leaves


@pytest.mark.parametrize("at", [[1.0, 0.5], [[1.0, 0.5]], np.array([1.0, 0.5])])
@pytest.mark.parametrize("make", [lambda net: net, compile])
def test_a_net_takes_one_example(make, at):
    net = MLP([2, 3, 1])
    parameters = {p.label: p.value for p in net.parameters()}
    assert leaves_of(make(net), at) == {"inputs[0]": 1.0, "inputs[1]": 0.5, **parameters}


@pytest.mark.parametrize(
    ("function", "at", "message"),
    [
        (dotted, 1.0, r"dotted\(w, x\) does not take the 1 argument of at=...: missing a required argument: 'x'"),
        (dotted, [1.0, 2.0, 3.0], r"dotted\(w, x\) does not take the 3 arguments of at=...: too many"),
        (dotted, {"w": [1.0], "y": [2.0]}, r"dotted\(w, x\) does not take the 2 arguments .*'x'"),
        (affine, [], r"affine\(p, x, scale=1.0\) does not take the 0 arguments"),
        (dotted, [[1.0], ["a"]], r"takes numbers, and lists and arrays of them, got x\[0\]='a'"),
        (MLP([2, 2]), [1.0, 2.0], r"returns one number .*: return one of them"),
    ],
)
def test_what_it_may_not_be(function, at, message):
    with pytest.raises(TypeError, match=message):
        watch(function, at, lines=False)


@pytest.mark.parametrize(
    ("function", "title"),
    [
        (affine, "affine"),
        (MLP([1, 2, 1]), "MLP"),
        (ops.tanh, "tanh"),
        (lambda x: x * 2.0, "gograd explorer"),
    ],
)
def test_the_page_is_called_as_the_function_is(function, title, tmp_path):
    at = [{"w": 1.0, "b": 2.0}, 3.0] if function is affine else [[1.0]] if isinstance(function, MLP) else 0.5
    explore(function, tmp_path / "page.html", at=at)
    assert f"<title>{title}</title>" in (tmp_path / "page.html").read_text(encoding="utf-8")
