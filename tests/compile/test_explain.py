"""`explain`: what was recorded, what became of it; as a dict and as a text. And how much is kept."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from gograd_compile import loops
from gograd_compile.call import prepared
from gograd_core import Neuron, Op, ops

WEIGHT = Neuron(2.0, label="weight")


def model(x):
    unused = x[0] * 3.0 + WEIGHT  # kept, as it may overflow
    scale = ops.exp(Neuron(0.0)) + 1.0  # constant
    if x[0] > 0.0:
        unused = unused + 1.0
        return ops.tanh(x[0] * WEIGHT) * scale + ops.tanh(x[0] * WEIGHT)
    return x[1] * scale


def test_before_the_first_call(compiled, backend):
    found = compiled(model).explain()
    assert found["recordings"] == []
    assert (found["recorded"], found["backend"]["name"]) == (0, backend)
    assert "Nothing was recorded yet" in str(found)
    assert repr(found) == str(found)


@pytest.mark.parametrize(("are_compiled", "said"), [(True, "compiled"), (False, "Python")])
def test_whether_passes_are_compiled(are_compiled, said, compiled, monkeypatch):
    monkeypatch.setattr(loops, "COMPILED", are_compiled)
    found = compiled(model).explain()
    assert found["passes"] == said
    assert f"\npasses: {said}\n" in str(found)


def test_paths_and_passes(compiled):
    f = compiled(model)
    f([1.0, 2.0])
    (recording,) = f.explain()["recordings"]
    assert (recording["arguments"], recording["gradient"]) == ("([number, number],)", None)
    (path,) = recording["paths"]
    assert path["operations"] == {
        "recorded": 12,
        "constants folded": 11,  # with the identity that keeps `scale` a neuron
        "dead operations removed": 11,
        "duplicates merged": 9,
    }
    assert list(path["seconds"]) == list(path["operations"])
    assert (path["captured"], path["result"]) == (1, "number")
    line = model.__code__.co_firstlineno + 3
    assert path["guards"] == [{"asked": "bool", "outcome": 1, "line": f"test_explain.py:{line} in model"}]


def test_programs(compiled):
    f = compiled(model)
    f([1.0, 2.0])
    f.grad([1.0, 2.0])
    f.backward([1.0, 2.0])
    (path,) = f.explain()["recordings"][0]["paths"]
    values, gradient, captured = path["programs"]
    assert values["for"] == "values"
    assert gradient["for"] == "value and gradient, with respect to 2 numbers"
    assert captured["for"] == "value and gradient, with respect to 1 captured neuron"
    assert values["derivatives"] == {"sums": 0, "terms": 0, "calls": 0}
    assert gradient["values"]["calls"] == values["values"]["calls"] == 2  # tanh and the comparison
    assert sum(gradient["derivatives"].values()) > 0
    assert gradient["bytes_per_point"] > values["bytes_per_point"] > 0
    assert gradient["steps"] >= gradient["levels"] > 0
    assert gradient["bytes_of_schedule"] > 0
    assert list(gradient["seconds"]) == ["lowered", "derived", "scheduled", "compiled"]
    assert all(seconds >= 0.0 for seconds in gradient["seconds"].values())


def network(x):
    """Three layers' worth of products: six units that each see 4 numbers of 5 samples, and one that adds them up."""
    weights = [x[5 * unit : 5 * unit + 4] for unit in range(6)]
    samples = [[math.sin(4.0 * sample + place) for place in range(4)] for sample in range(5)]
    units = [ops.tanh(ops.dot(row, sample)) for sample in samples for row in weights]
    return ops.sum(units) + x[-1] * x[-2]


def test_tables_and_the_terms_in_them(compiled, backend):
    f = compiled(network)
    f([0.1 * place for place in range(32)])
    found = f.explain()
    (program,) = found["recordings"][0]["paths"][0]["programs"]
    terms = program["terms"]
    assert sum(terms.values()) == program["values"]["terms"] + program["derivatives"]["terms"]
    if backend == "numpy" or prepared is None:
        assert (program["tables"], terms["tables"]) == ([], 0)
        assert "products of matrices were" not in str(found)
        return
    (table,) = program["tables"]
    assert sorted([table["rows"], table["columns"]]) == [5, 6]
    assert (table["how_many"], terms["tables"]) == (1, 30 * table["terms"])
    share = terms["tables"] / sum(terms.values())
    assert f"products of matrices were found: {share:.0%} of the terms are in their tables" in str(found)
    assert f"  1 table of {table['rows']} × {table['columns']} sums of {table['terms']} term" in str(found)


def test_tables_at_many_points(compiled, backend):
    def loss(weights, bias, x):
        return ops.sum([ops.tanh(ops.dot(row, x) + bias) for row in weights])

    f = compiled(loss)
    f.batch((None, None, 0)).value_and_grad(np.ones((6, 4)), 0.5, np.ones((10, 4)))
    (program,) = f.explain()["recordings"][0]["paths"][0]["programs"]
    if backend == "numpy":
        assert program["tables"] == []
        return
    assert program["tables"] == [
        {"rows": 6, "columns": "points", "terms": 6, "how_many": 1},
        {"rows": 6, "columns": 4, "terms": "points", "how_many": 1},
    ]
    assert program["terms"]["tables"] == 6 * 4 + 6 * 6
    assert "  1 table of 6 × 4 sums over points\n" in str(f.explain())
    assert "  1 table of 6 × points sums of 6 terms\n" in str(f.explain())


def test_kernels_and_their_origin(compiled, backend):
    f = compiled(model)
    f.grad([1.0, 2.0])
    (program,) = f.explain()["recordings"][0]["paths"][0]["programs"]
    kernels = {(kernel["operation"].split()[0], kernel["what"]): kernel for kernel in program["kernels"]}
    assert {("tanh", "forward"), ("tanh", "partial with respect to x"), ("greater", "forward")} == set(kernels)
    for kernel in kernels.values():
        assert kernel["calls"] == 1
        if backend == "native":
            assert kernel["origin"] in {"cache", "compiled", "compiled, not cached"}
            assert kernel["seconds"] > 0.0
        else:
            assert (kernel["origin"], kernel["seconds"]) == ("NumPy", 0.0)


def test_opaque_operations_are_named(compiled):
    half = Op("half", forward=lambda xp, x: float(x) / 2.0, partials=(lambda xp, out, x: 0.5,), opaque=True)
    f = compiled(lambda x: half(x) * x)
    f(3.0)
    found = f.explain()
    (kernel,) = found["recordings"][0]["paths"][0]["programs"][0]["kernels"]
    assert kernel["origin"].startswith("Python: ")
    assert found["opaque"] == ["half (not registered)"]
    assert "opaque operations, which are called back: half (not registered)" in str(found)


def test_second_derivatives_have_a_recording_of_their_own(compiled):
    f = compiled(model)
    f.hessian([1.0, 2.0])
    (recording,) = f.explain()["recordings"]
    assert recording["gradient"] == 0
    assert "for the gradient with respect to 0, arguments ([number, number],)" in str(f.explain())


def test_programs_of_batches_are_told_apart(compiled):
    f = compiled(lambda x: ops.exp(x[0]))
    f.grad([1.0])
    f.jacobian([1.0])
    f.batch().grad([np.ones(3)])
    (recording,) = f.explain()["recordings"]
    assert [program["for"] for program in recording["paths"][0]["programs"]] == [
        "value and gradient, with respect to 1 number",
        "values",
        "derivatives of outputs (reverse mode), with respect to 1 number",
        "value and gradient, with respect to 1 number, at many points",
    ]


def test_the_text_names_what_matters(compiled, backend):
    f = compiled(model)
    f.grad([1.0, 2.0])
    f([-1.0, 2.0])
    text = str(f.explain())
    for part in (
        rf"^model, run by {backend} code \(",
        "^paths: 2 recorded, 2 kept, 0 dropped$",
        r"^for arguments \(\[number, number\],\)$",
        r"^    recorded +\d+ +\d+\.\d{3} ms$",
        r"^    guard: bool\(\) is 0, at test_explain.py:\d+ in model$",
        r"^    program: value and gradient, with respect to 2 numbers$",
        r"^      derivatives( +\d+){3}$",
        r"^      tanh \(.*\) +forward +1  ",
    ):
        assert re.search(part, text, re.MULTILINE), part
    assert max(map(len, text.splitlines())) <= 120


def test_long_lists_are_cut_in_the_text_alone(compiled):
    def ladder(x):
        for step in range(20):
            if x > float(step):
                x = x + 0.25
        return x

    f = compiled(ladder)
    for x in range(12):
        f(float(x))
    found = f.explain()
    assert len(found["recordings"][0]["paths"]) == found["kept"] > 8
    assert f"… and {found['kept'] - 8} more" in str(found)
    assert "… and 12 more" in str(found)


class TestBounds:
    def test_paths_used_longest_ago_are_dropped(self, compiled):
        f = compiled(lambda x: x * float(int(x)), max_paths=2)
        for x in (1.0, 2.0, 1.0, 3.0, 1.0):
            f(x)
        found = f.explain()
        assert (found["recorded"], found["kept"], found["dropped"]) == (3, 2, 1)
        assert f(2.0) == 4.0
        assert f.explain()["recorded"] == 4

    def test_nestings_of_arguments_used_longest_ago_are_dropped(self, compiled):
        f = compiled(lambda x: x[0] * 2.0)
        for size in range(1, 71):
            f([1.0] * size)
            f([1.0])
        found = f.explain()
        assert found["dropped_arguments"] == 6
        assert len(found["recordings"]) == 64
        assert "([number],)" in [recording["arguments"] for recording in found["recordings"]]

    def test_programs_of_a_path_are_bounded(self, compiled):
        f = compiled(lambda *x: sum(x))
        x = (1.0,) * 40
        for wrt in range(40):
            assert f.grad(*x, wrt=wrt) == 1.0
        assert len(f.explain()["recordings"][0]["paths"][0]["programs"]) == 32

    @pytest.mark.parametrize("wrt", [0, 1, (0, 1)])
    def test_what_was_dropped_is_made_again(self, compiled, wrt):
        f = compiled(lambda x, y: x * x * y)
        expected = f.grad(2.0, 3.0, wrt=wrt)
        for length in range(3, 40):
            compiled(lambda *x: sum(x)).grad(*(1.0,) * length)
        assert f.grad(2.0, 3.0, wrt=wrt) == expected
