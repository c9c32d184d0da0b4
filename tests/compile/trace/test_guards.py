"""What a function may decide while it is recorded, and what it may not read."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import gograd_compile
from gograd_compile import RecordingError
from gograd_compile.paths.path import Want
from gograd_core import DomainError, Neuron, errstate, grad, no_grad, ops, stop_gradient, value_and_grad


def test_guards_come_before_errors(compiled, count_paths):
    """The logarithm of -1 belongs to the path not taken."""

    def f(x):
        return ops.log(x) if x > 0.0 else -x

    for first in (1.0, -1.0):
        c = compiled(f)
        c(first)
        c.value_and_grad(first)
        assert c(-1.0) == 1.0
        assert c.value_and_grad(-1.0) == (1.0, -1.0)
        assert c(1.0) == 0.0
        assert c.grad(1.0) == 1.0
        values, slopes = c.batch().value_and_grad(np.array([1.0, -1.0, 4.0, -2.0]))
        assert values.tolist() == [c(1.0), 1.0, c(4.0), 2.0]
        assert slopes.tolist() == [1.0, -1.0, 0.25, -1.0]
        assert count_paths(c) == 2


def test_a_guard_after_an_error_does_not_hide_it(compiled):
    """Eager code raises where the operation is called, before the branch is reached."""

    def f(x):
        y = ops.log(x)
        return y if x > 0.0 else y * 0.0

    c = compiled(f)
    c(1.0)
    with pytest.raises(DomainError, match="log"):
        c(-1.0)
    with pytest.raises(DomainError, match="log"):
        c.batch()(np.array([2.0, -1.0]))


@pytest.mark.parametrize("attribute", ["value", "grad"])
def test_reading_a_number_while_recording(attribute, compiled):
    def f(x):
        return x * getattr(x * 2.0, attribute)

    instead = "stop_gradient" if attribute == "value" else "compiled function"
    with pytest.raises(RecordingError, match=rf"test_guards.py:\d+ in f.*\.{attribute} .*{instead}"):
        compiled(f)(1.0)


def test_a_sweep_while_recording(compiled):
    def f(x):
        y = x * x
        y.backward()
        return y

    with pytest.raises(RecordingError, match=r"\.backward.*gograd_core.grad"):
        compiled(f)(1.0)


def test_reading_a_captured_leaf_while_recording(compiled):
    leaf = Neuron(2.0)
    with pytest.raises(RecordingError, match="stop_gradient"):
        compiled(lambda x: x * leaf.value)(1.0)

    def sets(x):
        leaf.value = 3.0
        return x * leaf

    with pytest.raises(RecordingError):
        compiled(sets)(1.0)
    assert leaf.value == 2.0


def test_a_failed_recording_leaves_nothing_behind(compiled):
    c = compiled(lambda x: x.value)
    with pytest.raises(RecordingError):
        c(1.0)
    neuron = Neuron(2.0)
    assert (neuron * neuron > 1.0) is True
    assert neuron.value == 2.0


@pytest.mark.parametrize("without", ["stop_gradient", "no_grad"])
def test_numbers_without_derivative_are_live(without, compiled):
    def f(x):
        if without == "stop_gradient":
            y = stop_gradient(x * x)
        else:
            with no_grad():
                y = x * x
        return y * x

    c = compiled(f)
    assert c.value_and_grad(3.0) == (27.0, 9.0)
    assert c.value_and_grad(2.0) == (8.0, 4.0) == value_and_grad(f)(2.0)
    values, slopes = c.batch().value_and_grad(np.array([2.0, 3.0]))
    assert (values.tolist(), slopes.tolist()) == ([8.0, 27.0], [4.0, 9.0])


def test_numbers_without_derivative_decide(compiled):
    def f(x):
        with no_grad():
            y = x * 2.0
        return x * 3.0 if y > 2.0 and stop_gradient(x) < 5.0 else x * 7.0

    c = compiled(f)
    assert [c.value_and_grad(x) for x in (2.0, 0.5, 6.0)] == [(6.0, 3.0), (3.5, 7.0), (42.0, 7.0)]


def test_a_caller_without_graphs(compiled):
    """A block around the call concerns the engine's graphs; the compiled gradient is what it is."""
    with no_grad():
        assert compiled(lambda x: x * x).value_and_grad(3.0) == (9.0, 6.0)


def test_conversions_that_would_cut_the_graph(compiled):
    with pytest.raises(TypeError):
        compiled(lambda x: float(x) * x)(1.0)


def test_one_number_to_be_differentiated(compiled):
    """As the engine's `grad` does, and not of the sum of several."""
    for f, structure in ((lambda x: [x, x * x], "list"), (lambda x: {"a": x, "b": x}, "dict")):
        c = compiled(f)
        for call in (c.value_and_grad, c.grad, lambda x, c=c: c.batch().value_and_grad(np.array([x]))):
            with pytest.raises(TypeError, match="one number"):
                call(2.0)
        with pytest.raises(TypeError, match="one number"):
            grad(f)(2.0)
        assert structure in str(type(c(2.0)))
    leaf = Neuron(2.0)
    with pytest.raises(TypeError, match="one number"):
        compiled(lambda x: [leaf * x, leaf]).backward(1.0)


def test_neurons_as_arguments(compiled):
    with pytest.raises(TypeError, match=r"args\[0\].*takes numbers"):
        compiled(lambda x: x)(Neuron(1.0))


def test_results_that_are_no_numbers(compiled):
    for result in ("text", {1.0}, object(), 1j):
        with pytest.raises(RecordingError, match="result"):
            compiled(lambda x, result=result: [x, result])(1.0)


def test_errors_can_be_left_out(compiled):
    c = compiled(ops.log)
    with errstate(domain="ignore"):
        assert np.isnan(c(-1.0))
        assert np.isnan(c.batch()(np.array([1.0, -1.0]))).tolist() == [False, True]
        assert c.value_and_grad(0.0) == (-np.inf, np.inf)
    with pytest.raises(DomainError):
        c(-1.0)


def test_recording_in_one_thread_concerns_no_other(compiled):
    """Comparisons are plain truth values there, and numbers can be read."""
    inside, done = threading.Event(), threading.Event()
    seen = []

    def f(x):
        inside.set()
        assert done.wait(10.0)
        return x * 2.0 if x > 0.0 else x

    thread = threading.Thread(target=lambda: seen.append(compiled(f)(3.0)))
    thread.start()
    assert inside.wait(10.0)
    try:
        neuron = Neuron(2.0)
        y = neuron * neuron
        assert (y > 3.0) is True
        y.backward()
        assert (y.value, neuron.grad) == (4.0, 4.0)
    finally:
        done.set()
        thread.join()
    assert seen == [6.0]


def test_a_program_that_two_threads_ask_for_is_made_once(compiled, monkeypatch):
    c = compiled(lambda x: x * x)
    c(1.0)
    (paths,) = c.store.paths.values()
    (path,) = paths
    want, made, asked, threads = Want("all"), [], threading.Event(), []

    class Programs(dict):
        """It notes that the other thread found nothing, and will wait for what this one makes."""

        def get(self, key):
            found = super().get(key)
            if threading.current_thread() in threads:
                asked.set()
            return found

    def lower(*args):
        made.append(args)
        if not threads:
            threads.append(threading.Thread(target=path.program, args=(want,)))
            threads[0].start()
            assert asked.wait(10.0)
        return original(*args)

    original = gograd_compile.paths.path.lower
    monkeypatch.setattr(gograd_compile.paths.path, "lower", lower)
    path.programs = Programs(path.programs)
    path.program(want)
    threads[0].join()
    assert len(made) == 1


def test_threads_that_call_one_function(compiled):
    """They record, look for paths and run at the same time."""

    def f(x):
        y = x[0] * x[1]
        while y > 1.0:
            y = y / 2.0 + x[0] * 0.0
        return y * x[1] + ops.dot([x[0], y], [x[1], x[0]])

    c, failures = compiled(f, max_paths=4), []
    xs = np.random.default_rng(0).uniform(0.1, 4.0, (8, 40, 2))
    expected = [[value_and_grad(f)(x.tolist()) for x in block] for block in xs]
    start = threading.Barrier(8)

    def work(number):
        try:
            start.wait(10.0)
            for x, (value, gradient) in zip(xs[number], expected[number], strict=True):
                found, derivatives = c.value_and_grad(x)
                assert found == value
                assert derivatives == pytest.approx(gradient, rel=1e-13)  # a few terms, added in another order
            assert c.batch()(xs[number]).tolist() == [value for value, _ in expected[number]]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
