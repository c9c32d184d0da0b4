"""`gograd ops --json` and `gograd ops show`: all about the installed operations."""

from __future__ import annotations

import json
import math
import struct
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

from gograd import describe
from gograd.describe import described, function_name, kernels_of, other_names, sources
from gograd.plots import curves
from gograd_core import Accuracy, Edge, Engine, Op, Registry, current, ops
from gograd_core.op.kernels import Kernels


def slope(xp, out, x):
    return helper(xp, x)


def helper(xp, x):
    return math.fabs(x) * deeper(x)


def deeper(x):
    return helper if x is None else 0.5


def op(name="half", **fields):
    return Op(name, **{"forward": lambda xp, x: x / 2, "partials": (slope,), **fields})


class TestJson:
    def test_every_operation_is_there(self, run):
        code, output, _ = run("ops", "--json")
        assert code == 0
        assert json.loads(output) == [described(each) for each in current.registry.operations()]

    def test_what_is_said_about_one(self, run):
        found = {each["name"]: each for each in json.loads(run("ops", "--json")[1])}
        log = found["log"]
        assert (log["distribution"], log["version"], log["entry_point"]) == ("gograd-ops-extra", "0.1.0", "extra")
        assert (log["inputs"], log["domain"], log["differentiable"]) == (["x"], "x > 0", [True])
        assert found["where"]["differentiable"] == [False, True, True]
        assert found["sub"]["operator"] == "-"
        assert found["dot"]["variadic"] is True

    def test_infinities_and_nan_are_strings(self):
        edges = [Edge((-math.inf,), math.nan, (0.5,), "why"), Edge((1.0,), True, (None,), "so")]
        found = described(op(edges=edges, samples=((math.inf,),)))
        assert found["edges"] == [
            {"inputs": ["-inf"], "value": "nan", "partials": [0.5], "why": "why"},
            {"inputs": [1.0], "value": True, "partials": [None], "why": "so"},
        ]
        assert found["samples"] == [["inf"]]
        assert json.loads(json.dumps(found, allow_nan=False)) == found

    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            (np.int64(2), 2),
            (np.float64("inf"), "inf"),
            (np.array([1.0, np.nan]), [1.0, "nan"]),
            ((Fraction(1, 2), True, None), [0.5, True, None]),
            (Fraction(10**400), f"Fraction({10**400}, 1)"),
            (mpmath.mpf("0.25"), 0.25),
        ],
    )
    def test_every_kind_of_number_is_plain(self, value, plain):
        found = described(op(edges=[Edge((value,), 0.0, (value,), "why")]))
        assert json.loads(json.dumps(found["edges"], allow_nan=False))[0]["inputs"] == [plain]

    def test_any_accuracy_is_valid_json(self):
        second = Accuracy(64, why="a sum")
        found = described(op(accuracy=Accuracy(math.inf, input_ulps=np.int64(2), why="so", second=second)))
        of_second = {"ulps": 64, "input_ulps": 0.0, "why": "a sum"}
        assert json.loads(json.dumps(found, allow_nan=False))["accuracy"] == {
            "ulps": "inf",
            "input_ulps": 2,
            "why": "so",
            "second": of_second,
            "third": of_second,
        }

    def test_an_operation_without_provider(self):
        assert described(op())["distribution"] == ""


class TestShow:
    @pytest.mark.parametrize(
        ("name", "texts"),
        [
            (
                "log",
                [
                    "log (gograd-ops-extra 0.1.0): ",
                    "inputs x",
                    "domain x > 0",
                    "partials d/dx: log_partial",
                    "samples (",
                ],
            ),
            ("log", ["def log_forward(xp: Any, x: Any) -> Any:", "def log_partial(", "edge points", "provider"]),
            ("where", ["partials d/dcondition: none, d/dx: ", "inputs condition, x, y"]),
            ("sub", ["also subtract, -", "symbol -", "provider gograd-ops-basic 0.1.0 (entry point basic)"]),
            ("erf", ["implementations scalar (math:erf), numpy (scipy.special:erf)", "reference a formula in mpmath"]),
            ("dot", ["inputs x, y (columns of equal length)", f"kernels {kernels_of(ops.dot)}"]),
            ("gamma", ["kernels Python"]),
            ("erfc", ["accuracy 4 ulps, plus 1 ulp of the inputs: "]),
            ("gograd-ops-extra:tanh", ["tanh (gograd-ops-extra 0.1.0)", "domain everywhere"]),
        ],
    )
    def test_it_says(self, run, name, texts):
        code, output, error = run("ops", "show", name)
        assert (code, error) == (0, "")
        words = " ".join(output.split())
        assert [text for text in texts if text not in words] == []

    def test_an_unknown_operation_is_an_error(self, run):
        code, output, error = run("ops", "show", "tanhh")
        assert (code, output) == (1, "")
        assert error.startswith("gograd: no installed operation is 'tanhh'. Did you mean 'tanh'?")

    def test_an_operation_without_any_facts(self, run):
        with Registry(discover=False) as own:
            own.register(Op("bare", forward=lambda xp, x: x, partials=(None,), opaque=True))
            code, output, _ = run("ops", "show", "bare")
        assert code == 0
        assert output.startswith("bare (registered by hand)\n")
        words = " ".join(output.split())
        assert (
            "partials d/dx: none accuracy 4 ulps opaque computes only with floats kernels Python reference none"
            in words
        )
        assert "edge points" not in words


class TestKernels:
    """What computes an operation on floats."""

    @pytest.fixture
    def run_engine(self, monkeypatch):
        return lambda name: monkeypatch.setattr(describe, "engine", lambda: Engine(name, "a test says so"))

    @pytest.mark.parametrize("origin", ["shipped", "compiled"])
    def test_the_native_engine_calls_kernels(self, run_engine, origin):
        run_engine("native")
        assert kernels_of(SimpleNamespace(kernels=Kernels(None, (None,), origin=origin))) == origin

    def test_without_kernels_the_rule_is_called(self, run_engine):
        run_engine("native")
        assert kernels_of(op()) == described(op())["kernels"] == "Python"

    def test_the_python_engine_calls_rules(self, run_engine):
        run_engine("python")
        assert kernels_of(SimpleNamespace(kernels=Kernels(None, (None,)))) == "Python"


class TestSources:
    def test_rules_come_after_what_they_call(self):
        text = sources(op())
        order = [text.index(f"def {name}(") for name in ("deeper", "helper", "slope")]
        assert order == sorted(order)
        assert text.count("def deeper(") == 1
        assert "fabs(x)" in text
        assert "def fabs" not in text

    def test_a_lambda_is_shown_with_its_statement(self):
        assert '"forward": lambda xp, x: x / 2' in sources(op())

    def test_functions_of_a_factory_are_shown_from_the_left(self):
        def inner(xp, x):
            return x

        assert sources(op(forward=inner, partials=(None,))) == "def inner(xp, x):\n    return x\n"

    def test_a_function_without_source_is_left_out(self):
        namespace = {"__name__": "typed_in"}
        exec("def f(xp, x): return x", namespace)
        assert sources(op(forward=namespace["f"], partials=(None,))) == ""
        assert sources(op(forward=math.hypot, partials=(None,))) == ""

    def test_a_function_may_be_of_no_module(self):
        namespace = {"__name__": None}
        exec("def f(xp, x): return g(x)\ndef g(x): return x", namespace)
        assert namespace["f"].__module__ is None
        assert sources(op(forward=namespace["f"], partials=(None,))) == ""

    @pytest.mark.parametrize(("function", "name"), [(math.erf, "math:erf"), ("a.b:c", "a.b:c"), (np.exp, "numpy:exp")])
    def test_a_function_is_named(self, function, name):
        assert function_name(function) == name

    def test_other_names(self):
        assert [*other_names(op(aliases=["also"], operator="-", math="fabs"))] == ["also", "-", "math.fabs"]


class TestPlot:
    @pytest.mark.parametrize("name", ["tanh", "atan2", "where", "less", "gamma"])
    def test_a_picture_is_drawn(self, run, tmp_path, name):
        out = tmp_path / "[b]picture.png"
        code, output, error = run("ops", "show", name, "--plot", out)
        assert (code, error) == (0, "")
        assert f"The function and its derivatives: {out}" in output
        picture = out.read_bytes()
        width, height = struct.unpack(">II", picture[16:24])
        assert width == max(528, 432 * ops[name].arity)
        assert height == 384
        assert len(picture) > 8_000

    @pytest.mark.parametrize(
        ("name", "low", "high"),
        [("tanh", -5.0, 5.0), ("acos", -1.0, 1.0), ("log", 1 / 60, 5.0), ("acosh", 1.0, 5.0)],
    )
    def test_the_range_lies_in_the_domain(self, name, low, high):
        x, value, slope = curves(ops[name], 0)
        assert (x[0], x[-1]) == pytest.approx((low, high), abs=0.02)
        assert value == pytest.approx(ops[name](x), rel=1e-14, nan_ok=True)
        with np.errstate(all="ignore"):
            differences = np.gradient(value, x)
        middle = slice(len(x) // 3, -len(x) // 3)  # far from poles, where differences are no derivatives
        assert slope[middle] == pytest.approx(differences[middle], rel=0.01)

    def test_the_range_is_that_of_the_sample(self):
        x, _, _ = curves(op("f", partials=(slope,), samples=((300.0,),)), 0)
        assert (x[0], x[-1]) == (-600.0, 600.0)

    @pytest.mark.parametrize(
        ("name", "out", "code", "message"),
        [
            ("tanh", "picture.txt", 2, ".png, .svg or .pdf"),
            ("tanh", "no/such/folder/picture.png", 2, "in a folder that exists"),
            ("dot", "picture.png", 1, "cannot be drawn: it takes columns"),
            ("bare", "picture.png", 1, "cannot be drawn: it has no samples"),
        ],
    )
    def test_what_cannot_be_drawn_is_said_first(self, run, tmp_path, name, out, code, message):
        with Registry() as own:
            own.register(Op("bare", forward=lambda xp, x: x, partials=(None,)))
            found, output, error = run("ops", "show", name, "--plot", tmp_path / out)
        assert (found, output) == (code, "")
        assert message in " ".join(error.replace("│", " ").split())
        assert not (tmp_path / out).exists()
