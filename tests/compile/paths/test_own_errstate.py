"""Functions that ignore errors themselves: a program that was saved does what the function does."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, errstate, grad, no_grad, ops
from round_trips import again, reloaded


def with_block(x):
    with errstate(domain="ignore"):
        y = ops.log(x)
    return ops.where(x > 0.0, y, -x)


@errstate(domain="ignore")
def quotient(x):
    return 1.0 / x


def with_decorator(x):
    return ops.where(x == 0.0, x, quotient(x)) * 2.0


def result_is_nan(x):
    with errstate(domain="ignore"):
        return ops.sqrt(x) + 1.0


def judged_outside(x):
    with errstate(domain="ignore"):
        y = ops.log(x)
    return ops.where(x > 0.0, y, x) + ops.sqrt(x + 1.0)


def judged_inside(x):
    with errstate(domain="ignore"):
        y = ops.log(x + 1.0)
        with errstate(domain="raise"):
            z = ops.sqrt(x)
    return ops.where(x > 0.5, y, z)


def ignored_and_then_judged(x):
    with errstate(domain="ignore"):
        y = ops.log(x)
    return y + ops.log(x)


def judged_and_then_ignored(x):
    y = ops.log(x)
    with errstate(domain="ignore"):
        return y + ops.log(x)


def branches_on_nan(x):
    with errstate(domain="ignore"):
        y = ops.log(x)
    return y if y == y else x * x


def in_try(x):
    try:
        with errstate(domain="ignore"):
            y = ops.log(x)
        return ops.where(x > 0.0, y, 0.0) + ops.sqrt(x + 1.0)
    except DomainError:
        return x


def without_graph(x):
    with no_grad(), errstate(domain="ignore"):
        y = ops.log(x)
    return ops.where(x > 0.0, y, x)


def slope(x):
    return grad(ops.sqrt)(x)


def slope_ignored(x):
    with errstate(domain="ignore"):
        return ops.where(x > 0.0, grad(ops.sqrt)(x), -1.0)


FUNCTIONS = (
    with_block, with_decorator, result_is_nan, judged_outside, judged_inside, ignored_and_then_judged,
    judged_and_then_ignored, branches_on_nan, in_try, without_graph, slope, slope_ignored,
)  # fmt: skip
POINTS = 2.0, 0.75, 0.25, 0.0, -0.5, -1.0, -3.0
RECORDED = 2.0, -0.5, -3.0
"""Points at which each function is recorded, as far as it has a value there."""


AGAIN = {
    "compiled": lambda f, _: f,
    "loaded": reloaded,
    "pickled": lambda f, _: again(f),
    "copied": lambda f, tmp_path: copy.deepcopy(reloaded(f, tmp_path)),
}


def in_eager_mode(f, point):
    result = f(Neuron(point))
    return result.value if type(result) is Neuron else result


@pytest.mark.parametrize("back", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_program_does_what_the_function_does(f, back, compiled, tmp_path, outcome, bits):
    first = compiled(lambda x: f(x))  # noqa: PLW0108 - so that no module has it by name
    for point in RECORDED:
        outcome(first, point)
    program = back(first, tmp_path)
    for point in POINTS:
        expected = outcome(in_eager_mode, f, point)
        found, many = outcome(program, point), outcome(program.batch(), np.array([point, point]))
        if type(expected) is tuple:
            assert found[0] is many[0] is expected[0]
        else:
            assert bits(found) == bits(many[0]) == bits(expected), point


def test_what_is_ignored_is_not_recorded_at_every_point(compiled, monkeypatch):
    runs = []
    f = compiled(lambda x: (runs.append(x), with_block(x))[1])
    for point in (2.0, -1.0, -2.0, -3.0, -4.0):
        f(point)
    assert len(runs) == 2  # once for the lines of source


def test_recorded_where_errors_were_ignored_it_is_judged_all_the_same(compiled, tmp_path):
    f = compiled(lambda x: ops.log(x) + with_block(x))
    with errstate(domain="ignore"):
        f(-1.0)
    program = reloaded(f, tmp_path)
    with errstate(domain="ignore"):
        assert np.isnan(program(-2.0))
    with pytest.raises(DomainError):
        program(-2.0)
