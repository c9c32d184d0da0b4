"""Jacobians, Hessians and their products with vectors at many points: each is what it is at its point alone."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import gograd_core
from gograd_core import Neuron, ops

COUNT = 11
numbers = np.random.default_rng(6)
X, Y = numbers.uniform(0.5, 2.0, size=(COUNT, 3)), numbers.uniform(-2.0, 2.0, size=COUNT)
SIGNED = np.linspace(-2.0, 2.5, COUNT)
PARAMETERS = {"w": np.array([0.5, -0.25, 0.125]), "scale": 2.0}
LEAF = Neuron(1.75)


def loss(p, x, y):
    return (ops.tanh(ops.dot(p["w"], x)) - y) ** 2 * p["scale"]


def bilinear(a, b):
    return a["m"][0, 1] ** 2 * b[0] + ops.exp(a["m"][1, 0]) * b[1] * a["k"]


def branching(x):
    return x**3 if x > 0.0 else ops.sin(x) * x


def by_steps(x):
    """A path for each number of steps."""
    total, k = x[0], 0
    while total < 6.0:
        total, k = total * (1.0 + x[1]) + x[2], k + 1
    return total * total / (k + 1.0)


SCALAR = {
    "a number": (lambda x: ops.exp(-x * x), (0,), (Y,), [0, -1, (0,)]),
    "an array": (lambda x: x[0] * x[1] ** 2 / x[2], (0,), (X,), [0]),
    "the points last": (lambda x: x[0] * x[1] ** 2 / x[2], (1,), (X.T,), [0]),
    "shared and batched": (loss, (None, 0, 0), (PARAMETERS, X, Y), [0, 1, 2, (0, 1), (2, 0), (-1,)]),
    "batched parameters": (loss, (0, None, 0), ({"w": X, "scale": Y}, X[0], Y), [0, 1, (1, 0)]),
    "half of an argument shared": (
        bilinear,
        ({"m": 2, "k": None}, -1),
        ({"m": numbers.uniform(-1.0, 1.0, size=(2, 2, COUNT)), "k": 1.5}, X[:, :2].T),
        [0, 1, (1, 0)],
    ),
    "tuples and lists": (lambda a, b: a[0] * b[0] * ops.log(b[1][0]), (0, [0, None]), ((Y, Y), [Y, [2.0]]), [0, 1]),
    "whole numbers": (lambda x, k: x**3 * k, (0, None), (np.arange(1, COUNT + 1), 3), [0, 1, (0, 1)]),
    "branches": (branching, (0,), (SIGNED,), [0]),
    "many paths": (by_steps, (0,), (X,), [0]),
    "a captured neuron": (lambda x: LEAF * x * x + ops.sin(LEAF * x), (0,), (Y,), [0]),
    "what a choice leaves out": (lambda x: ops.where(x > 0.0, ops.sqrt(abs(x)) * x, x * x), (0,), (SIGNED,), [0]),
    "no derivative": (lambda x, y: y * y, (0, 0), (X, Y), [0, (0, 1)]),
}
SEVERAL = {
    "fewer than inputs": (lambda x: [x[0] * x[1], ops.exp(x[1] / x[2])], (0,), (X,), [0]),
    "more than inputs": (lambda x: [ops.sin(x), x * x, 1.0 / (1.0 + x * x)], (0,), (Y,), [0]),
    "as many": (lambda x: np.array([x[0] * x[1], x[1] * x[2], x[2] ** 2]), (1,), (X.T,), [0]),
    "nested": (
        lambda p, x, y: {"a": (p["w"] * x, p["scale"]), "b": np.array([[loss(p, x, y), y]])},
        (None, 0, 0),
        (PARAMETERS, X, Y),
        [0, 1, 2, (2, 0, 1)],
    ),
    "constants": (lambda x: [x * x, 3.0], (0,), (Y,), [0]),
    "branches": (lambda x: [x * x, x] if x > 0.0 else [LEAF * x, x * ops.exp(x)], (0,), (SIGNED,), [0]),
    "nothing": (lambda x: [], (0,), (Y,), [0]),
}


def each(cases):
    """A row for each function and each argument that it is differentiated by."""
    rows = [(name, f, axes, args, wrt) for name, (f, axes, args, by) in cases.items() for wrt in by]
    return pytest.mark.parametrize(
        ("f", "axes", "args", "wrt"), [row[1:] for row in rows], ids=[f"{row[0]} by {row[4]}" for row in rows]
    )


def at(tree, axes, point):
    """An argument at one point."""
    if isinstance(tree, dict):
        return {key: at(tree[key], axes[key] if isinstance(axes, dict) else axes, point) for key in tree}
    if isinstance(tree, (tuple, list)):
        of = axes if isinstance(axes, (tuple, list)) else [axes] * len(tree)
        return type(tree)(at(*pair, point) for pair in zip(tree, of, strict=True))
    return tree if axes is None else np.take(tree, point, axis=axes)


def mapped(f, tree):
    """The same tree, `f` of every number and array."""
    if isinstance(tree, dict):
        return {key: mapped(f, child) for key, child in tree.items()}
    return type(tree)(mapped(f, child) for child in tree) if isinstance(tree, (tuple, list)) else f(tree)


def leaves(tree):
    found = []
    mapped(found.append, tree)
    return found


def select(args, wrt):
    return args[wrt] if isinstance(wrt, int) else tuple(args[place] for place in wrt)


def check(found, points, bits):
    """What was found for a batch is, for each point, what there is at the point alone; close to what the engine has."""
    for point, (alone, eager) in enumerate(points):
        here = mapped(lambda leaf: leaf[point], found)  # noqa: B023 - used at once
        assert mapped(np.shape, here) == mapped(np.shape, alone) == mapped(np.shape, eager)
        for one, other, exact in zip(leaves(here), leaves(alone), leaves(eager), strict=True):
            assert bits(one) == bits(other)
            # another order of sums; nothing cancels to less than a thousandth of what is added
            np.testing.assert_allclose(one, exact, rtol=1e-12, atol=1e-15)


@each(SCALAR | {f"several, {name}": case for name, case in SEVERAL.items()})
def test_jacobians(f, axes, args, wrt, compiled, bits):
    c = compiled(f)
    expected = []
    for point in range(COUNT):
        here = at(args, axes, point)
        expected.append((c.jacobian(*here, wrt=wrt), gograd_core.jacobian(f, wrt)(*here)))
    check(c.batch(axes).jacobian(*args, wrt=wrt), expected, bits)


@each(SCALAR)
def test_hessians(f, axes, args, wrt, compiled, bits):
    c = compiled(f)
    expected = []
    for point in range(COUNT):
        here = at(args, axes, point)
        expected.append((c.hessian(*here, wrt=wrt), gograd_core.hessian(f, wrt)(*here)))
    check(c.batch(axes).hessian(*args, wrt=wrt), expected, bits)


@each(SCALAR)
def test_products_with_vectors(f, axes, args, wrt, compiled, bits):
    c = compiled(f)
    directions = mapped(lambda leaf: np.cos(leaf) + 0.25, args)
    expected = []
    for point in range(COUNT):
        here, along = at(args, axes, point), select(at(directions, axes, point), wrt)
        expected.append((c.hvp(*here, along, wrt=wrt), gograd_core.hvp(f, wrt)(*here, along)))
    check(c.batch(axes).hvp(*args, select(directions, wrt), wrt=wrt), expected, bits)


@pytest.mark.parametrize("count", [1, 8, 9, 130, 1000])
def test_whole_blocks_of_points_and_parts_of_them(count, compiled):
    """The map from polar coordinates and what is known of it; an ulp or two of each function, and of the product."""
    radii, angles = np.linspace(0.5, 2.0, count), np.linspace(0.1, 1.4, count)
    sine, cosine, nothing = np.sin(angles), np.cos(angles), np.zeros(count)
    position = compiled(lambda r, t: (r * ops.cos(t), r * ops.sin(t))).batch()
    found = np.array(position.jacobian(radii, angles, wrt=(0, 1)))
    np.testing.assert_allclose(found, [[cosine, -radii * sine], [sine, radii * cosine]], rtol=1e-14)
    height = compiled(lambda r, t: r * ops.sin(t)).batch()
    np.testing.assert_allclose(
        np.array(height.hessian(radii, angles, wrt=(0, 1))), [[nothing, cosine], [cosine, -radii * sine]], rtol=1e-14
    )
    along_both = np.array(height.hvp(radii, angles, (np.full(count, 2.0), radii), wrt=(0, 1)))
    np.testing.assert_allclose(along_both, [cosine * radii, 2.0 * cosine - radii**2 * sine], rtol=1e-13)


def test_quadratic_forms_have_their_matrix(compiled):
    matrix = np.array([[2.0, -1.0, 0.5], [-1.0, 4.0, 0.0], [0.5, 0.0, 8.0]])  # all products and sums are exact
    form = compiled(lambda x: sum(matrix[i, k] * x[i] * x[k] * 0.5 for i in range(3) for k in range(3))).batch(1)
    points = np.arange(12.0).reshape(3, 4)
    assert form.jacobian(points).tolist() == (matrix @ points).T.tolist()
    assert form.hessian(points).tolist() == [matrix.tolist()] * 4
    assert form.hvp(points, points - 3.0).tolist() == (matrix @ (points - 3.0)).T.tolist()


def test_by_what_is_shared_there_are_derivatives_per_point_too(compiled):
    c = compiled(lambda p, x: p[0] ** 2 * x + p[1]).batch((None, 0))
    x = np.array([1.0, 2.0, 4.0])
    assert c.jacobian([3.0, 0.5], x)[0].tolist() == [6.0, 12.0, 24.0]
    assert c.jacobian([3.0, 0.5], x)[1].tolist() == [1.0, 1.0, 1.0]
    assert c.hessian([3.0, 0.5], x)[0][0].tolist() == [2.0, 4.0, 8.0]
    assert c.hvp([3.0, 0.5], x, [10.0, 1.0])[0].tolist() == [20.0, 40.0, 80.0]


def test_vectors_may_be_lists_and_arrays_in_place_of_each_other(compiled):
    c = compiled(lambda p, x: p[0] ** 2 * x[0] * x[1]).batch((None, 0))
    points = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert c.hvp([3.0], points, np.array([1.0]))[0].tolist() == [4.0, 24.0]
    assert c.hvp([3.0], points, [[1.0, 0.0], [0.0, 1.0]], wrt=1).tolist() == [[0.0, 9.0], [9.0, 0.0]]


def test_captured_neurons_are_read_at_every_call(compiled):
    leaf = Neuron(2.0)
    c = compiled(lambda x: leaf * x * x if leaf > 0.0 else x * x * x).batch()
    x = np.array([1.0, 3.0])
    for value, slopes, curvatures in [(2.0, [4.0, 12.0], [4.0, 4.0]), (5.0, [10.0, 30.0], [10.0, 10.0]),
                                      (-1.0, [3.0, 27.0], [6.0, 18.0])]:  # fmt: skip
        leaf.value = value
        assert c.jacobian(x).tolist() == slopes
        assert c.hessian(x).tolist() == c.hvp(x, np.ones(2)).tolist() == curvatures
    assert leaf.grad == 0.0


def long_product(x):
    """So long that there are several strips of points, each for one thread."""
    total = x[0]
    for _ in range(30):
        total = total * 0.5 + ops.tanh(total * x[1])
    return total if x[0] > 0.0 else total * total


@pytest.mark.parametrize(
    ("call", "count"),
    [
        (lambda c, x: c.jacobian(x), 16_000),
        (lambda c, x: c.hessian(x), 3000),
        (lambda c, x: c.hvp(x, np.sin(x)), 3000),
    ],
    ids=["jacobian", "hessian", "hvp"],
)
def test_the_same_bits_with_any_number_of_threads(call, count, compiled):
    c = compiled(long_product)
    x = np.random.default_rng(1).normal(size=(count, 2))
    one, two, three = (call(c.batch(threads=threads), x).tobytes() for threads in (1, 2, 3))
    assert one == two == three


@pytest.mark.parametrize("outputs", [1, 24], ids=["reverse", "forward"])
def test_no_more_memory_is_needed_than_the_result_has(outputs, compiled):
    """Half as much again, for one sweep and what a program has of its own."""
    c = compiled(lambda x: [ops.dot(x, x) * x[k] for k in range(outputs)]).batch()
    x = np.ones((4000, 24))
    c.jacobian(x[:1])
    tracemalloc.start()
    try:
        found = np.array(c.jacobian(x)) if outputs == 1 else c.jacobian(x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = sum(block.nbytes for block in found)
    assert peak < 1.5 * size + 8 * x.nbytes
