"""Sweeps that fail: by a rule, by an interrupt, by a rule that sweeps itself. Leaves keep what they had."""

from __future__ import annotations

import sys

import pytest

from gograd_core import Neuron, RuleError, engine, gradient, ops
from made_up import operation, refuse


class TestAfterAFailure:
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_every_gradient_of_a_leaf_is_as_before(self, create_graph):
        broken = operation("broken", lambda xp, x: x, refuse)
        x, y = Neuron(2.0), Neuron(3.0)
        x.grad, y.grad = 10.0, 20.0
        z = x * y + broken(x * y)  # the youngest: x and y receive something only after it fails, or before
        z = z * x + y
        with pytest.raises(LookupError, match="no derivative today") as caught:
            z.backward() if not create_graph else gradient(z, [x, y], create_graph=True)
        assert (x.grad, y.grad) == (10.0, 20.0)
        assert "broken" in "".join(caught.value.__notes__)

    def test_the_next_sweep_is_right(self):
        fails = [True]

        def partial(xp, out, x):
            if fails.pop():
                raise LookupError
            return 2.0

        twice = operation("twice", lambda xp, x: 2 * x, partial)
        x = Neuron(2.0)
        z = twice(x) * x
        with pytest.raises(LookupError):
            z.backward()
        fails.append(False)
        z.backward()
        assert x.grad == 8.0

    @pytest.mark.parametrize("result", [None, "1", [1.0], 1j])
    def test_a_partial_that_gives_no_number_is_an_error_naming_it(self, result):
        odd = operation("odd", lambda xp, x: x, lambda xp, out, x: result)
        x = Neuron(1.0)
        with pytest.raises(RuleError, match=r"partial 0 of odd|odd .* returned the complex"):
            (odd(x) * x).backward()
        assert x.grad == 0.0

    @pytest.mark.skipif(engine().name == "native", reason="compiled code has no lines: see tests/native/test_faults.py")
    def test_an_interrupt_at_any_line_leaves_all_or_nothing(self):
        """KeyboardInterrupt is raised at the n-th line that the sweep executes, for every n."""
        for n in range(1, 10_000):
            x, y = Neuron(2.0), Neuron(3.0)
            x.grad, y.grad = 10.0, 20.0
            z = x * y + ops.tanh(x * y)
            interrupted = interrupt_at_line(n, z.backward)
            gradients = (x.grad, y.grad)
            if not interrupted:
                break
            assert gradients == (10.0, 20.0)
        assert n > 50
        assert x.grad > 10.0 < y.grad


# Signals are delivered at calls and jumps; these hold the only lines that restore, at which a
# trace function could raise but no signal is delivered.
CLEANING_UP = ("backward", "run")


def interrupt_at_line(n, function):
    """Run `function`, raising KeyboardInterrupt at the n-th line of the engine; whether that happened."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if "gograd_core" not in frame.f_code.co_filename or frame.f_code.co_name in CLEANING_UP:
            return None
        if event == "line":
            count += 1
            if count == n:
                raise KeyboardInterrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(previous)
    return False


class TestRulesThatSweep:
    def run(self, inner):
        """The gradient of a graph in which a partial calls `inner(x, square)`."""
        x = Neuron(2.0)
        square = x * x

        def partial(xp, out, value):
            return inner(x, square)

        z = operation("curious", lambda xp, value: value, partial)(square)
        z.backward()
        return x.grad

    @pytest.mark.parametrize(
        "inner",
        [
            lambda x, square: square.backward(),
            lambda x, square: gradient(square, x),
            lambda x, square: (square + 1.0).backward(),
            lambda x, square: (x * 3.0).backward(),
            lambda x, square: x.backward(),
        ],
        ids=["backward", "gradient", "above", "shared leaf", "leaf"],
    )
    def test_not_over_neurons_of_the_running_sweep(self, inner):
        with pytest.raises(RuntimeError, match="a rule started a sweep over neurons of the sweep"):
            self.run(inner)

    def test_not_from_a_sweep_in_a_sweep_either(self):
        y = Neuron(5.0)

        def inner(x, square):
            partial = lambda xp, out, value: square.backward()  # noqa: E731
            operation("inner", lambda xp, value: value, partial)(y).backward()

        with pytest.raises(RuntimeError, match="a rule started a sweep"):
            self.run(inner)

    def test_but_over_their_own(self):
        def slope(x, square):
            y = Neuron(5.0)
            (y * y).backward()
            return y.grad

        assert self.run(slope) == 4.0 * 10.0
