"""What becomes of plugins with faults: each is left out by itself, and it is said why."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from gograd_core import (
    InvalidOperationError,
    PluginError,
    Registry,
    UnknownOperationError,
    current,
)
from plugin_reports import load, record

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


def test_a_plugin_that_needs_operations_while_a_program_imports_it(install, tmp_path):
    """It has no hook yet when plugins are looked for, and its author has to know why."""
    install("alpha", 'unary("first")')
    module = install("broken", source="ops.first(4.0)\n\n@hookimpl\ndef gograd_ops():\n    return [SPOILT]")
    folders = [path for path in sys.path if path.startswith(str(tmp_path))]
    program = f"import sys; sys.path[:0] = {folders}; import {module}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert f"gograd plugin left out: broken 1.0 (ops) failed: {LIST['TOO_EARLY']}" in done.stderr
