"""Decisions while a function runs on neurons: what a recorder is told, and what it changes."""

from __future__ import annotations

import decimal
import math
import operator

import numpy as np
import pytest

from gograd_core import Neuron, Op, Registry, UnknownOperationError, no_grad, ops, stop_gradient
from gograd_core.derivatives.trace import nested
from gograd_core.followed import unfollowed
from gograd_core.recording import observed_by
from recorders import Notes, value


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
        assert watched.told() == [(1.0, "bool", 1)]
        assert watched.guards[0][0].operation is ops.less
        assert sorted([y, x])[0] is x
        assert max(x, y) is y
        assert y in [x, y]
        assert [outcome for *_, outcome in watched.told()] == [1, 1, 1, 0]

    @pytest.mark.parametrize("convert", [float, complex, math.sqrt])
    def test_other_conversions_are_refused_as_ever(self, watched, convert):
        with pytest.raises(TypeError, match="silently cut its graph"):
            convert(Neuron(2.0))


def test_whether_a_number_is_whole_is_a_decision(watched, notes):
    assert Neuron(2.0).is_integer()
    assert [kind for _, kind, _ in notes.guards] == ["bool"]


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
        assert notes.names()[0] == "log"
