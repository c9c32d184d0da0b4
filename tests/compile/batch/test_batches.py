"""Many points at once: which arguments are batched, which derivatives come per point, and errors that say where."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import DomainError, errstate, ops, value_and_grad

COUNTS = (1, 7, 8, 9, 33, 130, 1000)


def loss(p, x, y):
    return (ops.tanh(p["w"][0] * x[0] + p["w"][1] * x[1]) - y) ** 2 * p["scale"]


PARAMETERS = {"w": np.array([0.5, -0.25]), "scale": 2.0}


def data(count):
    chosen = np.random.default_rng(count)
    return chosen.normal(size=(count, 2)), chosen.normal(size=count)


@pytest.mark.parametrize("count", COUNTS)
def test_every_point_is_as_alone(count, compiled, bits):
    c = compiled(loss)
    xs, ys = data(count)
    values, (by_p, by_x, by_y) = c.batch((None, 0, 0)).value_and_grad(PARAMETERS, xs, ys, wrt=(0, 1, 2), per_point=True)
    assert by_p["w"].shape == (count, 2)
    assert by_x.shape == (count, 2)
    for i in {0, count // 2, count - 1}:
        value, (p, x, y) = c.value_and_grad(PARAMETERS, xs[i], ys[i], wrt=(0, 1, 2))
        assert bits([values[i], *by_p["w"][i], by_p["scale"][i], *by_x[i], by_y[i]]) == bits(
            [value, *p["w"], p["scale"], *x, y]
        )
    assert c.batch((None, 0, 0))(PARAMETERS, xs, ys).tobytes() == values.tobytes()


@pytest.mark.parametrize("count", COUNTS)
def test_sums_over_points(count, compiled):
    """Added in another order than NumPy adds; an ulp of the sum of magnitudes per point is the most it may be off."""
    c = compiled(loss).batch((None, 0, 0))
    xs, ys = data(count)
    total = c.grad(PARAMETERS, xs, ys)
    each = c.grad(PARAMETERS, xs, ys, per_point=True)
    for found, terms in ((total["w"], each["w"]), (total["scale"], each["scale"])):
        assert (np.abs(found - terms.sum(axis=0)) <= count * 2.0**-52 * np.abs(terms).sum(axis=0)).all()
    assert isinstance(total["scale"], float)


@pytest.mark.parametrize("count", [1, 9, 1000])
def test_sums_beside_gradients_per_point(count, compiled):
    c = compiled(loss).batch((None, 0, 0))
    xs, ys = data(count)
    _, (by_p, by_x) = c.value_and_grad(PARAMETERS, xs, ys, wrt=(0, 1))
    assert by_x.tobytes() == c.grad(PARAMETERS, xs, ys, wrt=1).tobytes()
    assert by_p["w"].tobytes() == c.grad(PARAMETERS, xs, ys)["w"].tobytes()


def combine(a, b):
    return a["m"][0, 1] * b[0] + a["m"][1, 0] * b[1] * a["k"]


M, K, B = np.arange(24.0).reshape(3, 2, 4) + 1.0, np.linspace(-1.0, 1.0, 4), np.arange(8.0).reshape(4, 2)
AXES = {
    "last axis of one": (({"m": 2, "k": 0}, 0), {"m": M[:2], "k": K}, B),
    "negative axis": (({"m": -1, "k": 0}, 0), {"m": M[:2], "k": K}, B),
    "first axis": (({"m": 0, "k": 0}, 0), {"m": np.moveaxis(M[:2], 2, 0), "k": K}, B),
    "part of an argument shared": (({"m": None, "k": 0}, 0), {"m": M[:2, :, 0], "k": K}, B),
    "one argument shared": ((None, 0), {"m": M[:2, :, 0], "k": 3.0}, B),
    "the other one": (({"m": 2, "k": 0}, None), {"m": M[:2], "k": K}, B[1]),
    "the second axis": (({"m": 2, "k": 0}, 1), {"m": M[:2], "k": K}, B.T),
    "entries of a list": ((None, [0, None]), {"m": M[:2, :, 0], "k": 3.0}, [B[:, 0], 2.0]),
    "a list of axes": ([None, [0, 0]], {"m": M[:2, :, 0], "k": 3.0}, [B[:, 0], B[:, 1]]),
}


def at(argument, axes, point):
    """The argument at one point."""
    if isinstance(argument, (dict, list)):
        keys = argument if isinstance(argument, dict) else range(len(argument))
        each = {key: at(argument[key], axes[key] if isinstance(axes, (dict, list)) else axes, point) for key in keys}
        return each if isinstance(argument, dict) else list(each.values())
    return argument if axes is None else np.take(argument, point, axis=axes)


@pytest.mark.parametrize(("axes", "a", "b"), AXES.values(), ids=AXES)
def test_axes(axes, a, b, compiled):
    c = compiled(combine)
    expected = [c(at(a, axes[0], i), at(b, axes[1], i)) for i in range(4)]
    assert c.batch(tuple(axes))(a, b).tolist() == expected
    assert c.batch(axes)(a, b).tolist() == expected


def test_one_axis_for_all_arguments(compiled):
    c = compiled(lambda x, y: x * y[1])
    assert c.batch(0)(np.array([1.0, 2.0]), np.array([[0.0, 3.0], [0.0, 4.0]])).tolist() == [3.0, 8.0]
    assert c.batch()(np.array([1.0, 2.0]), np.array([[0.0, 3.0], [0.0, 4.0]])).tolist() == [3.0, 8.0]


@pytest.mark.parametrize(
    ("axes", "args", "message"),
    [
        (None, (np.ones(3), np.ones(3)), "none of the arguments"),
        (0, (np.ones(3), np.ones(4)), "the numbers of points differ"),
        (0, (np.ones(3), 1.0), "None means that it is shared"),
        ((0, 1), (np.ones(3), np.ones(3)), "no axis 1"),
        ((0,), (np.ones(3), np.ones(3)), "1 entries for 2"),
    ],
)
def test_axes_that_do_not_fit(axes, args, message, compiled):
    with pytest.raises(ValueError, match=message):
        compiled(lambda x, y: x * y).batch(axes)(*args)


def test_nested_results(compiled):
    def f(x):
        return {"a": [x[0], x[1] * 2.0], "b": np.array([x[0], x[0] * x[1]])}

    found = compiled(f).batch()(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert found["a"][1].tolist() == [4.0, 8.0, 12.0]
    assert found["b"].tolist() == [[1.0, 2.0], [3.0, 12.0], [5.0, 30.0]]


def test_results_without_arguments_among_them(compiled):
    c = compiled(lambda x: [x, 3.0])
    first, second = c.batch()(np.array([1.0, 2.0]))
    assert (first.tolist(), second.tolist()) == ([1.0, 2.0], [3.0, 3.0])


def test_no_points(compiled):
    """Nothing to compute; the function was recorded, so the result's form is known."""
    c = compiled(lambda x: x * x)
    c(2.0)
    assert c.batch()(np.empty(0)).shape == (0,)
    values, slopes = c.batch().value_and_grad(np.empty(0))
    assert (values.shape, slopes.shape) == ((0,), (0,))
    d = compiled(lambda p, x: p * x)
    d(2.0, 3.0)
    assert d.batch((None, 0)).grad(2.0, np.empty(0)) == 0.0


def test_errors_name_the_point(compiled):
    c = compiled(ops.log)
    xs = np.linspace(1.0, 2.0, 50)
    xs[37] = -1.0
    for call in (c.batch(), c.batch().value_and_grad):
        with pytest.raises(DomainError, match=r"log\(-1.0\)") as caught:
            call(xs)
        assert "point 37" in "".join(caught.value.__notes__)
    with errstate(domain="ignore"):
        values = c.batch()(xs)
    assert np.flatnonzero(np.isnan(values)).tolist() == [37]
    assert values[36] == c(xs[36])


def test_points_that_are_infinite_by_themselves(compiled):
    """The engine judges what operations make of numbers, not numbers."""
    c = compiled(lambda p, x: p * x + ops.tanh(x))
    xs = np.array([1.0, np.inf, 2.0])
    values, total = c.batch((None, 0)).value_and_grad(3.0, xs)
    assert values.tolist() == [c(3.0, 1.0), np.inf, c(3.0, 2.0)]
    assert total == np.inf
    zero = compiled(lambda p, x: ops.where(x > 0.0, p * 2.0, ops.sqrt(p) + x)).batch((None, 0))
    assert zero.value_and_grad(4.0, np.array([1.0, np.inf, -np.inf]))[1] == 2.0 + 2.0 + 0.25


def test_a_derivative_left_out_is_zero_not_nan(compiled):
    """Points at which a sweep meets 0 * inf are summed like the others."""
    f = lambda p, x: ops.where(x > 0.0, ops.sqrt(x) * p, p * x)  # noqa: E731
    values, (total, own) = compiled(f).batch((None, 0)).value_and_grad(2.0, np.array([4.0, 0.0, 9.0]), wrt=(0, 1))
    expected = [value_and_grad(f, (0, 1))(2.0, x) for x in (4.0, 0.0, 9.0)]
    assert values.tolist() == [value for value, _ in expected]
    assert (total, own.tolist()) == (5.0, [slope for _, (_, slope) in expected])


def test_results_nested_differently_at_different_points(compiled):
    c = compiled(lambda x: [x] if x > 0.0 else (x, x))
    with pytest.raises(ValueError, match="nested"):
        c.batch()(np.array([1.0, -1.0]))


@pytest.mark.parametrize("threads", [0, -1])
def test_numbers_of_threads(threads, compiled):
    with pytest.raises(ValueError, match="threads"):
        compiled(lambda x: x).batch(threads=threads)


def test_integers_and_single_precision(compiled):
    c = compiled(lambda x: x / 3.0)
    for kind in (np.int32, np.float32, np.bool_):
        assert c.batch()(np.array([0, 1], dtype=kind)).tolist() == [0.0, 1.0 / 3.0]
    assert c.batch()(np.asfortranarray(np.arange(6.0))[::2]).tolist() == [0.0, 2.0 / 3.0, 4.0 / 3.0]


def test_arrays_that_cannot_be_written_to(compiled):
    points = np.arange(16.0)
    points.flags.writeable = False
    assert compiled(lambda x: x * x).batch()(points).tolist() == (points * points).tolist()
