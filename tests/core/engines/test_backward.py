"""The sweep: what is added where, in which order, and what is an error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import DomainError, Neuron, Op, RuleError, StaleGraphError, errstate, gradient, ops, zero_grad
from gograd_core.extend import adjoints
from made_up import operation, refuse


class TestAccumulation:
    def test_a_neuron_may_be_used_any_number_of_times(self):
        x = Neuron(3.0)
        (x * x + x * 2 + x).backward()
        assert x.grad == 2 * 3.0 + 2 + 1

    def test_the_same_neuron_on_both_sides(self):
        x = Neuron(3.0)
        (x - x).backward()
        assert x.grad == 0.0
        (x**x).backward()
        assert x.grad == pytest.approx(27 * (1 + 1.0986122886681098), rel=1e-15)

    def test_a_shared_interior_neuron_waits_for_all_its_consumers(self):
        # d is made before c but consumed by e after c is: a depth-first order that does not wait
        # would pass d's adjoint on too early, and once more later.
        x = Neuron(2.0)
        d = x * x
        c = d * d
        e = c * d + d
        e.backward()
        assert x.grad == 6 * 2.0**5 + 2 * 2.0

    def test_a_long_ladder_of_shared_neurons_costs_linear_time(self):
        x = y = Neuron(1.0)
        for _ in range(60):
            y = y + y
        y.backward()
        assert x.grad == 2.0**60

    def test_leaves_add_up_over_calls_until_zeroed(self):
        x = Neuron(3.0)
        (x * 2).backward()
        (x * 5).backward()
        assert x.grad == 7.0
        zero_grad([x])
        assert x.grad == 0.0
        zero_grad(x)
        (x * 5).backward()
        assert x.grad == 5.0

    def test_interior_gradients_are_those_of_the_last_sweep(self):
        x = Neuron(3.0)
        y = x * 2
        z = y * y
        for _ in range(3):
            z.backward()
        assert y.grad == 12.0
        assert z.grad == 1.0
        assert x.grad == 3 * 24.0

    def test_what_a_sweep_visits_without_adding_has_gradient_zero(self):
        x = Neuron(3.0)
        y = x * 2
        y.backward()
        ops.stop_gradient(y).backward()
        assert (y.grad, x.grad) == (0.0, 2.0)

    @given(st.floats(-1e3, 1e3))
    def test_the_seed_scales(self, seed):
        x = Neuron(3.0)
        (x * x).backward(seed)
        assert x.grad == 6.0 * seed

    def test_of_a_leaf_is_the_seed(self):
        x = Neuron(3.0)
        x.backward()
        x.backward(2.0)
        assert x.grad == 3.0

    def test_constants_are_not_differentiated(self):
        calls = []

        def partial(xp, out, x, y):
            calls.append((x, y))
            return 1.0

        plus = operation("plus", lambda xp, x, y: x + y, partial, refuse)
        x = Neuron(1.0)
        plus(x, 2.0).backward()
        assert calls == [(1.0, 2.0)]
        assert x.grad == 1.0

    @pytest.mark.parametrize("seed", ["1", None, [1.0]])
    def test_the_seed_is_a_number(self, seed):
        with pytest.raises(TypeError, match=r"backward\(seed\) expects a real number"):
            (Neuron(1.0) * 2).backward(seed)


class TestColumns:
    def test_dot_differentiates_neurons_and_skips_constants(self):
        w, x = [Neuron(2.0), Neuron(3.0)], [Neuron(5.0), 7.0]
        ops.dot(w, x).backward()
        assert [n.grad for n in w] == [5.0, 7.0]
        assert x[0].grad == 2.0

    def test_a_column_without_neurons_is_not_differentiated(self):
        weighted = Op(
            "weighted",
            forward=lambda xp, x, y: xp.sum(x * y),
            partials=(lambda xp, out, x, y: y, refuse),
            variadic=True,
        )
        w = Neuron(2.0)
        weighted([w], [4.0]).backward()
        assert w.grad == 4.0

    def test_the_same_neuron_many_times(self):
        x = Neuron(3.0)
        ops.dot([x, x], [x, 1.0]).backward()
        assert x.grad == 2 * 3.0 + 1.0

    def test_a_column_of_the_wrong_length_is_an_error(self):
        wrong = Op(
            "wrong", forward=lambda xp, x: xp.sum(x), partials=(lambda xp, out, x: type(x)([1.0]),), variadic=True
        )
        with pytest.raises(RuleError, match=r"partial 0 of wrong .* returned 1 numbers, expected 2"):
            wrong([Neuron(1.0), Neuron(2.0)]).backward()


class TestStaleGraphs:
    def test_a_leaf_that_was_set_after_its_use_is_an_error(self):
        x, y = Neuron(2.0, "x"), Neuron(3.0)
        z = x * y
        x.value = 5.0
        with pytest.raises(StaleGraphError) as caught:
            z.backward()
        text = "the leaf 'x' was set to 5.0 after mul was computed from its old value, and gave 6.0: compute the graph"
        assert str(caught.value).startswith(text)
        assert (x.grad, y.grad) == (0.0, 0.0)

    def test_also_deep_below_and_through_gradient(self):
        x, y = Neuron(2.0), Neuron(3.0)
        z = ops.tanh(ops.exp(x * y)) + y
        x.value = 2.0  # the same value: still a point that nobody computed
        with pytest.raises(StaleGraphError):
            gradient(z, [y])

    def test_also_between_two_steps_of_one_graph(self):
        x, y = Neuron(2.0), Neuron(3.0)
        early = x * x
        x.value = 5.0
        late = early * y
        with pytest.raises(StaleGraphError):
            late.backward()

    def test_other_leaves_may_be_set(self):
        x, other = Neuron(2.0), Neuron(0.0)
        z = x * x
        other.value = 1.0
        z.backward()
        assert x.grad == 4.0

    def test_a_graph_made_afterwards_is_fine(self):
        x = Neuron(2.0)
        x.value = 5.0
        (x * x).backward()
        assert x.grad == 10.0


class TestArmsNotTaken:
    def test_in_user_code(self):
        x = Neuron(-1.0)
        with errstate(domain="ignore"):
            y = ops.where(x > 0.0, ops.log(x) + ops.sqrt(x) + 1.0 / (x + 1.0), x * 2.0)
            y.backward()
        assert (y.value, x.grad) == (-2.0, 2.0)

    def test_the_sweep_needs_no_errstate(self):
        x = Neuron(0.0)
        with errstate(domain="ignore"):
            y = ops.where(x > 0.0, ops.sqrt(x) / x, 7.0 + x)
        y.backward()
        assert x.grad == 1.0

    def test_in_rules(self):
        x, y = Neuron(0.0), Neuron(0.0)
        (x**y).backward()
        assert (x.grad, y.grad) == (0.0, 0.0)

    def test_not_even_against_an_infinite_adjoint(self):
        x = Neuron(0.0)
        with errstate(domain="ignore"):
            ops.sqrt(ops.where(x > 0.0, x, 0.0 * ops.stop_gradient(x))).backward()
        assert x.grad == 0.0


class TestDomain:
    def test_a_derivative_that_is_not_finite_is_an_error_naming_input_and_label(self):
        x = Neuron(0.0, "speed")
        x.grad = 4.0
        with pytest.raises(DomainError, match=r"derivative of sqrt\(speed=0.0\) with respect to input 0 is inf"):
            (ops.sqrt(x) + x).backward()
        assert x.grad == 4.0

    def test_but_not_where_nobody_asks(self):
        x = Neuron(0.0)
        (ops.sqrt(x) * 0.0 + x).backward()
        assert x.grad == 1.0

    def test_nor_when_the_sweep_must_take_care_of_something_else(self):
        numpys = operation("numpys", lambda xp, x: x, lambda xp, out, x: np.float64(1.0))
        x = Neuron(0.0)
        (ops.sqrt(x) * 0.0 + numpys(x)).backward()
        assert x.grad == 1.0
        assert type(x.grad) is float

    def test_nor_where_it_reaches_no_leaf(self):
        steep = operation("steep", lambda xp, x: x, lambda xp, out, x: xp.inf)
        x = Neuron(0.0)
        steep(ops.stop_gradient(x) * 1.0).backward()
        assert x.grad == 0.0

    def test_under_errstate_the_ieee_result_stands(self):
        x = Neuron(0.0)
        with errstate(domain="ignore"):
            ops.sqrt(x).backward()
        assert x.grad == float("inf")

    def test_an_adjoint_that_overflows_is_an_error(self):
        x = Neuron(2.0)
        with pytest.raises(DomainError, match=r"derivative of mul.* input 0, times the adjoint 1e\+200, is inf"):
            (x * 1e-200 * 1e200).backward(1e200)
        assert x.grad == 0.0


def test_zero_grad_takes_whatever_holds_neurons():
    x, y = Neuron(1.0), Neuron(2.0)
    for holder in (
        x,
        [x, y],
        {x, y},
        {"a": [x], "b": (y,)},
        np.array([[x], [y]]),
        iter([x, y]),
        {"a": x, "b": y}.values(),
    ):
        x.grad = y.grad = 5.0
        zero_grad(holder)
        assert x.grad == 0.0
        assert y.grad == (5.0 if holder is x else 0.0)
    x.grad = 5.0
    with pytest.raises(TypeError, match=r"zero_grad\(\) expects neurons, got 1.0"):
        zero_grad([x, 1.0])
    assert x.grad == 5.0


@pytest.mark.parametrize("seeds", [[], [1.0], [1.0, 2.0, 3.0]])
def test_there_must_be_a_seed_for_each_output(seeds):
    x = Neuron(2.0)
    outputs = [x * x, x * 3.0]
    with pytest.raises(ValueError, match="argument 2|a seed for each of 2 outputs"):
        adjoints(outputs, seeds, [x], 0)
    assert adjoints(outputs, [1.0, 10.0], [x], 0) == [34.0]


@pytest.mark.parametrize("inputs", [[1.0], ["x"], [None]])
def test_adjoints_of_anything_but_neurons_are_refused(inputs):
    x = Neuron(2.0)
    x.grad = 5.0
    with pytest.raises(TypeError):
        adjoints([x * x], [1.0], [x, *inputs], 0)
    assert x.grad == 5.0
    assert adjoints([x * x], [1.0], [x], 0) == [4.0]
