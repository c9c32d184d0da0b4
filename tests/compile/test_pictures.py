"""What gograd-draw shows of a compiled function: as many levels as `explain` reports, and all calls on them."""

import re

import pytest

from gograd_compile import compile
from gograd_core import ops
from gograd_draw import draw
from svg_texts import texts_of

pytestmark = pytest.mark.any_engine


def straight(x):
    return ops.tanh(ops.sin(x) * ops.exp(x)) + ops.sin(3.0 * x)


def deep(x):
    for _ in range(60):
        x = ops.sin(x * 1.1)
    return x


def columns(x):
    return ops.norm([ops.tanh(x), x * x, ops.dot([x, x], [x, 2.0])])


def polynomial(x):
    return 3.0 * x - 1.0


@pytest.mark.parametrize("function", [straight, deep, columns, polynomial])
@pytest.mark.parametrize("method", ["__call__", "value_and_grad"])
def test_levels_and_calls(function, method):
    compiled = compile(function, backend="numpy")
    getattr(compiled, method)(0.5)
    described = compiled._gograd_picture_()
    programs = compiled.explain()["recordings"][0]["paths"][0]["programs"]
    program = max(programs, key=lambda each: each["steps"])
    titles = [column["title"] for column in described["columns"]]
    levels = [title for title in titles if title != "derivatives"]
    assert len(levels) <= 24
    assert int(re.findall(r"\d+", levels[-1])[-1]) == program["levels"]
    counts = [line.split(" ", 1) for column in described["columns"] for line in column["lines"]]
    assert sum(int(count) for count, what in counts if what in ("sum", "sums")) == (
        program["values"]["sums"] + program["derivatives"]["sums"]
    )
    assert sum(int(count) for count, what in counts if what not in ("sum", "sums")) == sum(
        kernel["calls"] for kernel in program["kernels"]
    )
    texts = texts_of(draw(compiled).svg)
    assert texts[0] == f"{function.__name__}: {program['for']}"
    assert set(titles) <= set(texts)


def test_before_the_first_call():
    assert texts_of(draw(compile(straight)).svg) == ["straight", "straight", "nothing was recorded yet"]


def test_one_of_several_paths():
    compiled = compile(lambda x: x * x if x > 0.0 else -x, backend="numpy")
    compiled(1.0)
    compiled(-1.0)
    assert texts_of(draw(compiled).svg)[0] == "<lambda>: values; the first of 2 paths"
