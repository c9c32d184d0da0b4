"""Discovery: what is found, when it is loaded, and which versions of the core it needs."""

import subprocess
import sys

import pytest

from gograd_core import (
    Neuron,
    Op,
    PluginError,
    PluginWarning,
    Registry,
    UnknownOperationError,
    load_plugins,
    ops,
)
from plugin_reports import load, record


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
