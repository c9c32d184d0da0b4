"""Kernels of columns: a lane gives the same bits alone and beside others, for all operations of columns."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gograd_compile import compile
from gograd_compile.kernels import CHUNK, expand, kernel
from gograd_core import Op, current, errstate
from gograd_core.checked.rules import as_numbers, run_rule
from gograd_core.extend import ExpansionError
from gograd_core.namespaces.columns import Column
from kernel_calls import in_lanes

pytest.importorskip("numba")  # fsum needs it, all others only llvmlite

SPECIAL = [0.0, -0.0, 1.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, -1e308, 2.0**-1000]
MADE_UP = {
    "calls with a number for all entries": (
        lambda xp, x, y: xp.sum(xp.atan2(x, xp.max(y)) + xp.hypot(y, xp.min(x)) + xp.sin(x)),
        lambda xp, out, x, y: xp.remainder(x, out) + xp.floor_divide(y, 3.0) + xp.exp(out),
    ),
    "calls of calls": (
        lambda xp, x, y: xp.log1p(xp.exp(xp.max(x)) + xp.sum(xp.exp(-xp.exp(y)))),
        lambda xp, out, x, y: xp.exp(xp.sum(xp.tanh(x)) - xp.sin(xp.exp(y))),
    ),
    "truths": (
        lambda xp, x, y: xp.sum(xp.where(xp.isfinite(xp.sum(x)), xp.where(x > xp.max(y), 1.0, y), -1.0)),
        lambda xp, out, x, y: xp.where(xp.logical_and(out > 0.0, x == y), len(x) + x, y),
    ),
    "a number as the derivative": (
        lambda xp, x, y: xp.max(x) - xp.min(y) * len(x),
        lambda xp, out, x, y: xp.exp(out) / len(x),
    ),
    "the same call for numbers and for columns": (
        lambda xp, x, y: xp.exp(xp.sum(x)) + xp.sum(xp.pow(2.0, x)) + xp.pow(2.0, xp.sum(y)),
        lambda xp, out, x, y: xp.pow(x, 0.5) + xp.pow(out, 0.5),
    ),
}  # fmt: skip


def written_out(op):
    """The rules of an operation that native code can compute: each with its inputs, and whether it gives a column."""
    try:
        rules = expand(op)
    except ExpansionError:
        return []
    partials = [each for each in rules.partials if each is not None]
    return [(rules.forward, rules.inputs, False), *((each, (rules.out, *rules.inputs), True) for each in partials)]


OPERATIONS = [op for op in current.registry.operations() if op.variadic and written_out(op)]
OPERATIONS += [
    Op(name.replace(" ", "_"), forward=forward, partials=(partial, None), variadic=True)
    for name, (forward, partial) in MADE_UP.items()
]


def numbers(rng, rows, lanes):
    """Rows of lanes. In every second lane, every fourth number is special."""
    chosen = rng.normal(0.0, 2.0, (rows, lanes)) * 10.0 ** rng.integers(-3, 3, (rows, lanes))
    odd = (rng.random((rows, lanes)) < 0.25) & (np.arange(lanes) % 2 == 0)
    chosen[odd] = rng.choice(SPECIAL, odd.sum())
    return chosen


def bits_of(rows):
    """The bits of numbers. All NaN count as one: the sign of inf - inf depends on the instruction."""
    return np.where(np.isnan(rows), np.nan, rows).view(np.uint64).tolist()


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_a_lane_gives_the_same_bits_alone_and_beside_others(op):
    rng = np.random.default_rng(1)
    for rule, inputs, is_column in written_out(op):
        found = kernel(rule, inputs)
        for length, lanes in itertools.product((1, 2, 3, 7, 64), (7, 8, 32, CHUNK)):
            results = length if is_column else 1
            rows = numbers(rng, sum(length if each.is_column else 1 for each in inputs), lanes)
            together = in_lanes(found, rows, length, results)
            alone = [in_lanes(found, rows[:, lane : lane + 1], length, results) for lane in range(lanes)]
            assert bits_of(together) == bits_of(np.hstack(alone)), (length, lanes)


@pytest.mark.parametrize("op", OPERATIONS[-len(MADE_UP) :], ids=lambda op: op.name)
def test_calls_compute_what_rules_compute_on_floats(op):
    rng = np.random.default_rng(3)
    for rule, inputs, is_column in written_out(op):
        rows = rng.uniform(0.5, 2.0, (10 + is_column, 8))
        found = in_lanes(kernel(rule, inputs), rows, 5, 5 if is_column else 1)
        for lane in range(8):
            columns = Column(rows[-10:-5, lane].tolist()), Column(rows[-5:, lane].tolist())
            result = run_rule(op, op.partials[0] if is_column else op.forward, *rows[:-10, lane].tolist(), *columns)
            expected = as_numbers(op, result, 5, "a partial") if is_column else [result]
            assert found[:, lane].tolist() == pytest.approx(expected, rel=1e-14)  # an ulp or two of each function


def test_the_operations_are_all_but_those_that_python_computes():
    missing = {op.name for op in current.registry.operations() if op.variadic} - {op.name for op in OPERATIONS}
    assert missing == {"dist", "norm"}


@pytest.mark.parametrize("name", ["logsumexp", "max", "prod"])
@pytest.mark.parametrize(("applications", "length"), [(1, 3), (7, 3), (8, 3), (19, 1), (300, 5), (9, 600), (17, 100)])
def test_at_one_point_an_application_gives_the_same_bits_beside_others(name, applications, length):
    """Up to as many as `TOGETHER` and CHUNK allow, and those that are left."""
    op = current.registry[name]
    rows = np.random.default_rng(2).normal(0.0, 2.0, (applications, length))
    alone = compile(lambda row: op(list(row)), backend="native")
    values = compile(lambda rows: [op(list(row)) for row in rows], backend="native")
    total = compile(lambda rows: sum(op(list(row)) for row in rows), backend="native")
    expected = [alone.value_and_grad(row) for row in rows]
    assert bits_of(np.array(values(rows))) == bits_of(np.array([value for value, _ in expected]))
    assert bits_of(total.grad(rows)) == bits_of(np.array([slopes for _, slopes in expected]))


@pytest.mark.parametrize("name", ["logsumexp", "max", "prod", "fsum"])
@pytest.mark.parametrize(("points", "length"), [(1, 3), (7, 1), (8, 3), (300, 5), (300, 100), (20, 600)])
def test_a_point_gives_the_same_bits_in_a_batch(name, points, length):
    """Where blocks have more lanes than a kernel gets at once, too. A point that is not finite changes no other."""
    op = current.registry[name]
    rows = np.random.default_rng(4).normal(0.0, 2.0, (points, length))
    rows[points // 2, length // 2] = math.inf
    f = compile(lambda row: op(list(row)) * row[0], backend="native")
    with errstate(domain="ignore"):
        alone = [f.value_and_grad(row) for row in rows]
        values, slopes = f.batch().value_and_grad(rows)
    assert bits_of(values) == bits_of(np.array([value for value, _ in alone]))
    assert bits_of(slopes) == bits_of(np.array([slope for _, slope in alone]))
