"""Caught errors that compiled code cannot follow: the function is refused, wherever it was recorded."""

from __future__ import annotations

import cmath
import math as python_math

import numpy as np
import pytest

import gograd_compile
from catching import SOLVE
from gograd_compile import RecordingError
from gograd_core import DomainError, Neuron, grad, math, no_grad, ops


def caught(fails, *errors):
    def function_that_catches(x):
        try:
            y = fails(x)
        except errors:
            y = 1.0
        return x * y

    return function_that_catches


CATCHES = r"test_refused_errors.py:\d+ in .*function_that_catches"
WEIGHT = Neuron(3.0)
WEIGHTED = gograd_compile.compile(lambda x: WEIGHT * x, backend="numpy")
ANYWHERE = {
    "a compiled function that captures": (
        caught(lambda x: WEIGHTED.batch()(np.ones(2))[0], RecordingError),
        1.0,
        "catches an error",
    ),
    "the value of a neuron": (caught(lambda x: x.value, Exception), 3.0, "uses .value"),
    "its gradient": (caught(lambda x: x.grad, BaseException), 3.0, "uses .grad"),
    "a text": (caught(lambda x: float(f"{x:.2f}"), TypeError), 3.0, "writes a neuron into a text"),
    "a function of math": (caught(lambda x: math.log(x, base=2.0), TypeError), 3.0, "catches an error"),
    "a float": (caught(float, TypeError), 3.0, "catches an error"),
    "a function of Python's math": (caught(python_math.sin, TypeError), 3.0, "catches an error"),
    "a function of complex numbers": (caught(lambda x: cmath.sqrt(x).real, TypeError), 3.0, "catches an error"),
    "a derivative in a no_grad block": (caught(no_grad()(grad(ops.exp)), TypeError), 1.0, "catches an error"),
}
SOMEWHERE = {
    "a derivative": (caught(grad(ops.sqrt), DomainError), 0.0),
    "an opaque operation": (caught(SOLVE, RuntimeError), -1.0),
    "an integer": (caught(int, OverflowError), np.inf),
    "an index": (caught(lambda x: [1.0, 2.0][x], TypeError), 0.5),
}


class TestOtherErrorsAreRefused:
    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize(("f", "x", "message"), ANYWHERE.values(), ids=ANYWHERE)
    def test_wherever_they_are_caught(self, compiled, f, x, message, check):
        for call in (compiled(f, check=check), lambda x: compiled(f, check=check).batch()(np.array([x, x]))):
            with pytest.raises(RecordingError, match=rf"{CATCHES} {message}"):
                call(x)

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize(("f", "x"), SOMEWHERE.values(), ids=SOMEWHERE)
    def test_whatever_was_recorded_before(self, compiled, f, x, check):
        for before in ((), (1.0,)):
            c = compiled(f, check=check)
            for point in before:
                c(point)
            for call in (c, lambda x, c=c: c.batch()(np.array([1.0, x]))):
                with pytest.raises(RecordingError, match=f"{CATCHES} catches an error"):
                    call(x)


def test_errors_that_nobody_catches_are_raised(compiled):
    def f(x):
        return SOLVE(x) if x < 5.0 else x

    for before in ((), (1.0,), (6.0,)):
        c = compiled(f)
        for x in before:
            c(x)
        with pytest.raises(RuntimeError, match="no convergence"):
            c(-1.0)


def test_errors_of_constants_decide_nothing(compiled):
    assert compiled(caught(lambda x: SOLVE(-1.0), RuntimeError))(3.0) == 3.0
