"""Checkpoints of `fit`: where a training goes on, when the file is written, and which files are refused."""

from __future__ import annotations

import math
import os
import random
from importlib import import_module

import numpy as np
import pytest

from gograd_core import Neuron
from gograd_nn import (
    LBFGS,
    MLP,
    SGD,
    Adam,
    AdamW,
    CosineDecay,
    Dropout,
    EarlyStopping,
    History,
    Layer,
    ModelFileError,
    Net,
    RMSprop,
    StepDecay,
    fit,
    huber,
    load,
    mae,
    mse,
    save,
)
from gograd_nn.files.sealed import read_sealed, write_sealed
from gograd_nn.training.choice import Choice
from gograd_nn.training.engines import Eager

INPUTS = [[0.1 * k, math.sin(k)] for k in range(20)]
TARGETS = [0.3 * x - 0.5 * y for x, y in INPUTS]
SIZES = [2, 3, 1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.safetensors"


class Interrupt:
    """A callback that ends a training as Ctrl-C does, after so many steps."""

    def __init__(self, steps):
        self.steps = steps

    def after_step(self, training):
        if training.optimiser.steps == self.steps:
            raise KeyboardInterrupt


def train(path=None, *, stop=None, model=None, optimiser=None, **settings):
    """What is learned in 4 epochs of 3 steps; None if it was interrupted."""
    model = model or MLP(SIZES, seed=1)
    parameters = model.parameters() if hasattr(model, "parameters") else []
    optimiser = optimiser(parameters) if optimiser else SGD(parameters, 0.05, momentum=0.9)
    settings = {"loss": mse, "inputs": INPUTS, "targets": TARGETS, "epochs": 4, "batch_size": 8, **settings}
    callbacks = [*settings.pop("callbacks", ()), *([Interrupt(stop)] if stop else ())]
    try:
        history = fit(
            model, optimiser=optimiser, checkpoint=path, callbacks=callbacks, progress=False, engine="eager", **settings
        )
    except KeyboardInterrupt:
        return None
    return [parameter.value for parameter in parameters], history.epochs, optimiser.steps


def steps_in(path):
    return read_sealed(path, "gograd checkpoint")[1]["training"]["optimiser"]["steps"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimiser": lambda p: Adam(p, amsgrad=True, schedule=CosineDecay(9))},
        {"optimiser": lambda p: AdamW(p, weight_decay=0.1, schedule=lambda step: 1.0 / (1.0 + step))},
        {"optimiser": lambda p: RMSprop(p, centered=True, momentum=0.5)},
        {"optimiser": lambda p: SGD(p, np.float32(0.1), schedule=StepDecay(2))},
        {"held_out": 0.3, "batch_size": 5, "metrics": ["rmse", mae], "early_stopping": EarlyStopping(patience=4)},
        {"held_out": (INPUTS[:3], TARGETS[:3]), "clip": 0.01},
        {"targets": [1 if target > 0.0 else -1 for target in TARGETS]},
        {"targets": [{"goal": target} for target in TARGETS], "loss": lambda y, target: mse(y, target["goal"])},
    ],
)
def test_a_training_goes_on_with_the_same_bits(settings, path):
    expected = train(**settings)
    for every, stops in ((None, (2, 7)), (1, (1, 6, 9)), (2, (5, 11))):
        for stop in stops:
            assert train(path, stop=stop, every=every, **settings) is None
        assert train(path, every=every, **settings) == expected
        path.unlink()


@pytest.mark.parametrize(
    ("every", "stop", "steps"), [(None, 3, None), (None, 4, 3), (None, None, 12), (1, 6, 5), (5, 12, 10), (5, None, 12)]
)
def test_when_the_file_is_written(every, stop, steps, path):
    train(path, every=every, stop=stop)
    assert (steps_in(path) if path.exists() else None) == steps


def test_a_training_that_has_ended_does_nothing_more(path):
    expected = train(path)
    before = path.read_bytes()
    assert train(path) == expected
    assert path.read_bytes() == before


def test_more_epochs_are_counted_from_the_beginning(path):
    train(path, epochs=2)
    assert train(path, epochs=5) == train(epochs=5)
    _, epochs, steps = train(path, epochs=1)
    assert (len(epochs), steps) == (5, 15)


def test_a_training_that_stopped_early_stays_so(path):
    settings = {"held_out": 0.3, "early_stopping": EarlyStopping(patience=1, minimum_change=1.0), "epochs": 9}
    expected = train(path, **settings)
    assert 1 < len(expected[1]) < 9
    assert train(path, **settings) == expected
    assert train(path, **settings | {"epochs": 20}) == expected


def test_it_goes_on_with_the_objects_of_the_same_process(path):
    expected = train()
    model = MLP(SIZES, seed=1)
    optimiser = SGD(model.parameters(), 0.05, momentum=0.9)
    history = History()
    for stop in (5, 8, None):
        found = train(path, stop=stop, model=model, optimiser=lambda _: optimiser, history=history)
    assert found == expected
    assert history.epochs == expected[1]


def test_parameters_that_are_not_trained_are_in_the_file(path):
    def made(seed):
        return Net(Layer(2, 3, seed=seed), Layer(3, 1, None, seed=2), lambda outputs: outputs[0])

    def optimiser(parameters):
        return SGD(parameters[9:], 0.1)

    expected = train(model=made(1), optimiser=optimiser)
    assert train(path, stop=7, model=made(1), optimiser=optimiser) is None
    assert train(path, model=made(8), optimiser=optimiser) == expected


def test_a_model_may_be_a_function(path):
    def found(stop=None):
        slope, height = Neuron(0.0, label="slope"), Neuron(1.0, label="height")
        done = train(
            path, model=lambda row: slope * row[0] + height, optimiser=lambda _: SGD([slope, height], 0.1), stop=stop
        )
        return done and (slope.value, height.value, *done[1:])

    expected = found()
    path.unlink()
    assert found(stop=7) is None
    assert found() == expected


def test_a_file_has_the_arrays_of_a_model(path):
    values, _, _ = train(path)
    model = MLP(SIZES)
    load(model, path)
    assert [parameter.value for parameter in model.parameters()] == values
    with pytest.raises(ModelFileError, match="it belongs to another model: layer0.weight has"):
        load(MLP([2, 4, 1]), path)


def other_data(change):
    rows = [row[:] for row in INPUTS]
    change(rows)
    return rows


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 7}, "batch_size was 8, and is 7. Use the setting"),
        ({"loss": huber}, "loss was '<function mse>', and is '<function huber>'"),
        ({"seed": 1, "batch_size": 7}, "batch_size was 8, and is 7; seed was 0, and is 1. Use"),
        ({"optimiser": lambda p: SGD(p, 0.05)}, "momentum was 0.9, and is 0.0"),
        ({"optimiser": lambda p: SGD(p, 0.06, momentum=0.9)}, "rate was 0.05, and is 0.06"),
        ({"optimiser": Adam}, "optimiser was 'SGD', and is 'Adam'; rate was 0.05, and is 0.001; .*; …. Use"),
        (
            {"optimiser": lambda p: SGD(p, 0.05, momentum=0.9, schedule=StepDecay(3))},
            r"schedule was 'None', and is 'StepDecay\(every=3, factor=0.1\)'",
        ),
        (
            {"inputs": other_data(lambda rows: rows[3].__setitem__(1, 0.5))},
            "data was '[0-9a-f]{8}…', and is '[0-9a-f]{8}…'",
        ),
        ({"inputs": other_data(list.reverse)}, "data was"),
        ({"inputs": INPUTS[1:], "targets": TARGETS[1:]}, "data was"),
        ({"targets": TARGETS[::-1]}, "data was"),
        ({"held_out": (INPUTS, TARGETS)}, "held_out was None, and is"),
        ({"held_out": 0.5}, "data was .*; held_out was None"),
        ({"clip": 1.0}, "clip was None, and is 1.0"),
        ({"metrics": ["mae"]}, r"metrics was \[\], and is \['mae'\]"),
        ({"early_stopping": EarlyStopping(watch="loss")}, r"early_stopping was 'None', and is \"EarlyStopping\("),
        ({"model": MLP([2, 4, 1])}, "model: layer0.weight has the shape"),
        ({"model": MLP([2, 3, 1, 1])}, "model: it has no layer2.weight"),
    ],
)
def test_the_file_of_another_training_is_refused(settings, message, path):
    train(path, stop=7)
    before = path.read_bytes()
    model = settings.get("model", MLP(SIZES, seed=4))
    values = [parameter.value for parameter in model.parameters()]
    with pytest.raises(ModelFileError, match=f"^{path}: it belongs to another .*{message}"):
        train(path, **{**settings, "model": model})
    assert [parameter.value for parameter in model.parameters()] == values
    assert path.read_bytes() == before


def test_the_file_of_a_model_is_no_checkpoint(path):
    save(MLP(SIZES), path)
    with pytest.raises(ModelFileError, match="it is a 'gograd model', and a 'gograd checkpoint' was expected"):
        train(path)


def test_altered_and_truncated_files(path):
    train(path, stop=7)
    data, rng = path.read_bytes(), random.Random(2)
    altered = [data[: rng.randrange(len(data))] for _ in range(30)]
    for _ in range(70):
        place = rng.randrange(len(data))
        altered.append(data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :])
    model = MLP(SIZES, seed=4)
    before = [parameter.value for parameter in model.parameters()]
    for each in altered:
        path.write_bytes(each)
        with pytest.raises(ModelFileError, match="it was changed or cut off"):
            train(path, model=model)
    assert [parameter.value for parameter in model.parameters()] == before


ROW = {"number": 1, "loss": 0.5, "accuracy": None, "held_out_accuracy": None, "held_out_loss": None, "metrics": {}}
BEST = {"number": None, "epoch": 0, "waited": 0}
WRONG = {
    "epoch": ["2", None, -1, 0, 1.5, True, [2]],
    "first": ["x", None, 4, -1],
    "step": [99, 4, -1, None, [1]],
    "switch": ["now", -3, 2.0],
    "history": [None, [{}], [3], [ROW | {"other": 2}], [ROW | {"number": "1"}], [ROW | {"metrics": {"mae": "0"}}]],
    "best": [None, {"x": 1}, BEST | {"number": "1"}, BEST | {"waited": None}],
    "best_parameters": [{"array": "missing"}, {"array": ["x"]}, 3.0, None],
    "outputs": [{"array": "layer0.weight"}, {"array": "layer0.bias"}, None],
    "total_loss": ["much", None, 1],
    "optimiser": [None, {"optimiser": "SGD"}, "SGD", {}],
    "stopped": [3, None],
    "engine": [None, 3],
    "version": [1, None],
    "trial": ["0.5", [1], 3.0],
    "seed": ["0", 1],
    "examples": [21, None],
    "batch_size": [[8], 9],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_states_that_are_wrong_though_the_digest_is_right(name, value, path):
    train(path, stop=8, every=1)
    arrays, facts = read_sealed(path, "gograd checkpoint")
    facts["training"][name] = value
    for entry in ("sha256", "format", "version"):
        del facts[entry]
    write_sealed(path, "gograd checkpoint", arrays, facts)
    model = MLP(SIZES, seed=4)
    optimiser, history = SGD(model.parameters(), 0.05, momentum=0.9), History()
    before = [parameter.value for parameter in model.parameters()], optimiser.state()["velocities"].tolist()
    with pytest.raises(ModelFileError, match=f"(?s)^{path}: its state cannot be taken over: .* To begin anew"):
        train(path, model=model, optimiser=lambda _: optimiser, history=history)
    after = [parameter.value for parameter in model.parameters()], optimiser.state()["velocities"].tolist()
    assert (after, optimiser.steps, history.epochs) == (before, 0, [])


@pytest.mark.parametrize("every", [0, -1])
def test_every_must_be_positive(every, path):
    with pytest.raises(ValueError, match=f"every must be 1 or more steps, got {every}"):
        train(path, every=every)


def test_a_folder_that_is_missing_is_found_out_before_the_first_step(tmp_path):
    model = MLP(SIZES)
    before = [parameter.value for parameter in model.parameters()]
    with pytest.raises(FileNotFoundError, match="missing"):
        train(tmp_path / "missing" / "run", model=model)
    assert [parameter.value for parameter in model.parameters()] == before


def test_a_disk_that_is_full_keeps_the_last_file(path, monkeypatch):
    train(path, stop=4)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            train(path)
    assert steps_in(path) == 3
    assert os.listdir(path.parent) == [path.name]
    assert train(path) == train()


def test_lbfgs_goes_on_from_where_it_was(path):
    pytest.importorskip("scipy")
    model = MLP(SIZES, seed=1)
    train(path, model=model, optimiser=LBFGS, epochs=3, stop=2)
    values, epochs, _ = train(path, optimiser=LBFGS, epochs=6)
    assert [epoch.number for epoch in epochs] == list(range(1, 7))
    assert epochs[-1].loss < epochs[0].loss
    assert values != [parameter.value for parameter in model.parameters()]


def test_dropout_draws_the_masks_that_it_would_have_drawn(path):
    def made():
        return Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])

    expected = train(model=made())
    train(path, model=made(), stop=5, every=1)
    assert train(path, model=made(), every=1) == expected
    assert train(model=made(), seed=1)[0] != expected[0]


def test_numbers_that_would_compute_differently_when_they_are_read_are_refused(path):
    with pytest.raises(TypeError, match=r"a file holds numbers of Python, .*, got np.float32\(0.5\)"):
        train(path, optimiser=lambda p: SGD(p, 0.05, momentum=np.float32(0.5)))
    assert not path.exists()


def test_an_epoch_that_has_yet_to_end_is_judged_by_the_engine_that_would_have_done_it(path, monkeypatch):
    def interrupt(training):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        import_module("gograd_nn.training.fit"),
        "choose",
        lambda *_: Choice(2, "compiled code takes over"),
    )
    settings = {"held_out": (INPUTS[:3], TARGETS[:3]), "every": 1}
    expected = train(**settings)
    assert train(path, callbacks=[interrupt], **settings) is None
    assert steps_in(path) == 3  # of which the epoch has no more
    monkeypatch.setattr(Eager, "judge", None)  # cannot be called
    assert train(path, **settings) == expected
