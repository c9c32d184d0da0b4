"""Calls that are answered in C: they give what the general way gives, and leave to it whatever is unusual."""

from __future__ import annotations

import math

import attrs
import numpy as np
import pytest

from gograd_compile.call import prepared
from gograd_core import DomainError, Neuron, errstate, ops, register_container
from prepared_calls import ARGUMENTS, in_general, numbers_in, polynomial, shown

pytest.importorskip("numba")
pytestmark = pytest.mark.skipif(prepared is None, reason="calls in C were not built")


@pytest.mark.parametrize("args", ARGUMENTS.values(), ids=ARGUMENTS.keys())
class TestNesting:
    @pytest.mark.parametrize("method", ["__call__", "value_and_grad", "grad"])
    def test_results_are_those_of_the_general_way(self, compile_native, general_calls, bits, args, method):
        f = compile_native(polynomial)
        expected = in_general(f, method, *args)
        count = len(general_calls)
        for _ in range(3):
            assert shown(getattr(f, method)(*args), bits) == shown(expected, bits)
        assert len(general_calls) == count

    def test_hessian_vector_products_too(self, compile_native, general_calls, bits, args):
        f = compile_native(polynomial)
        wrt = len(args) - 1
        expected = in_general(f, "hvp", *args, args[wrt], wrt=wrt)
        count = len(general_calls)
        assert shown(f.hvp(*args, args[wrt], wrt=wrt), bits) == shown(expected, bits)
        assert len(general_calls) == count

    def test_results_nested_like_the_arguments_too(self, compile_native, general_calls, bits, args):
        f = compile_native(lambda *args: args)
        expected = in_general(f, "__call__", *args)
        count = len(general_calls)
        assert shown(f(*args), bits) == shown(expected, bits)
        assert len(general_calls) == count


def test_lists_that_are_nested_deeper_than_the_calls_know(compile_native, bits):
    tree = 1.5
    for _ in range(150):
        tree = [tree]
    f = compile_native(lambda tree: numbers_in(tree)[0] * 2.0)
    assert shown(f.grad(tree), bits) == shown(f.grad(tree), bits)
    assert f(tree) == 3.0


@pytest.mark.parametrize("wrt", [0, 1, (0, 1), (1,), (), -1])
def test_each_choice_of_arguments_has_its_own_gradient(compile_native, bits, wrt):
    f = compile_native(lambda x, y: x[0] * x[0] * y + x[1])
    expected = in_general(f, "value_and_grad", [1.5, 2.0], 3.0, wrt=wrt)
    f.value_and_grad([1.0, 1.0], 1.0)
    for _ in range(2):
        assert shown(f.value_and_grad([1.5, 2.0], 3.0, wrt=wrt), bits) == shown(expected, bits)


class Odd(list):
    pass


@attrs.frozen
class Strange:
    """Neither a number nor a container."""


class TestUnusualArguments:
    """Each is passed after a call with a list of two floats, whose preparation it does not fit."""

    @pytest.mark.parametrize(
        "argument",
        [
            [1.5], [1.5, 2.0, 3.0], (1.5, 2.0), [[1.5], 2.0], np.array([1.5, 2.0]), [1.5, 2],
            [np.longdouble(1.5), 2.0], [np.array(1.5), 2.0], {"a": 1.5, "b": 2.0},
        ],
        ids=repr,
    )  # fmt: skip
    def test_whatever_is_nested_in_another_way_is_recorded(self, compile_native, bits, argument):
        f = compile_native(polynomial)
        f.value_and_grad([1.0, 1.0])
        f.value_and_grad([1.0, 1.0])
        fresh = compile_native(polynomial)
        assert shown(f.value_and_grad(argument), bits) == shown(fresh.value_and_grad(argument), bits)

    @pytest.mark.parametrize(
        "argument",
        [
            ["1.5", 2.0],
            [1.5, None, "x"],
            Odd([1.5, 2.0]),
            [1.5, 1j],
            [Strange(), 2.0],
            [Neuron(1.5), 2.0],
            [10**400, 2.0],
        ],
        ids=lambda argument: f"{type(argument).__name__} {len(argument)} {type(argument[-2]).__name__}",
    )
    def test_errors_are_those_of_the_general_way(self, compile_native, argument):
        f = compile_native(polynomial)
        f.value_and_grad([1.0, 1.0])
        with pytest.raises((TypeError, OverflowError)) as expected:
            in_general(f, "value_and_grad", argument)
        f.value_and_grad([1.0, 1.0])
        with pytest.raises(expected.type) as found:
            f.value_and_grad(argument)
        assert str(found.value) == str(expected.value)

    @pytest.mark.parametrize(
        "array",
        [
            np.arange(4.0)[::2], np.asfortranarray(np.ones((2, 2))), np.ones((2, 2))[:, 0], np.array([1, 2]),
            np.array([1.5, 2.0], dtype=">f8"), np.array([1.5, 2.0], dtype=np.float32), np.ones((1, 2)), np.ones(3),
            np.broadcast_to(np.array(1.5), 2),
        ],
        ids=lambda array: f"{array.dtype.str} {array.shape} {array.strides}",
    )  # fmt: skip
    def test_arrays_that_do_not_lie_as_before(self, compile_native, bits, array):
        f = compile_native(polynomial)
        f.value_and_grad(np.array([1.0, 1.0]))
        fresh = compile_native(polynomial)
        assert shown(f.value_and_grad(array), bits) == shown(fresh.value_and_grad(array), bits)
        f.value_and_grad(np.array([1.0, 1.0]))
        assert shown(f.value_and_grad(array), bits) == shown(fresh.value_and_grad(array), bits)

    @pytest.mark.parametrize("kind", ["M8[Y]", "m8[s]", "U4"])
    def test_arrays_of_anything_else(self, compile_native, kind):
        f = compile_native(lambda a: a[0])
        f(np.zeros(1))
        f(np.zeros(1))
        with pytest.raises(TypeError, match=r"args\[0\]"):
            f(np.array([2020]).astype(kind))

    def test_arguments_are_positional_and_wrt_is_whole(self, compile_native):
        f = compile_native(polynomial)
        f.value_and_grad(1.5)
        for wrong in ({"x": 1.5}, {"wrt": 0.0}, {"wrt": (0.0,)}):
            with pytest.raises(TypeError):
                f.value_and_grad(1.5, **wrong)
        with pytest.raises(TypeError):
            f(1.5, x=2.0)
        with pytest.raises(IndexError):
            f.value_and_grad(1.5, wrt=1)

    def test_a_container_that_changes_the_list_it_is_in(self, compile_native):
        class Shrinking:
            def __init__(self, number, owner=None):
                self.number, self.owner = number, owner

        def take_apart(value):
            if value.owner is not None:
                del value.owner[1:]
            return [value.number], None

        register_container(Shrinking, take_apart, lambda rest, children: Shrinking(*children))
        f = compile_native(lambda row: row[0].number * 2.0 + row[1])
        assert f([Shrinking(1.5), 2.0]) == 5.0
        row = []
        row += [Shrinking(1.5, row), 2.0]
        assert f(row) == 5.0
        assert len(row) == 1


class TestNumbersThatAreNotFinite:
    def test_a_value(self, compile_native):
        f = compile_native(lambda x: ops.log(x) * 2.0)
        for x in (1.0, 2.0):
            f.value_and_grad(x)
        with pytest.raises(DomainError, match="recorded at"):
            f.value_and_grad(0.0)
        with errstate(domain="ignore"):
            assert f.value_and_grad(0.0) == (-math.inf, math.inf)
        assert f.value_and_grad(2.0) == (math.log(2.0) * 2.0, 1.0)

    def test_a_derivative(self, compile_native):
        f = compile_native(lambda x: ops.sqrt(x) * 2.0)
        for x in (1.0, 4.0):
            f.value_and_grad(x)
        assert f(0.0) == 0.0
        with pytest.raises(DomainError):
            f.value_and_grad(0.0)

    def test_an_infinite_factor_of_an_adjoint_that_is_zero(self, compile_native, bits):
        f = compile_native(lambda x, y: ops.where(y > 0.0, ops.sqrt(x), y) * 1.0)
        f.value_and_grad(1.0, 1.0, wrt=(0, 1))
        f.value_and_grad(4.0, 1.0, wrt=(0, 1))
        found = f.value_and_grad(0.0, -1.0, wrt=(0, 1))
        assert found == (-1.0, (0.0, 1.0))
        assert shown(found, bits) == shown(in_general(f, "value_and_grad", 0.0, -1.0, wrt=(0, 1)), bits)

    @pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
    def test_an_argument(self, compile_native, bits, x):
        f = compile_native(lambda x: x * 2.0 + 1.0)
        f.value_and_grad(1.0)
        f.value_and_grad(1.0)
        assert shown(f.value_and_grad(x), bits) == shown(in_general(f, "value_and_grad", x), bits)
