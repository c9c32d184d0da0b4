"""What notebooks show of a neuron: what a package offers, and a text if there is none, or if it fails."""

import importlib_metadata
import pytest

from gograd_core import Neuron, PluginWarning, Registry, load_plugins, ops
from gograd_core.derivatives.trace import nested
from gograd_core.op.metadata import Provider
from gograd_core.plugins import loading
from gograd_core.recording import observed_by
from recorders import Notes

SHOWN = {}


def shown(neuron):
    return {"text/html": f"<b>{neuron.label}</b>", **SHOWN}


def fails(neuron):
    raise RuntimeError("no ink")


def returns_nonsense(neuron):
    return "a string"


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError


def fails_badly(neuron):
    raise UnspeakableError


@pytest.fixture
def offered(monkeypatch):
    """Offer these functions of this module, as entry points of the distributions a and b."""

    def offer(*functions):
        def find(group=loading.ENTRY_POINT_GROUP):
            return [
                (
                    Provider(name, "1.0", "it"),
                    importlib_metadata.EntryPoint("it", f"{__name__}:{function}", "gograd.display"),
                )
                for name, function in zip("ab", functions, strict=False)
            ]

        monkeypatch.setattr(loading, "_find", find)
        monkeypatch.setattr(
            importlib_metadata.EntryPoint, "load", lambda entry: globals()[entry.value.partition(":")[2]]
        )

    return offer


@pytest.fixture
def x():
    return Neuron(2.0, "x")


TEXT = {"text/plain": "Neuron(2.0, grad=0.0, label='x')"}


def test_the_first_package_that_offers_it(offered, x):
    offered("shown", "fails")
    assert x._repr_mimebundle_(include=None, exclude=None) == {**TEXT, "text/html": "<b>x</b>"}


def test_without_a_package_a_text(offered, x):
    offered()
    assert x._repr_mimebundle_() == TEXT


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("fails", r"gograd plugin a 1\.0 cannot show a neuron: RuntimeError: no ink"),
        ("returns_nonsense", "cannot show a neuron: TypeError: it returned str, expected a mapping"),
        ("not_there", "cannot show a neuron: KeyError: 'not_there'"),
        ("fails_badly", "cannot show a neuron: UnspeakableError"),
    ],
)
def test_a_package_that_fails_is_warned_about_and_the_next_one_asked(offered, x, function, message):
    offered(function)
    with pytest.warns(PluginWarning, match=message):
        assert x._repr_mimebundle_() == TEXT
    offered(function, "shown")
    with pytest.warns(PluginWarning, match=message):
        assert "text/html" in x._repr_mimebundle_()


def test_switches_choose(offered, x, monkeypatch):
    offered("shown")
    monkeypatch.setenv("GOGRAD_DISABLE_PLUGINS", "a")
    assert x._repr_mimebundle_() == TEXT
    monkeypatch.setenv("GOGRAD_DISABLE_PLUGINS", "")
    monkeypatch.setenv("GOGRAD_ONLY_PLUGINS", "gograd-ops-basic")
    assert x._repr_mimebundle_() == TEXT


def test_while_a_function_is_recorded_no_number_is_shown(offered):
    offered("shown")
    with nested(), observed_by(Notes()):
        assert Neuron(2.0, "x")._repr_mimebundle_() == {"text/plain": "Neuron(…, label='x')"}


def test_a_registry_that_does_not_look_for_plugins(offered, x):
    offered("shown")
    with Registry(discover=False):
        assert x._repr_mimebundle_() == TEXT


def test_a_package_that_draws_can_be_blocked_by_name(recwarn):
    with Registry():
        load_plugins(block=["gograd-draw"])
        assert list(ops.tanh(Neuron(1.0))._repr_mimebundle_()) == ["text/plain"]
    assert not recwarn.list
