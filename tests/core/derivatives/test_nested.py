"""Derivatives inside derivatives, in every mixture of modes: no level takes another's variable for its own."""

from __future__ import annotations

import math

import pytest

from gograd_core import Neuron, derivative, grad, gradient, hessian, hvp, jacobian, jvp, no_grad, ops, vjp

# Each takes a function of one number and gives the function that is its derivative.
WAYS = {
    "reverse": grad,
    "forward": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "pullback": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "sweeps": derivative,
    "rows": lambda f: jacobian(f, mode="reverse"),
    "columns": lambda f: jacobian(f, mode="forward"),
}


def in_every_mixture(test):
    for ways in ("inner", "outer"):
        test = pytest.mark.parametrize(ways, WAYS.values(), ids=WAYS)(test)
    return test


@in_every_mixture
class TestPerturbations:
    def test_the_example_of_siskind_and_pearlmutter(self, outer, inner):
        """d/dx (x * d/dy (x + y) at y = 1) at x = 1 is 1; a confused engine says 2.

        J. M. Siskind and B. A. Pearlmutter, Perturbation confusion and referential transparency (2005).
        """
        assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0

    def test_an_inner_derivative_that_is_the_outer_variable(self, outer, inner):
        assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(3.0) == 6.0
        assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6.0
        assert outer(lambda x: x * inner(lambda x: x * x)(x))(3.0) == 12.0

    def test_a_derivative_operator_that_a_function_makes(self, outer, inner):
        """The derivative of the shift f -> f(x + u) by u at 0 is an operator, here applied twice.

        O. Manzyuk et al., Perturbation confusion in forward automatic differentiation of
        higher-order functions (2019).
        """

        def shift(u):
            return lambda f: lambda x: f(x + u)

        def made_by(way):
            return lambda f: lambda x: way(lambda u: shift(u)(f)(x))(0.0)

        assert made_by(outer)(made_by(inner)(ops.exp))(1.0) == math.e
        assert made_by(outer)(made_by(inner)(lambda x: x * x * x))(2.0) == 12.0

    def test_a_derivative_taken_by_an_operator_that_is_passed_in(self, outer, inner):
        def newton_step(slope, f, x):
            return x - f(x) / slope(f)(x)

        # One step towards the square root of a from x = 1 is (1 + a) / 2.
        assert outer(lambda a: newton_step(inner, lambda x: x * x - a, 1.0))(9.0) == 0.5
        # And by where it starts: f f'' / f'**2.
        assert outer(lambda x: newton_step(inner, lambda y: y * y - 9.0, x))(2.0) == -5.0 * 2.0 / 16.0

    def test_a_variable_that_leaves_its_level(self, outer, inner):
        kept = []

        def f(x):
            slope = inner(lambda y: [kept.append(y), y * y * x][1])(x)  # 2 x**2
            return slope * kept.pop()

        assert outer(f)(3.0) == 6 * 3.0**2


@in_every_mixture
class TestClosedForms:
    def test_the_hessian_of_a_function_of_two_numbers(self, outer, inner):
        """x**2 y + sin(x y); 4 ulps or so, since two terms of the mixed derivative are added in either order."""

        def f(x, y):
            return x**2 * y + ops.sin(x * y)

        x, y = 0.7, -1.3
        sin, cos = math.sin(x * y), math.cos(x * y)
        along_x = lambda x, y: inner(lambda u: f(u, y))(x)  # noqa: E731
        along_y = lambda x, y: inner(lambda v: f(x, v))(y)  # noqa: E731
        assert outer(lambda x: along_x(x, y))(x) == pytest.approx(2 * y - y * y * sin, rel=1e-15)
        assert outer(lambda y: along_y(x, y))(y) == pytest.approx(-x * x * sin, rel=1e-15)
        mixed = pytest.approx(2 * x + cos - x * y * sin, rel=1e-15)
        assert outer(lambda y: along_x(x, y))(y) == mixed
        assert outer(lambda x: along_y(x, y))(x) == mixed

    def test_an_inner_derivative_that_depends_on_the_outer_variable(self, outer, inner):
        """g(x) is the derivative of sin(x y) y**2 by y at y = x**2."""

        def g(x):
            return inner(lambda y: ops.sin(x * y) * y**2)(x**2)

        x = 0.8
        exact = 11 * x**4 * math.cos(x**3) + (4 * x - 3 * x**7) * math.sin(x**3)
        assert outer(g)(x) == pytest.approx(exact, rel=1e-14)

    def test_the_outer_variable_comes_in_as_captured_value_argument_and_point(self, outer, inner):
        class Spring:
            def __init__(self, stiffness):
                self.stiffness = stiffness

            def energy(self, length, *, rest):
                return self.stiffness * (length - rest) ** 2

        def force(k):
            spring, rest = Spring(k * k), 2.0 * k
            return inner(lambda length: spring.energy(length, rest=rest))(3.0 + k)  # 2 k**2 (3 - k)

        assert outer(force)(2.0) == 12 * 2.0 - 6 * 2.0**2

    def test_an_inner_derivative_that_is_constant(self, outer, inner):
        assert outer(lambda x: x * inner(lambda y: 3.0 * y)(x))(2.0) == 3.0
        assert outer(lambda x: x * inner(lambda y: x)(x) + x)(2.0) == 1.0
        assert outer(inner(lambda y: 5.0))(2.0) == 0.0

    def test_third_order(self, outer, inner):
        def check(middle):
            assert outer(middle(inner(lambda x: x**4)))(2.0) == 48.0
            assert outer(lambda x: middle(lambda y: inner(lambda z: x * y * z * z)(y))(x))(2.0) == 8 * 2.0

        for middle in WAYS.values():
            check(middle)

    def test_inside_no_grad_as_outside(self, outer, inner):
        with no_grad():
            assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6.0

    def test_neurons_are_left_untouched(self, outer, inner):
        captured = Neuron(2.0)
        captured.grad = 7.0
        assert outer(lambda x: inner(lambda y: captured * x * y * y)(x))(3.0) == 8.0 * 3.0
        assert captured.grad == 7.0


class TestOtherMixtures:
    @pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
    def test_gradient_of_neurons_inside(self, way):
        def f(x):
            y = x * x
            return gradient(y * y, y) * x

        assert way(f)(2.0) == 6 * 2.0**2

    @pytest.mark.parametrize("mode", ["reverse", "forward"])
    def test_the_jacobian_of_a_gradient_is_the_hessian(self, mode):
        def f(p):
            return p[0] ** 3 * p[1] + p[1] ** 2

        assert jacobian(grad(f), mode=mode)([2.0, 3.0]) == hessian(f)([2.0, 3.0]) == [[36.0, 12.0], [12.0, 2.0]]

    def test_hessian_and_product_inside(self):
        def f(p):
            return p[0] ** 3 * p[1]

        def trace(p):
            rows = hessian(f)(p)
            return rows[0][0] + rows[1][1]  # 6 p0 p1

        assert grad(trace)([2.0, 3.0]) == [18.0, 12.0]
        # By the point and by the vector: v' H(p) v = 6 p0 p1 v0**2 + 6 p0**2 v0 v1
        curvature = lambda p, v: ops.dot(hvp(f)(p, v), v)  # noqa: E731
        assert grad(curvature, wrt=(0, 1))([2.0, 3.0], [1.0, 1.0]) == ([18.0 + 24.0, 12.0], [72.0 + 24.0, 24.0])

    def test_pullback_of_an_outer_level_inside_an_inner_one(self):
        def f(x):
            _, pullback = vjp(lambda y: x * y * y, x)  # 2 x**2 times the weight
            return grad(lambda weight: pullback(weight * weight)[0])(x)  # 4 x**3

        assert grad(f)(2.0) == 12 * 2.0**2

    def test_a_function_is_no_result(self):
        with pytest.raises(TypeError, match="must return numbers"):
            derivative(lambda x: lambda y: x * y)(1.0)
