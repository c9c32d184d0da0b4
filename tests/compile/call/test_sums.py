"""Sums at one point, many of them side by side: their bits are those of a batch, where each is added up separately."""

import itertools

import numpy as np
import pytest

from gograd_compile import compile
from gograd_compile.call import prepared
from gograd_core import errstate, ops

pytestmark = pytest.mark.skipif(prepared is None, reason="the library for calls was not built")


def product(rows, x):
    return [ops.dot(row, x) for row in rows]


def rows_times_vector(n, m):
    return lambda p: ops.sum([out * out for out in product(np.reshape(p[m:], (n, m)).tolist(), p[:m])])


def columns_times_vector(n, m):
    return lambda p: ops.sum([out * out for out in product(np.reshape(p[m:], (m, n)).T.tolist(), p[:m])])


def backwards(n, m):
    """Slots of one factor move down while those of the other move up, and both move by more than 1."""
    return lambda p: ops.sum(
        [ops.dot([p[2 * i], p[m + i], p[-1]], [p[m - 1 - i % m], p[-1 - i], p[i]]) for i in range(n)]
    )


def prefix_sums(n, m):
    """Each sum is a term of the next one."""
    return lambda p: ops.dot([*itertools.accumulate(p)], p[::-1])


def with_offsets(n, m):
    """Sums whose last term moves in the other factor."""
    return lambda p: ops.sum([ops.dot([*p[:m], 1.0], [*p[m + i : 2 * m + i], p[-1 - i]]) ** 2 for i in range(n)])


def layers(n, m):
    """Two layers of n units that n points go through: all but the last units are tables, and so are the derivatives."""

    def loss(p):
        samples = np.reshape(p[: n * m], (n, m)).tolist()
        first, second = (np.reshape(p[part : part + n * m], (n, m)).tolist() for part in (0, n * m))
        hidden = [[ops.tanh(out) for out in product(first, sample)] for sample in samples]
        outs = [out for row in hidden for out in product(second, row[:m])]
        return ops.sum([out * out for out in outs]) + ops.dot(p, p)

    return loss


def bits(number):
    return np.asarray(number, dtype=np.float64).tobytes()


def same_as_in_a_batch(f, points):
    one, many = compile(f), compile(f)
    values, gradients = many.batch(threads=1).value_and_grad(points)
    for point, value, gradient in zip(points, values, gradients, strict=True):
        for _ in range(2):  # the second call is prepared
            found, slope = one.value_and_grad(point)
            assert bits(found) == bits(value)
            assert bits(slope) == bits(gradient)


MAKERS = [rows_times_vector, columns_times_vector, backwards, prefix_sums, with_offsets, layers]
SHAPES = [*((n, m) for n in (1, 3, 4, 5, 7, 8, 9, 12, 13, 16, 27) for m in (1, 2, 5)), (64, 16)]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("n", "m"), SHAPES)
def test_bits_are_those_of_a_batch(make, n, m):
    n, m = (min(n, 16), min(n, m)) if make is layers else (n, m)
    rng = np.random.default_rng(n * 100 + m)
    size = max(m + n * m, 3 * n + 3 * m + 2)
    size = m + n * m if make in (rows_times_vector, columns_times_vector) else size
    size = 2 * n * m if make is layers else size
    points = rng.standard_normal((3, size)) * 10.0 ** rng.integers(-8, 8, (3, size))
    same_as_in_a_batch(make(n, m), points)


@pytest.mark.parametrize("n", [4, 8, 13])
def test_negative_zeros_stay_negative(n):
    f = compile(lambda p: [p[0] * p[i] + p[1] * p[i + 1] for i in range(2, 2 * n + 2, 2)])
    point = np.array([0.0, 0.0] + [-1.0] * (2 * n))
    for _ in range(2):
        assert bits(f(point)) == bits([-0.0] * n)


def test_infinities_and_nan_are_those_of_a_batch():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((20, 3 + 8 * 3))
    points[rng.random(points.shape) < 0.1] = np.inf
    points[rng.random(points.shape) < 0.1] = 0.0
    f = rows_times_vector(8, 3)
    one, many = compile(f), compile(f)
    with errstate(domain="ignore"):
        values, gradients = many.batch(threads=1).value_and_grad(points)
        for point, value, gradient in zip(points, values, gradients, strict=True):
            for found, expected in zip(one.value_and_grad(point), (value, gradient), strict=True):
                np.testing.assert_array_equal(found, expected)  # NaNs may differ in their sign


def test_calls_of_several_nestings_in_turn_are_prepared():
    f = compile(lambda p, x: ops.dot(p, p) * ops.sum(x))
    cases = [(np.arange(3.0), np.ones(size)) for size in (2, 3, 4)] + [([1.0, 2.0], (3.0,))]
    expected = [f.value_and_grad(*case) for case in cases]
    store = f.store
    for _ in range(3):
        for case, (value, gradient) in zip(cases, expected, strict=True):
            found = store.calls[0](case)  # NotImplemented if they took the general way
            assert found[0] == value
            np.testing.assert_array_equal(found[1], gradient)
            assert type(found[1]) is type(gradient)
    assert store.calls[0]((np.arange(3.0), np.ones(5))) is NotImplemented
