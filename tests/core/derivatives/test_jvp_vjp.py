"""jvp and vjp: what they return, how it is nested, what is refused."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from gograd_core import Neuron, grad, jvp, no_grad, ops, vjp

Point = namedtuple("Point", "x y")


def product(x, y):
    return x * y


class TestJvp:
    def test_value_and_derivative_along_a_direction(self):
        assert jvp(product, (2.0, 3.0), (1.0, 0.0)) == (6.0, 3.0)
        assert jvp(product, (2.0, 3.0), (10.0, 1.0)) == (6.0, 32.0)

    def test_gives_floats_for_any_real_numbers(self):
        value, tangent = jvp(product, [2, np.float32(3)], [True, np.int64(0)])
        assert (type(value), type(tangent)) == (float, float)
        assert (value, tangent) == (6.0, 3.0)

    def test_results_are_nested_as_the_function_returns_them(self):
        def f(x):
            return {"power": [x, x * x], "point": Point(2.0, -x), "array": np.array([x, 1.0])}

        value, tangent = jvp(f, (3.0,), (1.0,))
        for found, power, point, array in (
            (value, [3.0, 9.0], Point(2.0, -3.0), [3.0, 1.0]),
            (tangent, [1.0, 6.0], Point(0.0, -1.0), [1.0, 0.0]),
        ):
            assert (found["power"], found["point"]) == (power, point)
            assert found["array"].dtype == float
            np.testing.assert_array_equal(found["array"], array)

    def test_arguments_are_nested_too(self):
        def f(p, matrix):
            return matrix @ np.array([p["a"], p["b"][0]])

        matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
        value, tangent = jvp(f, ({"a": 5.0, "b": (6.0,)}, matrix), ({"b": (1.0,), "a": 0.0}, np.ones((2, 2))))
        np.testing.assert_array_equal(value, [17.0, 39.0])
        np.testing.assert_array_equal(tangent, [2.0 + 11.0, 4.0 + 11.0])

    def test_a_function_that_ignores_its_argument(self):
        captured = Neuron(4.0)
        assert jvp(lambda x: [1.0, captured, captured * captured], (2.0,), (1.0,)) == ([1.0, 4.0, 16.0], [0.0] * 3)

    def test_a_function_that_returns_its_argument_or_nothing(self):
        assert jvp(lambda x: x, (2.0,), (5.0,)) == (2.0, 5.0)
        assert jvp(lambda x: [], (2.0,), (5.0,)) == ([], [])

    @pytest.mark.parametrize(
        ("primals", "tangents"),
        [
            ((1.0,), ()),
            ((1.0,), ([1.0],)),
            (([1.0],), (1.0,)),
            (([1.0, 2.0],), ([1.0],)),
            (({"a": 1.0},), ({"b": 1.0},)),
            (({"a": 1.0},), ([1.0],)),
            (([1.0],), ({0: 1.0},)),
            ((np.ones((2, 3)),), (np.ones((3, 2)),)),
            ((np.ones(2),), (1.0,)),
        ],
    )
    def test_tangents_must_be_nested_as_the_primals(self, primals, tangents):
        with pytest.raises(ValueError, match="tangents must be nested like"):
            jvp(lambda *args: 1.0, primals, tangents)

    def test_lists_tuples_and_arrays_may_stand_for_each_other(self):
        assert jvp(ops.sum, ([1.0, 2.0],), (np.array([3.0, 4.0]),)) == (3.0, 7.0)
        assert jvp(ops.sum, (np.array([1.0, 2.0]),), ((3.0, 4.0),)) == (3.0, 7.0)

    @pytest.mark.parametrize("result", ["a", [1.0, "a"], 1j, {1.0, 2.0}])
    def test_the_function_must_return_numbers(self, result):
        with pytest.raises(TypeError, match="must return numbers"):
            jvp(lambda x: result, (1.0,), (1.0,))

    def test_tangents_must_be_numbers(self):
        with pytest.raises(TypeError, match="tangents expects real numbers"):
            jvp(product, (1.0, 2.0), (1.0, "2"))

    @pytest.mark.parametrize("primals", [1.0, np.array([1.0]), {"x": 1.0}])
    def test_primals_are_a_list_or_tuple(self, primals):
        with pytest.raises(TypeError, match="list or tuple of the arguments"):
            jvp(lambda x: x, primals, (1.0,))

    def test_neurons_count_as_their_values_at_the_top(self):
        x, direction = Neuron(3.0), Neuron(2.0)
        assert jvp(lambda x: x * x, (x,), (direction,)) == (9.0, 12.0)

    def test_create_graph_gives_neurons_connected_to_arguments_and_direction(self):
        x, direction, factor = Neuron(3.0), Neuron(2.0), Neuron(7.0)
        value, tangent = jvp(lambda x: factor * x * x, (x,), (direction,), create_graph=True)
        assert (value.value, tangent.value) == (63.0, 84.0)
        tangent.backward()  # 2 * factor * x * direction
        assert (x.grad, direction.grad, factor.grad) == (28.0, 42.0, 12.0)

    def test_inside_no_grad(self):
        with no_grad():
            assert jvp(product, (2.0, 3.0), (1.0, 1.0)) == (6.0, 5.0)
            assert jvp(product, (2.0, 3.0), (1.0, 1.0), create_graph=True)[1].operation is not None


class TestVjp:
    def test_value_and_pullback(self):
        value, pullback = vjp(product, 2.0, 3.0)
        assert value == 6.0
        assert pullback(1.0) == (3.0, 2.0)
        assert pullback(10) == (30.0, 20.0)

    def test_gradients_are_nested_as_the_arguments(self):
        def f(p, x):
            return [p["w"][0] * x[0], {"y": p["w"][1] * x[1]}, x[0]]

        value, pullback = vjp(f, {"w": (2.0, 3.0)}, np.array([5.0, 7.0]))
        assert value == [10.0, {"y": 21.0}, 5.0]
        first, second = pullback([1.0, {"y": 10.0}, 100.0])
        assert first == {"w": (5.0, 70.0)}
        np.testing.assert_array_equal(second, [102.0, 30.0])
        assert second.dtype == float

    def test_a_result_that_occurs_twice_counts_twice(self):
        def f(x):
            y = x * x
            return [y, y, x, 5.0]

        assert vjp(f, 3.0)[1]([1.0, 2.0, 10.0, 1.0]) == (28.0,)

    def test_functions_without_arguments_or_results(self):
        assert vjp(lambda: 1.0)[1](1.0) == ()
        assert vjp(lambda x: (), 1.0)[1](()) == (0.0,)

    @pytest.mark.parametrize("cotangents", [1.0, [1.0], [1.0, [2.0]], {"a": 1.0}])
    def test_cotangents_must_be_nested_as_the_value(self, cotangents):
        with pytest.raises(ValueError, match="cotangents must be nested like"):
            vjp(lambda x: [x, x], 1.0)[1](cotangents)

    def test_pullback_inside_a_transform_can_be_differentiated_by_the_cotangents(self):
        _, pullback = vjp(lambda x: [x * x, x * x * x], 2.0)
        assert grad(lambda weights: pullback(weights)[0] ** 2)([1.0, 0.5]) == [2 * 10.0 * 4.0, 2 * 10.0 * 12.0]

    def test_create_graph(self):
        x, weight = Neuron(3.0), Neuron(2.0)
        value, pullback = vjp(lambda x: x**3, x, create_graph=True)
        assert value.value == 27.0
        (slope,) = pullback(weight)
        slope.backward()  # weight * 3 x**2
        assert (slope.value, x.grad, weight.grad) == (54.0, 36.0, 27.0)


class TestBoth:
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_every_grad_is_left_untouched(self, create_graph):
        x, captured = Neuron(2.0), Neuron(3.0)
        y = x * captured
        y.backward()
        before = [x.grad, captured.grad, y.grad]
        jvp(lambda x: captured * x * y, (x,), (1.0,), create_graph=create_graph)
        vjp(lambda x: captured * x * y, x, create_graph=create_graph)[1](1.0)
        assert [x.grad, captured.grad, y.grad] == before

    def test_what_a_function_raises_leaves_no_transform_running(self):
        def fail(x):
            raise LookupError("today")

        for run in (lambda: jvp(fail, (1.0,), (1.0,)), lambda: vjp(fail, 1.0), lambda: grad(fail)(1.0)):
            with pytest.raises(LookupError, match="today"):
                run()
            assert type(grad(ops.sin)(0.0)) is float
