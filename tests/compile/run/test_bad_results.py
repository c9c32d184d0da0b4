"""What a rule may not return: the same error wherever the rule is called from, in every mode and on both backends."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from gograd_core import Op, RuleError, derivative, grad, hvp, jacobian, jvp, value_and_grad
from gograd_core.namespaces.columns import Column

AT, BESIDE = 3.0, 2.0

BAD = {
    "text": "3.0",
    "a list": [3.0],
    "a decimal": Decimal("3.0"),
    "nothing": None,
    "a complex number": 3j,
    "a complex zero": 0j,
    "an array of one": np.array([3.0]),
    "an array of no dimension": np.array(3.0),
    "an array of no dimension, zero": np.array(0.0),
    "a truth value of NumPy": np.True_,
    "a column": Column([3.0]),
    "a class": float,
}

POINTS = np.array([BESIDE, AT])
EAGER = {
    "grad": lambda f: grad(f)(AT),
    "jvp": lambda f: jvp(f, (AT,), (1.0,)),
    "jacobian, forward": lambda f: jacobian(lambda x: [f(x), x], mode="forward")(AT),
    "derivative": lambda f: derivative(f)(AT),
}
SECOND = {
    "grad, with a graph": lambda f: grad(f, create_graph=True)(AT),
    "hvp": lambda f: hvp(f)(AT, 1.0),
    "grad of grad": lambda f: grad(grad(f))(AT),
    "second derivative": lambda f: derivative(f, order=2)(AT),
}
COMPILED = {
    "value and gradient": lambda c: c.value_and_grad(AT),
    "jacobian": lambda c: c.jacobian(AT),
    "gradients at two points": lambda c: c.batch().value_and_grad(POINTS),
    "jacobians at two points": lambda c: c.batch().jacobian(POINTS),
    "gradients at one point": lambda c: c.batch().grad(POINTS[1:]),
}
COMPILED_SECOND = {
    "hvp": lambda c: c.hvp(AT, 1.0),
    "hessian": lambda c: c.hessian(AT),
    "hvp at two points": lambda c: c.batch().hvp(POINTS, np.ones(2)),
}
VALUES = {
    "value": lambda c: c(AT),
    "values at two points": lambda c: c.batch()(POINTS),
    "value and gradient": lambda c: c.value_and_grad(AT),
}


def with_bad_partial(result, *, opaque):
    def partial(xp, out, x):
        return result

    return Op("odd", forward=lambda xp, x: x * x, partials=(partial,), opaque=opaque)


def using(op):
    return lambda x: op(1.5 * x - 0.5 * x) * x


def error_of(call):
    with pytest.raises(RuleError) as caught:
        call()
    return str(caught.value)


def eager_error(f, *, second=False):
    return error_of(lambda: (SECOND["hvp"] if second else EAGER["grad"])(f))


@pytest.fixture(params=BAD.values(), ids=BAD)
def bad(request):
    return request.param


def each(first, second):
    """Every mode with an operation that has all derivatives, and those of first order with an opaque one, too."""
    cases = [(mode, False) for mode in (*first, *second)] + [(mode, True) for mode in first]
    return pytest.mark.parametrize(("mode", "opaque"), cases, ids=[f"{m}, opaque" if o else m for m, o in cases])


class TestPartials:
    @each(EAGER, SECOND)
    def test_eager_modes(self, mode, opaque, bad):
        f = using(with_bad_partial(bad, opaque=opaque))
        assert error_of(lambda: {**EAGER, **SECOND}[mode](f)) == eager_error(f, second=mode in SECOND)

    @each(COMPILED, COMPILED_SECOND)
    def test_compiled_modes(self, mode, opaque, bad, compiled):
        f = using(with_bad_partial(bad, opaque=opaque))
        message = error_of(lambda: {**COMPILED, **COMPILED_SECOND}[mode](compiled(f)))
        assert message == eager_error(f, second=mode in COMPILED_SECOND)


@pytest.mark.parametrize("opaque", [False, True], ids=["", "opaque"])
class TestForwards:
    @pytest.mark.parametrize("mode", VALUES)
    def test_that_go_wrong_after_they_were_recorded(self, mode, opaque, bad, compiled):
        def forward(xp, x):
            return bad if x == AT else x * x

        op = Op("odd", forward=forward, partials=(lambda xp, out, x: 2.0 * x,), opaque=opaque)
        c = compiled(using(op))
        c.value_and_grad(BESIDE)
        assert error_of(lambda: VALUES[mode](c)) == error_of(lambda: using(op)(AT))


BAD_COLUMNS = {
    "a short column": Column([1.0]),
    "a long column": Column([1.0] * 3),
    "a column of texts": Column(["1.0"] * 2),
    "a list": [1.0, 1.0],
    "a text": "1.0",
    "an array": np.ones(2),
}


@pytest.mark.parametrize("result", BAD_COLUMNS.values(), ids=BAD_COLUMNS)
class TestColumns:
    def using_total(self, result, opaque):
        op = Op(
            "total", variadic=True, opaque=opaque,
            forward=lambda xp, x: xp.sum(x), partials=(lambda xp, out, x: result,),
        )  # fmt: skip
        return lambda x: op([x * x, x])

    @each(COMPILED, [])
    def test_compiled_modes(self, mode, opaque, result, compiled):
        f = self.using_total(result, opaque)
        assert error_of(lambda: COMPILED[mode](compiled(f))) == eager_error(f)

    @each(EAGER, SECOND)
    def test_eager_modes(self, mode, opaque, result):
        f = self.using_total(result, opaque)
        assert error_of(lambda: {**EAGER, **SECOND}[mode](f)) == eager_error(f)


CHOOSING = Op(
    "choosing",
    forward=lambda xp, x: xp.exp(x) if x > 0 else 1.0 + x,
    partials=(lambda xp, out, x: out if x > 0 else 1.0,),
)
OF_MATH = Op("of_math", forward=lambda xp, x: math.sin(x), partials=(lambda xp, out, x: math.cos(x),))


@pytest.mark.parametrize("op", [CHOOSING, OF_MATH], ids=["choosing", "of math"])
def test_rules_that_understand_floats_alone_are_called_with_floats(op, compiled):
    """The same bits at one point and at many, which a rule that takes arrays of one entry alone might not give."""
    f = using(op)
    c = compiled(f)
    xs = np.array([-2.0, -0.5, 0.3, 1.7])
    values, slopes = c.batch().value_and_grad(xs)
    for x, value, slope in zip(xs.tolist(), values.tolist(), slopes.tolist(), strict=True):
        assert c.value_and_grad(x) == (value, slope)
        # rounded once more than in eager mode at most
        assert value_and_grad(f)(x) == pytest.approx((value, slope), rel=1e-15)


def test_what_a_rule_raises_is_what_it_raises_in_eager_mode(compiled):
    op = Op("raising", forward=lambda xp, x: x * x, partials=(lambda xp, out, x: int("a"),))
    with pytest.raises(ValueError, match="invalid literal") as eager:
        grad(using(op))(AT)
    with pytest.raises(ValueError, match="invalid literal") as found:
        compiled(using(op)).grad(AT)
    assert found.value.__notes__ == eager.value.__notes__


def test_truth_values_have_no_derivative_whatever_partials_say(compiled):
    op = Op("above", forward=lambda xp, x: x > 1.0, partials=(lambda xp, out, x: 3.0,))
    f = using(op)
    assert compiled(f).value_and_grad(AT) == value_and_grad(f)(AT) == (3.0, 1.0)
    assert compiled(f).batch().grad(POINTS).tolist() == [1.0, 1.0]
