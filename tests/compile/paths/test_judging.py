"""Which error is raised where a number is not finite, and of which results there is a gradient."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, errstate, grad, no_grad, ops
from round_trips import reloaded
from source_lines import line_of


def recorded_at(function, line):
    return re.escape(f"; recorded at {line_of(function, line)}. Check")


def two_roots(x):
    first = ops.sqrt(x + 1.0)
    second = ops.sqrt(x)
    return first * second


def two_quotients(x):
    first = 1.0 / (x + 1.0)
    second = 1.0 / x
    return first + second


class TestTheLineIsThatOfTheInputs:
    """The operation may be used several times: what it was given tells its uses apart."""

    @pytest.mark.parametrize("batch", [False, True])
    @pytest.mark.parametrize("method", ["grad", "value_and_grad", "hessian"])
    def test_of_derivatives(self, compiled, method, batch):
        c = compiled(two_roots)
        run = getattr(c, method)(4.0) and getattr(c.batch() if batch else c, method)
        with pytest.raises(DomainError, match=recorded_at(two_roots, 2)):
            run(np.array([4.0, 0.0]) if batch else 0.0)

    @pytest.mark.parametrize(("x", "line"), [(0.0, 2), (-1.0, 1)])
    def test_of_values(self, compiled, x, line):
        c = compiled(two_quotients)
        c(1.0), c.hessian(1.0)
        for call in (c, c.grad, c.hessian, lambda x: c.batch()(np.array([1.0, x]))):
            with pytest.raises(DomainError, match=recorded_at(two_quotients, line)):
                call(x)

    def test_zeros_are_told_apart(self, compiled):
        def signed(x):
            first = ops.sqrt(-x)
            second = ops.sqrt(x)
            return first + second

        c = compiled(signed)
        assert c(0.0) == 0.0
        with pytest.raises(DomainError, match=recorded_at(signed, 2)):
            c.grad(0.0)

    def test_whatever_other_paths_are_known(self, compiled):
        def two_branches(x):
            if x > 10.0:
                return x
            return 1.0 / x

        c = compiled(two_branches)
        assert [c(1.0), c(20.0), c(2.0)] == [1.0, 20.0, 0.5]
        with pytest.raises(DomainError, match=recorded_at(two_branches, 3)):
            c(0.0)

    def test_of_a_saved_program(self, compiled, tmp_path):
        c = compiled(two_quotients)
        c(1.0)
        loaded = reloaded(c, tmp_path)
        for call in (loaded, loaded.grad):
            with pytest.raises(DomainError, match=recorded_at(two_quotients, 2)) as caught:
                call(0.0)
            assert (caught.value.operation, caught.value.inputs) == (ops.div, (1.0, 0.0))


def test_a_block_without_graphs_around_the_call_changes_nothing(compiled):
    c = compiled(ops.sqrt)
    c(4.0)
    for method in ("grad", "hessian"):
        with no_grad(), pytest.raises(DomainError, match=r"derivative of sqrt\(.*\) with respect to input 0"):
            getattr(c, method)(0.0)
    weight = Neuron(0.0)
    f = compiled(lambda x: ops.sqrt(weight) * x)
    with no_grad(), pytest.raises(DomainError, match=r"derivative of sqrt\(.*\) with respect to input 0"):
        f.backward(1.0)


def test_captured_neurons_of_a_loaded_program_are_named_by_their_labels(compiled, tmp_path):
    weight = Neuron(2.0, label="w")
    c = compiled(lambda x: x / weight)
    c(1.0)
    loaded = reloaded(c, tmp_path)
    loaded.captured[0].value = 0.0
    with pytest.raises(DomainError, match=r"div\(1.0, w=0.0\)"):
        loaded(1.0)


def test_every_result_is_judged_by_itself(compiled):
    """The derivatives of both together are finite, as they cancel."""

    def opposite(x, y, z):
        root = ops.sqrt(x)
        return [root + y, -root + z]

    c = compiled(opposite)
    assert c(0.0, 1.0, 2.0) == [1.0, 2.0]
    with pytest.raises(DomainError, match=r"derivative of sqrt\(.*\) with respect to input 0"):
        c.jacobian(0.0, 1.0, 2.0, wrt=(0, 1, 2))


def test_a_function_that_lets_infinities_pass_is_recorded_once(compiled):
    calls = []

    def allowed(x):
        calls.append(x)
        with errstate(domain="ignore"):
            return 1.0 / x

    assert compiled(allowed)(0.0) == np.inf
    assert len(calls) == 1


class TestSecondDerivativesOfALoadedProgram:
    """It has no function to ask: they are wrong where they are not finite and the arguments are."""

    @pytest.fixture
    def loaded(self, compiled, tmp_path):
        c = compiled(lambda x, y: x * ops.sqrt(x) + y * y * y)
        c.hessian(4.0, 1.0, wrt=(0, 1))
        return reloaded(c, tmp_path)

    def test_are_an_error_at_finite_arguments(self, loaded):
        with pytest.raises(DomainError, match=r"the second derivatives at \[0.0, 1.0\]"):
            loaded.hvp(0.0, 1.0, (1.0, 0.0), wrt=(0, 1))

    def test_may_be_infinite_where_an_argument_is(self, loaded):
        assert loaded.hvp(4.0, np.inf, (0.0, 1.0), wrt=(0, 1)) == (0.0, np.inf)


@pytest.mark.parametrize(
    "f", [lambda x: [x * 2.0], lambda x: (x,), lambda x: {"a": x}, lambda x: np.asarray([x * 2.0]), lambda x: [x, x]]
)
def test_one_number_in_a_container_has_no_gradient(compiled, f):
    with pytest.raises(TypeError, match="one number"):
        grad(f)(1.0)
    c = compiled(f)
    for call in (c.grad, c.value_and_grad, lambda x: c.batch().grad(np.array([x])), c.hessian):
        with pytest.raises(TypeError, match="one number"):
            call(1.0)
    with pytest.raises(TypeError, match="one number"):
        compiled(f).backward(1.0)
