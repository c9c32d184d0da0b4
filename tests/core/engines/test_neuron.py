"""The node as a number: construction, values, operators, comparison, copies, refusals."""

from __future__ import annotations

import copy
import decimal
import fractions
import math
import operator
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import Neuron, Registry, UnknownOperationError, no_grad, ops, settings, stop_gradient
from gograd_core.plugins import registry

FINITE = st.floats(-1e6, 1e6)


class TestConstruction:
    @pytest.mark.parametrize(
        "number",
        [
            2,
            2.0,
            True,
            -0.0,
            math.inf,
            fractions.Fraction(1, 4),
            np.float32(0.5),
            np.int64(3),
            np.array(1.5),
            np.bool(1),
        ],
    )
    def test_from_any_real_number(self, number):
        neuron = Neuron(number)
        assert type(neuron.value) is float
        assert neuron.value == float(number)
        assert (neuron.grad, neuron.operation, neuron.constituents, neuron.label) == (0.0, None, (), "")

    @pytest.mark.parametrize(
        "thing", ["2", None, 1j, [1.0], decimal.Decimal(1), np.array([1.0]), np.array([]), object(), np.timedelta64(3)]
    )
    def test_refuses_anything_else(self, thing):
        with pytest.raises(TypeError, match=r"Neuron\(\) expects a real number"):
            Neuron(thing)

    def test_refuses_a_neuron_and_says_what_to_do(self):
        with pytest.raises(TypeError, match=r"\.value, or stop_gradient"):
            Neuron(Neuron(1.0))

    def test_refuses_an_integer_too_large(self):
        with pytest.raises(OverflowError, match="too large for a float"):
            Neuron(10**400)

    def test_refuses_a_label_that_is_no_string(self):
        with pytest.raises(TypeError, match="label expects a string"):
            Neuron(1.0, label=3)

    def test_is_final(self):
        with pytest.raises(TypeError, match="final"):
            type("Sub", (Neuron,), {})


class TestAttributes:
    def test_a_leaf_can_be_set(self):
        x = Neuron(1.0)
        x.value, x.grad, x.label = 2, np.float64(3.0), "x"
        assert (x.value, x.grad, x.label) == (2.0, 3.0, "x")
        assert type(x.value) is type(x.grad) is float

    def test_what_was_computed_cannot(self):
        with pytest.raises(AttributeError, match=r"only a leaf's value can be set.*mul"):
            (Neuron(1.0) * 2).value = 3.0

    @pytest.mark.parametrize("name", ["operation", "constituents", "anything"])
    def test_nothing_else_can_be_set(self, name):
        with pytest.raises(AttributeError):
            setattr(Neuron(1.0), name, None)

    def test_the_partner_is_the_other_constituent(self):
        x, y = Neuron(2.0), Neuron(3.0)
        product = x * y
        assert product.operation.name == "mul"
        assert product.constituents[0] is x
        assert product.constituents[1] is y
        assert (x + 1).constituents[1] == 1.0

    def test_the_operation_knows_its_provider(self):
        assert str((Neuron(1.0) + 1).operation.provider) == "gograd-ops-basic 0.1.0"


class TestText:
    def test_repr_tells_value_grad_label_and_operation(self):
        x = Neuron(2.0, "x")
        assert repr(x) == "Neuron(2.0, grad=0.0, label='x')"
        assert repr(x * x) == "Neuron(4.0, grad=0.0, operation='mul')"

    def test_format_is_that_of_the_value(self):
        assert f"{Neuron(1 / 3):.3f} {Neuron(12345.678):,.1f}" == "0.333 12,345.7"
        assert f"{Neuron(1.0)}" == str(Neuron(1.0)) == repr(Neuron(1.0))


ARITHMETIC = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x * y": lambda x, y: x * y,
    "x / y": lambda x, y: x / y,
    "|x| ** y": lambda x, y: abs(x) ** (y / 10.0),
    "-x": lambda x, y: -x,
    "abs(x)": lambda x, y: abs(x),
    "x += y": operator.iadd,
}


class TestOperators:
    @pytest.mark.parametrize("f", ARITHMETIC.values(), ids=ARITHMETIC.keys())
    @pytest.mark.parametrize("wrap", [(Neuron, Neuron), (Neuron, float), (float, Neuron)], ids=["nn", "nf", "fn"])
    def test_agree_with_floats(self, f, wrap):
        for x, y in ((2.5, -3.0), (-1.0, 7.0), (4.0, 4.0)):
            found = f(wrap[0](x), wrap[1](y))
            assert getattr(found, "value", found) == f(x, y)

    @pytest.mark.parametrize("number", [2, 2.0, True, np.float32(2), np.float64(2), np.int64(2), fractions.Fraction(2)])
    def test_take_any_real_number_on_either_side(self, number):
        x = Neuron(5.0)
        for result, value in ((x - number, 5 - float(number)), (number - x, float(number) - 5)):
            assert type(result) is Neuron
            assert result.value == value
            assert all(type(c) in (Neuron, float) for c in result.constituents)

    @pytest.mark.parametrize("thing", ["2", None, [1.0], {}])
    def test_leave_other_things_to_python(self, thing):
        for calculate in (lambda: Neuron(1.0) + thing, lambda: thing + Neuron(1.0)):
            with pytest.raises(TypeError, match=r"unsupported operand|can only concatenate|must be str"):
                calculate()

    @pytest.mark.parametrize(
        ("number", "convert"),
        [(1j, "to real and imaginary part"), (decimal.Decimal(1), r"with float\(\)")],
    )
    def test_refuse_numbers_that_are_not_real(self, number, convert):
        """The same for each operator, on either side."""
        for calculate in (operator.add, operator.mod, operator.pow, divmod, operator.floordiv):
            for operands in ((Neuron(1.0), number), (number, Neuron(1.0))):
                with pytest.raises(TypeError, match=f"cannot be combined with .* of type .*{convert}"):
                    calculate(*operands)

    def test_leave_numbers_of_other_kinds_a_word(self):
        class Knowing(complex):
            def __radd__(self, other):
                return "its own"

        assert Neuron(1.0) + Knowing(1) == "its own"

    def test_pow_has_no_modulus(self):
        with pytest.raises(TypeError):
            pow(Neuron(2.0), 2, 3)

    @pytest.mark.parametrize("calculate", [lambda x: x // 2, lambda x: x % 2], ids=["//", "%"])
    def test_an_operator_that_no_operation_implements(self, calculate):
        without = Registry(only=["gograd-ops-basic"])
        with without, pytest.raises(UnknownOperationError, match="no installed operation implements the operator"):
            calculate(Neuron(3.0))

    def test_plus_sign_is_the_neuron_itself(self):
        x = Neuron(3.0)
        assert +x is x

    def test_builtin_sum_and_prod(self):
        xs = [Neuron(x) for x in (1.0, 2.0, 4.0)]
        assert sum(xs).value == 7.0
        assert math.prod(xs).value == 8.0


class TestComparison:
    @given(FINITE, FINITE)
    def test_is_by_value_and_gives_a_bool(self, x, y):
        for compare in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"):
            expected = getattr(x, compare)(y)
            assert getattr(Neuron(x), compare)(Neuron(y)) is expected
            assert getattr(Neuron(x), compare)(y) is expected

    def test_needs_no_plugin(self):
        with registry.Registry(discover=False):
            assert Neuron(1.0) < 2.0 <= Neuron(2.0) != Neuron(3.0)

    def test_nan_is_not_equal_to_itself(self):
        x = Neuron(math.nan)
        assert not x == x  # noqa: SIM201
        assert x != x

    def test_with_other_things(self):
        assert Neuron(1.0) != "1"
        assert Neuron(1.0) != None  # noqa: E711
        with pytest.raises(TypeError):
            _ = Neuron(1.0) < "1"

    def test_hash_is_identity(self):
        x, y = Neuron(1.0), Neuron(1.0)
        assert len({x, y}) == 2
        assert x == y
        assert {x: "x"}[x] == "x"

    def test_sorts_and_finds_extremes(self):
        xs = [Neuron(x) for x in (3.0, 1.0, 2.0)]
        assert [x.value for x in sorted(xs)] == [1.0, 2.0, 3.0]
        assert max(xs) is xs[0]

    @pytest.mark.parametrize(("value", "truth"), [(0.0, False), (-0.0, False), (1e-300, True), (math.nan, True)])
    def test_truth_is_that_of_the_value(self, value, truth):
        assert bool(Neuron(value)) is truth is bool(value)


class TestRefusals:
    @pytest.mark.parametrize("convert", [float, complex, math.sqrt, math.sin])
    def test_no_silent_cut_of_the_graph(self, convert):
        with pytest.raises(TypeError, match=r"x\.value, or stop_gradient\(x\).*from gograd_core import math"):
            convert(Neuron(2.0))

    def test_not_an_array_of_numbers_either(self):
        with pytest.raises(TypeError, match="silently cut its graph"):
            np.array([Neuron(1.0)], dtype=float)


class TestIntegers:
    """Rounding is constant between its jumps, so that no derivative is lost."""

    @pytest.mark.parametrize("convert", [int, round, math.trunc, math.floor, math.ceil])
    @pytest.mark.parametrize("number", [2.5, -2.5, 3.5, 0.0, -0.0, 1e300])
    def test_are_those_of_the_value(self, convert, number):
        found = convert(Neuron(number))
        assert type(found) is int
        assert found == convert(number)

    @pytest.mark.parametrize("convert", [int, round, math.trunc, math.floor, math.ceil, operator.index])
    @pytest.mark.parametrize(("number", "error"), [(math.nan, ValueError), (math.inf, OverflowError)])
    def test_of_nan_and_infinity_there_are_none(self, convert, number, error):
        with pytest.raises(error, match="cannot convert float"):
            convert(Neuron(number))

    def test_whole_numbers_are_indices(self):
        assert [10, 20, 30][Neuron(1.0)] == 20
        assert list(range(Neuron(3.0))) == [0, 1, 2]
        with pytest.raises(TypeError, match="an index must be a whole number, got 1.5"):
            operator.index(Neuron(1.5))


class TestCopies:
    @pytest.mark.parametrize(
        "duplicate",
        [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_of_leaves(self, duplicate):
        x = Neuron(2.0, "x")
        x.grad = 5.0
        y = duplicate(x)
        assert y is not x
        assert (y.value, y.label, y.grad) == (2.0, "x", 5.0)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_not_of_graphs(self, duplicate):
        with pytest.raises(TypeError, match="belongs to a graph and cannot be copied"):
            duplicate(Neuron(2.0) * 3.0)

    def test_a_shared_leaf_stays_shared(self):
        x = Neuron(1.0)
        first, second = copy.deepcopy([x, x])
        assert first is second


class TestMethods:
    def test_an_operation_is_a_method(self):
        x = Neuron(0.5)
        assert x.tanh().value == ops.tanh(0.5)
        assert x.maximum(2.0).value == 2.0

    def test_unknown_ones_are_attribute_errors(self):
        assert not hasattr(Neuron(1.0), "no_such_operation")
        assert not hasattr(Neuron(1.0), "__array_interface__")


class TestNoGrad:
    def test_results_are_leaves(self):
        x = Neuron(2.0)
        with no_grad():
            results = [x * x, 2.0 * x, -x, ops.tanh(x), x.maximum(1.0), ops.sum([x, x])]
        assert [type(y) for y in results] == [Neuron] * 6
        assert [y.operation for y in results] == [None] * 6
        assert (x * x).operation is not None

    def test_as_a_decorator_nested_and_after_an_error(self):
        x = Neuron(2.0)

        @no_grad()
        def square():
            with no_grad():
                pass
            return x * x

        assert square().operation is None
        with pytest.raises(ZeroDivisionError), no_grad():
            1 / 0
        assert (x * x).operation is not None


def test_one_no_grad_serves_several_threads_at_once():
    barrier = threading.Barrier(2)
    x, operations = Neuron(2.0), []

    @no_grad()
    def work():
        barrier.wait()
        operations.append((x * x).operation)
        barrier.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert operations == [None, None]
    assert (x * x).operation is not None
    assert not settings.pauses


def test_stop_gradient_keeps_the_value_and_no_derivative():
    x = Neuron(3.0)
    y = x * stop_gradient(x)
    y.backward()
    assert (y.value, x.grad) == (9.0, 3.0)
    assert stop_gradient(2.5) == 2.5
