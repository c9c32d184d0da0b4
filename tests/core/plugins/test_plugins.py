"""Discovery: what is found, what becomes of plugins with faults, and how plugins are chosen."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from gograd_core import (
    InvalidOperationError,
    Neuron,
    Op,
    PluginError,
    PluginWarning,
    Registry,
    UnknownOperationError,
    current,
    load_plugins,
    ops,
)


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
LIST = runpy.run_path(str(Path(__file__).parents[3] / "docs" / "plugin_faults.py"))
FAILED = {fault: case for fault, case in LIST["FAILED"].items() if case[1] != LIST["TOO_EARLY"]}
TOO_EARLY = {fault: source for fault, (source, reason) in LIST["FAILED"].items() if reason == LIST["TOO_EARLY"]}


def test_a_plugin_may_fail_in_its_message_too(install):
    source = "class Spoilt(Exception):\n    def __str__(self):\n        raise ValueError\nraise Spoilt"
    install("broken", source=source)
    assert load(Registry()) == ["gograd plugin left out: broken 1.0 (ops) failed: Spoilt"]


class TestFaults:
    @pytest.fixture(params=FAILED.values(), ids=FAILED)
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
    complaint = f"gograd plugin left out: broken 1.0 (ops) failed: {LIST['TOO_EARLY']}"
    assert done.stdout.startswith(f"2.0 1.0 False 1 {complaint}"), done.stderr


class TestClaimsThatAreRefused:
    @pytest.fixture(params=LIST["REFUSED"].values(), ids=LIST["REFUSED"])
    def reason(self, request, install):
        provides, reason = request.param
        install("broken", provides)
        install("other", "unary('first')" if "other" in reason else "")
        return reason

    def test_the_rest_works(self, reason):
        registry = Registry()
        warnings = load(registry)
        assert f"gograd plugin broken 1.0: {reason}" in warnings
        assert record(registry, "broken").status == "loaded"
        assert [*record(registry, "broken").refused.values()] == [reason]
        assert registry.ops.fine(4.0) == registry.ops["broken:fine"](4.0) == 2.0

    def test_are_errors_in_a_strict_registry(self, reason):
        registry = Registry(strict=True)
        for _ in range(2):
            with pytest.raises(PluginError, match=re.escape(f"gograd plugin broken 1.0: {reason}")) as caught:
                registry.load()
            assert isinstance(caught.value.__cause__, InvalidOperationError)


@pytest.mark.parametrize("provides", LIST["HARMLESS"].values(), ids=LIST["HARMLESS"])
def test_what_does_no_harm(install, provides):
    install("broken", provides)
    install("other", "unary('first')")
    registry = Registry(strict=True)
    assert registry.ops.fine(4.0) == registry.ops.first(4.0) == 2.0
    assert {record.status for record in registry.report()} == {"loaded"}


def test_a_strict_registry_that_cannot_be_loaded_is_not_entered(install):
    install("broken", source="1 / 0")
    before = current.registry
    with pytest.raises(PluginError), Registry(strict=True):
        pytest.fail("entered")
    assert current.registry is before


def test_an_interrupt_is_no_fault_of_the_plugin(install):
    install("broken", source="raise KeyboardInterrupt")
    registry = Registry()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            registry.load()


def test_bytes_that_are_no_text_hurt_their_distribution_alone(install, tmp_path):
    install("damaged", "SPOILT")
    (path,) = (tmp_path / "damaged").glob("*.dist-info")
    (path / "entry_points.txt").write_bytes(b"[console_scripts]\n# caf\xe9\nfoo = a:b\n")
    registry = Registry()
    (warning,) = load(registry)
    assert "damaged failed: UnicodeDecodeError" in warning
    assert registry.ops.exp(0.0) == 1.0


def test_two_entry_points_for_one_module(install):
    install("twice", "unary('fine')", entry_points="[gograd.ops]\na = plugin_twice\nb = plugin_twice\n")
    registry = Registry()
    (warning,) = load(registry)
    assert "twice 1.0 (b) failed: PluginError: its module is already loaded, as twice:a" in warning
    assert registry.ops.fine(4.0) == 2.0


def test_all_hooks_of_a_module_count(install):
    source = HOOK + "return [unary('one')]\n@hookimpl(specname='gograd_ops')\ndef more():\n    return [unary('two')]"
    install("several", source=source)
    registry = Registry(strict=True)
    assert registry.ops.one(4.0) == registry.ops.two(4.0) == 2.0


def test_one_name_from_two_entry_points_of_a_distribution(install):
    install("both", "unary('same')", entry_points="[gograd.ops]\na = plugin_both\nb = plugin_other\n")
    install("other", "unary('same', doc='The other.')", entry_points="[none]\n")
    registry = Registry()
    load(registry)
    with pytest.raises(
        UnknownOperationError, match=r'ops\["both:a:same"\], or block one: GOGRAD_DISABLE_PLUGINS=both:a'
    ):
        registry.ops.same(1.0)
    assert (registry.ops["both:a:same"].doc, registry.ops["both:b:same"].doc) == ("", "The other.")


WAITING = """
import sys, threading, warnings
sys.path[:0] = {folders}
from gograd_core import ops
from gograd_core.plugins import registry
registry.PATIENCE = 1.0
warnings.simplefilter("ignore")
{act}
print(ops.first(4.0))
"""
MEANWHILE = {
    "another thread imports the plugin": (
        "import time; time.sleep(0.3)\nops.exp(0.0)",
        "other = threading.Thread(target=lambda: __import__('plugin_slow'))\n"
        "other.start(); ops.first(4.0); other.join()",
    ),
    "the plugin waits for a thread that looks up": (
        "import concurrent.futures\nlist(concurrent.futures.ThreadPoolExecutor(1).map(lambda x: ops.exp(x), [0.0]))",
        "",
    ),
}


@pytest.mark.parametrize(("source", "act"), MEANWHILE.values(), ids=MEANWHILE)
def test_threads_never_wait_for_each_other_without_end(install, tmp_path, source, act):
    install("alpha", 'unary("first")')
    install("slow", source=source)
    folders = [path for path in sys.path if path.startswith(str(tmp_path))]
    program = WAITING.format(folders=folders, act=act)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "2.0\n", done.stderr


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


class TestLoadingAnew:
    def test_with_another_choice(self, install):
        install("my-ops", 'unary("halve")')
        registry = Registry(block=["my-ops"])
        assert "halve" not in registry.ops
        report = registry.load_plugins(only=["my-ops"])
        assert {record.status for record in report if record.distribution == "my-ops"} == {"loaded"}
        assert registry.ops.halve(4.0) == 2.0
        assert "tanh" not in registry.ops

    def test_keeps_what_was_registered_by_hand(self, install):
        install("my-ops", 'unary("halve")')
        registry = Registry(discover=False)
        registry.register(Op("third", forward=lambda xp, x: x / 3.0, partials=(None,)))
        registry.load_plugins()
        assert (registry.ops.halve(4.0), registry.ops.third(6.0)) == (2.0, 2.0)

    def test_complains_if_a_name_registered_by_hand_is_taken(self):
        registry = Registry(block=["gograd-ops-extra"])
        registry.register(Op("tanh", forward=lambda xp, x: 42.0, partials=(None,)))
        with pytest.warns(PluginWarning, match="operation registered by hand: 'tanh' belongs to gograd-ops-extra"):
            registry.load_plugins()
        assert registry.ops["registered by hand:tanh"](1.0) == 42.0

    def test_that_fails_changes_nothing(self, install):
        install("good", 'unary("halve")')
        registry = Registry()
        halve = registry.ops.halve
        install("broken", source="1 / 0")
        with pytest.raises(PluginError, match="broken 1.0"):
            registry.load_plugins(strict=True)
        assert registry.ops.halve is halve
        assert "broken" not in {record.distribution for record in registry.report()}

    def test_of_the_process_wide_registry(self, install):
        install("my-ops", 'unary("halve")')
        with Registry():
            assert "loaded" in {record.status for record in load_plugins(only=["my-ops"])}
            assert ops.halve(Neuron(4.0)).value == 2.0
            assert "tanh" not in ops
        assert "tanh" in ops
        assert "halve" not in ops


class TestRequirementsOfTheCore:
    @pytest.mark.parametrize(
        "needs",
        [
            "gograd-core>=0.2",
            "gograd_core (>=9,<10)",
            "Gograd-Core[testing]==0.0.1",
            "gograd-core~=0.2.1",
            "gograd-core>=9; python_version > '3'",
        ],
    )
    def test_one_that_is_not_met_leaves_the_plugin_out(self, install, needs):
        metadata = f"Metadata-Version: 2.1\nName: future\nVersion: 1.0\nRequires-Dist: attrs\nRequires-Dist: {needs}\n"
        module = install("future", 'unary("halve")', metadata=metadata)
        (warning,) = load(registry := Registry())
        assert f"it needs {needs}, and gograd-core 0.1.0 is installed" in warning
        assert record(registry, "future").status == "failed"
        assert module not in sys.modules

    @pytest.mark.parametrize(
        "needs", ["gograd-core>=0.1,<0.2", "gograd-core", "gograd-core~=0.1", "gograd-core>9; extra == 'x'"]
    )
    def test_one_that_is_met_does_not(self, install, needs):
        metadata = f"Metadata-Version: 2.1\nName: present\nVersion: 1.0\nRequires-Dist: {needs}\n"
        install("present", 'unary("halve")', metadata=metadata)
        assert Registry(strict=True).ops.halve(4.0) == 2.0


class TestLoadTime:
    def test_is_reported(self, install):
        install("slow", source="import time; time.sleep(0.05)\n@hookimpl\ndef gograd_ops(): return [unary('halve')]")
        install("quick", 'unary("third")')
        registry = Registry()
        assert record(registry, "slow").seconds > 0.05
        assert record(registry, "quick").seconds > 0.0


def test_a_plugin_that_needs_operations_while_a_program_imports_it(install, tmp_path):
    """It has no hook yet when plugins are looked for, and its author has to know why."""
    install("alpha", 'unary("first")')
    module = install("broken", source="ops.first(4.0)\n\n@hookimpl\ndef gograd_ops():\n    return [SPOILT]")
    folders = [path for path in sys.path if path.startswith(str(tmp_path))]
    program = f"import sys; sys.path[:0] = {folders}; import {module}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert f"gograd plugin left out: broken 1.0 (ops) failed: {LIST['TOO_EARLY']}" in done.stderr
