"""Numbers that are not finite, and what cannot be recorded: which error, with which line of source."""

from __future__ import annotations

import functools
import math
import operator
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import gograd_compile
import gograd_core
from gograd_compile import RecordingError
from gograd_core import DomainError, Neuron, errstate, ops


def here(line, function):
    """What messages say of a line that is so many lines below the function's first one."""
    code = function.__code__
    return f"test_errors.py:{code.co_firstlineno + line} in {code.co_name}"


def quotient(x, y):
    scaled = 2.0 * ops.log(y)
    return x / scaled


def root(x):
    return 3.0 * ops.sqrt(x)


def steps(x):
    if x > 1.0:
        x = x - 1.0
    return 1.0 / x


def total(x):
    return ops.dot(x, x) * 2.0


class TestDomainErrors:
    @pytest.mark.parametrize(
        ("f", "good", "bad", "operation", "inputs", "line", "kind"),
        [
            (quotient, (1.0, 2.0), (1.0, -2.0), ops.log, (-2.0,), 1, ValueError),
            (quotient, (1.0, 2.0), (3.0, 1.0), ops.div, (3.0, 0.0), 2, ZeroDivisionError),
            (steps, (0.5,), (0.0,), ops.div, (1.0, 0.0), 3, ZeroDivisionError),
            (total, ([1.0, 2.0],), ([1e200, 2.0],), ops.dot, (1e200, 2.0, 1e200, 2.0), 1, Exception),
        ],
    )
    def test_values_name_the_operation_its_inputs_and_the_line(
        self, compiled, f, good, bad, operation, inputs, line, kind
    ):
        run = compiled(f)
        run(*good)
        with pytest.raises(DomainError, match=re.escape(f"; recorded at {here(line, f)}. Check")) as caught:
            run(*bad)
        assert type(caught.value).__bases__[-1] is kind
        assert caught.value.operation is operation
        assert caught.value.inputs == inputs

    @pytest.mark.parametrize("method", ["__call__", "grad", "batch"])
    @pytest.mark.parametrize(
        ("f", "bad"),
        [
            (operator.add, (1e308, 1e308)),
            (operator.sub, (math.inf, math.inf)),
            (operator.mul, (1e200, -1e200)),
            (lambda x, y: x * y + x, (0.0, math.inf)),
        ],
        ids=["an overflow of a sum", "no difference", "an overflow of a product", "nothing times an infinity"],
    )
    def test_operators_that_floats_let_pass(self, compiled, f, bad, method):
        """Once recorded, too: Python's floats say nothing here, neurons do."""
        c = compiled(f)
        run = getattr(c, method)
        if method == "batch":
            run = lambda x, y: c.batch()(np.array([1.0, x]), np.array([2.0, y]))  # noqa: E731
        run(1.0, 2.0)
        with pytest.raises(DomainError):
            f(*map(Neuron, bad))
        with pytest.raises(DomainError):
            run(*bad)

    def test_derivatives_name_the_operation_that_was_differentiated(self, compiled):
        run = compiled(root)
        assert run.grad(4.0) == 0.75
        assert run(0.0) == 0.0
        with pytest.raises(DomainError, match=re.escape(f"recorded at {here(1, root)}")) as caught:
            run.grad(0.0)
        assert (caught.value.operation, caught.value.inputs) == (ops.sqrt, (0.0,))

    @pytest.mark.parametrize("method", ["hvp", "hessian"])
    def test_second_derivatives_have_the_line_of_the_function(self, compiled, method):
        run = getattr(compiled(root), method)
        vector = (1.0,) if method == "hvp" else ()
        run(4.0, *vector)
        with pytest.raises(DomainError, match=re.escape(here(1, root))):
            run(-1.0, *vector)

    def test_captured_neurons_are_named_by_their_labels(self, compiled):
        speed = Neuron(2.0, label="speed")
        run = compiled(lambda x: x / speed)
        run(1.0)
        speed.value = 0.0
        with pytest.raises(DomainError, match=r"div\(1.0, speed=0.0\) is inf"):
            run(1.0)

    def test_no_line_is_better_than_a_wrong_one(self, compiled):
        """What runs differently when it is recorded again is not looked for in there."""
        calls = []

        def changes(x):
            calls.append(None)
            return ops.log(x) if len(calls) == 1 else ops.log(x * 1.0 + 1.0 - 1.0)

        run = compiled(changes)
        run(1.0)
        with pytest.raises(DomainError) as caught:
            run(-1.0)
        assert "recorded at" not in str(caught.value)

    def test_while_it_is_recorded_the_error_is_the_function_s_own(self, compiled):
        with pytest.raises(DomainError, match=r"log\(-2.0\) is nan") as caught:
            compiled(quotient)(1.0, -2.0)
        assert "quotient" in [entry.name for entry in caught.traceback]

    def test_errstate_lets_the_numbers_of_ieee_stand(self, compiled):
        run = compiled(quotient)
        run(1.0, 2.0)
        with errstate(domain="ignore"):
            assert run(1.0, 1.0) == math.inf
            assert math.isnan(run(1.0, -1.0))

    def test_a_batch_names_the_point_as_well(self, compiled):
        run = compiled(root).batch()
        with pytest.raises(DomainError, match=re.escape(here(1, root))) as caught:
            run(np.array([4.0, 1.0, -1.0, 9.0]))
        assert caught.value.__notes__ == ["at point 2 of the batch"]

    @pytest.mark.parametrize("point", [0, 2])
    def test_so_does_one_that_arises_while_it_is_recorded(self, compiled, point):
        x = np.array([4.0, 1.0, 2.0, 9.0])
        x[point] = -1.0
        with pytest.raises(DomainError, match=r"log\(-1.0\)") as caught:
            compiled(lambda x: ops.log(x) if x < 0.5 else x).batch()(x)
        assert caught.value.__notes__ == [f"at point {point} of the batch"]

    def test_infinite_arguments_are_no_error(self, compiled):
        run = compiled(lambda x: 2.0 * x)
        assert run(1.0) == 2.0
        assert run(math.inf) == math.inf


OUTSIDE = Neuron(2.0) * 3.0
KEPT = []


def keeps_a_result(x):
    KEPT.append(x * 2.0)
    return KEPT[0] if x > 0.0 else KEPT[0] + x


def keeps_its_argument(x):
    KEPT.append(x)
    return x * KEPT[0] if x > 0.0 else x - KEPT[0]


class TestWhatCannotBeRecorded:
    @pytest.mark.parametrize(
        ("f", "message"),
        [
            (lambda x: x * x.value, r"test_errors.py:\d+ in <lambda>: .*<lambda> uses .value .* stop_gradient\(x\)"),
            (lambda x: x * x.grad, "uses .grad"),
            (lambda x: x.backward(), "uses .backward"),
            (lambda x: pickle.loads(pickle.dumps(x)), "cannot be pickled inside a transform"),
            (lambda x: pickle.loads(pickle.dumps(x * 2.0)), "belongs to a graph and cannot be copied"),
            (math.sqrt, r"ops.sqrt\(x\) for math.sqrt\(x\)"),
            (float, "cannot become a plain number"),
            (lambda x: np.asarray([x], dtype=float), "cannot become a plain number"),
            (lambda x: x * OUTSIDE, "which was computed outside of it"),
            (lambda x: (x for _ in range(2)), "the result of .*<lambda> is <generator"),
            (lambda x: {x}, "the result of .*<lambda> is {"),
            (lambda x, *, k: x * k, "missing 1 required keyword-only argument: 'k'"),
        ],
    )
    def test_is_refused(self, compiled, f, message):
        with pytest.raises(TypeError, match=message):
            compiled(f)(1.5)

    @pytest.mark.parametrize(
        ("f", "message"),
        [(keeps_a_result, "computed outside"), (keeps_its_argument, "its argument in an earlier recording")],
    )
    def test_neurons_kept_from_an_earlier_recording_are_refused(self, compiled, f, message):
        KEPT.clear()
        run = compiled(f)
        run(1.0)
        with pytest.raises(RecordingError, match=message):
            run(-1.0)

    def test_a_label_does_not_tell_what_was_kept(self, compiled):
        weight = Neuron(2.0, label=" ".join(["argument of an", "earlier recording"]))
        assert compiled(lambda x: weight * x)(3.0) == 6.0

    def test_a_captured_neuron_cannot_be_set(self, compiled):
        weight = Neuron(1.0)

        def sets(x):
            weight.value = 2.0
            return weight * x

        with pytest.raises(RecordingError, match=re.escape(here(1, sets))):
            compiled(sets)(1.0)

    def test_only_one_number_has_a_gradient(self, compiled):
        pair = compiled(lambda x: [x, 2.0 * x])
        assert pair.jacobian(1.0) == [1.0, 2.0]
        with pytest.raises(TypeError, match=r"the result is \[number, number\]: use jacobian"):
            pair.grad(1.0)
        with pytest.raises(TypeError, match="use jacobian"):
            pair.batch().grad(np.ones(3))

    def test_compiled_functions_with_captured_neurons_do_not_run_as_constants_in_others(self, compiled):
        weight = Neuron(3.0)
        inner = compiled(lambda x: weight * x)
        with pytest.raises(RecordingError, match="Their values would be constants there"):
            compiled(lambda x: x * inner.batch()(np.ones(2))[0])(1.0)

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
            gograd_compile.compile(root, **options)

    @pytest.mark.parametrize("threads", [1.0, "2"])
    def test_threads_are_counted(self, compiled, threads):
        with pytest.raises(TypeError, match="threads must be a whole number, got"):
            compiled(root).batch(threads=threads)

    def test_the_native_backend_needs_numba(self):
        code = (
            "import sys; sys.modules['{}'] = None\n"
            "import gograd_compile\n"
            "print(gograd_compile.compile(lambda x: x).backend.name)\n"
            "gograd_compile.compile(lambda x: x, backend='native')"
        )
        for missing, message in (
            (
                "numba",
                "ImportError: the native backend needs numba, which is not installed: pip install numba platformdirs",
            ),
            ("gograd_compile.run.driver", "ModuleNotFoundError: import of gograd_compile.run.driver halted"),
        ):
            command = [sys.executable, "-c", code.format(missing)]
            found = subprocess.run(command, capture_output=True, text=True, check=False)
            assert (found.returncode, found.stdout) == (1, "numpy\n")
            assert message in found.stderr

    def test_what_cannot_be_called(self):
        with pytest.raises(TypeError, match="expects a function of numbers, got 3"):
            gograd_compile.compile(3)


def square(x):
    return x * x


class TestArguments:
    @pytest.mark.parametrize("method", ["__call__", "value_and_grad", "grad", "jacobian", "hvp", "hessian"])
    def test_are_positional(self, compiled, method):
        message = "arguments of a compiled function are positional, got x by name"
        with pytest.raises(TypeError, match=message):
            getattr(compiled(square), method)(1.0, 1.0, x=2.0)

    @pytest.mark.parametrize("arguments", [(), (1.0,)])
    def test_a_vector_comes_after_them(self, compiled, arguments):
        with pytest.raises(TypeError, match=r"hvp\(\) takes the arguments of square, and after them a vector"):
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
    @pytest.mark.parametrize(
        ("f", "args", "expected"),
        [
            (lambda *x: sum(x), (2.0, 3.0), 5.0),
            (lambda x, y=3.0: x * y, (2.0,), 6.0),
            (functools.partial(lambda k, x: k * x, 4.0), (2.0,), 8.0),
            (Scaled(5.0), (2.0,), 10.0),
            (Scaled(5.0).method, (2.0,), 10.0),
            (lambda x: x, (2.0,), 2.0),
            (lambda x: 7.0, (2.0,), 7.0),
            (lambda x: np.asarray([x[0], x[1]]).sum(), ([1.0, 2.0],), 3.0),
            (lambda x: x * 2.0 if x.label == "" else x, (2.0,), 4.0),
        ],
    )
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
        run = gograd_compile.compile(root)
        assert (run.__name__, run.__qualname__, run.__module__, run.__wrapped__) == ("root", "root", __name__, root)
        assert repr(run) == "<compiled root>"
