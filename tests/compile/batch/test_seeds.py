"""`backward` at many points, with a factor for each number that the function returns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import DomainError, Neuron, ops, zero_grad

XS = np.array([0.5, -1.0, 2.0, 0.25, 3.0])
SEEDS = np.array([[1.0, 0.0], [0.5, 2.0], [0.0, 0.0], [0.0, -1.0], [3.0, 1.0]])


class Line:
    """Two numbers made of captured neurons."""

    def __init__(self):
        self.leaves = [Neuron(0.75), Neuron(-0.5)]

    def __call__(self, x):
        a, b = self.leaves
        return [ops.tanh(a * x + b), a * a * x]


class Branching(Line):
    """The same with a decision."""

    def __call__(self, x):
        first, second = super().__call__(x)
        return [first, second] if x > 0.3 else [-first, 2.0 * second]


def expected(f, xs, seeds):
    """The values, and the derivatives by the engine."""
    zero_grad(f.leaves)
    values = []
    for x, row in zip(xs.tolist(), seeds.tolist(), strict=True):
        results = f(x)
        values.append([each.value for each in results])
        sum(seed * each for seed, each in zip(row, results, strict=True)).backward()
    return np.array(values), [leaf.grad for leaf in f.leaves]


@pytest.mark.parametrize("kind", [Line, Branching])
@pytest.mark.parametrize("calls", [1, 3])
@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_derivatives_are_those_of_the_numbers_times_their_seeds(kind, calls, backend):
    f = kind()
    run = compile(f, backend=backend).batch()
    for call in range(calls):  # the first one is recorded; later ones need not look at the arguments again
        xs, seeds = XS + 0.125 * call, SEEDS - call
        values, slopes = expected(f, xs, seeds)
        zero_grad(f.leaves)
        found = run.backward(xs, seeds=seeds)
        assert np.transpose(found) == pytest.approx(values, rel=1e-14)
        assert [leaf.grad for leaf in f.leaves] == pytest.approx(slopes, rel=1e-13)


@pytest.mark.parametrize("count", [0, 1, 70])
def test_any_number_of_points(count):
    f = Line()
    run = compile(f).batch()
    xs, seeds = np.linspace(-1.0, 1.0, count), np.ones((count, 2))
    for _ in range(2):
        _, slopes = expected(f, xs, seeds)
        zero_grad(f.leaves)
        assert [len(each) for each in run.backward(xs, seeds=seeds)] == [count, count]
        assert [leaf.grad for leaf in f.leaves] == pytest.approx(slopes, rel=1e-13)


def test_infinite_seeds_of_both_signs_add_up_to_nan_without_a_warning():
    f = Line()
    run = compile(f).batch()
    run.backward(XS[2:4], seeds=np.array([[0.0, math.inf], [0.0, -math.inf]]))
    assert [str(leaf.grad) for leaf in f.leaves] == ["nan", "0.0"]


ORDERS = {"by columns": np.asfortranarray, "backwards": lambda a: a[::-1].copy()[::-1], "read-only": lambda a: a}


@pytest.mark.parametrize("in_order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_arrays_may_lie_in_memory_in_any_order(in_order, backend):
    f = Line()
    run = compile(lambda x: f(x[0] - x[1]), backend=backend).batch()
    pairs = np.stack([2.0 * XS, XS], axis=1)
    pairs.flags.writeable = False
    for _ in range(3):
        values, slopes = expected(f, XS, SEEDS)
        zero_grad(f.leaves)
        found = run.backward(in_order(pairs), seeds=in_order(SEEDS))
        assert np.transpose(found) == pytest.approx(values, rel=1e-14)
        assert [leaf.grad for leaf in f.leaves] == pytest.approx(slopes, rel=1e-13)


def test_values_of_leaves_are_read_again():
    f = Line()
    run = compile(f).batch()
    for value in (0.75, -2.0, 0.0):
        f.leaves[0].value = value
        _, slopes = expected(f, XS, SEEDS)
        zero_grad(f.leaves)
        run.backward(XS, seeds=SEEDS)
        assert [leaf.grad for leaf in f.leaves] == pytest.approx(slopes, rel=1e-13, abs=1e-15)


def test_a_point_outside_of_a_domain_is_found_in_every_call():
    leaf = Neuron(1.0)
    run = compile(lambda x: [ops.log(leaf * x), x]).batch()
    run.backward(np.array([1.0, 2.0]), seeds=np.ones((2, 2)))
    zero_grad([leaf])
    for _ in range(2):
        with pytest.raises(DomainError, match="log"):
            run.backward(np.array([1.0, -2.0]), seeds=np.ones((2, 2)))
        assert leaf.grad == 0.0


def test_a_pole_that_no_seed_asks_for_does_no_harm():
    leaf = Neuron(0.0)
    run = compile(lambda x: [leaf * x, ops.sqrt(leaf)]).batch()
    for _ in range(2):
        zero_grad([leaf])
        run.backward(np.array([1.0, 2.0]), seeds=np.array([[1.0, 0.0], [1.0, 0.0]]))
        assert leaf.grad == 3.0


def test_many_paths_are_evaluated():
    leaf = Neuron(2.0)

    def power(x):
        result = leaf
        for _ in range(int(x)):
            result = result * leaf
        return [result, x]

    run = compile(power).batch()
    xs = np.arange(60.0) / 4.0
    for _ in range(3):
        zero_grad([leaf])
        run.backward(xs, seeds=np.array([[1.0, 1.0]] * 60))
        assert leaf.grad == pytest.approx(math.fsum((int(x) + 1) * 2.0 ** int(x) for x in xs), rel=1e-14)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (np.ones(5), r"a row for each of 5 points, got shape \(5,\)"),
        (np.ones((4, 2)), r"a row for each of 5 points, got shape \(4, 2\)"),
        (np.ones((5, 3)), "returns 2 numbers, got 3 seeds a point"),
    ],
)
def test_seeds_of_another_shape_are_refused(seeds, message):
    f = Line()
    run = compile(f).batch()
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            run.backward(XS, seeds=seeds)
        run.backward(XS, seeds=SEEDS)


@pytest.mark.parametrize("seeds", [SEEDS * 1j, SEEDS.astype(str)])
def test_seeds_that_are_no_real_numbers_are_refused(seeds):
    f = Line()
    run = compile(f).batch()
    for _ in range(2):
        with pytest.raises(TypeError, match=f"seeds must be real numbers, got an array of {seeds.dtype}"):
            run.backward(XS, seeds=seeds)
        run.backward(XS, seeds=SEEDS)
