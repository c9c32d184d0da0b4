"""Ctrl-C ends the command with one line and the exit status 130, whenever it comes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from gograd import interrupts, plugins
from gograd.train import digits, learning

# the first argument names the module whose import is interrupted
INTERRUPTED = """
import signal, sys
from gograd.__main__ import main
class Interrupting:
    def __init__(self, name):
        self.name = name
    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting(sys.argv.pop(1)))
main()
"""


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("gograd.cli", ["ops"]),
        ("rich.table", ["ops"]),
        ("gograd_core.plugins.loading", ["ops"]),
        ("numpy._core._multiarray_umath", ["train", "digits"]),
        ("sklearn.datasets", ["train", "digits"]),
        ("matplotlib.figure", ["train", "moons"]),
        ("gograd.microgpt", ["train", "names"]),
    ],
)
def test_an_import_that_is_interrupted(module, command):
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, *command], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stderr) == (130, "gograd: interrupted\n")


def interrupting(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ((digits, "load"), ["train", "digits"]),
        ((learning, "logits"), ["train", "digits", "--epochs", "1", "--layers", "2"]),
        ((plugins, "load_report"), ["plugins"]),
    ],
)
def test_a_command_that_is_interrupted(run, monkeypatch, place, command):
    module, name = place
    monkeypatch.setattr(module, name, interrupting)
    code, _, error = run(*command)
    assert (code, error) == (130, "gograd: interrupted\n")


def test_blocks_put_back_what_ctrl_c_did():
    before = signal.getsignal(signal.SIGINT)
    with interrupts.leaving_at_ctrl_c():
        with interrupts.raising_at_ctrl_c(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is interrupts.leave
    assert signal.getsignal(signal.SIGINT) is before


def test_the_first_ctrl_c_is_noted_and_the_second_raises():
    with interrupts.noting_ctrl_c() as came:
        assert not came()
        signal.raise_signal(signal.SIGINT)
        assert came()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_ignores_ctrl_c_still_does():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.raising_at_ctrl_c(), interrupts.noting_ctrl_c() as came:
            signal.raise_signal(signal.SIGINT)
            assert not came()
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_signals_alone():
    found = []

    def work():
        with interrupts.noting_ctrl_c() as came:
            found.append(came())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
