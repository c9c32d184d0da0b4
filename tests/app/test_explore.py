"""`gograd explore` writes a page that holds the graph of an expression, or of a function in a file."""

from __future__ import annotations

import json
import re
import sys

import pytest

SCRIPT = """
from gograd_core import Neuron, ops
from gograd_nn import MLP

def loss(w, x):
    y = w * x
    return ops.tanh(y) if y > 0 else y

def nothing(x):
    return 3.0

def broken(x):
    return x.upper()

def several(w, x):
    return ops.dot(w, [*x, 1.0])

constant = 3
net = MLP([2, 1])
hidden = ops.tanh(Neuron(0.5, "a") * 2.0)
"""


NET = ["layer0.unit0.w0", "layer0.unit0.w1", "layer0.unit0.b"]


@pytest.fixture(autouse=True)
def nothing_stays_imported(monkeypatch, tmp_path):
    """What the command imports, and where it looks for modules, is as before when a test has ended."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def graph_in(path):
    (text,) = re.findall(r'<script type="application/json" id="graph">(.*?)</script>', path.read_text(encoding="utf-8"))
    return json.loads(text)


def test_an_expression(run, tmp_path):
    page = tmp_path / "page.html"
    assert run("explore", "tanh(w*x + b)", "w=2", "x=-1", "b=0.5", "--out", page) == (0, f"wrote {page}\n", "")
    graph = graph_in(page)
    assert graph["title"] == "tanh(w*x + b)"
    assert sorted(graph["labels"].values()) == ["b", "w", "x"]
    assert [op["name"] for op in graph["operations"]] == ["mul", "add", "tanh"]
    assert (graph["decisions"], graph["lines"]) == ([], [])


def test_comparisons_in_an_expression_stay_in_the_graph(run, tmp_path):
    page = tmp_path / "page.html"
    run("explore", "where(x > 0, x, -x)", "x=1", "--out", page)
    assert {op["name"] for op in graph_in(page)["operations"]} == {"greater", "where", "neg"}


def test_a_function(run, script, tmp_path):
    page = tmp_path / "page.html"
    assert run("explore", f"{script}:loss", "--at", "-2.0", "-1", "--out", page) == (0, f"wrote {page}\n", "")
    graph = graph_in(page)
    assert graph["title"] == "loss"
    assert sorted(graph["labels"].values()) == ["w", "x"]
    assert {line["expression"] for line in graph["lines"]} == {"w * x", "ops.tanh(y)", "y > 0"}
    (decision,) = graph["decisions"]
    assert (decision["kind"], decision["outcome"], decision["line"]) == ("bool", 1, "model.py:7 in loss")


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (["several", "--at", "[1.0, -2, .5]", "(3, 4)"], ["w[0]", "w[1]", "w[2]", "x[0]", "x[1]"]),
        (["net", "--at", "1.0", "-0.5"], ["inputs[0]", "inputs[1]", *NET]),
        (["net", "--at=[1.0, -0.5]"], ["inputs[0]", "inputs[1]", *NET]),
        (["loss", "--at=-1", "-2"], ["w", "x"]),
        (["hidden"], ["a"]),
    ],
)
def test_lists_nets_and_neurons(run, script, tmp_path, given, labels):
    page = tmp_path / "page.html"
    name, *more = given
    assert run("explore", f"{script}:{name}", *more, "--out", page) == (0, f"wrote {page}\n", "")
    graph = graph_in(page)
    assert sorted(graph["labels"].values()) == sorted(labels)
    assert graph["title"] == name
    assert graph["lines"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["log(x)", "x=-1"], "log(x=-1.0) is nan"),
        (["foo(x)", "x=1"], "no installed operation is 'foo'"),
        (["x +", "x=1"], "is not a valid expression"),
        (["x", "x"], "expected NAME=NUMBER, got 'x'"),
        (["x", "x=1", "--at"], "--at is for functions"),
        (["x", "x=1", "y=2"], "'y' is not in the expression: look for a misspelt name"),
        (["1 + 1"], "returns one number that it computed from its arguments, got 2.0"),
        (["FILE:loss", "1", "2"], "give the arguments of loss after --at"),
        (
            ["FILE:loss", "--at", "1"],
            "loss(w, x) does not take the 1 argument of --at: missing",
        ),
        (["FILE:loss", "--at", "1", "2", "3"], "loss(w, x) does not take the 3 arguments of --at: too many"),
        (["FILE:loss", "--at", "1", "b=2"], "expected numbers after --at, and lists such as \"[1.0, 2.0]\", got 'b=2'"),
        (["FILE:loss", "--at", "1", "['a']"], "takes numbers, and lists and arrays of them, got x[0]='a'"),
        (["FILE:hidden", "--at", "1"], "hidden is a neuron, which takes no arguments"),
        (["FILE:nothing", "--at", "1"], "returns one number that it computed from its arguments, got 3.0"),
        (["FILE:broken", "--at", "1"], "upper"),
        (
            ["FILE:constant", "--at", "1"],
            "'constant'. It has loss, nothing, broken, several, net, hidden",
        ),
        (["model.py", "--at", "1"], "name the function, as in: gograd explore model.py:FUNCTION --at"),
        (["model.py:", "--at", "1"], "name the function, as in: gograd explore model.py:FUNCTION --at"),
        (["nowhere.py:f", "--at", "1"], "there is no file nowhere.py"),
        (["x", "x=1", "--out", "/nowhere/page.html"], "cannot write /nowhere/page.html"),
    ],
)
def test_errors(run, script, tmp_path, arguments, message):
    given = [argument.replace("FILE", str(script)) for argument in arguments]
    if "--out" not in given:
        given += ["--out", str(tmp_path / "page.html")]
    code, output, error = run("explore", *given)
    assert code == 1
    assert output == ""
    assert message in error.replace("\n", " ")
    assert not (tmp_path / "page.html").exists()


def test_a_file_that_cannot_be_imported(run, tmp_path):
    (tmp_path / "bad.py").write_text("import nothing_of_that_name", encoding="utf-8")
    code, _, error = run("explore", f"{tmp_path / 'bad.py'}:f", "--at", "1")
    assert code == 1
    assert "No module named 'nothing_of_that_name'" in error


def test_a_file_that_ends_python(run, tmp_path):
    (tmp_path / "ends.py").write_text("raise SystemExit(0)", encoding="utf-8")
    code, _, error = run("explore", f"{tmp_path / 'ends.py'}:f", "--at", "1")
    assert code == 1
    assert "ends Python when it is imported" in error


def test_a_file_with_the_name_of_a_module_replaces_none(run, tmp_path):
    (tmp_path / "json.py").write_text("def f(x):\n    return x * 2.0", encoding="utf-8")
    page = tmp_path / "page.html"
    assert run("explore", f"{tmp_path / 'json.py'}:f", "--at", "1", "--out", page)[0] == 0
    assert graph_in(page)["title"] == "f"
    assert sys.modules["json"] is json
