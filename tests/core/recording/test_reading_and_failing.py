"""What a program may not read while it is recorded, and what a recorder is told of errors."""

from __future__ import annotations

import copy
import math
import pickle

import pytest

import gograd_core.math
from gograd_core import DomainError, Neuron, Op, grad, jvp, no_grad, ops
from gograd_core.derivatives.trace import nested
from recorders import ReadError, value


def set_value(x):
    x.value = 3.0


class TestReading:
    @pytest.mark.parametrize(
        ("read", "attribute"),
        [
            (lambda x: x.value, "value"),
            (lambda x: x.grad, "grad"),
            (lambda x: x.backward(), "backward"),
            (set_value, "value"),
            (copy.copy, "value"),
            (copy.deepcopy, "value"),
            (pickle.dumps, "value"),
        ],
        ids=["value", "grad", "backward", "set value", "copy", "deepcopy", "pickle"],
    )
    def test_is_refused(self, watched, read, attribute):
        x = Neuron(2.0)
        with pytest.raises(ReadError, match=attribute):
            read(x)
        assert value(x) == 2.0

    def test_texts_are_without_numbers_as_what_is_made_of_them_would_not_follow(self, watched):
        x = Neuron(2.0, "x")
        assert repr(x) == "Neuron(…, label='x')"
        assert str(x * 3.0) == "Neuron(…, operation='mul')"
        with pytest.raises(ReadError, match="__format__"):
            f"{x:.3f}"

    def test_nor_is_what_a_neuron_is_made_of(self, watched):
        x = Neuron(2.0, "x")
        assert ((x * 3.0).constituents, x.label, x.operation) == ((x, 3.0), "x", None)


def broken(xp, *numbers):
    raise RuntimeError("no convergence")


BROKEN = Op("broken", forward=broken, partials=(lambda xp, out, x: 1.0,), opaque=True)
NO_NUMBER = Op("no_number", forward=lambda xp, x: "text", partials=(None,))
NO_SLOPE = Op("no_slope", forward=lambda xp, x: x * 1.0, partials=(broken,))


def derivative_without_graph(x):
    with no_grad():
        return grad(lambda a: a * a)(x)


class TestFailures:
    @pytest.mark.parametrize(
        ("fail", "x"),
        [
            (int, math.nan),
            (round, math.inf),
            (lambda x: [0.0, 1.0][x], 0.5),
            (BROKEN, 1.0),
            (NO_NUMBER, 1.0),
            (grad(ops.sqrt), 0.0),
            (lambda x: jvp(ops.sqrt, (x,), (1.0,)), 0.0),
            (grad(NO_SLOPE), 1.0),
            (grad(BROKEN), 1.0),
            (derivative_without_graph, 1.0),
            (lambda x: gograd_core.math.log(x, base=2.0), 1.0),
        ],
    )
    def test_are_told_whatever_is_raised(self, watched, notes, fail, x):
        with nested(), pytest.raises((DomainError, ArithmeticError, ValueError, TypeError, RuntimeError)):
            fail(Neuron(x))
        assert notes.failures >= 1

    @pytest.mark.parametrize("fail", [lambda: ops.log(-1.0), lambda: BROKEN(1.0), lambda: ops.log(Neuron(1.0), 2.0)])
    def test_are_not_if_no_number_leads_to_them(self, watched, notes, fail):
        with pytest.raises((DomainError, RuntimeError, TypeError)):
            fail()
        assert (notes.failures, notes.guards) == (0, [])

    @pytest.mark.parametrize(
        ("fail", "value", "error"),
        [
            (lambda x: ops.log(x - 3.0), -2.0, 16),
            (lambda x: ops.exp(x * 1e3), 1e3, 11),
            (lambda x: 1.0 / (x - 1.0), 0.0, 6),
            (lambda x: (x - 1.0) ** -1.0, -1.0, 8),  # math.pow raises ValueError
            (lambda x: 1e200 * (x * 1e200), 1e200, 1),
        ],
    )
    def test_of_the_domain_of_an_operation_are_decisions(self, watched, notes, fail, value, error):
        with pytest.raises(DomainError):
            fail(Neuron(1.0))
        [(made, kind, outcome)] = notes.guards
        assert (kind, outcome, notes.failures) == ("domain", error, 0)
        assert not math.isfinite(made._value)
        assert getattr(made.constituents[-1], "_value", made.constituents[-1]) == value


class TestOtherParts:
    def test_errors_name_numbers(self, watched):
        x = Neuron(-1.0, "x")
        with pytest.raises(DomainError, match=r"log\(x=-1.0\) is nan"):
            ops.log(x)
        with nested(), pytest.raises(DomainError, match=r"the derivative of sqrt\(-0.0\) with respect to input 0"):
            grad(ops.sqrt)(x * 0.0)

    def test_is_close_by_tolerances_of_its_own_is_told(self, watched, notes):
        x = Neuron(1.0)
        assert gograd_core.math.isclose(x, 1.5, rel_tol=0.5)
        assert {kind for _, kind, _ in notes.guards} == {"bool"}
