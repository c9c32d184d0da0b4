"""The command: what it prints, where it fails, and that Ctrl-C still reports."""

from __future__ import annotations

import os
import re
import runpy
import struct
import subprocess
import sys
from importlib import metadata

import mpmath
import pytest
import typer

import gograd
from gograd import digits
from gograd.cli import app
from gograd.describe import kernels_of
from gograd_core import Op, Registry, current
from gograd_nn import cross_entropy


@pytest.fixture
def few_digits(monkeypatch):
    """60 digits to learn from, 40 held out."""
    data = digits.load(0)
    parts = data.train_images[:60], data.train_digits[:60], data.held_out_images[:40], data.held_out_digits[:40]
    few = digits.Digits(*parts)
    monkeypatch.setattr(digits, "load", lambda seed: few)
    return few


def rows_of(output):
    """The cells of every row of a table."""
    lines = [re.split("[│┃]", line) for line in output.splitlines() if line[:1] in ("│", "┃")]
    return [[cell.strip() for cell in cells[1:-1]] for cells in lines]


def confusion_of(output):
    return [[int(cell.replace("·", "0")) for cell in row[1:]] for row in rows_of(output)[1:]]


def test_version(run):
    assert run("--version") == (0, f"gograd {gograd.__version__}\n", "")


def test_the_module_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gograd", "--version"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("gograd", run_name="__main__")
    assert capsys.readouterr().out.startswith("gograd ")


@pytest.mark.parametrize("arguments", [(), ("train",)])
def test_without_a_command_it_explains_itself(run, arguments):
    code, output, error = run(*arguments)
    assert code == 2
    assert "Usage:" in output + error


def test_ops_lists_every_operation_with_its_provider(run):
    code, output, _ = run("ops")
    heading, *rows = rows_of(output)
    assert code == 0
    assert heading == ["operation", "symbol", "inputs", "operator", "kernels", "distribution", "version"]
    listed = [op for op in current.registry.operations() if op.name not in ("chosen", "plain", "variable")]
    assert [row[0] for row in rows] == [op.name for op in listed]
    assert [row[6] for row in rows] == [metadata.version(row[5]) for row in rows]
    assert [row[4] for row in rows] == [kernels_of(op) for op in listed]
    assert output.endswith("Not listed are operations that only the engine itself calls: chosen, plain, variable\n")
    assert {
        ("tanh", "", "1", "", "gograd-ops-extra"),
        ("div", "/", "2", "/", "gograd-ops-basic"),
        ("abs", "|x|", "1", "abs", "gograd-ops-basic"),
        ("dot", "·", "2 columns", "", "gograd-ops-extra"),
        ("sum", "Σ", "1 column", "", "gograd-ops-extra"),
        ("where", "", "3", "", "gograd-ops-extra"),
        ("identity", "", "1", "", "gograd-core"),
    } <= {(*row[:4], row[5]) for row in rows}


def test_ops_lists_operations_registered_by_hand(run):
    with Registry(discover=False) as own:
        own.register(Op("double", forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,), symbol="[b]"))
        own.register(Op("plain", forward=lambda xp, x: x, partials=(None,)))
        _, output, _ = run("ops")
    assert rows_of(output)[1:] == [
        ["double", "[b]", "1", "", "Python", "registered by hand", ""],
        ["plain", "", "1", "", "Python", "registered by hand", ""],
    ]
    assert "Not listed" not in output


@pytest.mark.parametrize(
    ("expression", "variables", "reference"),
    [
        ("tanh(w*x + b)", {"w": 2.0, "x": -1.0, "b": 0.5}, lambda w, x, b: mpmath.tanh(w * x + b)),
        ("x**y / (1 + exp(-x))", {"x": 1.5, "y": 2.5}, lambda x, y: x**y / (1 + mpmath.exp(-x))),
        ("dot([x, y], [y, 3])", {"x": 1.25, "y": -2.0}, lambda x, y: x * y + 3 * y),
        ("-x", {"x": 4.0}, lambda x: -x),
        ("x * x + 0 * _more", {"x": 3.0, "_more": 1.0}, lambda x, _more: x * x),
    ],
)
def test_eval_prints_the_value_and_every_derivative(run, expression, variables, reference):
    code, output, error = run("eval", expression, *(f"{name}={value}" for name, value in variables.items()))
    with mpmath.workdps(50):
        point = tuple(map(mpmath.mpf, variables.values()))
        orders = [tuple(int(name == other) for other in variables) for name in variables]
        expected = [float(reference(*point)), *(float(mpmath.diff(reference, point, order)) for order in orders)]
    names, numbers = zip(*rows_of(output), strict=True)
    assert (code, error) == (0, "")
    assert names == (expression, *(f"d / d{name}" for name in variables))
    # Two dozen roundings of 2**-53 at most, and no cancellation; a derivative of nothing is 0.0.
    assert list(map(float, numbers)) == pytest.approx(expected, rel=3e-15, abs=1e-40)


@pytest.mark.parametrize(
    ("expression", "printed"), [("2 ** 10", "1024.0"), ("1 < 2", "True"), ("inf", "inf"), ("sum([1, 2])", "3.0")]
)
def test_eval_without_variables_is_a_calculator(run, expression, printed):
    code, output, _ = run("eval", expression)
    assert (code, rows_of(output)) == (0, [[expression, printed]])


def test_eval_reads_names_of_variables_as_python_does(run):
    code, output, error = run("eval", "ﬁt * fit", "ﬁt=3")
    assert (code, rows_of(output), error) == (0, [["ﬁt * fit", "9.0"], ["d / dfit", "6.0"]], "")


def test_eval_shows_everything_where_columns_are_few(run):
    expression = "+".join(["dot([b],[x])"] * 9)
    _, output, _ = run("eval", expression, "b=0.1", "x=0.7", columns=30)
    shown = ["".join(column) for column in zip(*rows_of(output), strict=True)]
    assert shown[0] == f"{expression}d / dbd / dx"
    assert shown[1].startswith("0.6299999999999999")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x +", "x=1"), "'x +' is not a valid expression"),
        (("x.value", "x=1"), "'x.value': everything here is a number: write x"),
        (("",), "the expression is empty"),
        (("x + y", "x=1"), "'y' has no value: give y=NUMBER"),
        (("tanhh(x)", "x=1"), "Did you mean 'tanh'?"),
        (("[x]", "x=1"), "'[x]' is a list"),
        (("\udcff",), "is not a valid expression"),
        (("log(x)", "x=-1"), "log(x=-1.0) is nan"),
        (("sqrt(x)", "x=0"), "the derivative of sqrt(x=0.0) with respect to input 0"),
        (("x", "x"), "expected NAME=NUMBER, got 'x'"),
        (("x", "x="), "expected NAME=NUMBER, got 'x='"),
        (("x", "x=one"), "expected NAME=NUMBER, got 'x=one'"),
        (("x", "2x=1"), "'2x' is not a valid name for a variable"),
        (("x", "x=1", "x=2"), "'x' is given twice, the second time as 'x=2'"),
        (("x", "fi=1", "ﬁ=2"), "'fi' is given twice"),  # one name to Python
        (("x", "=1"), "'' is not a valid name for a variable"),
        (["w * x", "w=1", "x=2", "u=3", "v=4"], "'u', 'v' are not in the expression: look for a misspelt name"),
    ],
)
def test_eval_fails_with_one_line(run, arguments, message):
    code, output, error = run("eval", *arguments)
    assert (code, output) == (1, "")
    assert error.startswith("gograd: ")
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--layers", "a", "positive numbers separated by commas, got 'a'"),
        ("--layers", "8,0", "got '8,0'"),
        ("--layers", "-3", "got '-3'"),
        ("--activation", "tanhh", "no installed operation is 'tanhh'. Did you mean 'tanh'?"),
        ("--activation", "add", "'add' does not take one number"),
        ("--activation", "dot", "'dot' does not take one number"),
        ("--epochs", "0", "--epochs"),
        ("--rate", "0", "--rate"),
        ("--rate", "nan", "--rate"),
        ("--rate", "inf", "--rate"),
        ("--momentum", "1", "--momentum"),
        ("--momentum", "-0.1", "--momentum"),
        ("--batch-size", "0", "--batch-size"),
        ("--seed", "-1", "--seed"),
        ("--seed", str(2**32), "--seed"),
        ("--out", "picture.txt", ".png, .svg or .pdf"),
        ("--out", "no/such/folder/picture.png", "in a folder that exists"),
    ],
)
def test_a_bad_option_is_named_before_the_training(run, monkeypatch, option, value, message):
    monkeypatch.setattr(digits, "load", lambda seed: pytest.fail("the training began"))
    code, _, error = run("train", "digits", option, value)
    assert code == 2
    assert option in error
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", error).split())


def test_training_reports_the_held_out_digits_and_draws_a_picture(run, tmp_path):
    out = tmp_path / "[b]tiny.png"
    code, output, error = run("train", "digits", "--epochs", "1", "--layers", "4", "--out", str(out))
    confusion = confusion_of(output)
    right = sum(row[digit] for digit, row in enumerate(confusion))
    assert (code, error) == (0, "")
    assert "1347 digits to learn from, 450 held out." in output
    assert [sum(row) for row in confusion] == [digits.load(0).held_out_digits.count(digit) for digit in range(10)]
    assert {sum(row) for row in confusion} <= {43, 44, 45, 46}  # a quarter of the 174 to 183 of each
    assert f"<MLP of 2 layers, 310 parameters>. Held-out accuracy: {right / 450:.1%}" in output
    assert right > 200  # chance is 45
    assert "Stopped" not in output
    assert str(out) in output
    picture = out.read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (1320, 552)
    assert len(picture) > 20_000


def test_the_picture_shows_every_digit_that_was_read_wrongly(run, few_digits, tmp_path):
    out = tmp_path / "few.svg"
    _, output, _ = run("train", "digits", "--epochs", "12", "--layers", "", "--out", str(out))
    wrong = 40 - sum(row[digit] for digit, row in enumerate(confusion_of(output)))
    assert 0 < wrong <= 24
    assert out.read_text().count("<image ") == wrong


@pytest.mark.parametrize(("examples", "epoch"), [(10, 1), (110, 2)])  # the loss of the 40 held out is computed too
def test_ctrl_c_ends_the_training_and_still_reports(run, few_digits, tmp_path, monkeypatch, examples, epoch):
    calls = []

    def interrupted(output, target):
        calls.append(target)
        if len(calls) > examples:
            raise KeyboardInterrupt
        return cross_entropy(output, target)

    monkeypatch.setattr(digits, "cross_entropy", interrupted)
    out = tmp_path / "stopped.PDF"
    code, output, _ = run("train", "digits", "--epochs", "5", "--layers", "4", "--out", str(out))
    assert code == 0
    assert f"Stopped in epoch {epoch} of 5." in output
    assert sum(map(sum, confusion_of(output))) == 40
    assert "Held-out accuracy" in output
    assert out.read_bytes().startswith(b"%PDF")


def test_a_training_that_leaves_the_real_numbers_fails_with_one_line(run, few_digits, tmp_path):
    out = tmp_path / "none.png"
    code, _, error = run("train", "digits", "--activation", "log", "--layers", "4", "--out", str(out))
    assert code == 1
    assert error.startswith("gograd: the training left the real numbers in epoch 1: log(")
    assert len(error.splitlines()) == 1
    assert not out.exists()


def test_a_domain_error_says_what_happened_and_gives_no_advice_for_programs(run):
    code, _, errors = run("eval", "log(x)", "x=-1")
    assert code == 1
    assert errors == "gograd: log(x=-1.0) is nan, not a finite number, in log (gograd-ops-extra 0.1.0)\n"


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [(("check", "tanh", "where"), "passed"), (("ops",), r"\u03a3"), (("ops", "show", "where"), "condition: none")],
)
@pytest.mark.parametrize("columns", ["40", "160"])
def test_where_the_output_has_only_ascii_it_is_said_in_ascii(arguments, printed, columns):
    variables = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": columns}
    command = [sys.executable, "-m", "gograd", *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert columns == "40" or printed in done.stdout


def commands_of(group, *path):
    """Every command of the application with its path, groups too."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands_of(command, *path, name)


COMMANDS = {" ".join(["gograd", *path]): path for path in commands_of(typer.main.get_command(app))}


@pytest.mark.parametrize("path", COMMANDS.values(), ids=COMMANDS)
def test_the_help_of_a_flag_gives_no_type(run, path):
    code, output, _ = run(*path, "--help")
    assert code == 0
    assert "--help" in output
    assert "bool" not in output.lower()


def test_an_operation_in_place_of_a_command_is_told_how_to_be_seen(run):
    code, _, error = run("ops", "tanh")
    assert code == 2
    assert "gograd ops show tanh" in " ".join(error.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "tanh"), "No such command 'show'. Run gograd ops show tanh"),
        (("tanh",), "No such command 'tanh'. To see this operation, run gograd ops show tanh"),
        (("list",), "No such command 'list'. Run gograd ops"),
        (("help",), "No such command 'help'. Run gograd --help"),
        (("version",), "No such command 'version'. Run gograd --version"),
        (("evl", "x"), "No such command 'evl'. Did you mean 'eval'?"),
        (("opps",), "No such command 'opps'. Did you mean 'ops'?"),
    ],
)
def test_what_is_no_command_is_answered_with_one(run, arguments, message):
    code, output, error = run(*arguments)
    assert (code, output) == (2, "")
    assert message in " ".join(error.replace("│", " ").split())


@pytest.mark.parametrize("fault", ["forward", "partial"])
def test_eval_shows_the_error_of_a_rule_in_one_line(run, fault):
    def broken(*_):
        raise KeyError("table")

    rules = {"forward": lambda xp, x: x, "partial": lambda xp, out, x: 1.0, fault: broken}
    with Registry() as registry:
        registry.register(Op("odd", forward=rules["forward"], partials=(rules["partial"],)))
        code, output, error = run("eval", "odd(x)", "x=1")
    assert (code, output) == (1, "")
    assert error.startswith("gograd: ")
    assert "KeyError: 'table'" in error
    assert "while running" in error
    assert "odd (registered by hand)" in error
    assert len(error.splitlines()) == 1
