"""The forward sweep: which partials it evaluates, what it refuses, how far it goes."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from gograd_core import (
    InvalidOperationError,
    Neuron,
    RuleError,
    StaleGraphError,
    grad,
    gradient,
    jvp,
    no_grad,
    ops,
    stop_gradient,
)
from made_up import operation
from slopes import second_slope, slope


class Recorder:
    """Partials that note when they are evaluated."""

    def __init__(self):
        self.evaluated = []

    def partial(self, name, rule):
        def partial(xp, out, *inputs):
            self.evaluated.append(name)
            return rule(*inputs)

        return partial


class TestWhatIsEvaluated:
    @pytest.mark.parametrize("nested", [False, True])
    def test_partials_by_inputs_that_carry_a_tangent_alone(self, nested):
        notes = Recorder()
        mul = operation(
            "product",
            lambda xp, x, y: x * y,
            notes.partial("x", lambda x, y: y),
            notes.partial("y", lambda x, y: x),
        )
        captured = Neuron(5.0)
        assert jvp(lambda x: mul(x, captured), (2.0,), (1.0,), create_graph=nested)[1] == 5.0
        assert jvp(lambda x: mul(3.0, x), (2.0,), (1.0,), create_graph=nested)[1] == 3.0
        assert notes.evaluated == ["x", "y"]

    @pytest.mark.parametrize("nested", [False, True])
    def test_a_constant_zero_tangent_passes_nothing_on(self, nested):
        notes = Recorder()
        twice = operation("twice", lambda xp, x: 2 * x, notes.partial("x", lambda x: 2.0))
        found = jvp(lambda x, y: [twice(x), y], (1.0, 1.0), (0.0, 1.0), create_graph=nested)[1]
        assert found == [0.0, 1.0]
        assert jvp(lambda x: twice(stop_gradient(x)), (1.0,), (1.0,), create_graph=nested)[1] == 0.0
        assert notes.evaluated == []

    def test_a_tangent_that_is_zero_by_value_has_a_derivative(self):
        assert slope(lambda v: slope(lambda x: x * v, 2.0), 0.0) == 1.0
        assert second_slope(lambda x: x * x, 0.0) == 2.0

    @pytest.mark.parametrize("nested", [False, True])
    def test_columns_that_hold_constants(self, nested):
        captured = Neuron(7.0)

        def f(x):
            return ops.dot([x, 2.0, captured, x], [3.0, x, x, x]) + ops.sum([1.0, x, captured])

        found = jvp(f, (5.0,), (1.0,), create_graph=nested)[1]
        assert found == 3.0 + 2.0 + 7.0 + 2 * 5.0 + 1.0

    def test_a_column_without_any_tangent_is_not_differentiated(self):
        notes = Recorder()
        weigh = operation(
            "weigh",
            lambda xp, x, y: xp.sum(x * y),
            notes.partial("x", lambda x, y: y),
            notes.partial("y", lambda x, y: x),
            variadic=True,
        )
        weights = [Neuron(2.0), Neuron(3.0)]
        assert slope(lambda x: weigh(weights, [x, x]), 1.0) == 5.0
        assert notes.evaluated == ["y"]

    def test_a_partial_that_sums_over_its_column(self):
        def partial(xp, out, x):
            return x / xp.sqrt(xp.sum(x * x))

        length = operation("length", lambda xp, x: xp.sqrt(xp.sum(x * x)), partial, variadic=True)
        assert slope(lambda x: length([x, 4.0]), 3.0) == 0.6
        # The second derivative of sqrt(x**2 + 16) is 16 / 125 at 3; 1e-15 is a few roundings.
        assert second_slope(lambda x: length([x, 4.0]), 3.0) == pytest.approx(16 / 125, rel=1e-15)

    def test_operations_of_three_inputs(self):
        third = operation(
            "third",
            lambda xp, x, y, z: x * y + z,
            lambda xp, out, x, y, z: y,
            lambda xp, out, x, y, z: x,
            None,
        )
        assert slope(lambda x: third(x, x * x, x), 2.0) == 12.0
        assert second_slope(lambda x: third(x, x * x, x), 2.0) == 12.0


class TestCapturedNeurons:
    def test_are_constants(self):
        captured = Neuron(3.0)
        interior = captured * captured
        assert slope(lambda x: x * captured + interior, 2.0) == 3.0

    def test_that_depend_on_an_outer_argument(self):
        def f(x):
            outer = ops.exp(x)
            return slope(lambda y: outer * y * y, 3.0)  # 6 * exp(x)

        assert slope(f, 0.0) == 6.0
        assert grad(f)(0.0) == 6.0

    def test_the_inner_sweep_ends_at_them(self):
        notes = Recorder()
        twice = operation("twice", lambda xp, x: 2 * x, notes.partial("x", lambda x: 2.0))

        def f(x):
            outer = twice(x)
            return slope(lambda y: outer * y * y, 3.0)

        assert slope(f, 1.0) == 12.0
        assert notes.evaluated == ["x"]


class TestRefusals:
    def test_a_leaf_set_after_its_use(self):
        captured = Neuron(2.0)

        def f(x):
            y = x * captured
            captured.value = 3.0
            return y

        with pytest.raises(StaleGraphError, match="was set to"):
            slope(f, 1.0)

    @pytest.mark.parametrize("result", [None, "1", [1.0], 1j])
    @pytest.mark.parametrize("derivative", [slope, second_slope])
    def test_a_partial_that_gives_no_number(self, derivative, result):
        odd = operation("odd", lambda xp, x: x, lambda xp, out, x: result)
        with pytest.raises(RuleError, match=r"partial 0 of odd|odd .* returned the complex"):
            derivative(lambda x: odd(x) * x, 1.0)

    def test_what_a_partial_raises_is_passed_on_with_a_note(self):
        def refuse(xp, out, x):
            raise LookupError("no derivative today")

        broken = operation("broken", lambda xp, x: x, refuse)
        for derivative in (slope, second_slope):
            with pytest.raises(LookupError, match="no derivative today") as caught:
                derivative(broken, 1.0)
            assert "broken" in "".join(caught.value.__notes__)
        assert type(slope(ops.sin, 0.0)) is float

    def test_opaque_operations_have_no_second_derivative(self):
        solver = operation("solver", lambda xp, x: x, lambda xp, out, x: 1.0, opaque=True)
        assert slope(solver, 2.0) == 1.0
        with pytest.raises(InvalidOperationError, match="solver .* is opaque"):
            second_slope(solver, 2.0)
        assert second_slope(lambda x: x * x * solver(Neuron(2.0)), 2.0) == 4.0  # no tangent reaches it

    def test_partials_may_give_any_real_number(self):
        for one in (1, True, np.float64(1.0)):
            kind = operation("kind", lambda xp, x: x, lambda xp, out, x: one)  # noqa: B023
            for derivative, expected in ((slope, 2.0), (second_slope, 0.0)):
                found = derivative(lambda x: 2.0 * kind(x), 3.0)  # noqa: B023
                assert (type(found), found) == (float, expected)


class TestSizes:
    def test_a_hundred_thousand_operations_in_a_row(self):
        def chain(x):
            for _ in range(100_000):
                x = x + 1.0
            return x

        assert slope(chain, 1.0) == 1.0

    def test_neurons_as_tangents_in_a_row(self):
        def chain(x):
            y = x
            for _ in range(10_000):
                y = y * 1.0 + 0.0
            return y * y

        assert second_slope(chain, 3.0) == 2.0

    def test_tangents_are_freed_without_the_collector(self):
        gc.disable()
        try:
            before = neurons_alive()
            second_slope(lambda x: ops.tanh(x * x), 0.5)
            assert neurons_alive() <= before
        finally:
            gc.enable()


def neurons_alive():
    return sum(type(thing) is Neuron for thing in gc.get_objects())


class TestSurroundings:
    def test_a_rule_may_start_a_forward_sweep_over_the_neurons_of_a_running_sweep(self):
        x = Neuron(2.0)
        square = x * x

        def partial(xp, out, value):
            return slope(lambda y: y * square, 3.0)

        curious = operation("curious", lambda xp, value: value, partial)
        curious(square).backward()
        assert x.grad == 4.0 * 4.0

    def test_a_rule_that_differentiates_has_a_second_derivative(self):
        def partial(xp, out, x):
            return slope(lambda y: y * y * y, x)  # 3 x**2

        cube = operation("cube", lambda xp, x: x * x * x, partial)
        assert second_slope(lambda x: x * x, 2.0) == 2.0
        assert slope(cube, 2.0) == 12.0
        x = Neuron(2.0)
        assert gradient(gradient(cube(x), x, create_graph=True), x) == 12.0

    def test_no_grad_inside_cuts_off(self):
        def f(x):
            with no_grad():
                inner = slope(lambda y: y * y, x) + x
            return inner * x

        assert slope(f, 3.0) == 9.0
        assert grad(f)(3.0) == 9.0
