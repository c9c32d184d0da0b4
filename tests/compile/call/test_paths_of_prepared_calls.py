"""Calls that are answered in C, and the paths that they take: guards, captured neurons, recordings, threads."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import numpy as np
import pytest

import gograd_compile
import gograd_core
from gograd_compile.call import prepared
from gograd_core import DomainError, Neuron, errstate, ops, register_container
from prepared_calls import in_general, polynomial, shown

pytest.importorskip("numba")
pytestmark = pytest.mark.skipif(prepared is None, reason="calls in C were not built")


def one_over(x):
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 7.0


def without_overflow(x):
    try:
        return x * 1e300
    except DomainError:
        return 7.0


def has_log(x):
    try:
        ops.log(x)
    except ValueError:
        return False
    return True


GUARDS = {
    "bool": lambda x: 1.0 if x else 2.0,
    "comparison": lambda x: 1.0 if x > 0.5 else 2.0,
    "trunc": lambda x: float(int(x)),
    "round": lambda x: float(round(x)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "index": lambda x: [1.0, 2.0, 3.0][x.__index__()],
    "domain": one_over,
    "overflow": without_overflow,
    "unused domain": lambda x: 1.0 if has_log(x) else 2.0,
}
NEAR_BORDERS = (0.0, -0.0, 1.0, 2.0, 0.5, 1.5, 2.5, -0.5, -1.5, 1e-300, -1e-300, 0.49999999999999994, 1e300, 2.0**53)
NOT_FINITE = (math.nan, math.inf, -math.inf)


class TestGuards:
    @pytest.mark.parametrize("kind", GUARDS)
    @pytest.mark.parametrize("before", [0.0, 1.0, 2.5, -1.5, 1e300])
    def test_each_kind_decides_as_in_the_general_way(self, compile_native, outcome, kind, before):
        def function(x):
            return x * 3.0 + GUARDS[kind](x) * x

        f, g = compile_native(function), compile_native(function)
        for x in NEAR_BORDERS + NOT_FINITE:
            outcome(f.value_and_grad, before)
            found = outcome(f.value_and_grad, x)
            g.store.calls.clear()
            expected = outcome(g.value_and_grad, x)
            assert repr(found) == repr(expected)

    def test_all_kinds_at_once_need_no_general_way(self, compile_native, general_calls, bits):
        def function(x):
            return sum((answer(x) * (k + 1.0) * x for k, answer in enumerate(GUARDS.values())), start=x)

        f = compile_native(function)
        expected = in_general(f, "value_and_grad", 1.0)
        count = len(general_calls)
        assert shown(f.value_and_grad(1.0), bits) == shown(expected, bits)
        assert len(general_calls) == count

    @pytest.mark.parametrize(("function", "point"), [(one_over, 0.0), (has_log, -1.0), (without_overflow, 1e300)])
    def test_nor_does_an_error_that_is_caught(self, compile_native, general_calls, function, point):
        f = compile_native(lambda x: x * 2.0 if function(x) == 7.0 else x * 3.0)
        expected = f.value_and_grad(point)
        count = len(general_calls)
        assert f.value_and_grad(point) == expected
        with errstate(domain="ignore"):
            f.value_and_grad(point)
        assert len(general_calls) == count + 1
        assert f.value_and_grad(point) == expected

    def test_another_known_path_needs_none_either(self, compile_native, general_calls):
        f = compile_native(lambda x: (x * 2.0 if x < 1.0 else x * 3.0) if x < 2.0 else x * int(x))
        points = [0.5, 1.5, 2.5, 3.5, 0.25, 3.25, 2.25, 1.25]
        slopes = [2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0]
        assert [f.grad(x) for x in points] == slopes
        count = len(general_calls)
        assert [f.grad(x) for x in points] == slopes
        assert len(general_calls) == count
        assert f.grad(4.5) == 4.0
        assert len(general_calls) > count


class TestPaths:
    @pytest.mark.parametrize("most", [1, 2, 3, 5])
    def test_the_same_ones_are_kept_and_dropped(self, compile_native, most):
        """Also where calls that are prepared and others alternate, and a batch comes between."""
        f, g = (compile_native(lambda x: x * int(x), max_paths=most) for _ in range(2))
        for place, x in enumerate([1, 1, 2, 1, 2, 3, 3, 1, 2, 4, 4, 2, 1, 5, 2, 2, 1, 3, 3]):
            call = ("__call__", "grad")[place % 2]
            assert getattr(f, call)(x + 0.5) == in_general(g, call, x + 0.5)
            if place % 5 == 4:
                for each in (f, g):
                    each.batch()(np.array([1.5, 2.5]))
        (ours,), (others,) = f.store.paths.values(), g.store.paths.values()
        assert [path.tape.guards.outcomes.tolist() for path in ours] == [
            path.tape.guards.outcomes.tolist() for path in others
        ]
        assert (ours.dropped, ours.recorded) == (others.dropped, others.recorded)

    def test_structures_that_alternate(self, compile_native, bits):
        f = compile_native(polynomial)
        first, second = (1.5, 2.0), ([1.5, 2.0],)
        expected = [shown(in_general(f, "grad", *args), bits) for args in (first, second)]
        for _ in range(3):
            assert [shown(f.grad(*args), bits) for args in (first, second)] == expected

    def test_a_gradient_and_products_with_the_hessian_alternate_without_the_general_way(
        self, compile_native, general_calls
    ):
        f = compile_native(lambda x: x * x * x)
        for _ in range(2):
            f.grad(2.0), f.hvp(2.0, 1.0)
        count = len(general_calls)
        for _ in range(3):
            assert (f.grad(2.0), f.hvp(2.0, 3.0)) == (12.0, 36.0)
        assert len(general_calls) == count

    @pytest.mark.parametrize("vector", [[1.0, 2.0, 3.0], (1.0, 2.0), [1.0], [1.0, "x"], 1.0, np.array([1.0, 2.0])])
    def test_a_vector_that_is_not_nested_as_before(self, compile_native, outcome, vector):
        f = compile_native(lambda x: x[0] * x[0] * x[1])
        f.hvp([1.0, 2.0], [1.0, 1.0])
        f.hvp([1.0, 2.0], [1.0, 1.0])
        assert outcome(f.hvp, [1.0, 2.0], vector) == outcome(in_general, f, "hvp", [1.0, 2.0], vector)


class TestCapturedNeurons:
    def test_their_values_are_read_at_every_call(self, compile_native, general_calls):
        w = Neuron(2.0)
        f = compile_native(lambda x: x * w * w)
        f(1.0), f.value_and_grad(1.0)
        count = len(general_calls)
        for value in (2.0, 3.0, -1.0):
            w.value = value
            assert f(2.0) == 2.0 * value**2
            assert f.value_and_grad(2.0) == (2.0 * value**2, value**2)
        assert len(general_calls) == count

    def test_backward_adds_to_their_gradients(self, compile_native, general_calls):
        w, b = Neuron(2.0), Neuron(1.0)
        f = compile_native(lambda x: x * w * w + b if w > 0.0 else x * w)
        assert f.backward(3.0) == 13.0
        count = len(general_calls)
        assert f.backward(5.0) == 21.0
        assert (w.grad, b.grad) == (32.0, 2.0)
        assert len(general_calls) == count
        w.value = -1.0
        assert f.backward(3.0) == -3.0
        assert (w.grad, b.grad) == (35.0, 2.0)

    def test_a_pole_adds_nothing(self, compile_native):
        w = Neuron(2.0)
        f = compile_native(lambda x: ops.log(w * x))
        f.backward(1.0), f.backward(1.0)
        before = w.grad
        with pytest.raises(DomainError):
            f.backward(0.0)
        assert w.grad == before


class TestRecording:
    def test_a_call_inside_another_function_is_part_of_its_recording(self, compile_native):
        f = compile_native(lambda x: x * x)
        assert [f.grad(2.0), f.grad(3.0), f(4.0)] == [4.0, 6.0, 16.0]
        outer = compile_native(lambda x: f(x) * 2.0 + f(3.0))
        assert [outer.grad(2.0), outer.grad(3.0)] == [8.0, 12.0]

    def test_captured_neurons_are_refused_there(self, compile_native):
        w = Neuron(2.0)
        f = compile_native(lambda x: x * w)
        f.backward(1.0), f.backward(1.0)

        def outer(x):
            return x * f.backward(1.0)

        with pytest.raises(gograd_compile.RecordingError):
            compile_native(outer)(1.0)


class TestCallsWithinCalls:
    def test_a_container_that_calls_the_function_when_it_is_taken_apart(self, compile_native):
        class Calling:
            def __init__(self, number, call=None):
                self.number, self.call = number, call

        def take_apart(value):
            if value.call:
                assert value.call() == 12.0
            return [value.number], None

        register_container(Calling, take_apart, lambda rest, children: Calling(*children))
        f = compile_native(lambda x, value: x * value.number * 2.0)
        f(2.0, Calling(3.0)), f(2.0, Calling(3.0))
        assert f(4.0, Calling(5.0, lambda: f(2.0, Calling(3.0)))) == 40.0

    @pytest.mark.parametrize("terms", [10, 30_000], ids=["short", "long, so that other threads run during it"])
    def test_threads_do_not_share_numbers(self, compile_native, terms):
        f = compile_native(lambda x: sum((x * (k + 1.0) for k in range(terms)), start=x * x))
        slope = terms * (terms + 1) / 2
        f.grad(1.0), f.grad(1.0)
        wrong = []

        def work(first):
            for k in range(200 if terms < 100 else 20):
                x = float(first + k)
                if f.grad(x) != slope + 2.0 * x:
                    wrong.append(x)

        threads = [threading.Thread(target=work, args=(1000 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


PROGRAMS = {
    "sums": lambda x: sum((a * b for a, b in pairwise(x)), start=x[0]) * x[1] + x[2] - x[0] * 3.0,
    "calls": lambda x: ops.exp(x[0]) * ops.tanh(x[1] * x[2]) / (ops.log(x[3]) + x[0] ** 1.5),
    "many calls of one kernel": lambda x: ops.sum([ops.exp(a * b) for a in x for b in x for _ in range(20)]),
    "columns": lambda x: ops.dot(x, [ops.sin(a) for a in x]) + ops.logsumexp(x) * ops.max(x),
    "an infinite derivative": lambda x: ops.sqrt(x[0] - x[0]) * x[1],
    "a zero times an infinite derivative": lambda x: ops.sqrt(x[0] - x[0]) * (x[1] - x[1]) + x[2],
    "a value that is not finite": lambda x: x[0] * x[1] / (x[2] - x[2]),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("method", ["__call__", "grad", "hvp"])
def test_steps_in_c_fill_the_memory_as_those_of_the_backend_do(compile_native, bits, name, method):
    f = compile_native(PROGRAMS[name])
    x = [0.5 + 0.25 * k for k in range(6)]
    with errstate(domain="ignore"):
        getattr(f, method)(*([x, x] if method == "hvp" else [x]))
    programs = [program for paths in f.store.paths.values() for path in paths for program in path.programs.values()]
    assert programs
    for program in programs:
        graph = program.schedule.graph
        inputs = np.array(x[: graph.arguments]), np.empty(0), np.linspace(-1.0, 1.0, graph.seeds), None
        memory, status = program.at(*inputs)
        program.steps = None
        expected, found = program.at(*inputs)
        assert bits(memory) == bits(expected)
        assert status == found


@pytest.mark.parametrize(("backend", "most"), [("numpy", 3), ("native", 1)])
def test_numpy_takes_the_general_way(general_calls, backend, most):
    opaque = gograd_core.Op("opaque", forward=lambda xp, x: x * 2.0, partials=(lambda xp, out, x: 2.0,), opaque=True)
    f = gograd_compile.compile(lambda x: opaque(x) * x, backend=backend)
    for count in (1, 2, 3):
        assert f.value_and_grad(3.0) == (18.0, 12.0)
        assert len(general_calls) == min(count, most)
