"""Whole numbers and truth values: plain ones outside of recordings, and followed inside as long as that can be."""

from __future__ import annotations

import math
import operator

import pytest

import gograd_core.math
from gograd_core import (
    Neuron,
    Op,
    Registry,
    derivative,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    no_grad,
    ops,
    stop_gradient,
    value_and_grad,
    vjp,
)
from gograd_core.followed import Followed, unfollowed
from gograd_core.math import floor


class TestOutsideOfRecordings:
    TRANSFORMS = {  # noqa: RUF012
        "value_and_grad": lambda f: value_and_grad(f)(2.5),
        "create_graph": lambda f: grad(f, create_graph=True)(2.5),
        "jacobian": lambda f: jacobian(f)(2.5),
        "forward": lambda f: jvp(f, (2.5,), (1.0,)),
        "vjp": lambda f: vjp(f, 2.5),
        "hessian": lambda f: hessian(f)(2.5),
        "nested": lambda f: grad(grad(f))(2.5),
        "third order": lambda f: derivative(f, 3)(2.5),
        "a neuron": lambda f: gradient(f(Neuron(2.5)), Neuron(1.0)),
    }

    @pytest.mark.parametrize("paused", [False, True])
    @pytest.mark.parametrize("run", TRANSFORMS.values(), ids=TRANSFORMS)
    @pytest.mark.parametrize("name", ["floor", "ceil", "trunc"])
    def test_math_gives_ints(self, name, run, paused):
        seen = []

        def f(x):
            if paused:
                with no_grad():
                    seen.append(getattr(gograd_core.math, name)(x))
            else:
                seen.append(getattr(gograd_core.math, name)(x))
            return x * x * seen[-1]

        run(f)
        assert seen
        assert {(number, type(number)) for number in seen} == {(getattr(math, name)(2.5), int)}

    def test_operations_give_neurons(self):
        assert type(ops.floor(Neuron(2.5))) is Neuron
        assert {2: 1.0}.get(ops.floor(Neuron(2.5))) is None

    def test_slopes_are_those_of_what_is_constant_between_jumps(self):
        assert value_and_grad(lambda x: {0: 1.0, 1: 2.0}.get(floor(x), 0.0) * x)(1.5) == (3.0, 2.0)
        assert value_and_grad(lambda x: x ** floor(x))(-2.0) == (0.25, 0.25)

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_errors_are_those_of_floats(self, number):
        with pytest.raises((ValueError, OverflowError)) as expected:
            math.floor(number)
        with pytest.raises(type(expected.value), match=str(expected.value)):
            floor(Neuron(number))

    def test_large_integers_are_exact(self):
        assert floor(Neuron(1e300)) == int(1e300)

    def test_no_operation_is_needed(self):
        with Registry(discover=False):
            assert floor(Neuron(2.5)) == 2


class TestThatStayInTheGraph:
    @pytest.mark.parametrize(
        ("compute", "expected"),
        [
            (lambda n: n + 1, 4),
            (lambda n: 2 * n - n, 3),
            (lambda n: 7 // n, 2),
            (lambda n: n % 2, 1),
            (lambda n: -n, -3),
            (lambda n: abs(-n), 3),
            (lambda n: +n, 3),
            (lambda n: n / 2, 1.5),
            (lambda n: n * 0.5, 1.5),
            (lambda n: -(n * 0.5), -1.5),
            (round, 3),
            (lambda n: round(n, 2), 3),
            (lambda n: round(n, 0), 3),
            (math.floor, 3),
            (gograd_core.math.ceil, 3),
            (lambda n: gograd_core.math.ceil(n / 2), 2),
            (lambda n: n > 2, True),
            (lambda n: 2 > n, False),  # noqa: SIM300
            (lambda n: n == 3, True),
            (lambda n: n != math.inf, True),
            (lambda n: (n > 2) & (n < 4), True),
            (lambda n: (n > 3) | (n > 2), True),
            (lambda n: (n > 2) ^ True, False),
            (lambda n: (n > 2) + (n > 1), 2),
            (lambda n: +(n > 2), 1),
            (lambda n: sum([n, n > 1, 2]), 6),
            (lambda n: divmod(n, 2)[0], 1),
            (lambda n: divmod(10, n % 4)[1], 1),
        ],
    )
    def test_and_are_what_floats_give(self, told, compute, expected):
        found, guards = told(lambda x: compute(floor(x)), 3.25)
        assert type(found) is Followed
        assert (found._number, type(found._number)) == (expected, type(expected))
        assert unfollowed(found)._value == expected
        assert all(kind == "bool" for _, kind, _ in guards)  # whether a divisor is 0
        assert gradient(unfollowed(found) * 1.0, Neuron(1.0)) == 0.0

    def test_what_they_do_not_have_decides_nothing(self, told):
        assert told(lambda x: hasattr(floor(x), "shape") or hasattr(x > 1, "__array__"), 3.25) == (False, [])

    def test_beside_neurons_they_are_neurons(self, told):
        for compute in (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow):
            for f in (lambda x: compute(x, floor(x)), lambda x: compute(floor(x), x)):  # noqa: B023
                found, guards = told(f, 3.25)
                assert type(found) is Neuron
                assert found._value == pytest.approx(f(3.25), rel=2.0**-52)
                assert guards == []

    def test_operations_take_them(self, told):
        for f in (
            lambda x: ops.where(floor(x) > 2, x, 1.0),
            lambda x: ops.sum([x, floor(x), x > 1]),
            lambda x: ops.maximum(floor(x), x),
            lambda x: gograd_core.math.ldexp(x, floor(x)),
        ):
            found, guards = told(f, 3.25)
            assert (type(found), guards) == (Neuron, [])

    def test_what_is_small_in_any_run_needs_no_guard(self, told):
        found, guards = told(lambda x: ((x > 0) + (x > 1) + (x > 4)) * 3 - floor(x) % 5 * 2 + 1, 3.25)
        assert (found._number, guards) == (1, [])

    def test_rules_may_use_them(self, told):
        op = Op("rectified", forward=lambda xp, x: x * (x > 0.0), partials=(lambda xp, out, x: x > 0.0,))
        found, guards = told(grad(op), 3.25)
        assert (found._value, guards) == (1.0, [])

    def test_pass_no_derivative_on(self, told):
        def slope(x):
            return grad(lambda y: y ** floor(y) * (y < 0))(x)

        found, guards = told(slope, -2.5)
        assert found._value == pytest.approx(-3 * (-2.5) ** -4, rel=1e-15)
        assert guards == []

    def test_zero_has_no_sign(self, told):
        for compute in (operator.pos, operator.neg, lambda n: n * -3, lambda n: n % -3, lambda n: 0 * -n):
            found, _ = told(lambda x: compute(floor(x)), -0.0)  # noqa: B023
            assert math.copysign(1.0, unfollowed(found)._value) == 1.0


def test_numbers_without_derivative_are_followed(told):
    with no_grad():
        found, _ = told(lambda x: floor(x) + 1, 3.25)
    assert found._number == 4
    assert told(lambda x: floor(stop_gradient(x)), 3.25)[0]._number == 3
