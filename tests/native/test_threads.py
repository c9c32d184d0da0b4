"""Threads: graphs of their own, shared leaves, shared graphs, settings that hold in one of them alone."""

from __future__ import annotations

import itertools
import math
import sys
import threading

import pytest

from gograd_core import DomainError, Neuron, errstate, grad, gradient, no_grad, ops
from made_up import mine as op


@pytest.fixture
def busy():
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(*works):
    """Run `works` at the same time; none may raise."""
    raised = []

    def run(work):
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []


@pytest.mark.usefixtures("busy")
class TestThreads:
    by_rule = op(lambda xp, x: sum([x * 0.25] * 4), lambda xp, out, x: sum([0.25] * 4))

    def grow(self, *leaves):
        total = 0.0
        for leaf in itertools.islice(itertools.cycle(leaves), 30):
            total = ops.sum([self.by_rule(total + leaf * leaf), ops.dot([leaf, 1.0], [leaf, total])]) * 0.5
        return total

    def test_graphs_of_their_own(self):
        expected = grad(self.grow)(0.5)

        def work():
            for _ in range(40):
                x = Neuron(0.5)
                self.grow(x).backward()
                assert x.grad == expected

        together(*[work] * 4)

    def test_shared_leaves(self):
        x, y = Neuron(0.5), Neuron(0.25)
        slopes = gradient(self.grow(x, y), [x, y])

        def work():
            for n in range(40):
                z = self.grow(x, y)
                if n % 2:
                    z.backward()
                else:
                    assert gradient(z, [x, y]) == slopes

        together(*[work] * 4)
        # Powers of two, so that no sum is rounded.
        assert [x.grad, y.grad] == pytest.approx([80 * slope for slope in slopes], rel=1e-13)

    def test_shared_graphs(self):
        x = Neuron(0.5)
        z = self.grow(x)
        slope = gradient(z, x)
        together(*[lambda: [z.backward() for _ in range(40)]] * 4)
        assert x.grad == pytest.approx(160 * slope, rel=1e-13)

    def test_errstate_and_no_grad_hold_in_their_thread_alone(self):
        x = Neuron(-1.0)

        def ignoring():
            for _ in range(200):
                with errstate(domain="ignore"):
                    assert math.isnan(ops.log(x).value)

        def raising():
            for _ in range(200):
                with pytest.raises(DomainError):
                    ops.log(x)

        def not_recording():
            for _ in range(200):
                with no_grad():
                    assert (x * x).operation is None
                    assert ops.sum([x, self.by_rule(x)]).operation is None

        def recording():
            for _ in range(200):
                assert (x * x).operation is ops.mul
                assert ops.sum([x, self.by_rule(x)]).operation is ops.sum

        together(ignoring, raising, not_recording, recording)
