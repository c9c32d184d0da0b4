"""Rules and users that meddle: what they do comes out right or is refused, and so is the sweep around it."""

from __future__ import annotations

import importlib.util

import pytest

from gograd_core import DomainError, Neuron, Registry, StaleGraphError, grad, gradient, ops
from made_up import mine as op


class TestRulesThatMeddle:
    """A rule that does something else in the middle of a sweep: that comes out right, and so does the sweep."""

    def around(self, meddle, arity=1):
        """The gradient of x in a graph of kernels in which partials call `meddle`."""
        x = Neuron(2.0)

        def partial(xp, out, *inputs):
            meddle(x)
            return 1.0

        meddler = op(lambda xp, *inputs: inputs[0], partial, *[partial] * (arity - 1))
        z = x
        for _ in range(20):
            z = ops.sum([meddler(z * 1.0, *[z] * (arity - 1)), x]) - x
        z.backward()
        return x.grad

    @pytest.mark.parametrize("arity", [1, 2, 3, 7])
    @pytest.mark.parametrize(
        "meddle",
        [
            lambda x: [Neuron(float(i)) * 2.0 for i in range(100)],
            lambda x: ops.sum([x] * 1000),
            lambda x: ops.dot([1.0] * 5000, [2.0] * 5000),
            lambda x: other_sweep(),
            lambda x: grad(lambda y: ops.tanh(y) * y)(0.5),
            lambda x: setattr(x, "label", f"{x.label}x"),
            lambda x: refused(x.backward),
            lambda x: refused(lambda: gradient(x * x, x)),
            lambda x: refused(lambda: ops.log(-x)),
        ],
        ids=["make", "sum", "dot", "sweep", "grad", "label", "backward of a leaf", "above", "raise inside"],
    )
    def test_comes_out_right(self, meddle, arity):
        assert self.around(meddle, arity) == float(arity) ** 20

    def test_a_leaf_set_in_the_middle_is_stale_afterwards(self):
        x = Neuron(2.0)
        setter = op(lambda xp, value: value, lambda xp, out, value: setattr(x, "value", 5.0) or 1.0)
        z = setter(x * x) * x
        z.backward()
        with pytest.raises(StaleGraphError, match="was set to"):
            z.backward()

    def test_every_reference_but_the_sweeps_own_is_dropped(self):
        held = {}

        def partial(xp, out, x):
            held.clear()
            _ = [Neuron(1.0) + 1.0 for _ in range(200)]  # in the place of what was freed too early
            return 1.0

        leaf = Neuron(2.0)
        z = leaf
        for _ in range(50):
            z = op(lambda xp, x: x, partial)(z * 1.0)
        held["z"] = z
        backward = z.backward
        del z
        backward()
        assert leaf.grad == 1.0

    def test_kernels_are_detached_in_the_middle(self):
        x = Neuron(2.0)
        with Registry() as registry:
            square, total = registry.ops.square, registry.ops.sum
            kernels = square.kernels, total.kernels

            def partial(xp, out, value):
                square.attach(None if square.kernels else kernels[0])
                total.attach(None if total.kernels else kernels[1])
                return 1.0

            z = x
            for _ in range(10):
                z = total([op(lambda xp, value: value, partial)(square(z) * 0.5), 0.0])
            expected = gradient(z, x)
            square.attach(None)
            total.attach(None)
            assert gradient(z, x) == expected


def other_sweep():
    y = Neuron(3.0)
    z = y
    for _ in range(10):
        z = ops.sum([z, y]) * 1.0
    z.backward()
    assert y.grad == 11.0


def refused(action):
    with pytest.raises((RuntimeError, DomainError)):
        action()


@pytest.mark.skipif(importlib.util.find_spec("gograd_core._native") is None, reason="the native engine was not built")
@pytest.mark.parametrize(
    "scene",
    [
        "unary operator unbound by its rule",
        "binary operator unbound by its rule",
        "kernels of 20 inputs",
        "kernels of 7 inputs",
        "kernels of 4 columns",
        "kernel that shrinks its columns",
        "kernel that sums columns itself",
        "operation made anew",
        "operation without a making",
        "method without an operation",
        "refused subclass",
        "parts of a class",
        "every NaN",
        "call overridden",
        "labels with a memory",
        "random calls",
    ],
)
def test_in_a_process_of_its_own(execute, scene):
    """What might crash Python."""
    execute("hostile.py", scene, which="native")
