"""Followed numbers look like ints and bools."""

from __future__ import annotations

import copy
import numbers
import operator
import threading

import pytest

from gograd_core import Neuron
from gograd_core.math import floor
from gograd_core.recording import observed_by
from recorders import Notes


class TestWhatTheyLookLike:
    @pytest.mark.parametrize("kind", [int, numbers.Integral, numbers.Real, numbers.Number, object])
    def test_instances_of_their_class(self, told, kind):
        assert told(lambda x: isinstance(floor(x), kind), 3.25) == (True, [])
        assert told(lambda x: isinstance(x > 1, kind), 3.25) == (True, [])

    def test_of_no_other(self, told):
        for compute, kind in ((floor, int), (lambda x: x > 1, bool), (lambda x: floor(x) / 2, float)):
            found, _ = told(compute, 3.25)
            for other in (int, bool, float, str, Neuron):
                assert isinstance(found, other) == issubclass(kind, other)

    @pytest.mark.parametrize("name", ["tanh", "value", "append", "__array__", "_neuron_"])
    def test_they_have_the_attributes_of_their_class(self, told, name):
        with pytest.raises(AttributeError, match=name):
            told(lambda x: getattr(floor(x), name), 3.25)

    def test_they_cannot_become_something_else(self, told):
        n, _ = told(floor, 3.25)
        with pytest.raises(TypeError, match="class"):
            n.__class__ = float

    def test_copies_are_the_same(self, told):
        n, guards = told(floor, 3.25)
        assert copy.copy(n) is n is copy.deepcopy([n])[0]
        assert guards == []

    @pytest.mark.parametrize("thing", [None, "3", [3]])
    def test_they_equal_no_other_things(self, told, thing):
        assert told(lambda x: (floor(x) == thing, floor(x) != thing), 3.25) == ((False, True), [])
        for compute in (operator.lt, operator.sub, operator.and_):
            with pytest.raises(TypeError):
                told(lambda x: compute(floor(x), thing), 3.25)  # noqa: B023

    def test_after_the_recording_they_are_plain_numbers(self, told):
        n, guards = told(floor, 3.25)
        assert (n + 1 == 4, n in {3}, f"{n}", n & 1, bool(n), int(n)) == (True, True, "3", 1, True, 3)
        assert (n > Neuron(1.0)) is True
        assert (Neuron(1.0) > n) is False
        assert guards == []

    def test_elsewhere_there_are_ints_and_bools(self):
        seen = []
        with observed_by(Notes()):
            thread = threading.Thread(target=lambda: seen.extend([floor(Neuron(2.5)), Neuron(2.5) > 1]))
            thread.start()
            thread.join()
        assert list(map(type, seen)) == [int, bool]
