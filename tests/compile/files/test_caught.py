"""Paths that catch errors, in files."""

from __future__ import annotations

import numpy as np
import pytest

from catching import CAUGHT, reciprocal
from gograd_compile import PathNotRecorded
from gograd_core import DomainError, grad, ops
from round_trips import reloaded


@pytest.mark.parametrize(("f", "points"), CAUGHT[:-1], ids=[f.__name__ for f, _ in CAUGHT[:-1]])
def test_such_paths_are_saved(compiled, f, points, tmp_path):
    c = compiled(f)
    values = [c(x) for x in points]
    loaded = reloaded(c, tmp_path)
    assert [loaded(x) for x in (*points, *points)] == [*values, *values]
    assert loaded.batch()(np.array(points)).tolist() == values


def test_second_derivatives_of_such_paths_are_saved(compiled, tmp_path):
    def f(x):
        """Its gradient has an infinity that does not count, on the path that catches nothing."""
        try:
            y = 1.0 / x
        except ArithmeticError:
            y = x
        return ops.where(x > 4.0, ops.sqrt(ops.relu(y - y)), 2.0) * x * x

    c = compiled(f)
    points = (2.0, 0.0, -1.0)
    values = [c.hessian(x) for x in points]
    assert values == [4.0, 4.0, 4.0]
    loaded = reloaded(c, tmp_path)
    assert [loaded.hessian(x) for x in (*points, *points)] == [*values, *values]


def test_infinite_arguments_of_a_loaded_program_are_no_error(compiled, tmp_path):
    c = compiled(lambda x, y: reciprocal(x) * y)
    c(0.0, 1.0)
    loaded = reloaded(c, tmp_path)
    assert loaded(0.0, np.inf) == np.inf


def test_a_loaded_program_knows_no_other_path(compiled, tmp_path):
    c = compiled(reciprocal)
    c(0.0)
    loaded = reloaded(c, tmp_path)
    with pytest.raises(
        PathNotRecorded,
        match=r"in reciprocal: the domain error of an operation was ZeroDivisionDomainError .* would be none now",
    ):
        loaded(1.0)


def discards(x):
    ops.log(x)
    return x * x


@pytest.mark.parametrize("f", [discards, grad(discards)], ids=["itself", "in a sweep"])
def test_an_error_that_nobody_waits_for_is_raised_by_a_saved_program(compiled, f, tmp_path):
    """What gograd waits for by itself, on the way to the operation, does not make it a path of its own."""
    c = compiled(lambda x: f(x) + x)
    c(2.0)
    loaded = reloaded(c, tmp_path)
    with pytest.raises(DomainError, match=r"^log\(-1\.0\) is nan"):
        loaded(-1.0)
