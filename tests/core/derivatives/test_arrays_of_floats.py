"""Gradients with respect to arrays: the same, to the last bit, as with respect to the numbers in a list."""

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, grad, no_grad, ops, value_and_grad

NUMBERS = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -0.125]])
READ_ONLY = NUMBERS.copy()
READ_ONLY.flags.writeable = False
ARRAYS = {
    "one axis": NUMBERS.ravel(),
    "one entry": np.array([2.5]),
    "two axes": NUMBERS,
    "three axes": NUMBERS.reshape(2, 1, 3),
    "transposed": NUMBERS.T,
    "backwards": NUMBERS[:, ::-1],
    "read-only": READ_ONLY,
    "of another byte order": NUMBERS.astype(">f8"),
    "out of alignment": np.frombuffer(b"?" + NUMBERS.tobytes(), np.float64, offset=1),
    "of single precision": NUMBERS.astype(np.float32),
    "of integers": np.array([1, 2, 3]),
    "of objects": NUMBERS.astype(object),
}


def f(xs):
    """Of a list: an entry counts more the later it is; the first one is used often, and one is not used at all."""
    used = [x for place, x in enumerate(xs) if place != 1]
    return ops.dot(used, [x * place for place, x in enumerate(used, 2)]) * ops.tanh(xs[0]) + xs[0]


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_bits_are_those_of_a_list(array):
    numbers = [float(x) for x in array.flat]
    value, slopes = value_and_grad(f)(numbers)
    before = array.copy()
    found, gradient = value_and_grad(lambda a: f(a.ravel().tolist()))(array)
    assert (type(found), found) == (float, value)
    assert (type(gradient), gradient.dtype, gradient.shape) == (np.ndarray, np.float64, array.shape)
    assert gradient.tobytes() == np.array(slopes).tobytes()
    np.testing.assert_array_equal(array, before)
    assert not np.shares_memory(gradient, array)
    for other in (
        grad(lambda a: f(a.ravel().tolist()))(array),
        grad(lambda n, a: f(a.ravel().tolist()), 1)(0.0, array),
    ):
        np.testing.assert_array_equal(other, gradient)


def test_the_function_gets_an_array_of_fresh_leaves():
    seen = []
    grad(lambda a: seen.append(a) or a[0, 0] * 2.0)(NUMBERS)
    assert (seen[0].dtype, seen[0].shape) == (object, NUMBERS.shape)
    assert all(type(x) is Neuron and x.operation is None and x.grad == 0.0 for x in seen[0].flat)
    assert [x.value for x in seen[0].flat] == NUMBERS.ravel().tolist()


def test_an_array_inside_another_derivative_gives_neurons():
    inner = grad(lambda a, t: a[0] * a[0] * t * t)
    assert grad(lambda t: inner(np.array([3.0, 1.0]), t)[0])(2.0) == 2 * 3.0 * 2 * 2.0


def test_no_grad_around_it_changes_nothing():
    with no_grad():
        assert grad(lambda a: a[0] * a[1])(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]


def test_an_array_without_entries():
    value, gradient = value_and_grad(lambda a: 2.0)(np.zeros((0, 3)))
    assert (value, gradient.shape) == (2.0, (0, 3))


def test_errors_are_those_of_a_list():
    for argument in ([0.0, 1.0], np.array([0.0, 1.0])):
        with pytest.raises(DomainError, match="sqrt"):
            grad(lambda a: ops.sqrt(a[0]) + a[1])(argument)
        with pytest.raises(TypeError, match="must return one number"):
            grad(lambda a: "a")(argument)
