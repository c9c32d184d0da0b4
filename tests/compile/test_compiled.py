"""Compiled functions: which functions can be compiled, their settings, and their arguments."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

import gograd_compile
import gograd_core
from gograd_core import Neuron


def square(x):
    return x * x


class TestSettings:
    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"backend": "fortran"}, ValueError),
            ({"max_paths": 0}, ValueError),
            ({"max_paths": 2.0}, TypeError),
            ({"max_paths": "2"}, TypeError),
        ],
    )
    def test_settings(self, options, error):
        with pytest.raises(error):
            gograd_compile.compile(square, **options)

    @pytest.mark.parametrize("threads", [1.0, "2"])
    def test_threads_are_counted(self, compiled, threads):
        with pytest.raises(TypeError, match="threads must be a whole number, got"):
            compiled(square).batch(threads=threads)

    def test_the_native_backend_needs_llvmlite(self):
        code = (
            "import sys; sys.modules['{}'] = None\n"
            "import gograd_compile\n"
            "print(gograd_compile.compile(lambda x: x).backend.name)\n"
            "gograd_compile.compile(lambda x: x, backend='native')"
        )
        for missing, message in (
            (
                "llvmlite",
                "ImportError: the native backend needs llvmlite, which is not installed: "
                "pip install llvmlite platformdirs",
            ),
            ("gograd_compile.run.native_runner", "import of gograd_compile.run.native_runner halted"),
        ):
            command = [sys.executable, "-c", code.format(missing)]
            found = subprocess.run(command, capture_output=True, text=True, check=False)
            assert (found.returncode, found.stdout) == (1, "numpy\n")
            assert message in found.stderr

    def test_what_cannot_be_called(self):
        with pytest.raises(TypeError, match="expects a function of numbers, got 3"):
            gograd_compile.compile(3)


class TestArguments:
    @pytest.mark.parametrize("method", ["__call__", "value_and_grad", "grad", "jacobian", "hvp", "hessian"])
    def test_are_positional(self, compiled, method):
        message = "arguments of a compiled function are positional, got x by name"
        with pytest.raises(TypeError, match=message):
            getattr(compiled(square), method)(1.0, 1.0, x=2.0)

    @pytest.mark.parametrize("arguments", [(), (1.0,)])
    def test_a_vector_comes_after_them(self, compiled, arguments):
        with pytest.raises(TypeError, match=r"hvp\(\) takes the arguments of square, then a vector"):
            compiled(square).hvp(*arguments)

    @pytest.mark.parametrize("wrt", ["x", None, 0.0, [0.0], np.array([0.5])], ids=repr)
    @pytest.mark.parametrize("method", ["value_and_grad", "grad", "jacobian", "hvp", "hessian"])
    def test_are_differentiated_by_their_numbers(self, compiled, method, wrt):
        with pytest.raises(TypeError, match="wrt must be the number of an argument, or several, counted from 0; got"):
            getattr(compiled(square), method)(1.0, 1.0, wrt=wrt)

    @pytest.mark.parametrize(
        ("wrt", "expected"), [(np.int64(1), 2.0), (np.array(0), 3.0), (np.array([1, 0]), (2.0, 3.0)), ([0], (3.0,))]
    )
    def test_whole_numbers_of_numpy_are_numbers(self, compiled, wrt, expected):
        run = compiled(lambda x, y: x * y)
        assert run.grad(2.0, 3.0, wrt=wrt) == run.jacobian(2.0, 3.0, wrt=wrt) == expected
        assert compiled(lambda x, y: run.value_and_grad(x, y, wrt=wrt)[1])(2.0, 3.0) == expected

    def test_are_no_neurons(self, compiled):
        run = compiled(square)
        with pytest.raises(TypeError, match=r"use its own f.grad, or differentiate .* f.__wrapped__"):
            gograd_core.grad(run)(2.0)
        assert gograd_core.grad(run.__wrapped__)(2.0) == run.grad(2.0) == 4.0

    def test_of_batches_are_arrays(self, compiled):
        message = r"args\[0\]\[0\] is a number: there is no axis 0.* Points lie along an axis of an array: np.array\("
        with pytest.raises(ValueError, match=message):
            compiled(square).batch()([1.0, 2.0])

    def test_of_other_libraries_become_arrays(self, compiled):
        class Series:
            def __array__(self, dtype=None, copy=None):
                return np.ones(2)

        run = compiled(lambda x: x[0] * x[1])
        for call in (run, run.batch()):
            with pytest.raises(TypeError, match=r"args\[0\] is .*Series.*; np.asarray\(x\) may convert it"):
                call(Series())
        assert run(np.asarray(Series())) == 1.0


class Scaled:
    def __init__(self, factor):
        self.factor = Neuron(factor)

    def __call__(self, x):
        return self.factor * x

    def method(self, x):
        return self.factor * x

    @gograd_compile.compile
    def decorated(self, x):
        return self.factor * x


class TestKindsOfFunctions:
    KINDS = {  # noqa: RUF012
        "any number of arguments": (lambda *x: sum(x), (2.0, 3.0), 5.0),
        "an argument with a default": (lambda x, y=3.0: x * y, (2.0,), 6.0),
        "a part of a call": (functools.partial(lambda k, x: k * x, 4.0), (2.0,), 8.0),
        "an object that is called": (Scaled(5.0), (2.0,), 10.0),
        "a method": (Scaled(5.0).method, (2.0,), 10.0),
        "what returns its argument": (lambda x: x, (2.0,), 2.0),
        "what returns a constant": (lambda x: 7.0, (2.0,), 7.0),
        "what makes arrays": (lambda x: np.asarray([x[0], x[1]]).sum(), ([1.0, 2.0],), 3.0),
        "what reads a label": (lambda x: x * 2.0 if x.label == "" else x, (2.0,), 4.0),
    }

    @pytest.mark.parametrize(("f", "args", "expected"), KINDS.values(), ids=KINDS)
    def test_runs(self, compiled, f, args, expected):
        assert compiled(f)(*args) == expected

    def test_a_captured_neuron_may_be_returned(self, compiled):
        weight = Neuron(3.0)
        run = compiled(lambda x: weight)
        assert run.backward(1.0) == 3.0
        assert weight.grad == 1.0
        assert run.captured == (weight,)

    def test_a_method_is_compiled_for_each_object(self):
        one, other = Scaled(2.0), Scaled(3.0)
        assert (one.decorated(1.0), other.decorated(1.0)) == (2.0, 3.0)
        assert one.decorated is one.decorated

    def test_compiled_functions_become_part_of_those_that_call_them(self, compiled):
        weight = Neuron(3.0)
        inner = compiled(lambda x: weight * x * x)
        outer = compiled(lambda x: inner(x) + inner.grad(x))
        assert outer(2.0) == 24.0
        assert outer.grad(2.0) == 18.0
        weight.value = 1.0
        assert outer(2.0) == 8.0

    def test_it_looks_like_the_function(self):
        run = gograd_compile.compile(square)
        assert (run.__name__, run.__qualname__, run.__module__, run.__wrapped__) == (
            "square",
            "square",
            __name__,
            square,
        )
        assert repr(run) == "<compiled square>"
