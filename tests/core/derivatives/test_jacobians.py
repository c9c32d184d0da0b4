"""jacobian, hessian, hvp, derivative: how results are nested, and what is refused."""

from __future__ import annotations

import math
from collections import namedtuple

import mpmath
import numpy as np
import pytest

from comparing import exact
from gograd_core import (
    DomainError,
    InvalidOperationError,
    Neuron,
    Op,
    derivative,
    grad,
    hessian,
    hvp,
    jacobian,
    no_grad,
    ops,
)

Point = namedtuple("Point", "x y")
MODES = ("reverse", "forward")
MATRIX = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


# Function, argument, Jacobian.
STRUCTURES = {
    "number by number": (lambda x: x * x, 3.0, 6.0),
    "number by list": (lambda x: x[0] * x[1], [2.0, 3.0], [3.0, 2.0]),
    "number by dict": (lambda p: p["b"] * p["a"][0], {"b": 2.0, "a": (3.0,)}, {"b": 3.0, "a": (2.0,)}),
    "number by array": (lambda m: (m * m).sum(), MATRIX, 2 * MATRIX),
    "list by number": (lambda x: [x, x * x, 1.0], 3.0, [1.0, 6.0, 0.0]),
    "list by list": (lambda x: [x[0] * x[1], x[1]], [2.0, 3.0], [[3.0, 2.0], [0.0, 1.0]]),
    "array by number": (lambda x: np.array([[x, x * x]]), 3.0, np.array([[1.0, 6.0]])),
    "array by array": (lambda x: MATRIX @ x, np.array([1.0, -1.0]), MATRIX),
    "array by matrix": (
        lambda m: m[0] * m[1],
        MATRIX,
        np.array([[[3.0, 0.0], [1.0, 0.0], [0.0, 0.0]], [[0.0, 4.0], [0.0, 2.0], [0.0, 0.0]]]),
    ),
    "array by dict": (
        lambda p: p["s"] * p["v"],
        {"s": 2.0, "v": np.array([3.0, 4.0])},
        {"s": np.array([3.0, 4.0]), "v": np.array([[2.0, 0.0], [0.0, 2.0]])},
    ),
    "dict by array": (
        lambda v: {"sum": v[0] + v[1], "twice": [2 * v]},
        np.array([3.0, 4.0]),
        {"sum": np.array([1.0, 1.0]), "twice": [np.array([[2.0, 0.0], [0.0, 2.0]])]},
    ),
    "tuples with names": (lambda p: Point(p.x * p.y, p.x), Point(2.0, 3.0), Point(Point(3.0, 2.0), Point(1.0, 0.0))),
    "nothing by number": (lambda x: {}, 1.0, {}),
    "number by nothing": (lambda x: 1.0, [], []),
    "list by nothing": (lambda x: [1.0, 2.0], [], [[], []]),
    "array by no entries": (lambda x: MATRIX[0] * 1.0, np.zeros((0, 3)), np.zeros((2, 0, 3))),
    "a constant": (lambda x: [5.0, np.array([6.0])], [1.0, 2.0], [[0.0, 0.0], [np.array([0.0]), np.array([0.0])]]),
    "the argument": (lambda x: x, [1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]]),
}


@pytest.mark.parametrize("mode", MODES)
class TestJacobian:
    @pytest.mark.parametrize(("f", "x", "expected"), STRUCTURES.values(), ids=STRUCTURES)
    def test_has_the_structure_of_the_result_and_in_it_that_of_the_argument(self, mode, f, x, expected):
        assert exact(jacobian(f, mode=mode)(x)) == exact(expected)

    def test_by_several_arguments(self, mode):
        f = lambda x, y: [x * y[0], y[1]]  # noqa: E731
        assert exact(jacobian(f, (1, 0), mode)(2.0, [3.0, 4.0])) == exact([([2.0, 0.0], 3.0), ([0.0, 1.0], 0.0)])
        assert exact(jacobian(f, -1, mode)(2.0, [3.0, 4.0])) == exact([[2.0, 0.0], [0.0, 1.0]])
        assert exact(jacobian(f, (0,), mode)(2.0, [3.0, 4.0])) == exact([(3.0,), (0.0,)])

    def test_keywords_are_passed_through_and_not_differentiated(self, mode):
        f = lambda x, *, scale: [x * scale]  # noqa: E731
        assert jacobian(f, mode=mode)(2.0, scale=5.0) == [5.0]

    def test_create_graph_gives_neurons_in_lists_and_object_arrays(self, mode):
        x = np.array([Neuron(2.0), Neuron(3.0)])
        found = jacobian(lambda x: x[0] * x * x, mode=mode, create_graph=True)(x)
        assert found.shape == (2, 2)
        assert [[entry.value for entry in row] for row in found] == [[12.0, 0.0], [9.0, 12.0]]
        found[1, 1].backward()  # 2 x0 x1
        assert [neuron.grad for neuron in x] == [6.0, 4.0]

    def test_inside_another_transform(self, mode):
        def determinant(t):
            (a, b), (c, d) = jacobian(lambda p: [p[0] * p[1] * t, p[0] + t * p[1]], mode=mode)([2.0, 3.0])
            return a * d - b * c  # 3 t**2 - 2 t

        assert grad(determinant)(5.0) == 28.0

    def test_inside_no_grad(self, mode):
        with no_grad():
            assert jacobian(lambda x: [x * x], mode=mode)(3.0) == [6.0]

    def test_errors_are_those_of_grad(self, mode):
        with pytest.raises(IndexError, match="wrt=1 is out of range"):
            jacobian(lambda x: x, 1, mode)(1.0)
        with pytest.raises(ValueError, match="twice"):
            jacobian(lambda x, y: x, (0, -2), mode)(1.0, 2.0)
        with pytest.raises(TypeError, match="must return numbers"):
            jacobian(lambda x: "x", mode=mode)(1.0)
        with pytest.raises(DomainError, match=r"derivative of sqrt\(.*\) with respect to input 0"):
            jacobian(lambda x: [x, ops.sqrt(x)], mode=mode)(0.0)

    def test_every_grad_is_left_untouched(self, mode):
        captured = Neuron(2.0)
        captured.grad = 5.0
        assert jacobian(lambda x: [captured * x, x], mode=mode)(3.0) == [2.0, 1.0]
        assert captured.grad == 5.0


@pytest.mark.parametrize(("mode", "sweeps"), [("forward", 1), ("reverse", 3)])
def test_the_mode_says_whether_there_is_a_sweep_per_argument_or_per_result(mode, sweeps):
    evaluated = []
    twice = Op("twice", forward=lambda xp, x: 2 * x, partials=(lambda xp, out, x: evaluated.append(x) or 2.0,))
    assert jacobian(lambda x: [twice(x)] * 3, mode=mode)(1.0) == [2.0, 2.0, 2.0]
    assert len(evaluated) == sweeps


def test_jacobian_has_two_modes():
    with pytest.raises(ValueError, match="not 'backward'"):
        jacobian(ops.sin, mode="backward")


def cubic(p):
    return p["a"][0] ** 2 * p["a"][1] + p["b"][0, 0] * p["a"][0] + p["c"] ** 3


class TestHessian:
    def test_of_a_dict_of_arrays(self):
        point = {"a": np.array([2.0, 3.0]), "b": np.array([[5.0]]), "c": 7.0}
        expected = {
            "a": {"a": np.array([[6.0, 4.0], [4.0, 0.0]]), "b": np.array([[[1.0]], [[0.0]]]), "c": np.zeros(2)},
            "b": {"a": np.array([[[1.0, 0.0]]]), "b": np.zeros((1, 1, 1, 1)), "c": np.zeros((1, 1))},
            "c": {"a": np.zeros(2), "b": np.zeros((1, 1)), "c": 42.0},
        }
        assert exact(hessian(cubic)(point)) == exact(expected)

    def test_by_several_arguments(self):
        assert exact(hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0)) == exact(((6.0, 4.0), (4.0, 0.0)))
        assert exact(hessian(lambda x, y, *, k: k * x * y * y, 1)(2.0, 3.0, k=10.0)) == exact(40.0)

    def test_of_a_function_that_does_not_depend_on_its_argument(self):
        captured = Neuron(2.0)
        assert hessian(lambda x: captured)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
        assert hessian(lambda x: 3.0 * x)(1.0) == 0.0

    def test_create_graph(self):
        x = Neuron(2.0)
        second = hessian(lambda x: x**4, create_graph=True)(x)
        second.backward()
        assert (second.value, x.grad) == (48.0, 48.0)

    def test_one_number_is_expected_of_the_function(self):
        for transform in (hessian(lambda x: [x]), lambda x: hvp(lambda x: [x])(x, x)):
            with pytest.raises(TypeError, match="must return one number"):
                transform(1.0)

    def test_opaque_operations_have_none(self):
        solver = Op("solver", forward=lambda xp, x: x, partials=(lambda xp, out, x: 1.0,), opaque=True)
        with pytest.raises(InvalidOperationError, match="solver .* is opaque"):
            hessian(solver)(1.0)

    def test_every_grad_is_left_untouched(self):
        captured = Neuron(2.0)
        captured.grad = 5.0
        assert hessian(lambda x: captured * x * x)(3.0) == 4.0
        assert captured.grad == 5.0


class TestHessianVectorProduct:
    def test_is_nested_as_the_argument(self):
        point = {"a": np.array([2.0, 3.0]), "b": np.array([[5.0]]), "c": 7.0}
        vector = {"c": 1.0, "b": np.array([[10.0]]), "a": np.array([100.0, 1000.0])}
        expected = {"a": np.array([600.0 + 4000.0 + 10.0, 400.0]), "b": np.array([[100.0]]), "c": 42.0}
        assert exact(hvp(cubic)(point, vector)) == exact(expected)

    def test_by_several_arguments_the_vector_is_a_tuple(self):
        found = hvp(lambda x, y: x * x * y, (0, 1))(2.0, 3.0, (1.0, 10.0))
        assert exact(found) == exact((6.0 + 40.0, 4.0))

    def test_the_vector_comes_last_and_keywords_are_passed_through(self):
        assert hvp(lambda x, k, *, m: k * m * x**3)(2.0, 3.0, 10.0, m=5.0) == 15.0 * 12.0 * 10.0

    def test_the_vector_must_fit(self):
        with pytest.raises(ValueError, match="the vector must be nested like"):
            hvp(lambda p: p[0] * p[1])([1.0, 2.0], [1.0])

    def test_is_what_scipy_takes(self):
        optimize = pytest.importorskip("scipy.optimize")
        f = lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2  # noqa: E731
        start = np.array([-1.2, 1.0])
        found = optimize.minimize(
            lambda p: float(f(p)), start, jac=grad(f), hessp=hvp(f), method="trust-ncg", options={"gtol": 1e-10}
        )
        np.testing.assert_allclose(found.x, [1.0, 1.0], rtol=1e-12)


# Function, point, what mpmath computes in 50 digits, highest order. Errors grow with the number
# of terms that are added up; they are relative to the largest derivative so far.
SERIES = {
    "exp": (ops.exp, 0.5, mpmath.exp, 10),
    "sin exp": (lambda x: ops.sin(x) * ops.exp(x), 0.7, lambda x: mpmath.sin(x) * mpmath.exp(x), 8),
    "tanh": (ops.tanh, 0.3, mpmath.tanh, 7),
    "a quotient": (lambda x: 1.0 / (1.0 + x * x), 0.4, lambda x: 1 / (1 + x * x), 7),
    "a power": (lambda x: x**2.5, 1.7, lambda x: x ** mpmath.mpf(2.5), 8),
    "powers of x": (lambda x: x**x, 1.3, lambda x: x**x, 6),
    "log of sqrt": (lambda x: ops.log(ops.sqrt(x) + 1.0), 2.0, lambda x: mpmath.log(mpmath.sqrt(x) + 1), 6),
}


class TestDerivative:
    @pytest.mark.parametrize(("f", "x", "exact", "highest"), SERIES.values(), ids=SERIES)
    def test_all_orders(self, f, x, exact, highest):
        largest = 0.0
        for order in range(highest + 1):
            with mpmath.workdps(50):
                expected = float(mpmath.diff(exact, mpmath.mpf(x), order))
            largest = max(largest, abs(expected))
            assert abs(derivative(f, order=order)(x) - expected) <= 1e-14 * largest

    def test_of_a_polynomial_exactly(self):
        f = lambda x: x**5 - 3 * x**2  # noqa: E731
        assert [derivative(f, order)(2.0) for order in range(8)] == [20.0, 68.0, 154.0, 240.0, 240.0, 120.0, 0.0, 0.0]

    def test_at_the_middle_of_tanh(self):
        assert [derivative(ops.tanh, order)(0.0) for order in range(6)] == [0.0, 1.0, 0.0, -2.0, 0.0, 16.0]

    def test_results_are_nested_as_those_of_the_function(self):
        f = lambda t: {"place": [ops.cos(t), ops.sin(t)], "array": np.array([t, t * t]), "one": 1.0}  # noqa: E731
        found = derivative(f, 2)(0.0)
        assert exact(found) == exact({"place": [-1.0, 0.0], "array": np.array([0.0, 2.0]), "one": 0.0})

    def test_further_arguments_are_passed_through(self):
        assert derivative(lambda x, n, *, k: k * x**n, 2)(2.0, 3, k=10.0) == 120.0

    def test_gives_floats_at_the_top_and_neurons_for_a_graph(self):
        assert type(derivative(lambda x: x, 1)(2)) is float
        assert type(derivative(lambda x: 7, 0)(2)) is float
        x = Neuron(2.0)
        second, nothing = derivative(lambda x: [x**4, x], 2, create_graph=True)(x)
        second.backward()
        assert (second.value, nothing.value, x.grad) == (48.0, 0.0, 48.0)

    def test_inside_another_transform(self):
        wave = lambda k: derivative(lambda x: ops.sin(k * x), 4)(0.25)  # k**4 sin(k / 4)  # noqa: E731
        k = 2.0
        expected = 4 * k**3 * math.sin(k / 4) + k**4 * math.cos(k / 4) / 4
        assert grad(wave)(k) == pytest.approx(expected, rel=1e-14)
        assert derivative(derivative(derivative(ops.sin, 2), 3), 4)(0.3) == pytest.approx(math.cos(0.3), rel=1e-14)

    @pytest.mark.parametrize("order", [-1, 1.0, "1", None])
    def test_the_order_is_a_whole_number(self, order):
        with pytest.raises(ValueError, match="whole number from 0"):
            derivative(ops.sin, order)

    @pytest.mark.parametrize("x", [[1.0], (1.0, 2.0), {"x": 1.0}, np.array([1.0])])
    def test_by_one_number(self, x):
        with pytest.raises(TypeError, match="with respect to one number"):
            derivative(ops.sum)(x)
