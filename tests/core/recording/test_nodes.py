"""Which nodes a recorder is shown, in transforms and under `no_grad` too."""

from __future__ import annotations

import threading

import pytest

import gograd_core.math
from gograd_core import Neuron, derivative, grad, gradient, hessian, jacobian, jvp, no_grad, ops, stop_gradient, vjp
from gograd_core.derivatives.trace import nested
from gograd_core.followed import unfollowed
from gograd_core.recording import observed_by
from recorders import Notes, value


def cubes(v):
    return v[0] ** 3 * v[1]


class TestTransforms:
    """Inside a recording, transforms give neurons, as inside one another."""

    @pytest.mark.parametrize(
        ("differentiate", "expected"),
        [
            (grad(lambda a: a * a * a), 12.0),
            (grad(grad(lambda a: a * a * a)), 12.0),
            (lambda x: jvp(lambda a: a * a, (x,), (3.0,))[1], 12.0),
            (lambda x: vjp(lambda a: a * a, x)[1](3.0)[0], 12.0),
            (derivative(lambda a: a**4, 2), 48.0),
            (lambda x: jacobian(lambda v: [v[0] * v[1]])([x, x])[0][1], 2.0),
            (lambda x: hessian(cubes)([x, 5.0])[0][0], 60.0),
            (lambda x: gradient(x * x, x), 4.0),
        ],
    )
    def test_are_recorded(self, watched, differentiate, expected):
        x = Neuron(2.0)
        with nested():
            found = differentiate(x)
        assert type(found) is Neuron
        assert value(found) == expected
        assert found.operation is not None


class TestNodes:
    def test_are_shown_as_they_are_made(self):
        notes = Notes(wants_nodes=True)
        x = Neuron(0.5)
        with observed_by(notes):
            made = [
                x * 2.0,
                2 - x,
                -x,
                ops.tanh(x),
                x.maximum(1.0),
                ops.clip(x, 0.0, 1.0),
                ops.sum([x, 1.0]),
                ops.dot([x] * 200, [x] * 200),
                x < 1.0,
                ops.isnan(x),
            ]
            Neuron(1.0)
            ops.tanh(0.5)
        assert len(made) == len(notes.nodes)
        assert all(unfollowed(a) is b for a, b in zip(made, notes.nodes, strict=True))
        assert [value(neuron) for neuron in made] == [
            value(neuron)
            for neuron in (
                x * 2.0,
                2 - x,
                -x,
                ops.tanh(x),
                x.maximum(1.0),
                ops.clip(x, 0.0, 1.0),
                ops.sum([x, 1.0]),
                ops.dot([x] * 200, [x] * 200),
                Neuron(1.0),
                Neuron(0.0),
            )
        ]
        assert len(notes.nodes) == len(made)  # none outside the block

    def test_are_not_shown_unless_wanted(self, watched):
        assert value(Neuron(2.0) * 3.0) == 6.0
        assert watched.nodes == []

    def test_may_make_the_operation_fail(self):
        class Full(Notes):
            def made(self, neuron):
                raise MemoryError("enough")

        x = Neuron(2.0)
        for make in (lambda: x * x, lambda: ops.tanh(x), lambda: ops.sum([x, x]), lambda: x < 1.0):
            with observed_by(Full(wants_nodes=True)), pytest.raises(MemoryError, match="enough"):
                make()
        assert value(x * x) == 4.0


MAKERS = {
    "operator": lambda x: x * 3.0,
    "reflected": lambda x: 2 - x,
    "sign": lambda x: -x,
    "function": ops.tanh,
    "method": lambda x: x.maximum(1.0),
    "three inputs": lambda x: ops.clip(x, 0.0, 1.0),
    "columns": lambda x: ops.sum([x, 1.0]),
}
WITHOUT_DERIVATIVE = {
    "comparison": lambda x: x < 1.0,
    "truth": ops.isnan,
    "integer": gograd_core.math.floor,
    "stopped": stop_gradient,
}


class TestNoGrad:
    """Nothing turns into a constant: what is made has no derivative, but a graph."""

    @pytest.mark.parametrize("wants_nodes", [False, True])
    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_gives_stop_gradient_of_what_is_recorded(self, make, wants_nodes):
        notes = Notes(wants_nodes=wants_nodes)
        x = Neuron(2.0)
        with observed_by(notes):
            plain = unfollowed(make(x))
            del notes.nodes[:]
            with no_grad():
                made = unfollowed(make(x))
        (inner,) = made.constituents
        assert made.operation is stop_gradient
        assert value(made) == value(inner) == value(plain)
        assert inner.operation is plain.operation
        assert len(notes.nodes) == 2 * wants_nodes
        assert all(a is b for a, b in zip(notes.nodes, (inner, made), strict=False))

    @pytest.mark.parametrize("wants_nodes", [False, True])
    @pytest.mark.parametrize("make", WITHOUT_DERIVATIVE.values(), ids=WITHOUT_DERIVATIVE)
    def test_leaves_what_has_no_derivative_as_it_is(self, make, wants_nodes):
        notes = Notes(wants_nodes=wants_nodes)
        x = Neuron(2.0)
        with observed_by(notes):
            outside = unfollowed(make(x))
            with no_grad():
                made = unfollowed(make(x))
        assert made.operation is outside.operation
        assert not any(made.operation.partials)

    def test_stop_gradient_is_not_stopped_again(self, watched):
        x = Neuron(2.0)
        with no_grad():
            made = stop_gradient(x)
        assert made.constituents == (x,)

    def test_transforms_are_refused_as_their_results_would_have_derivatives(self, watched):
        x = Neuron(2.0)
        with nested(), no_grad(), pytest.raises(TypeError, match="stop_gradient"):
            grad(lambda a: a * a * a)(x)

    def test_elsewhere_gives_leaves(self, watched):
        seen = []

        def work():
            with no_grad():
                seen.extend(make(Neuron(2.0)) for make in MAKERS.values())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert [neuron.operation for neuron in seen] == [None] * len(MAKERS)
