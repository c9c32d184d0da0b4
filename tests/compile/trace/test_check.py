"""`check=True`: a function that does not do the same twice is refused, and the message says where."""

from __future__ import annotations

import itertools
import threading

import pytest

from gograd_compile import RecordingError
from gograd_core import Neuron, ops

NEURONS = (Neuron(1.0, label="a"), Neuron(1.0, label="b"))


def changing_constant(x, turn):
    return x * turn


def changing_operation(x, turn):
    return ops.sin(x) if turn == 0 else ops.cos(x)


def more_operations(x, turn):
    for _ in range(turn + 1):
        x = x * 2.0
    return x


def changing_capture(x, turn):
    return x * NEURONS[turn]


def changing_input(x, turn):
    return x * (x + 1.0 if turn == 0 else x)


def changing_result(x, turn):
    y = x * 2.0
    return (y, x)[turn]


def changing_nesting(x, turn):
    return [x] if turn == 0 else (x,)


def changing_guard(x, turn):
    if turn == 0 and x > 0.0:
        return x
    return x


def failing(x, turn):
    return x * [1.0][turn]


LINE = r"test_check.py:\d+ in \w+"


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (changing_constant, f"mul at {LINE} takes the constant 0.0, then the constant 1.0"),
        (changing_operation, f"it runs sin at {LINE}, then cos at {LINE}"),
        (more_operations, f"it runs nothing, then mul at {LINE}"),
        (changing_capture, f"mul at {LINE} takes the captured Neuron.*label='a'.*, then .*label='b'"),
        (changing_input, f"it runs add at {LINE}, then mul at {LINE}"),
        (changing_result, f"number 0 of the result is the result of mul at {LINE}, then number 0 of the arguments"),
        (changing_nesting, "the result is nested as .*, then as"),
        (changing_guard, f"it runs greater at {LINE}, then nothing"),
        (failing, "raised IndexError the second time: list index out of range"),
    ],
)
def test_differences_are_found(compiled, f, message):
    turns = itertools.count()
    with pytest.raises(
        RecordingError, match=f"recorded twice with the same arguments,.*{message}.*must be an argument"
    ):
        compiled(lambda x: f(x, next(turns)), check=True)(3.0)


def test_a_list_that_the_function_changes(compiled):
    entries = [1.0]

    def appends(x):
        entries.append(1.0)
        return x * sum(entries)

    with pytest.raises(RecordingError, match="takes the constant 2.0, then the constant 3.0"):
        compiled(appends, check=True)(1.0)


def test_guards_on_other_numbers(compiled):
    turns = itertools.count()

    def asks(x):
        y, z = x * 2.0, x * 3.0
        bool((y, z)[next(turns)])
        return y + z

    with pytest.raises(RecordingError, match=r"it asks for bool\(\) of a number at .*, then for bool\(\)"):
        compiled(asks, check=True)(1.0)


def test_threads_that_the_function_starts(compiled):
    def threaded(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(x * 2.0 if x > 0.0 else x))
        thread.start()
        thread.join()
        return found[0]

    with pytest.raises(RecordingError, match="threaded computes in another thread"):
        compiled(threaded, check=True)(1.0)


def test_neurons_made_when_they_are_first_needed(compiled):
    """A constant in the first recording, live inputs afterwards."""
    weights = []

    def lazy(x):
        if not weights:
            weights.append(Neuron(2.0, label="late"))
        return weights[0] * x

    with pytest.raises(
        RecordingError, match="takes a leaf 2.0 that the function made, then the captured Neuron.*label='late'"
    ):
        compiled(lazy, check=True)(1.0)


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_functions_that_do_the_same_are_unharmed(compiled, x):
    weight = Neuron(0.5, label="w")

    def same(x):
        total = Neuron(1.0) * weight
        for power in range(3):
            total = total + x**power if x > 0.0 else total - ops.tanh(x) * power
        return {"total": [total], "x": x}

    checked, plain = compiled(same, check=True), compiled(same)
    assert checked(x) == plain(x)


def test_gradients_are_checked_too(compiled):
    turns = itertools.count()
    run = compiled(lambda x: x * x * (1.0 if next(turns) < 2 else 2.0), check=True)
    assert run(2.0) == 4.0
    with pytest.raises(RecordingError, match="the gradient of <lambda>"):
        compiled(lambda x: x * x * next(turns), check=True).hvp(2.0, 1.0)
