"""Discovery: what is found, what becomes of plugins with faults, and how plugins are chosen."""

import re
import subprocess
import sys

import pytest

from gograd_core import PluginError, PluginWarning, Registry, UnknownOperationError, registry


def load(registry):
    """What it warns of while it loads; a second look-up must not warn again."""
    with pytest.warns(PluginWarning) as caught:
        registry.load()
    assert "stop_gradient" in registry.ops
    return [str(warning.message) for warning in caught]


def record(registry, distribution):
    (found,) = [record for record in registry.report() if record.distribution == distribution]
    return found


class TestFinding:
    def test_a_plugin_is_there_once_installed(self, install):
        install("Good.Ops", 'unary("halve", aliases=("half",))', entry_point="main")
        registry = Registry()
        halve = registry.ops.halve
        assert halve(4.0) == registry.ops.half(4.0) == 2.0
        assert (str(halve.provider), halve.provider.entry_point) == ("good-ops 1.0", "main")
        found = record(registry, "good-ops")
        assert (found.version, found.entry_point, found.status, found.reason) == ("1.0", "main", "loaded", "")
        assert (found.operations, found.refused) == ((halve,), {})
        assert str(found) == "good-ops 1.0 (main) loaded"

    def test_the_report_is_sorted_by_distribution(self, install):
        install("zeta", "")
        install("alpha", "")
        names = [record.distribution for record in Registry().report()]
        assert names == sorted(names)
        assert {"alpha", "gograd-core", "gograd-ops-basic", "gograd-ops-extra", "zeta"} <= set(names)

    def test_entry_points_of_one_name_do_not_meet(self, install):
        install("one", 'unary("first")', entry_point="same")
        install("two", 'unary("second")', entry_point="same")
        ops = Registry(strict=True).ops
        assert ops.first(4.0) == ops.second(4.0) == 2.0

    def test_a_distribution_hides_its_namesake_further_down_sys_path(self, install):
        install("one", 'unary("hidden")')
        install("other", 'unary("seen")', metadata="Metadata-Version: 2.1\nName: ONE\nVersion: 2.0\n")
        registry = Registry(strict=True)
        assert record(registry, "one").version == "2.0"
        assert "hidden" not in registry.ops


HOOK = "@hookimpl\ndef gograd_ops():\n    "
FAULTS = {
    "no such module": (None, "ModuleNotFoundError: No module named 'plugin_broken'"),
    "syntax": ("def", "SyntaxError: invalid syntax"),
    "import raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "error without words": ("class E(Exception):\n    def __str__(self): return 1 / 0\nraise E", "failed: E"),
    "import exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "no hook": ("", "no function gograd_ops marked with gograd_core.hookimpl"),
    "hook without mark": ("def gograd_ops(): return [SPOILT]", "no function gograd_ops marked with"),
    "misspelt hook": ("@hookimpl\ndef gograd_op(): return [SPOILT]", "unknown hook 'gograd_op'"),
    "a second, misspelt hook": (HOOK + "return [SPOILT]\n@hookimpl\ndef gograd_opps(): return []", "'gograd_opps'"),
    "unknown argument": ("@hookimpl\ndef gograd_ops(config): return [SPOILT]", "{'config'}"),
    "hook raises": (HOOK + "return {}['key']", "KeyError: 'key'"),
    "returns None": (HOOK + "[SPOILT]", "gograd_ops() returned None, expected an iterable"),
    "returns an Op": (HOOK + "return SPOILT", "gograd_ops() returned <Op spoilt"),
    "returns strings": (HOOK + "return [SPOILT, 'tanh']", "gograd_ops() returned 'tanh' among its operations"),
    "wrong Op": (HOOK + "return [SPOILT, unary('value')]", "operation 'value': name 'value' is an attribute of Neuron"),
    "one name twice": (HOOK + "return [SPOILT, unary('spoilt')]", "two operations for 'spoilt'"),
    "name and alias": (HOOK + "return [SPOILT, unary('b', aliases=['spoilt'])]", "two operations for 'spoilt'"),
    "operator twice": (HOOK + "return [binary(name, operator='+') for name in 'ab']", "for the operator '+' with 2"),
    "generator fails": (HOOK + "yield SPOILT; 1 / 0", "ZeroDivisionError: division by zero"),
    "generator exits": (HOOK + "yield SPOILT; raise SystemExit", "SystemExit: "),
}


class TestFaults:
    @pytest.fixture(params=FAULTS.values(), ids=FAULTS)
    def fault(self, request, install):
        source, reason = request.param
        install("broken", source=source)
        return reason

    @pytest.fixture
    def registry(self, fault, install):
        install("alpha", 'unary("first")')
        install("zeta", 'unary("last")')
        return Registry()

    def test_it_is_left_out_whole_with_one_warning(self, registry, fault):
        (warning,) = load(registry)
        assert warning.startswith("gograd plugin left out: broken 1.0 (ops) failed: ")
        assert fault in warning
        assert "spoilt" not in registry.ops
        assert "broken:spoilt" not in registry.ops
        assert all(str(op.provider) != "broken 1.0" for op in registry.operations())

    def test_the_report_says_the_same(self, registry, fault):
        (warning,) = load(registry)
        broken = record(registry, "broken")
        assert (broken.version, broken.entry_point, broken.status, broken.operations) == ("1.0", "ops", "failed", ())
        assert fault in str(broken)
        assert warning == f"gograd plugin left out: {broken}"

    def test_the_others_work(self, registry):
        load(registry)
        assert registry.ops.first(4.0) == registry.ops.last(4.0) == 2.0
        assert {record.distribution for record in registry.report() if record.status != "loaded"} == {"broken"}

    def test_a_missing_operation_mentions_it(self, registry, fault):
        load(registry)
        with pytest.raises(UnknownOperationError, match=r"'spoilt'.* left out: broken 1\.0 \(ops\)") as caught:
            registry.ops.spoilt(4.0)
        assert fault in str(caught.value)

    def test_strict_raises_at_every_look_up(self, fault, install):
        install("alpha", 'unary("first")')
        strict = Registry(strict=True)
        for look_up in (lambda: strict.ops.first(4.0), strict.report, lambda: strict.ops.add(1.0, 1.0)):
            with pytest.raises(PluginError, match=r"^gograd plugin broken 1\.0 \(ops\) failed: ") as caught:
                look_up()
            assert fault in str(caught.value)
            assert f"failed: {type(caught.value.__cause__).__name__}" in str(caught.value)


TOO_EARLY = {
    "looks up": "ops.exp",
    "looks up in its hook": HOOK + "return [SPOILT, ops.exp]",
    "asks": "'exp' in ops",
    "registers": "register(SPOILT)",
    "computes": "from gograd_core import Neuron\nNeuron(1.0) + 1.0",
    "calls a method": "from gograd_core import Neuron\nNeuron(1.0).exp()",
}


@pytest.mark.parametrize("source", TOO_EARLY.values(), ids=TOO_EARLY)
def test_a_plugin_that_needs_operations_while_they_are_being_found(install, tmp_path, source):
    """The process-wide registry is not loaded yet only in a new process."""
    install("alpha", 'unary("first")')
    install("broken", source=source)
    folders = [path for path in sys.path if path.startswith(str(tmp_path))]
    program = f"""
import sys, warnings
sys.path[:0] = {folders}
from gograd_core import ops
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(ops.first(4.0), ops.exp(0.0), "spoilt" in ops, len(caught), caught[0].message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    reason = "RuntimeError: a plugin looked up or registered an operation while plugins are being loaded"
    assert done.stdout.startswith(f"2.0 1.0 False 1 gograd plugin left out: broken 1.0 (ops) failed: {reason}"), (
        done.stderr
    )


def test_a_strict_registry_that_cannot_be_loaded_is_not_entered(install):
    install("broken", source="1 / 0")
    before = registry.active
    with pytest.raises(PluginError), Registry(strict=True):
        pytest.fail("entered")
    assert registry.active is before


def test_an_interrupt_is_no_fault_of_the_plugin(install):
    install("broken", source="raise KeyboardInterrupt")
    registry = Registry()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            registry.load()


DAMAGED = {
    "entry points": ({"entry_points": "[gograd.ops]\nops\n"}, "damaged 1.0 failed"),
    "value": ({"entry_points": "[gograd.ops]\nops = my-ops\n"}, r"damaged 1.0 \(ops\) failed"),
    "no metadata": ({"metadata": ""}, "a distribution in .*damaged failed"),
    "no version": ({"metadata": "Metadata-Version: 2.1\nName: damaged\n"}, "damaged failed"),
}


@pytest.mark.parametrize(("files", "title"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_distribution_hurts_itself_alone(install, files, title):
    install("damaged", "SPOILT", **files)
    registry = Registry()
    (warning,) = load(registry)
    assert re.match(f"gograd plugin left out: {title}", warning)
    assert "spoilt" not in registry.ops
    assert registry.ops.exp(0.0) == 1.0
    with pytest.raises(PluginError, match=title):
        Registry(strict=True).load()


def test_damage_that_concerns_no_operations_is_passed_over(install):
    install("damaged", "", entry_points="[console_scripts]\nother\n")
    assert Registry(strict=True).ops.exp(0.0) == 1.0


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
