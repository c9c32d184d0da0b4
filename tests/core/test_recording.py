"""What a recorder is told while a function runs on neurons, and what it changes."""

from __future__ import annotations

import copy
import decimal
import gc
import math
import operator
import pickle
import threading

import numpy as np
import pytest

import gograd_core.math
from gograd_core import (
    DomainError,
    Neuron,
    Op,
    Registry,
    UnknownOperationError,
    derivative,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    no_grad,
    ops,
    settings,
    stop_gradient,
    vjp,
)
from gograd_core.derivatives.trace import nested
from gograd_core.followed import unfollowed
from gograd_core.recording import observed_by, recorder


class ReadError(Exception):
    pass


class Notes:
    """A recorder that writes down what it is told."""

    def __init__(self, *, wants_nodes=False):
        self.wants_nodes = wants_nodes
        self.guards = []
        self.nodes = []
        self.failures = 0

    def guard(self, neuron, kind, outcome):
        self.guards.append((neuron, kind, outcome))

    def read(self, neuron, attribute):
        raise ReadError(attribute)

    def made(self, neuron):
        self.nodes.append(neuron)

    def failed(self):
        self.failures += 1


def value(made):
    return unfollowed(made)._value


def told(notes):
    """The guards, by value."""
    assert all(type(outcome) is int for _, _, outcome in notes.guards)
    return [(value(neuron), kind, outcome) for neuron, kind, outcome in notes.guards]


def names(notes):
    return [neuron.operation.name for neuron in notes.nodes]


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def watched(notes):
    with observed_by(notes):
        yield notes


class TestComparisons:
    @pytest.mark.parametrize(
        ("compare", "name"),
        [
            (operator.lt, "less"),
            (operator.le, "less_equal"),
            (operator.gt, "greater"),
            (operator.ge, "greater_equal"),
            (operator.eq, "equal"),
            (operator.ne, "not_equal"),
        ],
    )
    @pytest.mark.parametrize("wrap", [Neuron, float, int], ids=["neuron", "float", "int"])
    def test_give_a_bool_that_follows_a_neuron_of_the_operation(self, watched, compare, name, wrap):
        for a, b in ((1.0, 2.0), (2.0, 2.0), (3.0, 2.0)):
            x, y = Neuron(a), wrap(b)
            made = unfollowed(compare(x, y))
            assert value(made) == float(compare(a, b))
            assert (made.operation, len(made.constituents)) == (ops[name], 2)
            assert made.constituents[0] is x
        assert watched.guards == []

    def test_a_number_on_the_left_is_compared_from_the_right(self, watched):
        x = Neuron(1.0)
        made = unfollowed(2.0 < x)  # noqa: SIM300
        assert (made.operation, value(made)) == (ops.greater, 0.0)
        assert made.constituents[0] is x

    @pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge])
    @pytest.mark.parametrize("integer", [2**53, 2**53 + 1, 2**53 + 3, 2**60 + 127, 10**400])
    def test_with_large_integers_are_exact(self, watched, compare, integer):
        for n in (integer, -integer):
            for x in (2.0**53, 2.0**53 + 2, 2.0**53 + 4, 2.0**60, 2.0**60 + 256, 1.7e308, 0.5, math.inf, math.nan):
                for y in (x, -x):
                    assert value(compare(Neuron(y), n)) == compare(y, n)
                    assert value(compare(n, Neuron(y))) == compare(n, y)

    @pytest.mark.parametrize("thing", [None, "a", [1.0], object()])
    def test_with_other_things_are_as_ever(self, watched, thing):
        assert (Neuron(1.0) == thing) is False
        assert (Neuron(1.0) != thing) is True
        with pytest.raises(TypeError):
            _ = Neuron(1.0) < thing
        assert Neuron(1.0).__eq__(thing) is NotImplemented

    @pytest.mark.parametrize("number", [decimal.Decimal(1), 1j])
    def test_with_numbers_that_no_operation_takes_are_refused(self, watched, number):
        with pytest.raises(TypeError, match="expects real numbers or neurons"):
            _ = Neuron(1.0) == number

    def test_with_arrays_are_entry_by_entry(self, watched):
        made = Neuron(1.0) < np.array([0.5, 1.5])
        assert [value(entry) for entry in made] == [0.0, 1.0]

    def test_need_an_operation(self, watched):
        with Registry(discover=False), pytest.raises(UnknownOperationError):
            _ = Neuron(1.0) < 2.0

    def test_other_operations_that_give_a_truth_value(self, watched):
        x = Neuron(1.0)
        for made, name, expected in (
            (ops.isnan(x), "isnan", 0.0),
            (ops.less(x, 2.0), "less", 1.0),
            (ops.less(0.0, x), "less", 1.0),
            (x.isfinite(), "isfinite", 1.0),
            (ops.logical_not(x > 0.0), "logical_not", 0.0),
            (Op("mine", forward=lambda xp, a: a > 0.0, partials=(None,))(x), "mine", 1.0),
        ):
            assert (unfollowed(made).operation.name, value(made)) == (name, expected)
        assert ops.less(1.0, 2.0) is True
        assert watched.guards == []

    def test_choose_in_where_without_a_guard(self, watched):
        x = Neuron(-2.0)
        made = ops.where(x > 0.0, x, -x)
        assert value(made) == 2.0
        assert made.constituents[0].operation is ops.greater
        assert watched.guards == []


class TestGuards:
    @pytest.mark.parametrize(
        ("decide", "number", "guard"),
        [
            (bool, 0.0, ("bool", 0)),
            (bool, -2.5, ("bool", 1)),
            (bool, math.nan, ("bool", 1)),
            (operator.not_, 3.0, ("bool", 1)),
            (int, -2.5, ("trunc", -2)),
            (math.trunc, 2.5, ("trunc", 2)),
            (round, 2.5, ("round", 2)),
            (math.floor, -2.5, ("floor", -3)),
            (math.ceil, -2.5, ("ceil", -2)),
            (operator.index, 3.0, ("index", 3)),
            (range, 3.0, ("index", 3)),
            (lambda x: [5, 6, 7][x], -1.0, ("index", -1)),
        ],
    )
    def test_a_number_that_decides(self, watched, decide, number, guard):
        x = Neuron(number)
        assert decide(x) == decide(float(number) if guard[0] != "index" else int(number))
        ((neuron, *told_of),) = watched.guards
        assert neuron is x
        assert tuple(told_of) == guard
        assert type(told_of[1]) is int

    @pytest.mark.parametrize("convert", [int, round, math.trunc, math.floor, math.ceil, operator.index])
    @pytest.mark.parametrize("number", [math.nan, math.inf])
    def test_what_has_no_outcome_is_no_guard(self, watched, convert, number):
        with pytest.raises((ValueError, OverflowError)):
            convert(Neuron(number))
        assert watched.guards == []

    def test_a_branch_sorting_and_extremes(self, watched):
        x, y = Neuron(1.0), Neuron(2.0)
        if x < y:
            pass
        assert told(watched) == [(1.0, "bool", 1)]
        assert watched.guards[0][0].operation is ops.less
        assert sorted([y, x])[0] is x
        assert max(x, y) is y
        assert y in [x, y]
        assert [outcome for *_, outcome in told(watched)] == [1, 1, 1, 0]

    @pytest.mark.parametrize("convert", [float, complex, math.sqrt])
    def test_other_conversions_are_refused_as_ever(self, watched, convert):
        with pytest.raises(TypeError, match="silently cut its graph"):
            convert(Neuron(2.0))


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
        with pytest.raises(ReadError, match="value"):
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


def test_whether_a_number_is_whole_is_a_decision(watched, notes):
    assert Neuron(2.0).is_integer()
    assert [kind for _, kind, _ in notes.guards] == ["bool"]


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


class TestAnotherOutcome:
    """A recorder may have the program go another way than its numbers say."""

    class Contrary(Notes):
        def guard(self, neuron, kind, outcome):
            super().guard(neuron, kind, outcome)
            return 0 if outcome else 1

    def test_is_what_the_program_sees(self):
        x = Neuron(1.0)
        with observed_by(self.Contrary()):
            assert bool(x) is False
            assert bool(x > 2.0) is True
            assert (int(x), round(x), ["a", "b"][x]) == (0, 0, "a")
            found = ops.log(x - 1.0)
        assert (value(found), found.operation) == (-math.inf, ops.log)

    @pytest.mark.parametrize("outside", [no_grad, nested])
    def test_where_no_error_is_raised_the_result_is_as_ever(self, outside):
        notes = self.Contrary(wants_nodes=True)
        x = Neuron(-1.0)
        with observed_by(notes), outside():
            found = ops.log(x)
        assert found.operation is (stop_gradient if outside is no_grad else ops.log)
        assert names(notes)[0] == "log"


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


def cubes(v):
    return v[0] ** 3 * v[1]


class TestTransforms:
    """Inside a recording, transforms give neurons, as inside one another."""

    @pytest.mark.parametrize(
        ("differentiate", "expected"),
        [
            (grad(lambda a: a * a * a), 12.0),
            (grad(grad(lambda a: a * a * a)), 12.0),
            (lambda x: jvp(lambda a: a * a, (x,), (3.0,))[1], 12.0),
            (lambda x: vjp(lambda a: a * a, x)[1](3.0)[0], 12.0),
            (derivative(lambda a: a**4, 2), 48.0),
            (lambda x: jacobian(lambda v: [v[0] * v[1]])([x, x])[0][1], 2.0),
            (lambda x: hessian(cubes)([x, 5.0])[0][0], 60.0),
            (lambda x: gradient(x * x, x), 4.0),
        ],
    )
    def test_are_recorded(self, watched, differentiate, expected):
        x = Neuron(2.0)
        with nested():
            found = differentiate(x)
        assert type(found) is Neuron
        assert value(found) == expected
        assert found.operation is not None


class TestNodes:
    def test_are_shown_as_they_are_made(self):
        notes = Notes(wants_nodes=True)
        x = Neuron(0.5)
        with observed_by(notes):
            made = [
                x * 2.0,
                2 - x,
                -x,
                ops.tanh(x),
                x.maximum(1.0),
                ops.clip(x, 0.0, 1.0),
                ops.sum([x, 1.0]),
                ops.dot([x] * 200, [x] * 200),
                x < 1.0,
                ops.isnan(x),
            ]
            Neuron(1.0)
            ops.tanh(0.5)
        assert len(made) == len(notes.nodes)
        assert all(unfollowed(a) is b for a, b in zip(made, notes.nodes, strict=True))
        assert [value(neuron) for neuron in made] == [
            value(neuron)
            for neuron in (
                x * 2.0,
                2 - x,
                -x,
                ops.tanh(x),
                x.maximum(1.0),
                ops.clip(x, 0.0, 1.0),
                ops.sum([x, 1.0]),
                ops.dot([x] * 200, [x] * 200),
                Neuron(1.0),
                Neuron(0.0),
            )
        ]
        assert len(notes.nodes) == len(made)  # none outside the block

    def test_are_not_shown_unless_wanted(self, watched):
        assert value(Neuron(2.0) * 3.0) == 6.0
        assert watched.nodes == []

    def test_may_make_the_operation_fail(self):
        class Full(Notes):
            def made(self, neuron):
                raise MemoryError("enough")

        x = Neuron(2.0)
        for make in (lambda: x * x, lambda: ops.tanh(x), lambda: ops.sum([x, x]), lambda: x < 1.0):
            with observed_by(Full(wants_nodes=True)), pytest.raises(MemoryError, match="enough"):
                make()
        assert value(x * x) == 4.0


MAKERS = {
    "operator": lambda x: x * 3.0,
    "reflected": lambda x: 2 - x,
    "sign": lambda x: -x,
    "function": ops.tanh,
    "method": lambda x: x.maximum(1.0),
    "three inputs": lambda x: ops.clip(x, 0.0, 1.0),
    "columns": lambda x: ops.sum([x, 1.0]),
}
WITHOUT_DERIVATIVE = {
    "comparison": lambda x: x < 1.0,
    "truth": ops.isnan,
    "integer": gograd_core.math.floor,
    "stopped": stop_gradient,
}


class TestNoGrad:
    """Nothing turns into a constant: what is made has no derivative, but a graph."""

    @pytest.mark.parametrize("wants_nodes", [False, True])
    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_gives_stop_gradient_of_what_is_recorded(self, make, wants_nodes):
        notes = Notes(wants_nodes=wants_nodes)
        x = Neuron(2.0)
        with observed_by(notes):
            plain = unfollowed(make(x))
            del notes.nodes[:]
            with no_grad():
                made = unfollowed(make(x))
        (inner,) = made.constituents
        assert made.operation is stop_gradient
        assert value(made) == value(inner) == value(plain)
        assert inner.operation is plain.operation
        assert len(notes.nodes) == 2 * wants_nodes
        assert all(a is b for a, b in zip(notes.nodes, (inner, made), strict=False))

    @pytest.mark.parametrize("wants_nodes", [False, True])
    @pytest.mark.parametrize("make", WITHOUT_DERIVATIVE.values(), ids=WITHOUT_DERIVATIVE)
    def test_leaves_what_has_no_derivative_as_it_is(self, make, wants_nodes):
        notes = Notes(wants_nodes=wants_nodes)
        x = Neuron(2.0)
        with observed_by(notes):
            outside = unfollowed(make(x))
            with no_grad():
                made = unfollowed(make(x))
        assert made.operation is outside.operation
        assert not any(made.operation.partials)

    def test_stop_gradient_is_not_stopped_again(self, watched):
        x = Neuron(2.0)
        with no_grad():
            made = stop_gradient(x)
        assert made.constituents == (x,)

    def test_transforms_are_refused_as_their_results_would_have_derivatives(self, watched):
        x = Neuron(2.0)
        with nested(), no_grad(), pytest.raises(TypeError, match="stop_gradient"):
            grad(lambda a: a * a * a)(x)

    def test_elsewhere_gives_leaves(self, watched):
        seen = []

        def work():
            with no_grad():
                seen.extend(make(Neuron(2.0)) for make in MAKERS.values())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert [neuron.operation for neuron in seen] == [None] * len(MAKERS)


class TestBlocks:
    def test_the_innermost_recorder_is_in_force(self):
        outer, inner = Notes(), Notes()
        assert recorder() is None
        with observed_by(outer):
            assert recorder() is outer
            with observed_by(inner):
                assert recorder() is inner
                bool(Neuron(1.0))
            bool(Neuron(0.0))
        assert recorder() is None
        assert (told(outer), told(inner)) == ([(0.0, "bool", 0)], [(1.0, "bool", 1)])

    @pytest.mark.parametrize("wants_nodes", [False, True])
    def test_ends_after_an_error_too(self, wants_nodes):
        gc.collect()  # what errors of other tests hold
        with pytest.raises(ZeroDivisionError), observed_by(Notes(wants_nodes=wants_nodes)):
            _ = 1 / 0
        assert (recorder(), bool(settings.observers), bool(settings.pauses)) == (None, False, False)
        assert (Neuron(1.0) < 2.0) is True

    @pytest.mark.parametrize("wants_nodes", [False, True])
    def test_other_threads_are_not_watched(self, wants_nodes):
        notes = Notes(wants_nodes=wants_nodes)
        seen = []

        def work():
            x = Neuron(2.0)
            z = ops.sum([x * x, ops.tanh(x)])
            z.backward()
            seen.extend([x < 3.0, x == 2.0, ops.isnan(x), bool(x), int(x), x.value, z.operation is ops.sum])
            x.value = 3.0

        with observed_by(notes):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert seen == [True, True, False, True, 2, 2.0, True]
        assert [type(each) for each in seen[:3]] == [bool] * 3
        assert (notes.guards, notes.nodes) == ([], [])

    def test_an_opaque_rule_computes_on_its_own(self):
        """It is called with floats; what it does with neurons inside is its own affair."""

        def solve(xp, a):
            x = Neuron(a)
            z = x * x
            z.backward()
            return x.grad if x > 0 else z.value

        notes = Notes(wants_nodes=True)
        opaque = Op("solve", forward=solve, partials=(None,), opaque=True)
        with observed_by(notes):
            made = opaque(Neuron(3.0))
        assert value(made) == 6.0
        assert notes.guards == []
        assert names(notes) == ["solve"]

    def test_without_a_recorder_all_is_as_ever(self):
        with Registry(discover=False):
            assert (Neuron(1.0) < 2.0) is True
        assert ops.isnan(Neuron(1.0)) is False
