"""No memory, rules that raise, interrupts: no crash, no half a gradient, and the next sweep is right."""

from __future__ import annotations

import gc
import importlib.util
import random
import signal
import sys
import time

import pytest

from gograd_core import DomainError, Neuron, engine, gradient, jvp, ops
from made_up import mine as op

needs_native = pytest.mark.skipif(
    importlib.util.find_spec("gograd_core._native") is None, reason="the native engine was not built"
)
needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer gives signals there")


@needs_native
@pytest.mark.any_engine
@pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="this Python cannot let allocations fail")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there a generator that finds no memory crashes CPython itself")
@pytest.mark.parametrize(
    "action",
    [
        "a leaf",
        "one input",
        "one input by a rule",
        "two inputs",
        "two inputs, an integer",
        "three inputs",
        "seven inputs",
        "columns",
        "columns by a rule",
        "a method",
        "backward",
        "gradient",
        "create_graph",
        "forward mode",
        "flattening",
        "setting",
        "freeing",
    ],
)
def test_without_memory(execute, action):
    told = int(execute("no_memory.py", action, which="native"))
    assert (told == 0) == (action == "freeing")


class Stop(BaseException):
    """No Exception, as KeyboardInterrupt."""


RAISED = [ValueError, LookupError, KeyboardInterrupt, SystemExit, MemoryError, Stop]
ARITIES = [1, 2, 3, 6, 7]


class Broken:
    """Rules that compute the sum of their inputs, the one called `where` raising `error` as long as `broken`."""

    def __init__(self, error, where, count, *, variadic):
        self.error, self.where, self.broken = error, where, True

        def total(xp, x):
            return xp.sum(sum(x)) if variadic else sum(x, 0.0)

        partials = [lambda xp, out, *x, i=i: self.give(i, 1.0) for i in range(count)]
        self.op = op(
            lambda xp, *x: self.give("forward", xp.sum(sum(x)) if variadic else sum(x, 0.0)),
            *partials,
            variadic=variadic,
        )

    def give(self, where, result):
        if self.broken and where == self.where:
            raise self.error
        return result


def some_graph(x, y, middle):
    """By kernels and columns, with `middle(x + y)` in it: 2 (x + y) middle + x y."""
    twice = ops.sum([x, y, x, y])
    return twice * middle(x + y) + ops.dot([x, 0.0], [y, x])


SWEEPS = {
    "backward": lambda z, x, y: z.backward(),
    "gradient": lambda z, x, y: gradient(z, [x, y]),
    "create_graph": lambda z, x, y: gradient(z, [x, y], create_graph=True),
}


@pytest.mark.parametrize("error", RAISED)
@pytest.mark.parametrize("count", [*ARITIES, "columns"])
class TestARuleThatRaises:
    def call(self, broken, count):
        if count == "columns":
            return lambda x: broken.op([x, 0.0], [0.0, 0.0])
        return lambda x: broken.op(x, *[0.0] * (count - 1))

    def broken(self, error, where, count):
        return Broken(error, where, 2 if count == "columns" else count, variadic=count == "columns")

    def test_forward(self, error, count):
        broken = self.broken(error, "forward", count)
        x, y = Neuron(2.0), Neuron(3.0)
        with pytest.raises(error):
            some_graph(x, y, self.call(broken, count))
        broken.broken = False
        z = some_graph(x, y, self.call(broken, count))
        z.backward()
        assert (z.value, x.grad, y.grad) == (56.0, 23.0, 22.0)

    @pytest.mark.parametrize("sweep", SWEEPS)
    def test_partial(self, error, count, sweep):
        broken = self.broken(error, 0, count)
        x, y = Neuron(2.0), Neuron(3.0)
        x.grad, y.grad = 10.0, 20.0
        z = some_graph(x, y, self.call(broken, count))
        with pytest.raises(error):
            SWEEPS[sweep](z, x, y)
        assert (x.grad, y.grad) == (10.0, 20.0)
        broken.broken = False
        z.backward()
        assert (x.grad, y.grad) == (33.0, 42.0)

    def test_partial_in_forward_mode(self, error, count):
        broken = self.broken(error, 0, count)

        def slope():
            return jvp(lambda x: some_graph(x, 3.0, self.call(broken, count)), (2.0,), (1.0,))[1]

        with pytest.raises(error):
            slope()
        broken.broken = False
        assert slope() == 23.0


@pytest.fixture
def timer():
    """A function that lets a signal raise KeyboardInterrupt after some seconds."""

    def handle(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def interruptible(action, start, seconds):
    """Run `action` with a timer on; whether it was interrupted."""
    try:
        start(seconds)
        action()
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    except KeyboardInterrupt:
        return True
    return False


@needs_timer
class TestInterrupts:
    def test_at_random_moments_in_a_thousand_sweeps(self, timer):
        """Leaf gradients are those before, or those after; a quarter of the operations have Python rules."""
        choose = random.Random(5)
        by_rule = op(lambda xp, x: 0.5 * x, lambda xp, out, x: 0.5)
        x, y = Neuron(1.0), Neuron(2.0)
        z = x
        for _ in range(2000):
            z = by_rule(ops.tanh(z + y) * 0.5)
        expected = gradient(z, [x, y])
        begun = time.perf_counter()
        z.backward()
        duration = time.perf_counter() - begun
        interrupted = 0
        for n in range(1000):
            x.grad = y.grad = 0.0
            seconds = max(choose.uniform(0.0, 1.3 * duration), 1e-6)
            sweep = z.backward if n % 4 else lambda: gradient(z, [x, y])
            interrupted += interruptible(sweep, timer, seconds)
            assert [x.grad, y.grad] in ([0.0, 0.0], expected)
        assert interrupted > 100
        x.grad = y.grad = 0.0
        z.backward()
        assert [x.grad, y.grad] == expected

    @needs_native
    @pytest.mark.any_engine
    def test_soon_in_a_large_graph(self, execute):
        """Measured: 0.08 s on a quiet machine; the bound leaves room for a busy one."""
        longest, _ = execute("interrupted.py", "1000000", which="native").split(maxsplit=1)
        assert float(longest) < 1.0


def test_failing_and_succeeding_sweeps_keep_no_memory():
    """Blocks of memory, after ten rounds and after fifty: a round may not keep a single one."""
    fails = op(lambda xp, x: x, lambda xp, out, x: {}["nothing"])

    def play():
        x, y = Neuron(0.5, "x"), Neuron(2.0)
        z = ops.clip(ops.tanh(x * y) + ops.sum([x, y, 1.0]), -9.0, 9.0)
        z.backward()
        gradient(gradient(z * z, x, create_graph=True), y)
        for failing in (fails(z) * x, fails(ops.sum([x, fails(y)]))):
            for sweep in (failing.backward, lambda z=failing: gradient(z, x), lambda z=failing: z + "a"):
                with pytest.raises((KeyError, TypeError)):
                    sweep()
        with pytest.raises(DomainError):
            ops.log(-z)

    for _ in range(10):
        play()
    gc.collect()  # tracebacks refer to frames, and these to the exceptions
    before = sys.getallocatedblocks()
    for _ in range(40):
        play()
    gc.collect()
    assert sys.getallocatedblocks() - before < 40


@needs_timer
@pytest.mark.parametrize("kind", ["backward", "gradient"])
def test_a_handler_that_sweeps_the_same_graph(kind):
    """In the midst of a sweep it adds all it should, or is refused; the sweep itself is right, or ends with that."""
    x = Neuron(1.0)
    z = x
    for _ in range(20_000 if engine().name == "native" else 2_000):
        z = z * 1.0 + x * 0.0
    outcomes = set()

    def handle(number, frame):
        x.grad = 0.0
        try:
            z.backward()
        except RuntimeError as refused:
            outcomes.add("refused" if "a rule started a sweep" in str(refused) else repr(refused))
        else:
            outcomes.add(x.grad)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        for n in range(300):
            signal.setitimer(signal.ITIMER_REAL, 2e-5 * (n % 60) + 1e-6)
            if kind == "gradient":
                assert gradient(z, x) == 1.0
            else:
                z.backward()
            signal.setitimer(signal.ITIMER_REAL, 0.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert outcomes <= {1.0, "refused"}
