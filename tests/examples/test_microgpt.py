"""microgpt: its losses are those of tensors of PyTorch, whose script is `benchmarks/microgpt_torch.py`."""

import json
import random
import runpy
import sys

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import value_and_grad


@pytest.fixture(scope="module")
def folder(request):
    return request.config.rootpath / "tests" / "examples" / "microgpt"


@pytest.fixture(scope="module")
def script(request):
    return request.config.rootpath / "examples" / "microgpt" / "microgpt.py"


@pytest.fixture(scope="module")
def example(script):
    return runpy.run_path(str(script))


@pytest.fixture
def run(script, folder, monkeypatch, capsys):
    """A function that runs the example with some options, and returns what it printed."""

    def run(*options, data=folder / "names.txt"):
        monkeypatch.setattr(sys, "argv", [str(script), *options, *(("--data", str(data)) if data else ())])
        runpy.run_path(str(script), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def parameters():
    return np.random.default_rng(0).normal(scale=0.3, size=4192)


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_losses_of_1000_steps_are_those_of_pytorch(engine, run, folder):
    *steps, last = map(json.loads, run("--engine", engine, "--json").splitlines())
    assert [row["step"] for row in steps] == list(range(1, 1001))
    expected = [float(line) for line in (folder / "losses.txt").read_text().splitlines()]
    # Both round differently, and training amplifies that: to 1e-11 here, and perhaps more with another library of C.
    assert [row["loss"] for row in steps] == pytest.approx(expected, abs=1e-8)
    assert last["seconds"] > 0.0
    assert len(last["samples"]) == 20
    assert all(len(name) <= 16 for name in last["samples"])


def test_the_rate_falls_over_the_planned_steps(run):
    short, long = (run("--steps", "3", *more, "--json").splitlines() for more in ((), ("--planned", "1000")))
    assert short[0] == long[0]
    assert short[1] == long[1]  # the first step has the full rate in both
    assert short[2] != long[2]


def test_tokens_are_data_so_a_recording_serves_all_names_of_a_length(example, parameters):
    recorded = compile(example["loss"])
    for name in ("anna", "wil", "otto", "zyxw"):
        recorded.value_and_grad(parameters, *example["encoded"](name, 1))
    report = recorded.explain()
    assert (report["recorded"], report["evaluated"]) == (2, 0)


def test_rows_of_weight_0_change_nothing(example, parameters):
    both = value_and_grad(example["loss"])
    value, gradient = both(parameters, *example["encoded"]("maria", 1))
    padded, padded_gradient = both(parameters, *example["encoded"]("maria", 4))
    assert padded == pytest.approx(value, rel=1e-14)
    # Sums of at most a hundred terms, rounded in a different order.
    assert padded_gradient == pytest.approx(gradient, rel=1e-12, abs=1e-14 * np.abs(gradient).max())


def test_a_name_is_cut_off_after_the_block(example):
    inputs, targets = example["encoded"]("a" * 30, 1)
    assert len(inputs) == len(targets) == 16
    assert inputs[0].argmax() == 26
    assert targets[-1].argmax() == 0
    assert targets.sum() == pytest.approx(1.0, rel=1e-15)


def test_batched_steps_use_the_mean_over_names_of_one_length(example, run, folder):
    names = example["read_names"](folder / "names.txt")
    random.seed(42)
    random.shuffle(names)
    inputs, targets = next(example["examples"](names, "batched"))
    assert inputs.shape == targets.shape == (32, inputs.shape[1], 27)
    start = np.array([random.gauss(0.0, 0.08) for _ in range(4192)])
    single = [value_and_grad(example["loss"])(start, *rows) for rows in zip(inputs, targets, strict=True)]
    losses, gradient = example["differentiated"]("batched")(start, inputs, targets)
    assert losses == pytest.approx([value for value, _ in single], rel=1e-13)
    total = np.sum([gradient for _, gradient in single], axis=0)
    assert gradient == pytest.approx(total, rel=1e-11, abs=1e-13 * np.abs(total).max())
    first = json.loads(run("--engine", "batched", "--steps", "1", "--json").splitlines()[0])
    assert first["loss"] == pytest.approx(losses.mean(), rel=1e-13)


def test_without_json_it_prints_some_losses_and_the_names(run):
    *losses, names = run("--steps", "20").splitlines()
    assert [line.partition(":")[0] for line in losses] == ["step 1", *(f"step {n}" for n in range(2, 21, 2))]
    assert len(names.split(" ")) == 20


@pytest.mark.parametrize("text", ["", "anna\nanne-marie\n"])
def test_names_of_other_characters_are_refused(text, run, tmp_path):
    file = tmp_path / "names.txt"
    file.write_text(text)
    with pytest.raises(SystemExit, match="a name per line, of the letters a to z"):
        run(data=file)


def test_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "names", None)
    with pytest.raises(SystemExit, match="pip install names, or pass --data FILE"):
        run(data=None)


def test_it_is_read_in_a_sitting(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 200
