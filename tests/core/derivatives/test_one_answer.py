"""Derivatives at poles do not depend on the direction of the sweep: the same number, or an error in both."""

from __future__ import annotations

import itertools

import pytest

from gograd_core import DomainError, Op, grad, hessian, hvp, jacobian, jvp, ops
from slopes import by_backward, by_gradient

POINTS = (0.0, 1.0, -1.0, 0.5)
STEPS = {
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "root": ops.sqrt,
    "cube root": ops.cbrt,
    "logarithm": ops.log,
    "reciprocal": lambda x: 1.0 / x,
    "power": lambda x: x**1.5,
    "size": abs,
    "rectified": ops.relu,
    "held away from zero": lambda x: ops.maximum(1e-200, x),
    "zero to the left": lambda x: ops.where(x > 0.0, x, 0.0),
    "zero to the right": lambda x: ops.where(x < 0.5, x, 0.0 * x),
    "held": lambda x: ops.clip(x, 0.0, 1.0),
    "stopped": lambda x: ops.stop_gradient(x) + 0.0 * x,
    "largest": lambda x: ops.max([x, 0.0]),
}


FIRST = {
    "grad": lambda f, x: grad(f)(x),
    "backward": by_backward,
    "gradient": by_gradient,
    "jvp": lambda f, x: jvp(f, (x,), (1.0,))[1],
    "reverse jacobian": lambda f, x: jacobian(f)(x),
    "forward jacobian": lambda f, x: jacobian(f, mode="forward")(x),
}
SECOND = {
    "hessian": lambda f, x: hessian(f)(x),
    "hvp": lambda f, x: hvp(f)(x, 1.0),
    "grad of grad": lambda f, x: grad(grad(f))(x),
    "jvp of jvp": lambda f, x: jvp(lambda y: jvp(f, (y,), (1.0,))[1], (x,), (1.0,))[1],
    "grad of jvp": lambda f, x: grad(lambda y: jvp(f, (y,), (1.0,))[1])(x),
}


def found(ask, f, x):
    try:
        return ask(f, x)
    except DomainError:
        return None


def same(one, other):
    """Products of a few factors, in another order; or errors."""
    return one is other if one is None or other is None else one == pytest.approx(other, rel=1e-13)


@pytest.mark.parametrize("ways", [FIRST, SECOND], ids=["first order", "second order"])
@pytest.mark.parametrize("last", STEPS)
def test_of_all_directions(last, ways):
    for first, middle, x in itertools.product(STEPS.values(), STEPS.values(), POINTS):

        def f(x, steps=(first, middle, STEPS[last])):
            for step in steps:
                x = step(x)
            return x

        answers = {name: found(ask, f, x) for name, ask in ways.items()}
        expected = next(iter(answers.values()))
        assert all(same(answer, expected) for answer in answers.values()), (x, answers)


@pytest.mark.parametrize("ask", FIRST.values(), ids=FIRST)
class TestPoles:
    def test_a_choice_passes_nothing_on_not_even_an_overflow(self, ask):
        assert ask(lambda x: ops.log(1.0 / ops.maximum(1e-200, x)), 0.0) == 0.0
        assert ask(lambda x: ops.sqrt(ops.where(x > 0.0, x, 0.0)), -1.0) == 0.0

    def test_a_partial_may_choose_by_what_is_infinite(self, ask):
        above_1 = Op(
            "above_1",
            forward=lambda xp, x: xp.where(x > 1.0, x, 0.0),
            partials=(lambda xp, out, x: (xp.log(x) > 0.0) * 1.0,),
        )
        assert ask(lambda x: ops.sqrt(above_1(x)), 0.0) == 0.0

    def test_the_error_is_that_of_the_pole_met_first(self, ask):
        is_forward = ask in (FIRST["jvp"], FIRST["forward jacobian"])
        for older, younger in ((ops.sqrt, ops.cbrt), (ops.cbrt, ops.sqrt)):
            with pytest.raises(DomainError, match="with respect to input 0") as caught:
                ask(lambda x: older(x) + younger(x), 0.0)  # noqa: B023
            assert caught.value.operation is (older if is_forward else younger)

    def test_a_zero_by_value_before_a_pole_is_an_error(self, ask):
        for f in (lambda x: ops.sqrt(x * x), lambda x: ops.cbrt(x**3)):
            with pytest.raises(DomainError):
                ask(f, 0.0)

    def test_an_adjoint_that_is_zero_passes_nothing_on(self, ask):
        assert ask(lambda x: ops.cbrt(x) ** 3, 0.0) == 0.0  # docs/edge-points.md says so
