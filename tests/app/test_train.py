"""The commands `gograd train …`: what they print and draw, where they fail, and that Ctrl-C still reports."""

from __future__ import annotations

import io
import itertools
import os
import re
import struct

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from gograd.cli import app
from gograd.train import digits, learning, live, moons, moons_pictures, options
from gograd.train.digits_picture import draw_digits
from gograd_core import no_grad, ops
from gograd_nn import Epoch, History, cross_entropy, losses

EPOCHS = History([Epoch(number, 1.0 / number, 0.9, 1.1 / number, 0.8) for number in range(1, 6)])


@pytest.fixture
def few_digits(monkeypatch):
    """60 digits to learn from, 40 held out."""
    data = digits.load(0)
    few = learning.Examples(data.inputs[:60], data.targets[:60], data.held_out_inputs[:40], data.held_out_targets[:40])
    monkeypatch.setattr(digits, "load", lambda seed: few)
    return few


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The file of a training of moons."""
    folder = tmp_path_factory.mktemp("moons")
    options = ["--epochs", "1", "--save", folder / "run", "--out", folder / "m.png", "--animation", folder / "m.gif"]
    CliRunner().invoke(app, ["train", "moons", *map(str, options)])
    return folder / "run"


def interrupting(function, after):
    """The function, which is interrupted once it was called so often."""
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) > after:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


def confusion_of(output):
    """The numbers in the table of digits."""
    lines = [re.split("│", line) for line in output.splitlines() if line.startswith("│")]
    return [[int(cell.strip().replace("·", "0")) for cell in cells[2:-1]] for cells in lines]


def sentence(error):
    """What an error says, without the frame around it."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", error).split())


@pytest.mark.parametrize(
    ("command", "option", "value", "message"),
    [
        ("digits", "--layers", "a", "positive numbers separated by commas, got 'a'"),
        ("digits", "--layers", "8,0", "got '8,0'"),
        ("digits", "--layers", "-3", "got '-3'"),
        ("digits", "--activation", "tanhh", "no installed operation is 'tanhh'. Did you mean 'tanh'?"),
        ("digits", "--activation", "add", "'add' does not take one number"),
        ("moons", "--activation", "dot", "'dot' does not take one number"),
        ("digits", "--epochs", "0", "--epochs"),
        ("digits", "--rate", "0", "--rate"),
        ("digits", "--rate", "nan", "--rate"),
        ("moons", "--rate", "inf", "--rate"),
        ("digits", "--momentum", "1", "--momentum"),
        ("digits", "--momentum", "-0.1", "--momentum"),
        ("digits", "--batch-size", "0", "--batch-size"),
        ("digits", "--seed", "-1", "--seed"),
        ("digits", "--seed", str(2**32), "--seed"),
        ("digits", "--out", "picture.txt", "must end in .png, .svg or .pdf, in a folder that exists"),
        ("digits", "--out", "no/such/folder/picture.png", "in a folder that exists"),
        ("moons", "--animation", "moons.mp4", "must end in .gif, in a folder that exists"),
        ("moons", "--noise", "-1", "--noise"),
        ("moons", "--resume", "none.safetensors", "there is no file none.safetensors"),
        ("moons", "--save", "no/such/folder/run", "there is no folder no/such/folder"),
        (
            "digits",
            "--save",
            os.devnull,
            f"to go on with its training, write --resume {os.devnull}; to begin anew",
        ),
        ("digits", "--layers", "9999,9999", "has 100,739,935 parameters, and a training takes 1,000,000 at most"),
        ("digits", "--engine", "fast", "Invalid value for '--engine': 'fast' is not one of 'auto', 'eager'"),
        ("moons", "--rate", "fast", "'fast'"),
        ("moons", "--epochs", "1.5", "'1.5'"),
        ("names", "--steps", "0", "--steps"),
        ("names", "--engine", "fast", "--engine"),
        ("names", "--resume", "none", "there is no file none"),
        ("names", "--save", os.devnull, f"write --resume {os.devnull}"),
        ("names", "--save", "no/such/folder/run", "there is no folder no/such/folder"),
    ],
)
def test_a_bad_option_is_named_before_the_training(run, monkeypatch, command, option, value, message):
    for module in (digits, moons):
        monkeypatch.setattr(module, "load", lambda *_: pytest.fail("the training began"))
    code, _, error = run("train", command, option, value)
    assert code == 2
    assert option in error
    assert message in sentence(error)
    assert "Input should" not in error
    assert "Value error" not in error


@pytest.mark.parametrize(
    ("missing", "message"), [(os.R_OK, "run' is not readable"), (os.W_OK, "no file can be written in the folder")]
)
def test_a_training_without_permission_is_refused(run, tmp_path, monkeypatch, missing, message):
    (tmp_path / "run").write_bytes(b"")
    monkeypatch.setattr(options.os, "access", lambda _, asked: asked != missing)
    code, output, error = run("train", "names", "--resume", tmp_path / "run", columns=300)
    assert (code, output) == (2, "")
    assert message in sentence(error)


def test_a_folder_is_no_picture(run, tmp_path):
    (tmp_path / "a.png").mkdir()
    code, _, error = run("train", "digits", "--out", tmp_path / "a.png", columns=300)
    assert code == 2
    assert "a.png is a folder" in sentence(error)


class TestDigits:
    def test_it_reports_the_held_out_digits_and_draws_a_picture(self, run, tmp_path):
        out = tmp_path / "[b]tiny.png"
        code, output, error = run("train", "digits", "--epochs", "1", "--layers", "4", "--out", out)
        confusion = confusion_of(output)
        right = sum(row[digit] for digit, row in enumerate(confusion))
        assert (code, error) == (0, "")
        assert "1347 digits to learn from, 450 held out." in output
        assert re.search(
            rf"\nepoch 1/1: loss \d\.\d{{4}}, .*held-out accuracy {right / 450:.1%}, rate 0.1, digits/s", output
        )
        assert [sum(row) for row in confusion] == [digits.load(0).held_out_targets.count(digit) for digit in range(10)]
        assert {sum(row) for row in confusion} <= {43, 44, 45, 46}  # a quarter of the 174 to 183 of each
        assert f"<MLP of 2 layers, 310 parameters>. Held-out accuracy: {right / 450:.1%}" in output
        assert right > 200  # chance is 45
        assert "Stopped" not in output
        assert str(out) in output
        picture = out.read_bytes()
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", picture[16:24]) == (1320, 552)
        assert len(picture) > 20_000

    @pytest.mark.parametrize(("examples", "epoch"), [(40, 1), (150, 2)])  # besides, targets are tried
    def test_ctrl_c_ends_the_training_and_still_reports(self, run, few_digits, tmp_path, monkeypatch, examples, epoch):
        monkeypatch.setattr("gograd_nn.cross_entropy", interrupting(cross_entropy, examples))
        out = tmp_path / "stopped.PDF"
        code, output, _ = run("train", "digits", "--epochs", "5", "--layers", "4", "--out", out)
        assert code == 0
        assert f"Stopped in epoch {epoch} of 5." in output
        assert "The eager engine runs: " in output
        assert sum(map(sum, confusion_of(output))) == 40
        assert "Held-out accuracy" in output
        assert out.read_bytes().startswith(b"%PDF")

    def test_a_training_that_leaves_the_real_numbers_fails_with_one_line(self, run, few_digits, tmp_path):
        out = tmp_path / "none.png"
        code, _, error = run("train", "digits", "--activation", "log", "--layers", "4", "--out", out)
        assert code == 1
        assert error.startswith("gograd: the training left the real numbers in epoch 1: log(")
        assert len(error.splitlines()) == 1
        assert not out.exists()

    @pytest.mark.parametrize(
        ("wrong", "title"),
        [
            (0, "All 450 held-out digits were read correctly. These were the least certain"),
            (1, "1 of 450 held-out digits were misread (digit → reading). In grey, the least certain of the others"),
            (5, "5 of 450 held-out digits were misread (digit → reading). In grey, the least certain of the others"),
            (24, "24 of 450 held-out digits were misread (digit → reading)"),
            (30, "30 of 450 held-out digits were misread (digit → reading). These are the worst 24"),
            (200, "200 of 450 held-out digits were misread (digit → reading). These are the worst 24"),
        ],
    )
    def test_the_picture_is_full_whatever_the_number_of_errors(self, tmp_path, wrong, title):
        data, rng = digits.load(0), np.random.default_rng(1)
        shown = np.array(data.held_out_targets)
        logits = rng.normal(scale=0.1, size=(450, 10)) + 5.0 * np.eye(10)[shown]
        logits[np.arange(wrong), (shown[:wrong] + 3) % 10] += 9.0
        readings = digits.Readings(np.array(data.held_out_inputs), shown, logits)
        draw_digits(EPOCHS, readings, tmp_path / "digits.svg")
        text = (tmp_path / "digits.svg").read_text(encoding="utf-8")
        labels = re.findall(r"<!-- (.*?) -->", text, re.DOTALL)
        assert text.count("<image ") == 24
        assert sum(bool(re.fullmatch(r"\d → \d", label)) for label in labels) == min(wrong, 24)
        assert title in " ".join(" ".join(labels).split())

    def test_the_hardest_digits_are_those_misread_and_then_the_least_certain(self):
        logits = np.array([[3.0, 1.0], [1.0, 1.5], [0.0, 4.0], [2.0, 1.9]])
        readings = digits.Readings(np.zeros((4, 64)), np.array([0, 0, 0, 0]), logits)
        assert readings.hardest(3) == [2, 1, 3]
        assert readings.predictions.tolist() == [0, 1, 1, 0]
        assert readings.n_wrong == 2


class TestMoons:
    def test_it_draws_the_border_and_how_it_was_learned(self, run, tmp_path):
        out, animation = tmp_path / "moons.png", tmp_path / "moons.gif"
        code, output, error = run("train", "moons", "--epochs", "4", "--out", out, "--animation", animation)
        assert (code, error) == (0, "")
        assert "300 points to learn from, 100 held out." in output
        assert float(re.search(r"Held-out accuracy: ([\d.]+)%", output)[1]) > 75.0  # chance is 50
        assert struct.unpack(">II", out.read_bytes()[16:24]) == (1320, 552)
        with Image.open(animation) as frames:
            assert frames.n_frames == 5  # the first one before the training
            pauses, pictures = [], []
            for index in range(5):
                frames.seek(index)
                pauses.append(frames.info["duration"])
                pictures.append(np.asarray(frames.convert("RGB")))
        assert pauses[-1] > 10 * max(pauses[:-1])
        assert all(np.any(one != other) for one, other in itertools.pairwise(pictures))

    def test_the_shades_are_the_probabilities_of_the_net(self):
        settings = learning.Settings([2, 3, 1], "tanh", 1, 0.1, 0.0, 10, seed=4)
        model, x, y = settings.net(), np.array([-1.0, 0.5, 2.0]), np.array([0.25, -0.75])
        expected = [[no_grad().run(lambda a, b: ops.sigmoid(model([a, b])).value, a, b) for a in x] for b in y]
        np.testing.assert_allclose(moons.shares_on(learning.values_of(model), settings, x, y), expected, rtol=1e-14)

    def test_a_training_that_was_saved_goes_on(self, run, tmp_path):
        def last_epoch(*options):
            places = ("--out", tmp_path / "moons.png", "--animation", tmp_path / "moons.gif")
            code, output, error = run("train", "moons", *places, *options)
            assert (code, error) == (0, "")
            return re.search(r"epoch 5/5: (.*), points/s", output)[1]

        file = tmp_path / "moons.safetensors"
        whole = last_epoch("--epochs", "5")
        pictures = ("--out", tmp_path / "m.png", "--animation", tmp_path / "m.gif")
        run("train", "moons", "--epochs", "3", "--save", file, *pictures)
        assert last_epoch("--epochs", "5", "--resume", file) == whole
        code, _, error = run("train", "moons", "--resume", file, "--rate", "0.1")
        assert code == 1
        message = (
            "--rate was 0.05, and is 0.1. Give the options with which it was saved; or, to begin anew, --save another"
        )
        assert error.startswith(f"gograd: {file} belongs to another training: {message}")
        assert len(error.splitlines()) == 1

    @pytest.mark.parametrize(("epochs", "numbers"), [(5, [4, 5]), (3, [3])])
    def test_the_animation_of_a_training_that_went_on_begins_where_it_did(
        self, run, tmp_path, monkeypatch, epochs, numbers
    ):
        drawn = []
        monkeypatch.setattr(moons_pictures, "animate_border", lambda snapshots, *_: drawn.append(snapshots.epochs))
        options = ("train", "moons", "--out", tmp_path / "moons.png")
        run(*options, "--epochs", "3", "--save", tmp_path / "run")
        run(*options, "--epochs", epochs, "--resume", tmp_path / "run")
        assert [[each.number for each in epochs] for epochs in drawn] == [[0, 1, 2, 3], numbers]
        assert [each.accuracy is None for each in drawn[1]] == [False] * len(numbers)

    @pytest.mark.parametrize(
        ("option", "value", "difference"),
        [
            ("--batch-size", "16", "--batch-size was 32, and is 16"),
            ("--momentum", "0.5", "--momentum was 0.9, and is 0.5"),
            ("--seed", "3", "--seed was 0, and is 3"),
            ("--engine", "eager", "--engine was 'auto', and is 'eager'"),
            ("--noise", "0.1", "the examples were different"),
            ("--layers", "4", "--layers or --activation was different"),
            ("--activation", "relu", "--layers or --activation was different"),
        ],
    )
    def test_a_training_with_other_options_is_refused_by_their_names(self, run, saved, option, value, difference):
        code, _, error = run("train", "moons", "--resume", saved, option, value)
        message = f"{difference}. Give the options with which it was saved; or, to begin anew, --save another file"
        assert (code, error) == (1, f"gograd: {saved} belongs to another training: {message}\n")

    def test_a_training_of_another_command_is_refused(self, run, saved):
        code, _, error = run("train", "digits", "--resume", saved, "--rate", "0.05")
        assert code == 1
        assert error.startswith(f"gograd: {saved} belongs to another training: another command saved it. ")

    def test_a_picture_that_cannot_be_written_is_one_line(self, run, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(moons_pictures, "draw_border", full)
        code, output, error = run("train", "moons", "--epochs", "1", "--out", tmp_path / "moons.png")
        assert (code, error) == (1, f"gograd: cannot write {tmp_path / 'moons.png'}: No space left on device\n")
        assert "Held-out accuracy" in output

    def test_ctrl_c_before_the_first_epoch_still_draws(self, run, tmp_path, monkeypatch):
        monkeypatch.setattr("gograd_nn.binary_cross_entropy", interrupting(losses.binary_cross_entropy, 7))
        out, animation = tmp_path / "moons.svg", tmp_path / "moons.gif"
        code, output, _ = run("train", "moons", "--out", out, "--animation", animation)
        assert code == 0
        assert "Stopped in epoch 1 of 100." in output
        assert out.exists()
        with Image.open(animation) as frames:
            assert frames.n_frames == 1


class TestTable:
    def screen(self, **settings):
        return Console(file=io.StringIO(), width=100, color_system=None, **settings)

    def test_on_a_terminal_it_is_a_table_that_stays_and_a_bar(self):
        screen, other = self.screen(force_terminal=True), self.screen()
        with live.LiveTable(screen, "step", 4, ("loss", "rate")) as table:
            for table.done in (1, 2):
                table.add(table.done, f"{1 / table.done}", "0.1")
            other.print(table)
        rows = [["step", "loss", "rate"], ["1", "1.0", "0.1"], ["2", "0.5", "0.1"]]
        heading, _, *cells, bar = [line.split() for line in other.file.getvalue().splitlines() if line.strip()]
        assert [heading, *cells] == rows
        assert bar == ["━" * (live.BAR // 2), *["step", "2", "of", "4;", "Ctrl-C", "stops,", "and", "still", "reports"]]
        left = [line.split() for line in screen.file.getvalue().splitlines()]
        assert all(row in left for row in rows)

    @pytest.mark.parametrize(("width", "shown"), [(80, 7), (60, 6), (59, 5), (44, 4), (30, 3), (20, 2), (5, 1)])
    def test_what_does_not_fit_is_left_out_and_never_cut(self, width, shown):
        file = io.StringIO()
        screen = Console(file=file, width=width, color_system=None, force_terminal=True)
        cells = ("12.3456", "100.0%", "12.3456", "100.0%", "0.000167", "123,456")
        with live.EpochTable(screen, 15, examples=1, name="digits") as table:
            table.add(15, *cells)
        last = [line.split() for line in file.getvalue().splitlines() if line.split()[:1] == ["15"]][-1]
        assert last == ["15", *cells][:shown]

    def test_elsewhere_it_prints_lines(self):
        screen = self.screen()
        with live.LiveTable(screen, "step", 4, ("loss", "rate")) as table:
            table.add(1, "0.5", "0.1")
            table.add(2, "0.25", "")
        assert screen.file.getvalue() == "step 1/4: loss 0.5, rate 0.1\nstep 2/4: loss 0.25\n"

    @pytest.mark.parametrize("total", [1, 2, 15, 16, 100, 9999, 10000])
    def test_there_are_no_more_rows_than_a_screen_has(self, total):
        table = live.LiveTable(self.screen(), "step", total, ())
        due = [number for number in range(1, total + 1) if table.is_due(number)]
        assert due[0] == 1
        assert due[-1] == total
        assert len(due) <= live.MOST_ROWS + 2
