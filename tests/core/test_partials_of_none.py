"""Where None stands in place of a partial no derivative leads further: nothing above it is asked for one."""

from __future__ import annotations

import pytest

import gograd_compile
from gograd_core import Neuron, Op, grad, gradient, jacobian, jvp, ops, value_and_grad
from slopes import by_backward, by_gradient


@pytest.fixture
def watched(monkeypatch):
    """An operation x * y, and the arguments for which its second partial was asked."""
    asked = []

    def second(xp, out, x, y):
        asked.append((x, y))
        raise LookupError("no derivative by y today")

    op = Op("watched", forward=lambda xp, x, y: x * y, partials=(lambda xp, out, x, y: y, second))
    return op, asked


def plugin(forward, *partials, variadic=False):
    return Op("plugin", forward=forward, partials=partials, variadic=variadic)


LAST_OF_EIGHT = plugin(lambda xp, *inputs: inputs[-1], *[lambda xp, out, *inputs: 0.0] * 7, None)
SECOND_COLUMN = plugin(lambda xp, x, y: xp.sum(y), lambda xp, out, x, y: 0.0, None, variadic=True)
BY_NONE = {
    "stop_gradient": ops.stop_gradient,
    "what is made of it": lambda x: ops.exp(ops.stop_gradient(x)) + 1.0,
    "a condition": lambda x: ops.where(x, 2.0, 3.0),
    "a condition of stop_gradient": lambda x: ops.where(x, ops.stop_gradient(x), 3.0),
    "a comparison": lambda x: ops.less(x, 1.0) * 2.0,
    "a predicate": lambda x: ops.where(ops.signbit(x), 2.0, 3.0),
    "the exponent of ldexp": lambda x: ops.ldexp(1.0, x),
    "the last of many inputs": lambda x: LAST_OF_EIGHT(*range(7), x),
    "a column": lambda x: SECOND_COLUMN([1.0, 2.0], [x, x]),
}
POINTS = [-2.0, 1.0]


FIRST = {
    "backward": by_backward,
    "gradient": by_gradient,
    "grad": lambda f, x: grad(f)(x),
    "grad with a graph": lambda f, x: grad(f, create_graph=True)(x).value,
    "value_and_grad": lambda f, x: value_and_grad(f)(x)[1],
    "forward": lambda f, x: jvp(f, (x,), (1.0,))[1],
    "jacobian": lambda f, x: jacobian(f)(x),
    "jacobian forward": lambda f, x: jacobian(f, mode="forward")(x),
    "compiled": lambda f, x: gograd_compile.compile(f).grad(x),
}


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("way", FIRST.values(), ids=FIRST)
@pytest.mark.parametrize("h", BY_NONE.values(), ids=BY_NONE)
class TestFirst:
    def test_a_partial_towards_it_is_not_asked_for(self, watched, h, way, x):
        op, asked = watched
        expected = h(x)  # of floats
        if way is FIRST["compiled"]:
            way(lambda x: op(x, h(x)), x)  # what compiles the operation tries its rules
            asked.clear()
        assert way(lambda x: op(x, h(x)), x) == expected
        assert not asked

    def test_one_that_is_no_number_poisons_nothing(self, h, way, x):
        assert way(lambda x: x ** ops.floor(ops.stop_gradient(h(x))), x) == pytest.approx(
            int(h(x) // 1) * x ** (int(h(x) // 1) - 1), rel=1e-14
        )


@pytest.mark.parametrize("h", BY_NONE.values(), ids=BY_NONE)
def test_the_second_derivative_is_not_asked_for_either(watched, h):
    op, asked = watched
    assert grad(grad(lambda x: op(x * x, h(x))))(-2.0) == 2 * h(-2.0)
    assert grad(grad(lambda x: op(x, h(x))))(-2.0) == 0.0
    assert not asked


@pytest.mark.parametrize("h", BY_NONE.values(), ids=BY_NONE)
def test_what_leads_nowhere_has_no_adjoint(h):
    x = Neuron(-2.0)
    y = h(x)
    z = x * y
    z.backward()
    if isinstance(y, Neuron):  # else a bool: what compares gives no neuron
        assert (x.grad, y.grad, z.grad) == (y.value, 0.0, 1.0)
        assert "grad=0.0" in repr(y)


def test_nothing_is_left_behind_by_a_sweep_that_wanted_less():
    x, y = Neuron(2.0), Neuron(3.0)
    product = x * y
    (product * 5.0 + ops.where(product, y, x)).backward()
    assert (x.grad, y.grad, product.grad) == (15.0, 11.0, 5.0)
    stopped = ops.stop_gradient(product)
    stopped.backward()
    assert (x.grad, y.grad, product.grad) == (15.0, 11.0, 0.0)
    product.backward()
    assert (x.grad, y.grad, product.grad) == (18.0, 13.0, 1.0)
    assert gradient(stopped + product, [product, stopped]) == [1.0, 1.0]


def test_nothing_is_left_behind_by_one_that_failed(watched):
    op, _ = watched
    x = Neuron(2.0)
    unwanted = ops.stop_gradient(x * 3.0)
    with pytest.raises(LookupError):
        op(x, x * unwanted).backward()
    assert x.grad == 0.0
    assert unwanted.grad == unwanted.constituents[0].grad == 0.0
    (unwanted.constituents[0] * 2.0).backward()
    assert x.grad == 6.0
