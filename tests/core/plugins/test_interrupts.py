"""An interrupt while names are bound, or plugins loaded, leaves all as it was."""

from __future__ import annotations

import pytest

from gograd_core import Neuron, Registry, current, engines
from gograd_core.plugins import loading


@pytest.fixture
def interrupts(monkeypatch):
    """A function that lets the `n`th binding of a name be interrupted, once; and it tells how many there were."""
    count = 0

    def interrupt_at(n):
        bind = engines.bind_method

        def interrupted(name, op):
            nonlocal count
            count += 1
            if count == n:
                raise KeyboardInterrupt
            bind(name, op)

        monkeypatch.setattr(engines, "bind_method", interrupted)

    yield interrupt_at
    assert count > 1


def bound():
    """What neurons have by operations."""
    x = Neuron(2.0)
    return {name for name in dir(x) if not name.startswith("_")}, (x * x).operation


@pytest.mark.parametrize("n", [1, 5, 40])
class TestAnInterruptWhileNamesAreBound:
    def test_entering_another_registry(self, interrupts, n):
        active, before = current.registry, bound()
        interrupts(n)
        with pytest.raises(KeyboardInterrupt), Registry(discover=False):
            pytest.fail("it was interrupted")
        assert current.registry is active
        assert bound() == before

    def test_leaving_it(self, interrupts, n):
        active, before = current.registry, bound()
        with pytest.raises(KeyboardInterrupt), Registry(discover=False):
            interrupts(n)
        assert current.registry is active
        assert bound() == before

    def test_loading_plugins_anew(self, interrupts, n):
        own = Registry()
        with own:
            before = bound()[0]
            interrupts(n)
            with pytest.raises(KeyboardInterrupt):
                own.load_plugins(block=["gograd-ops-extra"])
            assert "exp" in before
            assert "exp" not in bound()[0]
            assert "exp" not in own
            assert "mul" in bound()[0]


def test_plugins_whose_loading_is_interrupted_are_loaded_at_the_next_look_up(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    own = Registry()
    with monkeypatch.context() as patch:
        patch.setattr(loading, "load_plugins", interrupted)
        with pytest.raises(KeyboardInterrupt):
            own["mul"]
    assert own["mul"].name == "mul"
