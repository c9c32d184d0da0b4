"""While plugins are loaded: what other threads, and the plugins themselves, may do in the meantime."""

from __future__ import annotations

import pickle
import sys
import threading
import types
from importlib.machinery import ModuleSpec

import pytest

from gograd_core import (
    InvalidOperationError,
    PluginError,
    PluginWarning,
    Registry,
    UnknownOperationError,
    current,
    errors,
)
from gograd_core.plugins import registry
from made_up import unary

PATIENT = 30.0
"""Seconds after which a thread that should have ended hangs."""


@pytest.fixture
def meeting(monkeypatch):
    """What a plugin and a test share: the module `meeting`."""
    meeting = types.ModuleType("meeting")
    meeting.begun, meeting.go_on = threading.Event(), threading.Event()
    meeting.loads = []
    monkeypatch.setitem(sys.modules, "meeting", meeting)
    return meeting


SLOW = """
import meeting

@hookimpl
def gograd_ops():
    meeting.loads.append(None)
    meeting.begun.set()
    meeting.go_on.wait({wait})
    {then}
    return [unary("first")]
"""


def test_a_module_may_look_operations_up_while_it_is_imported(install, meeting, tmp_path, monkeypatch):
    """Plugins are loaded then, if that is the first look-up."""
    install("quick", 'unary("first")')
    (tmp_path / "model.py").write_text("import meeting\nhalf = meeting.own.ops.first(4.0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    meeting.own = Registry()
    assert __import__("model").half == 2.0
    del sys.modules["model"]


def test_threads_that_a_module_starts_while_it_is_imported_wait_for_each_other(install, meeting, tmp_path, monkeypatch):
    """They import nothing themselves."""
    install("slow", source=SLOW.format(wait=0.3, then="pass"))
    (tmp_path / "parallel.py").write_text(
        "import meeting\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    halves = list(pool.map(lambda x: meeting.own.ops.first(x), [2.0, 4.0, 6.0, 8.0]))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    meeting.own = Registry()
    assert __import__("parallel").halves == [1.0, 2.0, 3.0, 4.0]
    del sys.modules["parallel"]


class InThread:
    """A call in a thread of its own, with what it returned or raised."""

    def __init__(self, f, *args, **kwargs):
        self.result = self.error = None
        self._thread = threading.Thread(target=self._run, args=(f, args, kwargs), daemon=True)
        self._thread.start()

    def _run(self, f, args, kwargs):
        try:
            self.result = f(*args, **kwargs)
        except Exception as error:
            self.error = error

    def join(self):
        self._thread.join(PATIENT)
        assert not self._thread.is_alive()
        return self


def loading(own, meeting, **choice):
    """A thread in the midst of loading plugins."""
    thread = InThread(own.load_plugins, **choice)
    assert meeting.begun.wait(PATIENT)
    return thread


class TestAnotherThread:
    def test_that_imports_a_module_does_not_wait(self, install, meeting, tmp_path, monkeypatch):
        """The plugin may need that module in turn: then each would wait for the other, for a minute."""
        install("slow", source=SLOW.format(wait=PATIENT, then="import looks_up"))
        (tmp_path / "looks_up.py").write_text(
            "import meeting\ntry:\n    meeting.own['first']\nexcept RuntimeError as error:\n    meeting.error = error\n"
            "meeting.go_on.set()\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(registry, "PATIENCE", 2.0)
        monkeypatch.delitem(sys.modules, "looks_up", raising=False)
        meeting.own = Registry()
        first = loading(meeting.own, meeting)
        InThread(__import__, "looks_up").join()
        assert first.join().error is None
        assert str(meeting.error) == errors.TOO_EARLY
        assert meeting.own.ops.first(4.0) == 2.0

    def test_waits_otherwise_and_loads_nothing_again(self, install, meeting):
        install("slow", source=SLOW.format(wait=PATIENT, then="pass"))
        own = Registry()
        first = loading(own, meeting)
        others = [InThread(own.load), InThread(lambda: "first" in own), InThread(own.report)]
        meeting.go_on.set()
        assert [first.join().error, *(other.join().error for other in others)] == [None] * 4
        assert others[1].result is True
        assert "slow" in {record.distribution for record in others[2].result}
        assert len(meeting.loads) == 1

    def test_waits_too_if_it_is_the_main_program(self, install, meeting):
        """``python -m program`` runs the code of a module that is not being imported."""
        install("slow", source=SLOW.format(wait=PATIENT, then="pass"))
        own = Registry()
        first = loading(own, meeting)
        program = compile("found = own['first'].name", "program.py", "exec")
        variables = {"__spec__": ModuleSpec("program", None), "own": own}
        other = InThread(exec, program, variables)
        meeting.go_on.set()
        assert (first.join().error, other.join().error) == (None, None)
        assert variables["found"] == "first"

    def test_loads_by_itself_if_the_first_one_fails(self, install, meeting):
        install("slow", source=SLOW.format(wait=PATIENT, then="1 / (len(meeting.loads) - 1)"))
        own = Registry()
        first = loading(own, meeting, strict=True)
        other = InThread(lambda: own["first"].name)
        meeting.go_on.set()
        assert isinstance(first.join().error, PluginError)
        assert other.join().result == "first"
        assert len(meeting.loads) == 2

    def test_waits_for_a_while_only(self, install, meeting, monkeypatch):
        install("slow", source=SLOW.format(wait=PATIENT, then="pass"))
        monkeypatch.setattr(registry, "PATIENCE", 0.05)
        own = Registry()
        first = loading(own, meeting)
        other = InThread(own.load).join()
        assert str(other.error).startswith("another thread has been loading plugins for 0.05 seconds")
        meeting.go_on.set()
        assert first.join().error is None
        assert own.ops.first(4.0) == 2.0

    def test_that_registers_an_operation_waits_for_the_names_to_come(self, install, meeting):
        install("slow", source=SLOW.format(wait=0.5, then="pass"))
        own = Registry(block=["slow"])
        own.load()
        first = loading(own, meeting)
        registering = InThread(own.register, unary("first", 3.0)).join()
        assert first.join().error is None
        assert isinstance(registering.error, InvalidOperationError)
        assert "'first' is taken by first (slow 1.0)" in str(registering.error)
        assert own.ops.first(4.0) == 2.0


@pytest.mark.parametrize(
    "source",
    ["register(SPOILT)", "@hookimpl\ndef gograd_ops():\n    register(SPOILT)\n    return []"],
    ids=["while imported", "in its hook"],
)
def test_a_plugin_that_registers_by_hand_is_left_out_each_time(install, monkeypatch, source):
    install("early", source=source)
    own = Registry()
    monkeypatch.setattr(current, "registry", own)
    for load in (own.load, own.load_plugins):
        with pytest.warns(PluginWarning, match="a plugin looked up or registered an operation while plugins"):
            load()
        assert "spoilt" not in own
        assert own.ops.exp(0.0) == 1.0


class TestARegistryWithoutPlugins:
    def test_says_so_of_a_name_that_it_lacks(self):
        with pytest.raises(UnknownOperationError, match=r"holds only what was registered by hand\.$"):
            Registry(discover=False)["no_such_operation"]

    def test_no_longer_once_they_are_loaded(self):
        own = Registry(discover=False)
        own.load_plugins()
        with pytest.raises(UnknownOperationError) as caught:
            own["no_such_operation"]
        assert "by hand" not in str(caught.value)

    @pytest.mark.parametrize("choice", [{}, {"only": []}, {"block": ["gograd-ops-extra"]}])
    def test_is_not_one_that_looked_for_them(self, choice):
        with pytest.raises(UnknownOperationError) as caught:
            Registry(**choice)["no_such_operation"]
        assert "by hand" not in str(caught.value)


class TestTwoOfGogradsOwnDistributions:
    @pytest.fixture
    def own(self, install):
        """Its namesake is hidden by it."""
        install("gograd-ops-special", 'unary("exp"), binary("plus", operator="+"), unary("fine")')
        own = Registry()
        with pytest.warns(PluginWarning) as caught:
            own.load()
        assert len(caught) == 4
        return own

    def test_neither_has_a_name_that_both_claim(self, own):
        with pytest.raises(UnknownOperationError, match="claimed by gograd-ops-extra .* and by gograd-ops-special 1.0"):
            own["exp"]
        assert own["gograd-ops-special:exp"](4.0) == 2.0
        assert own["gograd-ops-extra:exp"](0.0) == own["fine"](2.0) == 1.0

    def test_nor_an_operator(self, own):
        with pytest.raises(UnknownOperationError, match="claimed by gograd-ops-basic .* and by gograd-ops-special 1.0"):
            own["+ 2"]

    def test_no_stranger_gets_it_either(self, install):
        install("gograd-ops-special", 'unary("exp")')
        install("stranger", 'unary("exp")')
        own = Registry()
        with pytest.warns(PluginWarning) as caught:
            own.load()
        assert len(caught) == 3
        assert "exp" not in own


class TestPickles:
    """An operation of a private registry is not the process-wide one of its name, which may have another rule."""

    @pytest.mark.parametrize("name", ["tanh", "mul"])
    def test_of_a_plugin_that_both_registries_loaded(self, name):
        private = Registry()[name]
        assert private is not current.registry[name]
        with pytest.raises(
            TypeError, match=f"^{name} .* cannot be pickled: only operations of the process-wide registry"
        ):
            pickle.dumps(private)

    def test_of_one_that_both_have_by_hand(self):
        own, wide = Registry(discover=False), Registry(discover=False)
        private = own.register(unary("gain", 3.0))
        with wide:
            public = wide.register(unary("gain", 5.0))
            assert pickle.loads(pickle.dumps(public)) is public
            with pytest.raises(TypeError, match="^gain .* cannot be pickled"):
                pickle.dumps(private)

    def test_of_one_that_was_never_registered(self):
        wide = Registry(discover=False)
        with wide:
            wide.register(unary("gain", 5.0))
            with pytest.raises(TypeError, match=r"^gain \(not registered\) cannot be pickled"):
                pickle.dumps(unary("gain", 3.0))
