"""Operations called: on numbers, neurons, NumPy's scalars and arrays, and mixtures of them."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, current, errstate, ops

OPERATORS = [("+", np.add), ("-", np.subtract), ("*", np.multiply), ("/", np.divide), ("**", np.power)]


def values(array):
    assert array.dtype == object
    return np.vectorize(lambda neuron: neuron.value, otypes=[float])(array)


class TestNumbers:
    def test_numbers_give_a_float(self):
        for number in (1, 1.0, True, np.float32(1), np.int64(1), np.array(1.0)):
            assert type(ops.tanh(number)) is float
            assert ops.tanh(number) == math.tanh(1.0)

    def test_comparisons_give_a_bool(self):
        for x, y in ((1.0, 2.0), (Neuron(1.0), 2.0), (Neuron(1.0), Neuron(2.0))):
            assert ops.less(x, y) is True
            assert ops.greater_equal(x, y) is False

    def test_a_neuron_among_them_gives_a_neuron(self):
        assert ops.where(True, Neuron(1.0), 2).value == 1.0
        assert ops.where(np.bool(False), Neuron(1.0), 2).value == 2.0
        assert ops.where(Neuron(1.0), 5.0, 6.0).value == 5.0

    @pytest.mark.parametrize("thing", ["1", None, 1j, object(), [1.0]])
    def test_other_things_are_refused_with_the_name_of_the_operation(self, thing):
        with pytest.raises(TypeError, match=r"tanh \(gograd-ops-extra 0.1.0\) expects real numbers or neurons"):
            ops.tanh(thing)

    @pytest.mark.parametrize("inputs", [(), (1.0, 2.0)])
    def test_the_number_of_inputs_is_checked(self, inputs):
        with pytest.raises(TypeError, match=rf"tanh .* takes 1 input \(x\), got {len(inputs)}"):
            ops.tanh(*inputs)


class TestColumns:
    @pytest.mark.parametrize("make", [list, tuple, iter, np.array, lambda x: (entry for entry in x)])
    def test_any_sequence_of_numbers_is_a_column(self, make):
        assert ops.sum(make([1.0, 2.0, 3.5])) == 6.5

    @pytest.mark.parametrize("make", [list, tuple, np.array, iter])
    def test_and_of_neurons(self, make):
        xs = [Neuron(1.0), Neuron(2.0)]
        total = ops.dot(make(xs), np.array([3.0, 4.0]))
        total.backward()
        assert total.value == 11.0
        assert [x.grad for x in xs] == [3.0, 4.0]

    def test_arrays_stay_with_their_library(self):
        result = ops.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        assert isinstance(result, np.float64)
        assert result == 11.0

    def test_columns_are_one_dimensional(self):
        with pytest.raises(ValueError, match="one-dimensional columns, got shapes"):
            ops.sum(np.ones((2, 2)))

    def test_columns_have_equal_length(self):
        for make in (list, np.array):
            with pytest.raises(ValueError, match=r"dot .* expects columns of equal length, got \[2, 1\]"):
                ops.dot(make([1.0, 2.0]), make([3.0]))

    def test_no_entries(self):
        assert ops.sum([]) == ops.dot([], []) == 0.0


class TestArrays:
    def test_numeric_arrays_give_arrays_with_the_error_habits_of_numpy(self):
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(ops.log(np.array([1.0, 0.0])), [0.0, -math.inf])
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            ops.log(np.array([0.0]))

    @pytest.mark.parametrize(("symbol", "ufunc"), OPERATORS)
    @pytest.mark.parametrize("shape", [(3,), (2, 3), (1,), (0,)])
    def test_a_neuron_and_a_numeric_array(self, symbol, ufunc, shape):
        array = np.arange(1.0, 1.0 + math.prod(shape)).reshape(shape)
        x, op = Neuron(2.5), current.registry[f"{symbol} 2"]
        for found, expected in (
            (op(x, array), ufunc(2.5, array)),
            (op(array, x), ufunc(array, 2.5)),
            (eval(f"x {symbol} array"), ufunc(2.5, array)),
            (eval(f"array {symbol} x"), ufunc(array, 2.5)),
        ):
            assert found.shape == shape
            np.testing.assert_allclose(values(found), expected, rtol=2**-51)

    def test_object_arrays_elementwise_and_broadcast(self):
        xs = np.array([Neuron(1.0), Neuron(2.0)], dtype=object)
        column = np.array([[10.0], [20.0]])
        np.testing.assert_array_equal(values(ops.add(xs, column)), [[11.0, 12.0], [21.0, 22.0]])
        np.testing.assert_array_equal(values(xs * xs), [1.0, 4.0])
        np.testing.assert_array_equal(values(ops.where(xs > 1.5, xs, -xs)), [-1.0, 2.0])

    def test_gradients_reach_every_entry(self):
        xs = np.array([Neuron(1.0), Neuron(2.0)], dtype=object)
        w = Neuron(3.0)
        (w * xs).sum().backward()
        assert w.grad == 3.0
        assert [x.grad for x in xs] == [3.0, 3.0]

    def test_matrix_products(self):
        w = np.array([[Neuron(1.0), Neuron(2.0)], [Neuron(3.0), Neuron(4.0)]], dtype=object)
        x = np.array([5.0, 6.0])
        np.testing.assert_array_equal(values(w @ x), [17.0, 39.0])
        (w @ x).sum().backward()
        assert [neuron.grad for neuron in w.flat] == [5.0, 6.0, 5.0, 6.0]

    @pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos", "tanh"])
    def test_functions_of_numpy_are_the_operations(self, name):
        x = Neuron(0.5)
        y = getattr(np, name)(x)
        assert type(y) is Neuron
        assert y.operation is ops[name]
        (array,) = getattr(np, name)(np.array([x], dtype=object))
        assert array.value == y.value

    def test_arrays_of_no_dimension_are_numbers(self):
        x = Neuron(2.0)
        assert type(ops.mul(x, np.array(3.0))) is Neuron
        assert (np.array(3.0) * x).value == (x * np.array(3.0)).value == 6.0
        boxed = np.array(Neuron(3.0), dtype=object)
        assert ops.mul(x, boxed).value == (x * boxed).value == (boxed * x).value == 6.0

    @pytest.mark.parametrize("number", [np.float64(3), np.float32(3), np.int64(3)])
    def test_scalars_of_numpy_on_either_side(self, number):
        x = Neuron(2.0)
        for result, value in ((number - x, 1.0), (x - number, -1.0), (number / x, 1.5), (number**x, 9.0)):
            assert type(result) is Neuron
            assert result.value == value
        assert number > x
        assert not x >= number
        assert type(number).__mul__(number, x) is NotImplemented  # its own way is slower, by arrays of objects

    @pytest.mark.parametrize("name", ["sum", "fsum", "norm", "max"])
    def test_integers_in_a_column_are_floats(self, name):
        x = Neuron(1.0)
        column = [x, 2, True, np.float64(4.0)]
        found = getattr(ops, name)(column)
        assert found.value == getattr(ops, name)([1.0, 2.0, 1.0, 4.0])
        assert [type(entry) for entry in found.constituents] == [Neuron, float, float, float]
        with pytest.raises(OverflowError, match="too large for a float"):
            getattr(ops, name)([x, 10**400])

    @pytest.mark.parametrize("masked", [np.ma.masked, np.ma.array(3.0, mask=True)])
    @pytest.mark.parametrize("call", [lambda x, y: x + y, ops.hypot, lambda x, y: ops.sum([x, y])])
    def test_what_is_masked_is_no_number(self, call, masked):
        with pytest.raises(TypeError, match="expects real numbers or neurons, got masked"):
            call(Neuron(2.0), masked)
        assert call(Neuron(2.0), np.ma.array(3.0, mask=False)).value == call(2.0, 3.0)

    def test_an_array_does_not_leave_operators_to_neurons(self):
        numbers, x = np.array([1.0, 2.0]), Neuron(2.0)
        assert [each.value for each in np.ndarray.__mul__(numbers, x)] == [2.0, 4.0]

    def test_comparison_with_an_array_is_elementwise(self):
        assert (Neuron(2.0) > np.array([1.0, 3.0])).tolist() == [True, False]
        assert (np.array([1.0, 3.0]) > Neuron(2.0)).tolist() == [False, True]

    @pytest.mark.parametrize("calculate", [lambda x, n: x + n, lambda x, n: n + x, lambda x, n: x**n])
    @pytest.mark.parametrize("number", [10**400, -(10**400)], ids=["positive", "negative"])
    def test_an_integer_too_large_for_a_float_is_refused_by_the_operation(self, calculate, number):
        with pytest.raises(OverflowError, match=r"^(add|pow) \(gograd-ops-basic .*\) got an integer too large"):
            calculate(Neuron(2.0), number)


class TestDomain:
    @pytest.mark.parametrize(
        ("calculate", "words"),
        [
            (ops.log, r"log\(debt=-1.0\) is nan"),
            (ops.sqrt, r"sqrt\(debt=-1.0\) is nan"),
            (lambda x: x / 0.0, r"div\(debt=-1.0, 0.0\) is -inf"),
            (lambda x: 1.0 / (x + 1.0), r"div\(1.0, 0.0\) is inf"),
            (lambda x: x**0.5, r"pow\(debt=-1.0, 0.5\) is nan"),
            (lambda x: ops.exp(-1000.0 * x), r"exp\(1000.0\) is inf"),
            (lambda x: ops.sum([x, 1e308, 1e308]), r"sum\(debt=-1.0, 1e\+308, 1e\+308\) is inf"),
        ],
    )
    def test_leaving_the_real_numbers_is_an_error_naming_operation_inputs_and_label(self, calculate, words):
        with pytest.raises(DomainError, match=words) as caught:
            calculate(Neuron(-1.0, "debt"))
        assert "errstate(domain='ignore')" in str(caught.value)

    @pytest.mark.parametrize("calculate", [lambda: ops.log(-1.0), lambda: ops.div(1, 0), lambda: ops.pow(10.0, 400)])
    def test_of_plain_numbers_too(self, calculate):
        with pytest.raises(DomainError):
            calculate()

    @pytest.mark.parametrize(
        ("calculate", "value"),
        [
            (lambda: ops.log(math.inf), math.inf),
            (lambda: ops.add(math.inf, 1.0), math.inf),
            (lambda: ops.tanh(Neuron(math.nan)).value, math.nan),
            (lambda: (Neuron(math.nan) ** 0).value, 1.0),
        ],
    )
    def test_what_comes_in_may_go_out(self, calculate, value):
        assert repr(calculate()) == repr(value)

    def test_nan_out_of_infinities_is_an_error(self):
        with pytest.raises(DomainError):
            ops.sub(math.inf, math.inf)

    def test_errstate_ignore_lets_the_ieee_result_stand_and_nests(self):
        with errstate(domain="ignore"):
            assert math.isnan(ops.log(Neuron(-1.0)).value)
            with errstate(domain="raise"), pytest.raises(DomainError):
                ops.log(-1.0)
            assert ops.log(0.0) == -math.inf
        with pytest.raises(DomainError):
            ops.log(0.0)

    def test_errstate_decorates_functions_also_recursive_ones(self):
        @errstate(domain="ignore")
        def f(n):
            return f(n - 1) if n else ops.log(0.0)

        assert f(3) == -math.inf
        with pytest.raises(DomainError):
            ops.log(0.0)

    def test_one_errstate_serves_several_threads_at_once(self):
        barrier = threading.Barrier(2)

        @errstate(domain="ignore")
        def work():
            barrier.wait()
            results.append(ops.log(0.0))
            barrier.wait()

        results = []
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [-math.inf] * 2

    def test_errstate_refuses_other_words(self):
        with pytest.raises(ValueError, match="'raise', 'ignore' or 'python', not 'warn'"):
            errstate(domain="warn")


@pytest.mark.parametrize("entries", [[2, 4], [2.0, 4.0]])
def test_arrays_of_integers_are_real_numbers(entries):
    assert ops.reciprocal(np.array(entries)).tolist() == [0.5, 0.25]
    assert ops.sum(np.array(entries)) == 6.0
