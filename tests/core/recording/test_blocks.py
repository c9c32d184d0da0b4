"""Where and how long a recorder watches."""

from __future__ import annotations

import gc
import threading

import pytest

from gograd_core import Neuron, Op, Registry, ops, settings
from gograd_core.recording import observed_by, recorder
from recorders import Notes, value


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
        assert (outer.told(), inner.told()) == ([(0.0, "bool", 0)], [(1.0, "bool", 1)])

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
        assert notes.names() == ["solve"]

    def test_without_a_recorder_all_is_as_ever(self):
        with Registry(discover=False):
            assert (Neuron(1.0) < 2.0) is True
        assert ops.isnan(Neuron(1.0)) is False
