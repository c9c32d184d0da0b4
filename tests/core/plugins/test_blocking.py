"""How plugins are chosen: by arguments and by environment variables, before they are imported."""

import re
import sys

import pytest

from gograd_core import (
    PluginError,
    Registry,
    UnknownOperationError,
)
from plugin_reports import load, record

BLOCKED = {
    "block": ({"block": ["my-ops"]}, {}),
    "block, other spelling": ({"block": [" My_Ops"]}, {}),
    "block, entry point": ({"block": ["my.ops:Main_1"]}, {}),
    "only": ({"only": ["gograd-ops-extra"]}, {}),
    "only, empty": ({"only": []}, {}),
    "block before only": ({"block": ["my-ops"], "only": ["my-ops"]}, {}),
    "variable to disable": ({}, {"GOGRAD_DISABLE_PLUGINS": "MY__OPS"}),
    "variable, empty entries": ({}, {"GOGRAD_DISABLE_PLUGINS": " , ,other, my.ops,"}),
    "variable for the only ones": ({}, {"GOGRAD_ONLY_PLUGINS": ",gograd-ops-basic"}),
    "variable and argument": ({"block": ["other"]}, {"GOGRAD_DISABLE_PLUGINS": "my-ops"}),
    "variable before only": ({"only": ["my-ops"]}, {"GOGRAD_DISABLE_PLUGINS": "my-ops"}),
}
NOT_BLOCKED = {
    "nothing": ({}, {}),
    "others": ({"block": ["my", "ops", "my-ops:other"]}, {"GOGRAD_DISABLE_PLUGINS": "my-ops-2"}),
    "only": ({"only": ["other", "MY.ops"]}, {}),
    "only, entry point": ({"only": ["my-ops:main_1"]}, {}),
    "empty variables": ({}, {"GOGRAD_DISABLE_PLUGINS": "", "GOGRAD_ONLY_PLUGINS": ""}),
    "empty entries": ({}, {"GOGRAD_DISABLE_PLUGINS": " , ", "GOGRAD_ONLY_PLUGINS": ",,"}),
    "variable": ({}, {"GOGRAD_ONLY_PLUGINS": "other, My_Ops"}),
    "argument before variable": ({"only": ["my-ops"]}, {"GOGRAD_ONLY_PLUGINS": "gograd-ops-basic"}),
}


@pytest.mark.filterwarnings("ignore:.* is not installed:gograd_core.PluginWarning")
class TestBlocking:
    @pytest.fixture
    def module(self, install):
        return install("My.Ops", 'unary("halve")', entry_point="main_1")

    @pytest.mark.parametrize(("arguments", "variables"), BLOCKED.values(), ids=BLOCKED)
    def test_happens_before_import(self, module, monkeypatch, arguments, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        registry = Registry(**arguments)
        assert "halve" not in registry.ops
        assert module not in sys.modules
        assert record(registry, "my-ops").status == "blocked"
        assert "stop_gradient" in registry.ops

    @pytest.mark.parametrize(("arguments", "variables"), NOT_BLOCKED.values(), ids=NOT_BLOCKED)
    @pytest.mark.usefixtures("module")
    def test_touches_no_other(self, monkeypatch, arguments, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert Registry(**arguments).ops.halve(4.0) == 2.0

    @pytest.mark.parametrize("arguments", [{"block": "my-ops"}, {"only": "my-ops"}])
    def test_one_string_is_no_list_of_names(self, arguments):
        with pytest.raises(TypeError, match="iterable of names"):
            Registry(**arguments)

    @pytest.mark.usefixtures("module")
    def test_a_look_up_mentions_what_is_blocked(self):
        with pytest.raises(UnknownOperationError, match=r"left out: my-ops 1\.0 \(main_1\) blocked"):
            Registry(block=["my-ops"]).ops.halve(4.0)


NOT_INSTALLED = {
    "only": ({"only": ["my-ops", "Other.Ops"]}, {}),
    "block": ({"block": ["other-ops"]}, {}),
    "entry point": ({"block": ["my-ops:other"]}, {}),
    "variable to disable": ({}, {"GOGRAD_DISABLE_PLUGINS": "my-ops,,other-ops"}),
    "variable for the only ones": ({}, {"GOGRAD_ONLY_PLUGINS": "other-ops"}),
}


class TestNamesThatAreNotInstalled:
    @pytest.mark.parametrize(("arguments", "variables"), NOT_INSTALLED.values(), ids=NOT_INSTALLED)
    def test_are_reported_once(self, install, monkeypatch, arguments, variables):
        install("my-ops", 'unary("halve")')
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (warning,) = load(Registry(**arguments))
        assert re.fullmatch(r"gograd plugin '(other-ops|my-ops:other)' .* is not installed", warning)

    def test_are_errors_in_a_strict_registry(self):
        with pytest.raises(PluginError, match="'other' was chosen or blocked, but is not installed"):
            Registry(block=["other"], strict=True).load()
