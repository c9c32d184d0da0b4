"""Points that are evaluated without a recording have the bits that replays have.

`evaluating` makes a compiled function that has nothing left to spend, so that every point is evaluated.
"""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import gograd_compile
from gograd_compile.paths.budget import FREE
from gograd_core import DomainError, Neuron, Op, errstate, grad, jacobian, math, no_grad, ops
from gograd_core.extend import current, scalar

pytestmark = pytest.mark.repeated_later

POINTS = np.random.default_rng(0).uniform(0.3, 3.0, (24, 2))
OPAQUE = Op(
    "solved",
    forward=lambda xp, x: scalar.exp(x) - 1.0,
    partials=(lambda xp, out, x: out + 1.0,),
    opaque=True,
)
WEIGHT = Neuron(1.7)


def by_comparison(x, y):
    return ops.exp(x) * y if ops.tanh(x * y) > ops.sin(y) else ops.log(x) - y


def by_loop(x, y):
    total = x
    while ops.exp(-total) > 0.01 * y:
        total = total + ops.tanh(y) * total
    return total


def by_powers(x, y):
    return x**2.0 + x**y + y**-1.0 + x**0.5 + ops.pow(x, Neuron(2.0)) + x ** Neuron(1.5) + 2.0**x


def of_whole_numbers(x, y):
    floor = math.floor(10.0 * x)
    return ops.exp(floor) * y + 2.5**floor + ops.pow(x, floor) + x**floor + floor % 3 + ops.log(y + (x > y))


def by_constants(x, y):
    return ops.exp(0.3) * x + Neuron(0.7).exp() * y + ops.tanh(Neuron(0.1) + 0.2) ** 2.0


def of_columns(x, y):
    column = [x * k - y for k in range(5)]
    return ops.logsumexp(column) + ops.fsum(column) + ops.dot(column, column) * ops.norm(column) + ops.prod(column)


def by_order(x, y):
    return sum(k * ops.exp(z) for k, z in enumerate(sorted([x, y, x * y, x - y, ops.sin(9.0 * x)])))


def by_table(x, y):
    return [1.5, 2.5, x, y, ops.exp(x)][int(1.6 * y)] * y


def with_captured(x, y):
    return WEIGHT * x if ops.exp(WEIGHT) > 5.0 * y else ops.exp(WEIGHT * y)


def with_opaque(x, y):
    return OPAQUE(x) if OPAQUE(y) > 1.0 else OPAQUE(x * y) ** 2.0


def with_sweeps(x, y):
    slope = grad(lambda z: ops.exp(z) * z**2.0 if z > 1.0 else ops.sin(z))(x)
    return slope * y if slope > 2.0 * y else slope


INNER = gograd_compile.compile(by_comparison)


def with_compiled(x, y):
    return INNER(x, y) + INNER.grad(y, x) if x > 1.0 else INNER(y, 0.5)


FUNCTIONS = (
    by_comparison, by_loop, by_powers, of_whole_numbers, by_constants, of_columns, by_order, by_table, with_captured,
    with_opaque, with_sweeps, with_compiled,
)  # fmt: skip
SMOOTH = tuple(f for f in FUNCTIONS if f not in (with_opaque,))
"""Those whose operations have derivatives of all orders."""


def evaluating(compiled, f, *point, gradient=None, wait=10**9):
    """Compile `f`, call it once, and then let it evaluate every point, after so many that no path is tried at."""
    c = compiled(f)
    c(*point)
    if gradient is not None:
        c.hessian(*point, wrt=gradient)
    for paths in c.store.paths.values():
        paths.budget.recordings, paths.budget.wait, paths.budget.apart = FREE, wait, (0, wait)
    return c


def evaluated(c):
    return c.explain()["evaluated"]


def hexed(result):
    return [float(number).hex() for number in np.ravel(result)]


def as_eager(f, x, y):
    """What the engine returns, as a float."""
    return getattr(found := f(Neuron(x), Neuron(y)), "_value", found)


class TestValuesAreTheBitsOfReplays:
    @pytest.mark.parametrize("f", FUNCTIONS)
    def test_alone(self, compiled, f):
        c = evaluating(compiled, f, 0.7, 1.9)
        for number, point in enumerate(POINTS.tolist(), 1):
            replayed = compiled(f)
            replayed(*point)  # records
            assert hexed(c(*point)) == hexed(replayed(*point))
            assert evaluated(c) == number

    @pytest.mark.parametrize("wait", [0, 10**9])
    @pytest.mark.parametrize("f", FUNCTIONS)
    def test_in_batches(self, compiled, f, wait):
        c = evaluating(compiled, f, 0.7, 1.9, wait=wait)
        expected = [hexed(compiled(f)(*point))[0] for point in POINTS.tolist()]
        assert hexed(c.batch()(*POINTS.T)) == expected
        assert evaluated(c) == len(POINTS) or wait == 0
        assert hexed(c.batch(threads=2).value_and_grad(*POINTS.T)[0]) == expected

    def test_of_every_operation(self, compiled):
        for op in current.registry.operations():
            if op.opaque or op.variadic:
                continue
            with errstate(domain="ignore"):
                points = [[x * factor for x in sample] for sample in op.samples for factor in (1.0, 0.937, 1.061)]
                c = evaluating(compiled, lambda x, op=op: op(*x), points[0])
                replayed = compiled(lambda x, op=op: op(*x)).batch()(np.array(points))
                assert hexed([c(point) for point in points]) == hexed(replayed), op.name

    def test_of_constants(self, compiled):
        """A recording folds the constant. Compiled code computes the same operation of an argument."""
        computed = compiled(ops.tanh)
        for number in np.random.default_rng(2).uniform(-3.0, 3.0, 60).tolist():
            folded = compiled(lambda x, number=number: ops.tanh(Neuron(number)) * x)
            assert hexed(folded(1.0)) == hexed(computed(number))

    def test_of_nested_results(self, compiled):
        def f(p):
            return {"y": [ops.exp(p["x"][0]), p["x"][0] > 1.0], "z": 2.0 * p["x"]}

        x = np.array([1.3, 0.2])
        found, expected = evaluating(compiled, f, {"x": x + 1.0})({"x": x}), compiled(f)({"x": x})
        assert found["y"] == expected["y"]
        assert found["z"].tolist() == expected["z"].tolist()

    def test_whatever_the_caller_has_in_force(self, compiled):
        c, expected = evaluating(compiled, by_comparison, 0.7, 1.9), compiled(by_comparison)(0.4, 2.0)
        with no_grad():
            assert c(0.4, 2.0) == expected
            assert c.grad(0.4, 2.0) == pytest.approx(compiled(by_comparison).grad(0.4, 2.0), rel=1e-12)
        assert grad(lambda x: x * c(0.4, 2.0))(1.0) == expected


@pytest.mark.parametrize("function", ["exp", "tanh", "log", "cbrt"])
def test_decisions_are_those_of_replays(compiled, function):
    """A last digit decides: the threshold is the number that compiled code computes, or one beside it."""
    op = current.registry[function]

    def f(x, threshold):
        return 1.0 if op(x) >= threshold else 2.0

    c, number = evaluating(compiled, f, 1.0, 0.0), compiled(op)
    for x in np.random.default_rng(1).uniform(0.5, 2.0, 60).tolist():
        value = number(x)
        for threshold in (value, np.nextafter(value, 9.0), np.nextafter(value, 0.0)):
            assert c(x, threshold) == (1.0 if value >= threshold else 2.0)


class TestResultsAreInTheOrderOfThePoints:
    """Points without a path are found guard by guard, in another order."""

    X, Y = [1.5, 12.0, 13.0, 14.0, 1.7, 15.0], [20.0, 1.0, 1.0, 1.0, 21.0, 1.0]

    @staticmethod
    def by_two_guards(x, y):
        if x > 10.0:
            return x * x
        return y * y * x if y > 10.0 else x

    @pytest.fixture
    def evaluated_batch(self, compiled):
        return evaluating(compiled, self.by_two_guards, 1.0, 1.0, gradient=0, wait=0).batch()

    def test_values_and_gradients(self, evaluated_batch):
        values, (of_x, of_y) = evaluated_batch.value_and_grad(np.array(self.X), np.array(self.Y), wrt=(0, 1))
        expected = [grad(self.by_two_guards, wrt=(0, 1))(*point) for point in zip(self.X, self.Y, strict=True)]
        assert values.tolist() == [self.by_two_guards(*point) for point in zip(self.X, self.Y, strict=True)]
        assert list(zip(of_x.tolist(), of_y.tolist(), strict=True)) == expected

    def test_second_derivatives(self, evaluated_batch):
        ones = np.ones(len(self.X))
        found = evaluated_batch.hvp(np.array(self.X), np.array(self.Y), ones)
        assert found.tolist() == [2.0 * (x > 10.0) for x in self.X]

    def test_errors_are_those_of_the_first_point(self, compiled):
        def f(x, y):
            if x > 10.0:
                raise LookupError("x is too large")
            if y > 10.0:
                raise ValueError("y is too large")
            return x * y

        c = evaluating(compiled, f, 1.0, 1.0, wait=0)
        with pytest.raises(ValueError, match="y is too large") as raised:
            c.batch()(np.array([1.0, *self.X]), np.array([1.0, *self.Y]))
        assert raised.value.__notes__ == ["at point 1 of the batch"]


def test_gradients_with_respect_to_what_each_point_captures(compiled):
    w = Neuron(2.0)

    def f(x):
        return x * w if x > 10.0 else x

    c = evaluating(compiled, f, 1.0)
    assert c.batch().backward(np.array([1.5, 12.0, 13.0])).tolist() == [1.5, 24.0, 26.0]
    assert w.grad == 25.0


def test_functions_without_a_result_run_once(compiled):
    runs = []
    c = evaluating(compiled, lambda x: runs.append(x > 0.0), 1.0)
    before = len(runs)
    assert c(2.0) is None
    assert (len(runs) - before, evaluated(c)) == (1, 1)


def test_arguments_that_change_meanwhile_do_not_count(compiled):
    given = [1.0]

    def f(x):
        given[0] = 5.0
        return ops.log(x[0])

    c = evaluating(compiled, f, given)
    given[0] = -1.0
    with pytest.raises(DomainError, match=r"log\(-1.0\)"):
        c(given)


class TestDerivatives:
    @pytest.mark.parametrize("f", FUNCTIONS)
    def test_gradients(self, compiled, f):
        c = evaluating(compiled, f, 0.7, 1.9)
        many = c.batch().grad(*POINTS.T, wrt=(0, 1))
        for row, point in zip(np.transpose(many), POINTS.tolist(), strict=True):
            expected = compiled(f).grad(*point, wrt=(0, 1))
            np.testing.assert_allclose(c.grad(*point, wrt=(0, 1)), expected, rtol=1e-12)
            np.testing.assert_allclose(row, expected, rtol=1e-12)
        assert evaluated(c) == 2 * len(POINTS)

    @pytest.mark.parametrize("f", SMOOTH)
    def test_of_second_order(self, compiled, f):
        c = evaluating(compiled, f, 0.7, 1.9, gradient=(0, 1))
        vectors = np.full(len(POINTS), 1.0), np.full(len(POINTS), 2.0)
        hessians, products = c.batch().hessian(*POINTS.T, wrt=(0, 1)), c.batch().hvp(*POINTS.T, vectors, wrt=(0, 1))
        for number, point in enumerate(POINTS[:8].tolist()):
            expected = compiled(f).hessian(*point, wrt=(0, 1))
            for found in (c.hessian(*point, wrt=(0, 1)), [[entry[number] for entry in row] for row in hessians]):
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
            for found in (c.hvp(*point, (1.0, 2.0), wrt=(0, 1)), [entry[number] for entry in products]):
                np.testing.assert_allclose(found, np.array(expected) @ [1.0, 2.0], rtol=1e-9, atol=1e-9)

    def test_jacobians(self, compiled):
        def f(p):
            return [ops.exp(p[0]) * p[1], p[1] if p[0] > 1.0 else p[0] * p[0]]

        c = evaluating(compiled, f, POINTS[0])
        many = c.batch().jacobian(POINTS)
        for number, point in enumerate(POINTS):
            expected = jacobian(f)(point)
            for found in (c.jacobian(point), [row[number] for row in many]):
                np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_of_captured_neurons(self, compiled):
        w = Neuron(1.5)

        def f(x):
            return ops.exp(w * x) if x > 1.0 else w * w * x

        c = evaluating(compiled, f, 0.5)
        assert c.backward(2.0) == compiled(f)(2.0)
        assert w.grad == pytest.approx(2.0 * np.exp(3.0), rel=1e-12)
        w.grad, w.value = 0.0, 2.5
        c.batch().backward(np.array([0.5, 2.0]))
        assert w.grad == pytest.approx(2.5 + 2.0 * np.exp(5.0), rel=1e-12)

    @pytest.mark.parametrize(
        ("f", "why"),
        [
            (lambda x: [x, x] if x > 1.0 else x, "only one number has a gradient"),
            (lambda x: x > 3.0 if x > 1.0 else x, "a truth value"),
        ],
    )
    def test_that_do_not_exist_are_refused(self, compiled, f, why):
        c = evaluating(compiled, f, 0.5)
        with pytest.raises(TypeError, match=why):
            c.grad(2.0)


@pytest.mark.parametrize("method", ["jacobian", "hvp", "hessian"])
def test_truth_values_have_no_derivatives(compiled, method):
    def f(x):
        truth = x > 3.0 if x > 1.0 else x
        return [x * x, truth] if method == "jacobian" else truth

    c = evaluating(compiled, f, 0.5, gradient=None if method == "jacobian" else 0)
    with pytest.raises(TypeError, match="a truth value, which has no derivative"):
        getattr(c, method)(7.5, *[1.0] * (method == "hvp"))


def test_one_thread_at_a_time_uses_the_buffer_of_an_operation():
    """A race is too rare for a test. The call keeps Python's lock, so there is none."""
    one_point = pytest.importorskip("gograd_compile.kernels.one_point")
    assert one_point.VALUE._flags_ & ctypes.pythonapi._func_flags_ == ctypes.pythonapi._func_flags_


class TestErrors:
    @pytest.mark.parametrize("call", [lambda c: c(-1.0), lambda c: c.grad(-1.0), lambda c: c.hessian(-1.0)])
    def test_of_operations(self, compiled, call):
        c = evaluating(compiled, lambda x: ops.log(x) * x, 2.0, gradient=0)
        with pytest.raises(DomainError, match=r"log\(-1.0\) is nan"):
            call(c)
        assert evaluated(c) == 1

    def test_at_points_of_batches(self, compiled):
        c = evaluating(compiled, ops.log, 2.0)
        with pytest.raises(DomainError, match=r"log\(-1.0\) is nan") as caught:
            c.batch()(np.array([1.0, 2.0, -1.0, 3.0]))
        assert caught.value.__notes__ == ["at point 2 of the batch"]
        with errstate(domain="ignore"):
            assert np.isnan(c.batch()(np.array([1.0, -1.0]))).tolist() == [False, True]

    def test_that_the_function_catches(self, compiled):
        def f(x):
            try:
                return ops.log(x)
            except ValueError:
                return -x

        c = evaluating(compiled, f, 2.0)
        assert [c(-3.0), c(1.0)] == [3.0, 0.0]
        assert c.batch()(np.array([1.0, -3.0])).tolist() == [0.0, 3.0]

    def test_of_the_function_itself(self, compiled):
        def f(x):
            if x > 5.0:
                raise LookupError("too large")
            return x

        c = evaluating(compiled, f, 2.0)
        with pytest.raises(LookupError, match="too large"):
            c(7.0)
        with pytest.raises(LookupError, match="too large") as caught:
            c.batch()(np.array([1.0, 6.0]))
        assert caught.value.__notes__ == ["at point 1 of the batch"]

    def test_of_results_that_are_nested_otherwise(self, compiled):
        c = evaluating(compiled, lambda x: [x] if x > 5.0 else x, 2.0)
        with pytest.raises(ValueError, match="differently nested results at different points: .*, and at point 1 "):
            c.batch()(np.array([1.0, 6.0, 2.0]))


def test_explanations_say_why(compiled):
    c = evaluating(compiled, by_comparison, 1.5, 2.0)
    assert "without a recording" not in str(c.explain())
    c(0.1, 3.5)
    assert "1 points evaluated without a recording: " in str(c.explain())
