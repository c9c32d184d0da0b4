"""gradient, grad, value_and_grad: structures, nesting, and that every `grad` stays as it is."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from gograd_core import (
    DomainError,
    InvalidOperationError,
    Neuron,
    Op,
    RuleError,
    errstate,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    no_grad,
    ops,
    value_and_grad,
)

Point = namedtuple("Point", "x y")


class TestGradient:
    def test_by_one_several_or_nested_neurons(self):
        x, y = Neuron(2.0), Neuron(3.0)
        z = x * x * y
        assert gradient(z, x) == 12.0
        assert gradient(z, [x, y]) == [12.0, 4.0]
        assert gradient(z, {"a": (x,), "b": [y, x]}) == {"a": (12.0,), "b": [4.0, 12.0]}

    def test_by_interior_neurons_and_by_what_does_not_matter(self):
        x, other = Neuron(2.0), Neuron(5.0)
        other.grad = 7.0
        y = x * x
        assert gradient(y * 3.0, [y, other, y]) == [3.0, 0.0, 3.0]
        assert gradient(x, x) == 1.0
        assert other.grad == 7.0

    @pytest.mark.parametrize("create_graph", [False, True])
    def test_leaves_every_grad_untouched(self, create_graph):
        x = Neuron(2.0)
        y = x * x
        z = y * y
        z.backward()
        before = [x.grad, y.grad, z.grad]
        gradient(z, x, create_graph=create_graph)
        assert [x.grad, y.grad, z.grad] == before

    @pytest.mark.parametrize(("output", "inputs"), [(1.0, Neuron(1.0)), (Neuron(1.0), 1.0), (Neuron(1.0), [1.0])])
    def test_expects_neurons(self, output, inputs):
        with pytest.raises(TypeError, match=r"gradient\(\) expects neurons, got 1.0"):
            gradient(output, inputs)

    def test_create_graph_gives_neurons_to_differentiate_again(self):
        x = Neuron(3.0)
        y = x**4
        for expected in (4 * 27.0, 12 * 9.0, 24 * 3.0, 24.0):
            y = gradient(y, x, create_graph=True)
            assert y.value == pytest.approx(expected, rel=1e-15)
        assert gradient(y, x) == 0.0

    def test_create_graph_records_under_no_grad(self):
        x = Neuron(3.0)
        y = x**3
        with no_grad():
            first = gradient(y, x, create_graph=True)
        assert gradient(first, x) == 18.0

    def test_create_graph_judges_and_checks_what_partials_give(self):
        x = Neuron(0.0)
        with pytest.raises(DomainError, match=r"derivative of sqrt\(0.0\) with respect to input 0 is inf"):
            gradient(ops.sqrt(x), x, create_graph=True)
        for result in (None, "1", [1.0]):
            odd = Op("odd", forward=lambda xp, x: x, partials=(lambda xp, out, x: result,))  # noqa: B023
            with pytest.raises(RuleError, match="partial 0 of odd"):
                gradient(odd(x), x, create_graph=True)
        short = Op(
            "short", forward=lambda xp, x: xp.sum(x), partials=(lambda xp, out, x: type(x)([1.0]),), variadic=True
        )
        with pytest.raises(RuleError, match="partial 0 of short .* returned 1 numbers, expected 2"):
            gradient(short([x, x]), x, create_graph=True)

    def test_a_sum_of_derivatives_that_overflows_is_an_error(self):
        x = Neuron(0.5)
        y = x * 1e308 + x * 1e308
        of_a_share = r"of mul\(0.5, 1e\+308\) with respect to input 0, times the adjoint 1.0, added to 1e\+308, is inf"
        with pytest.raises(DomainError, match=of_a_share):
            gradient(y, x)
        with errstate(domain="ignore"):
            assert gradient(y, x) == float("inf")

    def test_a_factor_of_one_makes_no_neuron(self):
        x, y = Neuron(2.0), Neuron(3.0)
        assert gradient(x * y, x, create_graph=True) is y

    def test_opaque_operations_have_no_second_derivative(self):
        opaque = Op("solver", forward=lambda xp, x: x, partials=(lambda xp, out, x: 1.0,), opaque=True)
        x = Neuron(2.0)
        assert gradient(opaque(x), x) == 1.0
        with pytest.raises(InvalidOperationError, match="solver .* is opaque"):
            gradient(opaque(x), x, create_graph=True)

    def test_a_derivative_that_vanishes_may_have_one_that_does_not(self):
        x = Neuron(0.0)
        first = gradient(x * x, x, create_graph=True)
        assert first.value == 0.0
        assert gradient(first, x) == 2.0


class TestGrad:
    def test_of_one_number(self):
        assert grad(lambda x: x**3)(2.0) == 12.0
        assert type(grad(lambda x: x * 2)(3)) is float

    def test_value_and_grad(self):
        found = value_and_grad(lambda x, y: x * y)(2.0, 5.0)
        assert found == (10.0, 5.0)
        assert list(map(type, found)) == [float, float]

    def test_by_one_or_several_arguments(self):
        def f(x, y, *, scale=1.0):
            return scale * x * y * y

        assert grad(f)(2.0, 3.0) == 9.0
        assert grad(f, wrt=1)(2.0, 3.0) == 12.0
        assert grad(f, wrt=-1)(2.0, 3.0, scale=10.0) == 120.0
        assert grad(f, wrt=(1, 0))(2.0, 3.0) == (12.0, 9.0)

    @pytest.mark.parametrize("wrt", [(0,), (1,), (0, 1), (1, 0), (1, 2), (2, 0), (0, 1, 2), (2, 1, 0), (0, -1)])
    def test_by_any_choice_of_arguments(self, wrt):
        def f(x, y, z):
            return x * y * y + 5.0 * z * x

        slopes = (3.0**2 + 5.0 * 7.0, 2.0 * 2.0 * 3.0, 5.0 * 2.0)
        assert value_and_grad(f, wrt=wrt)(2.0, 3.0, 7.0) == (88.0, tuple(slopes[place] for place in wrt))
        assert grad(f, wrt=wrt)(2, 3.0, 7.0) == tuple(slopes[place] for place in wrt)

    def test_nested_structures_come_back_as_they_are(self):
        def f(p):
            return p["w"][0] * p["w"][1] + p["point"].x * p["point"].y

        found = grad(f)({"w": [2.0, 3.0], "point": Point(5.0, 7.0)})
        assert found == {"w": [3.0, 2.0], "point": Point(7.0, 5.0)}

    def test_arrays(self):
        matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
        found = grad(lambda m, x: ((m @ x) ** 2).sum())(matrix, np.array([1.0, -1.0]))
        assert found.dtype == float
        np.testing.assert_array_equal(found, [[-2.0, 2.0], [-2.0, 2.0]])

    def test_functions_that_do_not_depend_on_the_argument(self):
        captured = Neuron(4.0)
        assert grad(lambda x: 3.0)(1.0) == 0.0
        assert grad(lambda x: captured * captured)(1.0) == 0.0
        assert captured.grad == 0.0

    @pytest.mark.parametrize("result", [[1.0], None, "a", (1.0, 2.0), {"y": 1.0}, np.array([1.0, 2.0])])
    def test_the_function_must_return_one_number(self, result):
        with pytest.raises(TypeError, match="must return one number"):
            grad(lambda x: result)(1.0)

    def test_there_must_be_such_an_argument(self):
        with pytest.raises(IndexError, match="wrt=2 is out of range: product was called with 2 positional"):
            grad(product, wrt=2)(1.0, 2.0)

    @pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian, hvp], ids=lambda f: f.__name__)
    @pytest.mark.parametrize("wrt", ["x", "", b"\0", None, 0.0, [0.0], {0: 1}], ids=repr)
    def test_arguments_are_counted_and_that_is_checked_at_once(self, transform, wrt):
        with pytest.raises(TypeError, match="wrt must be the number of an argument, or several, counted from 0; got"):
            transform(product, wrt)

    def test_whole_numbers_of_numpy_count_arguments(self):
        assert grad(product, np.int64(1))(2.0, 3.0) == 2.0
        assert grad(product, np.array([1, 0]))(2.0, 3.0) == (2.0, 3.0)

    def test_arrays_get_a_hint(self):
        with pytest.raises(TypeError, match=r"it returned an array of shape \(2,\): for its derivatives call jacobian"):
            grad(lambda x: x * 2.0)(np.array([1.0, 2.0]))

    def test_an_argument_is_named_once(self):
        with pytest.raises(ValueError, match="names an argument of product twice"):
            grad(product, wrt=(0, -2))(1.0, 2.0)

    def test_branches_on_values(self):
        def f(x):
            return x * x if x > 0 else -x

        assert (grad(f)(3.0), grad(f)(-3.0)) == (6.0, -1.0)

    def test_the_name_and_doc_of_the_function_are_kept(self):
        assert (grad(product).__name__, grad(product).__doc__) == ("product", "x times y.")

    def test_differentiates_inside_no_grad_and_leaves_it_on(self):
        with no_grad():
            assert grad(lambda x: x * x)(3.0) == 6.0
            assert (Neuron(1.0) * 2).operation is None

    def test_a_neuron_as_argument_is_only_its_value_at_the_top(self):
        x = Neuron(3.0)
        assert grad(lambda y: y * y)(x * x) == 18.0
        assert x.grad == 0.0


class TestNesting:
    def test_orders(self):
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        assert grad(grad(grad(ops.sin)))(0.3) == pytest.approx(-ops.cos(0.3), rel=1e-15)

    def test_no_confusion_of_perturbations(self):
        # d/dx [x * d/dy (x * y)] = d/dx x**2, at 3: 6. (After Siskind and Pearlmutter 2005.)
        assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
        # The inner function is taken at x itself: only its own argument counts inside.
        assert grad(lambda x: x * grad(lambda y: x * y)(x))(3.0) == 6.0
        assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0

    def test_the_inner_result_may_be_a_constant(self):
        assert grad(lambda x: x * grad(lambda y: 3.0 * y)(x))(2.0) == 3.0

    def test_gradient_inside_a_transform_gives_neurons(self):
        def f(x):
            y = x * x
            return gradient(y * y, y) * x

        assert grad(f)(2.0) == 6 * 2.0**2

    def test_third_order_at_the_middle_of_the_activations(self):
        assert grad(grad(grad(ops.tanh)))(0.0) == pytest.approx(-2.0, rel=1e-15)
        assert grad(grad(grad(ops.sigmoid)))(0.0) == pytest.approx(-1 / 8, rel=1e-15)

    def test_mixed_derivatives_of_a_power_agree_at_exponent_zero(self):
        along_x_first = grad(lambda y: grad(lambda x: x**y)(3.0))(0.0)
        along_y_first = grad(lambda x: grad(lambda y: x**y)(0.0))(3.0)
        assert along_x_first == pytest.approx(1 / 3, rel=1e-15)
        assert along_y_first == pytest.approx(1 / 3, rel=1e-15)

    def test_a_condition_that_is_a_neuron_does_not_poison_either(self):
        def f(x):
            return ops.where(ops.relu(x), ops.log(x), x * x)

        x = Neuron(0.0)
        with errstate(domain="ignore"):
            assert gradient(x + f(x), x, create_graph=True).value == 1.0
            assert grad(grad(f))(0.0) == 2.0

    def test_mixed_second_derivative(self):
        def f(x, y):
            return x**2 * y + ops.sin(x * y)

        x, y = 0.7, -1.3
        found = grad(lambda y: grad(f)(x, y))(y)
        exact = 2 * x + ops.cos(x * y) - x * y * ops.sin(x * y)
        assert found == pytest.approx(exact, rel=1e-14)

    def test_with_structures(self):
        def f(p):
            return ops.dot(p, [2.0, 3.0]) ** 2

        def norm(p):
            return ops.sum([g * g for g in grad(f)(p)])

        # grad f = 2 (p.a) a, so norm = 4 (p.a)^2 (a.a) and its gradient 8 (p.a) (a.a) a.
        assert grad(norm)([1.0, -1.0]) == [8 * -1.0 * 13.0 * 2.0, 8 * -1.0 * 13.0 * 3.0]

    def test_an_arm_not_taken_does_not_poison_higher_orders(self):
        def f(x):
            return x * ops.where(x > 0.0, ops.sqrt(x), x * x * x)

        x = Neuron(-2.0)
        with errstate(domain="ignore"):
            assert gradient(f(x), x, create_graph=True).value == -32.0
            assert grad(grad(f))(-2.0) == 48.0

    def test_what_a_rule_calls_is_not_judged_in_higher_orders_either(self):
        x, y = Neuron(0.0), Neuron(2.0)
        assert gradient(x**y, y, create_graph=True).value == 0.0  # the rule takes log(0), and does not choose it

    def test_an_inner_gradient_stops_where_its_own_argument_begins(self):
        calls = []

        def partial(xp, out, x):
            calls.append(x)
            return 2.0

        twice = Op("twice", forward=lambda xp, x: 2 * x, partials=(partial,))

        def f(x):
            outer = twice(x)
            return grad(lambda y: outer * y * y)(3.0)  # 6 * outer

        assert grad(f)(1.0) == 12.0
        assert len(calls) == 1


def product(x, y):
    """x times y."""
    return x * y


class TestNeuronsThatNobodyAsksAbout:
    """Their derivatives cost nothing and spoil nothing."""

    def test_a_pole_by_a_captured_neuron(self):
        captured = Neuron(0.0)
        assert grad(lambda x: ops.sqrt(captured) * x)(3.0) == 0.0

    @pytest.mark.parametrize("create_graph", [False, True])
    def test_the_exponent_of_a_negative_base(self, create_graph):
        x, n = Neuron(-3.0), Neuron(2.0)
        (slope,) = gradient(x**n, [x], create_graph=create_graph)
        assert (slope.value if create_graph else slope) == -6.0
        with pytest.raises(DomainError):
            gradient(x**n, [x, n], create_graph=create_graph)

    def test_rules_for_them_do_not_run(self):
        asked = []
        op = Op(
            "spy",
            forward=lambda xp, x, y: x * y,
            partials=(lambda xp, out, x, y: y, lambda xp, out, x, y: asked.append(x) or x),
        )
        x, y = Neuron(2.0), Neuron(3.0)
        assert gradient(op(x, y), x) == 3.0
        assert asked == []
        assert gradient(op(x, y), [y, x]) == [2.0, 3.0]

    def test_interior_neurons_end_the_sweep(self):
        x = Neuron(0.0)
        y = ops.sqrt(x)
        assert gradient(y * 2.0, y) == 2.0


@pytest.mark.parametrize(
    "rule",
    [
        lambda root: {"forward": root},
        lambda root: {"implementations": {"scalar": lambda x: root(None, x)}},
    ],
    ids=["formula", "implementation"],
)
def test_an_opaque_rule_may_use_transforms_itself(rule):
    def cube_root(xp, x):
        root = max(1.0, x)
        for _ in range(60):
            root -= (root**3 - x) / grad(lambda r: r**3)(root)
        return root

    op = Op("root", **rule(cube_root), partials=(lambda xp, out, x: 1.0 / grad(lambda r: r**3)(out),), opaque=True)
    assert op(8.0) == grad(lambda x: x * op(8.0))(1.0) == 2.0
    assert grad(op)(8.0) == pytest.approx(1.0 / 12.0, rel=1e-15)


def test_a_truth_value_has_no_derivative():
    with pytest.raises(TypeError, match="it returned a truth value"):
        grad(lambda x: x > 0.0)(1.0)
