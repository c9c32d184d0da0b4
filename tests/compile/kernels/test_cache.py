"""Compiled kernels on disk: made once, found again by other processes, made anew where that is needed."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
import warnings

import pytest

pytest.importorskip("numba")

import llvmlite
import numba

from gograd_compile.kernels import CacheWarning, cache, clear, expand, kernel, machine, native, numba_code, report
from gograd_core import Op
from kernel_calls import made, value
from made_up import operation

pytestmark = pytest.mark.any_engine

PROGRAM = """
import sys
from gograd_compile.kernels import CHUNK, expand, kernel, report
from gograd_core import Op
from time import time

op = Op("made_up", forward=lambda xp, x: xp.exp(x) + 1.0, partials=(lambda xp, out, x: xp.exp(x),))
rules = expand(op)
while time() < float(sys.argv[1]):
    pass
made = kernel(rules.forward, rules.inputs), kernel(rules.partials[0], rules.inputs)
print([each.origin for each in made], report()["compiled"], report()["loaded"])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, and a process that has no kernels yet."""
    monkeypatch.setenv("GOGRAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(native, "_kernels", {})
    monkeypatch.setattr(cache, "_told", set())
    return tmp_path / "cache"


def forget(monkeypatch):
    """As in another process."""
    monkeypatch.setattr(native, "_kernels", {})


def run(program, *arguments):
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


def codes(folder):
    return sorted(folder.glob("*.code"))


class Processor:
    """What Numba generates code with, as far as a key needs it."""

    def __init__(self, *facts):
        self.facts = facts

    def magic_tuple(self):
        return self.facts


def code_of_nothing():
    return machine._Machine().compile("")


class TestKeys:
    """Whatever the code depends on makes another file of it."""

    def key(self, signature="(float64,)", processor=("x86_64", "znver3", "+avx2")):
        return numba_code.CodeCache(made, "made", "source")._key(signature, Processor(*processor))

    @pytest.mark.parametrize("fact", ["triple", "cpu", "features"])
    def test_of_kernels_have_the_processor(self, fact, monkeypatch):
        before = machine._surroundings()
        monkeypatch.setattr(machine._machine(), fact, "another")
        assert machine._surroundings.__wrapped__() != before

    def test_have_the_types_and_the_processor(self):
        keys = {self.key(), self.key("(int64,)"), self.key(processor=("x86_64", "znver3", "-avx2"))}
        assert len(keys) == 3
        assert self.key() in keys

    @pytest.mark.parametrize("setting", ["OPT", "LOOP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT"])
    def test_have_the_settings_of_numba(self, setting, monkeypatch):
        before = self.key()
        monkeypatch.setattr(numba.core.config, setting, "another")
        numba_code._surroundings.cache_clear()
        try:
            assert self.key() != before
        finally:
            numba_code._surroundings.cache_clear()


def test_what_could_not_be_written_leaves_nothing_behind(folder, monkeypatch):
    def replace(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.warns(CacheWarning, match=r"cannot be kept in .* \(No space left"):
        made()
    assert list(folder.iterdir()) == []


class TestOneProcess:
    def test_a_kernel_is_made_once(self, folder):
        first = made()
        assert made() is first
        assert first.origin == "compiled"
        assert value(first, 0.0) == 2.0
        assert [path.suffix for path in sorted(folder.iterdir())] == [".code", ".ll"]

    def test_another_name_of_the_operation_changes_nothing(self, folder):
        rules = expand(Op("other", forward=lambda xp, y: xp.exp(y) * 2.0, partials=(None,)))
        assert kernel(rules.forward, rules.inputs) is made()

    def test_the_constant_of_a_helper_is_part_of_a_kernel(self, folder):
        factor = 2.0

        def helper(xp, x):
            return xp.exp(x) * factor

        before = made(lambda xp, x: xp.tanh(helper(xp, x)))
        factor = 3.0
        after = made(lambda xp, x: xp.tanh(helper(xp, x)))
        assert value(before, 0.0) == pytest.approx(math.tanh(2.0), rel=1e-15)
        assert value(after, 0.0) == pytest.approx(math.tanh(3.0), rel=1e-15)
        assert len(codes(folder)) == 2

    def test_what_was_kept_is_loaded(self, folder, monkeypatch):
        made()
        forget(monkeypatch)
        found = made()
        assert found.origin == "cache"
        assert value(found, 0.0) == 2.0

    def test_another_llvmlite_compiles_anew(self, folder, monkeypatch):
        made()
        forget(monkeypatch)
        monkeypatch.setattr(llvmlite, "__version__", "99.0")
        machine._surroundings.cache_clear()
        try:
            assert made().origin == "compiled"
        finally:
            machine._surroundings.cache_clear()

    def test_a_file_without_the_function_is_made_anew(self, folder, monkeypatch):
        rules = expand(operation("made_up", lambda xp, x: xp.exp(x) * 7.0, None))
        with monkeypatch.context() as patch:
            patch.setattr(machine._machine(), "link", lambda *_: 1)
            patch.setattr(machine._machine(), "compile", lambda _: code_of_nothing())
            kernel(rules.forward, rules.inputs)
        forget(monkeypatch)
        found = kernel(rules.forward, rules.inputs)
        assert (found.origin, value(found)) == ("compiled", 7.0)

    def test_another_numba_changes_nothing(self, folder, monkeypatch):
        made()
        forget(monkeypatch)
        monkeypatch.setattr(numba, "__version__", "99.0")
        monkeypatch.setenv("NUMBA_OPT", "0")
        assert made().origin == "cache"

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: b"",
            lambda data: data[:20],
            lambda data: data[: len(data) // 2],
            lambda data: data[:-1] + bytes([data[-1] ^ 1]),
            lambda data: data + b"more",
        ],
        ids=["emptied", "only a part of the hash", "cut", "one bit changed", "longer"],
    )
    def test_a_spoilt_file_is_made_anew(self, spoil, folder, monkeypatch):
        made()
        (path,) = codes(folder)
        path.write_bytes(spoil(path.read_bytes()))
        path.with_suffix(".py").write_text("raise SystemExit")
        forget(monkeypatch)
        with pytest.warns(CacheWarning, match="it was changed or cut off since it was written") as told:
            found = made()
        assert len(told) == 1
        assert found.origin == "compiled"
        assert value(found, 0.0) == 2.0
        forget(monkeypatch)
        assert made().origin == "cache"

    def test_clear_and_report(self, folder, monkeypatch):
        assert report()["files"] == 0
        before = report()
        kept = made()
        after = report()
        assert after["directory"] == str(folder)
        assert (after["files"], after["bytes"]) == (2, sum(path.stat().st_size for path in folder.iterdir()))
        assert (after["compiled"] - before["compiled"], after["loaded"] - before["loaded"]) == (1, 0)
        assert after["seconds compiling"] > before["seconds compiling"]
        (folder / "of_someone_else.txt").touch()
        (folder / "gograd_folder.code").mkdir()
        (folder / "gograd_link_to_nothing.code").symlink_to(folder / "nothing")
        assert report()["files"] == 3
        clear()
        assert sorted(path.name for path in folder.iterdir()) == ["gograd_folder.code", "of_someone_else.txt"]
        assert value(kept, 0.0) == 2.0
        forget(monkeypatch)
        assert made().origin == "compiled"


class TestADirectoryThatCannotBeWritten:
    @pytest.fixture
    def folder(self, folder, monkeypatch):
        folder.touch()  # a file, so that no folder can be made there, whoever runs this
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(folder / "below"))
        return folder / "below"

    def test_kernels_are_not_kept_and_it_is_said_once(self, folder):
        with pytest.warns(CacheWarning, match="GOGRAD_CACHE_DIR") as told:
            first = made()
        assert str(folder) in str(told[0].message)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            second = made(lambda xp, x: xp.exp(x) * 5.0)
        assert first.origin == second.origin == "compiled, not cached"
        assert (value(first, 0.0), value(second, 0.0)) == (2.0, 5.0)
        assert report()["files"] == 0

    @pytest.mark.skipif(os.name == "nt" or not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write")
    def test_what_is_there_is_used(self, tmp_path, monkeypatch):
        place = tmp_path / "shared"
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(place))
        made()
        place.chmod(0o500)
        forget(monkeypatch)
        assert made().origin == "cache"


class TestManyProcesses:
    def test_two_that_start_at_once(self, folder):
        start = str(time.time() + 3.0)
        command = [sys.executable, "-c", PROGRAM, start]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        printed = [process.communicate(timeout=100) for process in both]
        assert [process.returncode for process in both] == [0, 0], printed
        third = run(PROGRAM, "0.0")
        assert third.stdout == "['cache', 'cache'] 0 2\n", third.stderr
        assert len(codes(folder)) == 2
        assert not list(folder.glob("*.new"))
