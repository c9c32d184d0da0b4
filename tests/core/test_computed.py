"""Blocks in which other functions compute the values of operations."""

from __future__ import annotations

import ctypes
import threading

import pytest

from gograd_core import DomainError, Neuron, Op, errstate, grad, no_grad, ops, value_and_grad
from gograd_core.extend import Instead, computed_by, is_computed, run_rule

NATIVE = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.POINTER(ctypes.c_double))
doubled = NATIVE(lambda data, inputs: 2.0 * inputs[0])
KEPT = "add", "mul"
"""The engine remembers that these compute themselves, also after these tests: it is so in all blocks."""


def values_of(**functions):
    """Make the mapping for a block in which these functions compute operations, and all others their own rules."""

    class Values(dict):
        def __missing__(self, op):
            own = None if op.name in KEPT else lambda *inputs: run_rule(op, op.forward, *inputs)
            found = self[op] = functions.get(op.name, Instead(own))
            return found

    return Values()


@pytest.fixture
def made_up():
    """Operations of the test's own."""

    def register(name, partials=1, **more):
        return Op(name, forward=lambda xp, *x: x[0] * 3.0, partials=(lambda xp, out, *x: 5.0,) * partials, **more)

    return register


@pytest.mark.parametrize(
    "instead",
    [Instead(lambda x: 2.0 * x), Instead(lambda x: 2.0 * x, ctypes.cast(doubled, ctypes.c_void_p).value, 0)],
    ids=["Python", "native code"],
)
class TestTheValueIsThatOfTheFunction:
    def test_of_neurons_and_floats(self, made_up, instead):
        op = made_up("triple")
        block = computed_by(values_of(triple=instead))
        assert op(7.0) == 21.0
        assert block.run(op, 7.0) == 14.0
        assert block.run(op, Neuron(7.0)).value == 14.0
        assert op(Neuron(7.0)).value == 21.0

    def test_and_the_derivative_that_of_the_operation(self, made_up, instead):
        op = made_up("triple")
        x = Neuron(7.0)
        computed_by(values_of(triple=instead)).run(op, x).backward()
        assert x.grad == 5.0

    def test_also_in_no_grad_blocks_and_transforms_inside(self, made_up, instead):
        op = made_up("triple")
        block = computed_by(values_of(triple=instead))
        assert block.run(no_grad().run, op, Neuron(7.0)).value == 14.0
        assert block.run(value_and_grad(op), 7.0) == (14.0, 5.0)


@pytest.mark.parametrize("count", [2, 7], ids=["two inputs", "more inputs than kernels have"])
def test_of_several_numbers(made_up, count):
    op = made_up("several", count)
    block = computed_by(values_of(several=Instead(lambda *x: sum(x))))
    assert block.run(op, *map(Neuron, range(count))).value == sum(range(count))


def test_of_columns(made_up):
    op = Op("column", forward=lambda xp, x: xp.sum(x), partials=(lambda xp, out, x: 1.0,), variadic=True)
    block = computed_by(values_of(column=Instead(lambda x: float(len(x)))))
    assert block.run(op, [Neuron(5.0), 6.0, 7.0]).value == 3.0
    assert op([Neuron(5.0), 6.0, 7.0]).value == 18.0


def test_of_operators():
    block = computed_by(values_of(pow=Instead(lambda x, y: x + y)))
    assert block.run(lambda x: x**3.0, Neuron(7.0)).value == 10.0
    assert block.run(lambda x: 3.0**x, Neuron(7.0)).value == 10.0
    assert block.run(lambda x: x**3, Neuron(7.0)).value == 10.0
    assert (Neuron(2.0) ** 3).value == 8.0


@pytest.mark.parametrize("result", [float("nan"), float("inf")])
def test_results_are_judged(made_up, result):
    op = made_up("triple")
    block = computed_by(values_of(triple=Instead(lambda x: result)))
    with pytest.raises(DomainError, match="triple"):
        block.run(op, Neuron(7.0))
    with errstate(domain="ignore"):
        assert repr(block.run(op, Neuron(7.0)).value) == repr(result)


def test_numbers_that_the_rule_does_not_have(made_up):
    op = Op("never", forward=lambda xp, x: xp.nan * x, partials=(None,))
    assert computed_by(values_of(never=Instead(lambda x: 1.0))).run(op, Neuron(7.0)).value == 1.0


def test_what_functions_raise_is_raised(made_up):
    op = made_up("triple")
    with pytest.raises(ZeroDivisionError):
        computed_by(values_of(triple=Instead(lambda x: x / 0))).run(op, Neuron(7.0))


def test_the_block_hides_transforms(made_up):
    op = made_up("triple")
    block = computed_by(values_of(triple=Instead(lambda x: 2.0 * x)))
    seen = []
    grad(lambda x: seen.append(block.run(grad(op), 7.0)) or x)(1.0)
    assert seen == [5.0]  # and no neuron


def test_transforms_inside_a_deeper_block_give_neurons(made_up):
    op = made_up("triple")
    values = values_of(triple=Instead(lambda x: 2.0 * x))
    x = Neuron(7.0)
    assert computed_by(values).run(value_and_grad(op), x) == (14.0, 5.0)
    value, _ = computed_by(values, deeper=True).run(value_and_grad(op), x)
    assert value.value == 14.0


def test_opaque_rules_are_outside(made_up):
    inner = made_up("triple")
    op = Op("solver", forward=lambda xp, x: inner(x), partials=(None,), opaque=True)
    block = computed_by(values_of(triple=Instead(lambda x: 2.0 * x)))
    assert block.run(op, Neuron(7.0)).value == 21.0


def test_other_threads_are_outside(made_up):
    op = made_up("triple")
    found = []

    def run():
        thread = threading.Thread(target=lambda: found.append((op(Neuron(7.0)).value, is_computed())))
        thread.start()
        thread.join()
        found.append((op(Neuron(7.0)).value, is_computed()))

    computed_by(values_of(triple=Instead(lambda x: 2.0 * x))).run(run)
    assert found == [(21.0, False), (14.0, True)]


def test_whatever_is_not_computed_otherwise_is_as_usual():
    x = Neuron(2.0)
    assert computed_by(values_of()).run(lambda: ops.tanh(x) * x + 1.0).value == (ops.tanh(x) * x + 1.0).value
