"""Values and gradients of many neurons at once, read into buffers of doubles and written from them."""

from __future__ import annotations

import math
import struct
import sys
import threading
from array import array

import numpy as np
import pytest

from gograd_compile import RecordingError, compile
from gograd_core import Neuron, Op, StaleGraphError, ops
from gograd_core.engines import (
    add_gradients,
    leaves_of,
    next_stamp,
    read_adjoints,
    read_gradients,
    read_values,
    write_gradients,
    write_values,
)

BITS = struct.Struct("<d").pack


class TestReadValues:
    @pytest.mark.parametrize("make", [np.zeros, lambda n: array("d", [0.0] * n)], ids=["numpy", "array"])
    def test_into_a_buffer(self, make):
        x = Neuron(2.0)
        into = make(3)
        read_values([x, x * 3.0, Neuron(-0.0)], into)
        assert list(map(BITS, into)) == list(map(BITS, [2.0, 6.0, -0.0]))
        read_values((), make(0))

    @pytest.mark.parametrize(
        ("neurons", "into", "error"),
        [
            ([Neuron(1.0)], np.zeros(2), ValueError),
            ([Neuron(1.0), 2.0], np.zeros(2), TypeError),
            ([Neuron(1.0)], np.zeros(1, dtype=np.float32), TypeError),
            ([Neuron(1.0)], np.zeros((1, 1)), TypeError),
            ([Neuron(1.0)] * 2, np.zeros(4)[::2], TypeError),
            ([Neuron(1.0)], [0.0], TypeError),
            ([Neuron(1.0)], np.frombuffer(bytes(8)), ValueError),
            ([Neuron(1.0)], bytearray(8), TypeError),
        ],
    )
    def test_refuses_all_else(self, neurons, into, error):
        with pytest.raises(error):
            read_values(neurons, into)


class TestWriteValues:
    @pytest.mark.parametrize("rows", [list, tuple])
    def test_sets_leaves_as_their_property_does(self, rows):
        x, y = Neuron(1.0), Neuron(2.0)
        z, before = x * y, next_stamp()
        write_values(rows([x, y]), np.array([-0.0, math.inf]))
        assert list(map(BITS, [x.value, y.value])) == list(map(BITS, [-0.0, math.inf]))
        assert z.value == 2.0
        assert before < x._stamp < y._stamp < next_stamp()
        with pytest.raises(StaleGraphError):
            z.backward()
        write_values([x, y], array("d", [3.0, 4.0]))
        w = x * y
        w.backward()
        assert (w.value, x.grad, y.grad) == (12.0, 4.0, 3.0)
        write_values((), np.zeros(0))

    @pytest.mark.parametrize(
        ("more", "values", "error"),
        [
            ([], [1.0, 1.0], ValueError),
            ([1.0], [1.0, 1.0], TypeError),
            ([Neuron(2.0) * 3.0], [1.0, 1.0], AttributeError),
            ([], np.ones(1, dtype=np.float32), TypeError),
        ],
    )
    def test_all_or_none(self, more, values, error):
        x = Neuron(5.0)
        y = x * 1.0
        if type(values) is list:
            values = np.array(values)
        with pytest.raises(error):
            write_values([x, *more], values)
        assert x.value == 5.0
        y.backward()

    def test_what_is_recorded_may_not_set_values(self):
        x = Neuron(5.0)

        def f(y):
            write_values([x], np.array([1.0]))
            return x * y

        with pytest.raises(RecordingError, match="value"):
            compile(f)(1.0)
        assert x.value == 5.0


class TestGradients:
    def test_are_read_and_written(self):
        x, y = Neuron(1.0), Neuron(2.0)
        z = x * y
        z.backward()
        into = np.zeros(3)
        read_gradients([x, z, y], into)
        assert into.tolist() == [2.0, 1.0, 1.0]
        write_gradients((y, x), np.array([0.25, -0.0]))
        assert list(map(BITS, [y.grad, x.grad])) == list(map(BITS, [0.25, -0.0]))

    def test_unused_ones_are_zero(self):
        x = Neuron(1.0)
        into = np.ones(2)
        read_gradients([x * x, ops.stop_gradient(x)], into)
        assert into.tolist() == [0.0, 0.0]

    @pytest.mark.parametrize("door", [read_gradients, write_gradients])
    @pytest.mark.parametrize(
        ("more", "numbers", "error"),
        [([], np.ones(2), ValueError), ([1.0], np.ones(2), TypeError), ([], np.ones(1, dtype=np.intp), TypeError)],
    )
    def test_all_or_none(self, door, more, numbers, error):
        x = Neuron(1.0)
        with pytest.raises(error):
            door([x, *more], numbers)
        assert x.grad == 0.0

    def test_what_is_recorded_may_not_read_them(self):
        x = Neuron(5.0)

        def f(y):
            read_gradients([x], np.zeros(1))
            return x * y

        with pytest.raises(RecordingError, match="grad"):
            compile(f)(1.0)


class TestAddGradients:
    def test_adds(self):
        x, y = Neuron(1.0), Neuron(2.0)
        z = x * y
        x.grad = 0.5
        add_gradients([x, y, z, x], np.array([1.0, 2.0, 3.0, 4.0]))
        assert (x.grad, y.grad, z.grad) == (5.5, 2.0, 3.0)
        add_gradients((y,), array("d", [0.25]))
        add_gradients([y], np.frombuffer(BITS(0.5)))
        assert y.grad == 2.75

    @pytest.mark.parametrize(
        ("more", "gradients", "error"),
        [
            ([], [1.0, 1.0], ValueError),
            ([1.0], [1.0, 1.0], TypeError),
            ([None], [1.0, 1.0], TypeError),
            ([], np.ones(1, dtype=np.intp), TypeError),
        ],
    )
    def test_all_or_none(self, more, gradients, error):
        x = Neuron(1.0)
        if type(gradients) is list:
            gradients = np.array(gradients)
        with pytest.raises(error):
            add_gradients([x, *more], gradients)
        assert x.grad == 0.0


class TestLeavesOf:
    @pytest.mark.parametrize("numbers", [[], [1.0, -0.0, math.inf]])
    def test_are_as_if_made_one_by_one(self, numbers):
        before, into = next_stamp(), np.full(len(numbers), "before", object)
        made = leaves_of(np.array(numbers), into)
        assert all(a is b for a, b in zip(made, into, strict=True))
        assert [BITS(leaf.value) for leaf in made] == list(map(BITS, numbers))
        assert all((type(leaf), leaf.operation, leaf.label, leaf.grad) == (Neuron, None, "", 0.0) for leaf in made)
        assert [leaf._stamp for leaf in made] == list(range(before + 1, before + 1 + len(numbers)))

    @pytest.mark.parametrize("values", [np.zeros(2, dtype=np.float32), np.zeros((1, 1)), np.zeros(4)[::2], bytes(8)])
    def test_refuses_all_else(self, values):
        with pytest.raises(TypeError, match="row of doubles"):
            leaves_of(values, np.empty(len(values), object))

    @pytest.mark.parametrize(
        "into", [np.zeros(2), np.empty(3, object), np.empty((2, 1), object), np.empty(4, object)[::2], [None] * 2]
    )
    def test_refuses_all_but_an_array_of_as_many_objects(self, into):
        with pytest.raises(TypeError, match="objects|bytes-like"):
            leaves_of(np.zeros(2), into)

    def test_owns_each_leaf_once_more_for_the_array(self):
        replaced = Neuron(0.0)
        into = np.full(2, replaced, object)
        before = sys.getrefcount(replaced)
        made = leaves_of(np.zeros(2), into)
        assert sys.getrefcount(replaced) == before - 2
        in_one_list = [sys.getrefcount(leaf) for leaf in [Neuron(0.0), Neuron(0.0)]]
        assert [sys.getrefcount(leaf) for leaf in made] == [count + 1 for count in in_one_list]


class TestReadAdjoints:
    def test_of_leaves_and_of_neurons_in_between(self):
        x, y, unused = Neuron(3.0), Neuron(4.0), Neuron(5.0)
        x.grad = 7.0
        z = x * y
        into = np.full(5, math.nan)
        read_adjoints([z * z, z], [1.0, 2.0], [x, z, unused, y, x], 0, into)
        assert into.tolist() == [(2 * 12.0 + 2.0) * 4.0, 2 * 12.0 + 2.0, 0.0, (2 * 12.0 + 2.0) * 3.0, 104.0]
        assert [x.grad, y.grad, z.grad] == [7.0, 0.0, 0.0]

    @pytest.mark.parametrize(
        ("into", "error"),
        [(np.zeros(2), ValueError), (np.zeros(1, dtype=np.float32), TypeError), (np.frombuffer(bytes(8)), ValueError)],
    )
    def test_refuses_all_else(self, into, error):
        x = Neuron(3.0)
        with pytest.raises(error):
            read_adjoints([x * x], [1.0], [x], 0, into)


def test_adding_waits_for_a_sweep_of_another_thread():
    """Which sets what it swept back to the sum of before and after."""
    x = Neuron(1.0)
    sweeping, go_on = threading.Event(), threading.Event()

    def partial(xp, out, a):
        sweeping.set()
        go_on.wait(0.2)
        return 1.0

    z = Op("slow", forward=lambda xp, a: a, partials=(partial,))(x)
    sweep = threading.Thread(target=z.backward)
    sweep.start()
    sweeping.wait(10.0)
    add = threading.Thread(target=add_gradients, args=([x], np.array([10.0])))
    add.start()
    go_on.set()
    sweep.join()
    add.join()
    assert x.grad == 11.0
