"""The command `gograd train names`: what it prints, its file, and that Ctrl-C still makes up names."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest

from gograd import microgpt
from gograd.train import names_training

# the first argument counts how often the file is written before the process is killed
KILLED = """
import os, signal, sys
from gograd.cli import app
from gograd.train import names_training
left, write = int(sys.argv.pop(1)), names_training.write_sealed
def killing(*arguments):
    global left
    write(*arguments)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
names_training.PAUSE, names_training.write_sealed = -1.0, killing
app()
"""


@pytest.fixture
def few_names(request):
    return request.config.rootpath / "tests" / "examples" / "microgpt" / "names.txt"


@pytest.fixture
def learn(run, few_names):
    """Runs the command with `--json`; gives the losses, and the names that it makes up."""

    def learn(*options):
        code, output, error = run("train", "names", "--data", few_names, "--json", *options)
        assert (code, error) == (0, "")
        *steps, last = map(json.loads, output.splitlines())
        return {step["step"]: step["loss"] for step in steps}, last["samples"]

    return learn


def interrupting_in(step):
    """`microgpt.differentiated`, but Ctrl-C comes in that step."""
    both, calls = microgpt.differentiated("eager"), []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == step:
            signal.raise_signal(signal.SIGINT)
        return both(*arguments)

    return lambda engine: interrupted


class TestNames:
    def test_losses_are_those_of_the_example(self, run, few_names):
        options = ("--engine", "eager", "--steps", "3", "--planned", "1000", "--json", "--data", few_names)
        code, output, error = run("train", "names", *options)
        *steps, last = map(json.loads, output.splitlines())
        expected = few_names.with_name("losses.txt").read_text().split()[:3]  # of PyTorch
        assert (code, error) == (0, "")
        assert [step["loss"] for step in steps] == pytest.approx(list(map(float, expected)), rel=1e-10)
        assert len(last["samples"]) == 20
        assert last["seconds"] > 0.0

    def test_it_prints_losses_rate_and_speed_and_then_names(self, run, few_names):
        code, output, _ = run("train", "names", "--engine", "eager", "--steps", "40", "--data", few_names)
        heading, *lines = output.splitlines()
        count = len(few_names.read_text().split())
        assert code == 0
        assert heading == f"{count:,} names; 40 steps see 40 of them. Engine: eager."
        rows = [re.fullmatch(r"step (\d+)/40: mean loss \d\.\d{4}, rate ([\d.]+), names/s [\d,]+", x) for x in lines]
        rows = [row for row in rows if row]
        assert [int(row[1]) for row in rows] == [1, *range(3, 40, 3), 40]
        assert float(rows[0][2]) == 0.01
        assert float(rows[-1][2]) == pytest.approx(0.01 / 40)
        assert len(output.partition("New names:")[2].split()) == 20

    def test_it_says_how_often_it_goes_round_the_names(self, run, tmp_path):
        file = tmp_path / "names.txt"
        file.write_text("anna\notto\n")
        _, output, _ = run("train", "names", "--engine", "eager", "--steps", "5", "--data", file)
        assert output.startswith("2 names; 5 steps go round them 2.5 times. Engine: eager.\n")

    def test_ctrl_c_ends_the_training_after_a_step_and_makes_up_names(self, run, few_names, monkeypatch):
        monkeypatch.setattr(microgpt, "differentiated", interrupting_in(6))
        code, output, _ = run("train", "names", "--engine", "eager", "--steps", "30", "--data", few_names)
        assert code == 0
        assert "Stopped after step 6 of 30.\n" in output
        assert 10 < len(output.partition("New names:")[2].split()) <= 20  # after six steps, some are empty

    def test_the_second_ctrl_c_ends_the_command(self, run, few_names, monkeypatch):
        def interrupted(*_):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(microgpt, "differentiated", lambda engine: interrupted)
        code, output, error = run("train", "names", "--engine", "eager", "--data", few_names)
        assert (code, error) == (130, "gograd: interrupted\n")
        assert "New names" not in output

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"anna\nanne-marie\n", "a name per line, of the letters a to z; got anne-marie"),
            (b"", "a name per line, of the letters a to z"),
            (b"\xff\xfe", "cannot read"),
            (None, "cannot read"),
        ],
    )
    def test_a_file_that_it_cannot_use_is_refused_in_one_line(self, run, tmp_path, content, message):
        file = tmp_path / "names.txt"
        if content is not None:
            file.write_bytes(content)
        code, output, error = run("train", "names", "--data", file)
        assert (code, output) == (1, "")
        assert message in error
        assert len(error.splitlines()) == 1

    def test_it_is_the_example(self, request):
        example = request.config.rootpath / "examples" / "microgpt" / "microgpt.py"
        with open(microgpt.__file__, encoding="utf-8") as file:
            assert file.read() == example.read_text(encoding="utf-8")


class TestFile:
    @pytest.mark.parametrize("engine", ["eager", "compiled"])
    def test_a_training_goes_on_to_the_same_losses_and_names(self, learn, tmp_path, engine):
        options = ("--engine", engine, "--save", tmp_path / "run")
        losses, names = learn("--engine", engine, "--steps", "20")
        first, _ = learn("--steps", "12", "--planned", "20", *options)
        rest, found = learn("--steps", "20", "--resume", tmp_path / "run")
        assert list(rest) == list(range(13, 21))
        assert {**first, **rest} == losses
        assert found == names
        assert learn("--resume", tmp_path / "run") == ({}, names)  # nothing is left to do

    def test_after_ctrl_c_it_goes_on(self, run, learn, few_names, tmp_path, monkeypatch):
        expected = learn("--engine", "eager", "--steps", "12")
        with monkeypatch.context() as patch:
            patch.setattr(microgpt, "differentiated", interrupting_in(5))
            options = ("--engine", "eager", "--steps", "12", "--data", few_names, "--save", tmp_path / "run")
            _, output, _ = run("train", "names", *options)
        assert f"Stopped after step 5 of 12. To go on, write --resume {tmp_path / 'run'}\n" in output
        _, output, _ = run("train", "names", "--resume", tmp_path / "run", "--data", few_names)
        assert "12 steps see 12 of them. 5 were taken before. Engine: eager." in output
        assert output.partition("New names:")[2].split() == [name for name in expected[1] if name]

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
    @pytest.mark.parametrize("engine", ["eager", "batched"])
    def test_a_training_that_is_killed_goes_on_to_the_same_losses_and_names(self, learn, few_names, tmp_path, engine):
        options = ["train", "names", "--engine", engine, "--steps", "9", "--data", str(few_names), "--json"]
        command = [sys.executable, "-c", KILLED, "5", *options, "--save", str(tmp_path / "run")]
        killed = subprocess.run(command, capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        losses, names = learn("--engine", engine, "--steps", "9")
        rest, found = learn("--resume", tmp_path / "run")
        assert list(rest) == [5, 6, 7, 8, 9]  # the first file is that of no step
        assert rest.items() <= losses.items()
        assert found == names

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--engine", "compiled"), "--engine was eager, and is compiled: leave it out"),
            (("--planned", "7"), "--planned was 3, and is 7: leave it out"),
            (("--data", "others"), "the names were different: give the same --data"),
            ((), "the rate is zero after step 3, so later steps .*: to learn longer, begin anew with --steps 5"),
            (("--resume", "others"), "it was changed or cut off since it was written"),
            (("--resume", "altered"), "it was changed or cut off since it was written"),
        ],
    )
    def test_another_training_is_refused_and_the_file_stays(
        self, run, learn, few_names, tmp_path, monkeypatch, options, message
    ):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "others").write_text("anna\notto\n")
        learn("--engine", "eager", "--steps", "3", "--save", "run")
        kept = (tmp_path / "run").read_bytes()
        (tmp_path / "altered").write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        code, output, error = run("train", "names", "--data", few_names, "--resume", "run", "--steps", "5", *options)
        assert (code, output) == (1, "")
        assert re.search(message, error)
        assert len(error.splitlines()) == 1
        assert (tmp_path / "run").read_bytes() == kept

    def test_a_file_that_cannot_be_written_is_known_before_the_training(self, run, few_names, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(names_training, "write_sealed", full)
        code, output, error = run("train", "names", "--data", few_names, "--save", tmp_path / "run")
        assert (code, output) == (1, "")
        assert error == f"gograd: cannot write {tmp_path / 'run'}: No space left on device\n"
