"""What ends a training, what it reports, and L-BFGS."""

from __future__ import annotations

import importlib
import math
import sys

import numpy as np
import pytest
from scipy.optimize import minimize

from gograd_core import Neuron, errstate
from gograd_nn import (
    LBFGS,
    MLP,
    SGD,
    Adam,
    Dropout,
    EarlyStopping,
    Epoch,
    History,
    Layer,
    Net,
    binary_cross_entropy,
    cross_entropy,
    fit,
    mse,
    score,
)

INPUTS = [[0.1 * k, math.cos(k)] for k in range(24)]
NUMBERS = [math.sin(x) - 0.5 * y for x, y in INPUTS]
BITS = [int(number > 0.2) for number in NUMBERS]


def train(model, targets=NUMBERS, *, loss=mse, optimiser=None, **settings):
    optimiser = optimiser or Adam(model.parameters(), 0.01)
    settings = {"epochs": 5, "batch_size": 8, "progress": False, **settings}
    return fit(model, INPUTS, targets, loss=loss, optimiser=optimiser, **settings)


LOWER = {"higher_is_better": False}


def dropping():
    return Net(Dropout(0.5), Layer(2, 1, None), lambda outputs: outputs[0])


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


@pytest.mark.parametrize(
    ("numbers", "settings", "ends_after", "best"),
    [
        ([5.0, 4.0, 3.0, 2.0, 1.0], {"patience": 1}, 5, 5),
        ([5.0, 4.0, 4.5, 4.2, 3.0], {"patience": 2}, 4, 2),
        ([5.0, 4.0, 4.5, 3.9, 4.0], {"patience": 2}, 5, 4),
        ([5.0, 4.0, 4.5, 3.9, 4.0], {"patience": 2, "minimum_change": 0.5}, 4, 2),
        ([5.0, 5.0, 5.0, 5.0, 5.0], {"patience": 3}, 4, 1),
        ([1.0, 2.0, 1.5, 3.0, 4.0], {"patience": 1, "watch": "held_out_value", "higher_is_better": True}, 3, 2),
        ([5.0, 4.0, 4.5, 4.2, 3.0], {"patience": 2, "watch": "held_out_value", "higher_is_better": False}, 4, 2),
        ([math.nan, math.nan, 4.0, 5.0, 6.0], {"patience": 2, "watch": "held_out_value", **LOWER}, 5, 3),
        ([math.nan, 4.0, math.nan, math.nan, 3.0], {"patience": 2, "watch": "held_out_value", **LOWER}, 4, 2),
        ([math.nan, math.nan, math.nan, 1.0, 1.0], {"patience": 2, "watch": "held_out_value", **LOWER}, 3, 1),
    ],
)
@pytest.mark.parametrize("restore", [False, True])
def test_it_stops_when_a_number_is_no_longer_better(numbers, settings, ends_after, best, restore):
    weight, seen = Neuron(0.0), []

    def value(outputs, targets):
        return numbers[len(seen)]

    def model(x):
        return weight + 0.0 * x[0]

    def loss(output, target):
        return output - output + (numbers[min(len(seen), 4)] if "watch" not in settings else 1.0) + 0.0 * weight

    def note(training):
        seen.append(weight.value)
        weight.value += 1.0

    stopping = EarlyStopping(restore_best=restore, **settings)
    optimiser = SGD([weight], 0.1)
    settings = {"early_stopping": stopping, "callbacks": [note], "metrics": [value], "engine": "eager"}
    history = train(model, loss=loss, optimiser=optimiser, held_out=(INPUTS[:2], NUMBERS[:2]), **settings)
    assert [epoch.number for epoch in history.epochs] == list(range(1, ends_after + 1))
    assert weight.value == (seen[best - 1] if restore else seen[-1] + 1.0)
    assert bool(history.stopped) is (ends_after < 5 or best < 5 - stopping.patience + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(patience=0), "patience must be 1 or more"),
        (lambda: EarlyStopping(minimum_change=-1.0), "minimum_change 0 or more"),
        (
            lambda: EarlyStopping(watch="f1"),
            r"say whether a higher 'f1' is better: EarlyStopping\(…, higher_is_better=…",
        ),
        (
            lambda: train(MLP([2, 1]), early_stopping=EarlyStopping()),
            "watches 'held_out_loss', but .* loss: see held_out=",
        ),
        (lambda: train(MLP([2, 1]), held_out=1.5), "a share of the examples, or a tuple .* got 1.5 of 24"),
        (lambda: train(MLP([2, 1]), metrics=["f1"]), "there is no metric 'f1'"),
        (lambda: train(MLP([2, 1]), clip=0.0), "clip must be a positive number; got 0.0"),
        (lambda: train(MLP([2, 1]), optimiser=LBFGS(MLP([2, 1]).parameters())), r"as in LBFGS\(model.parameters\(\)\)"),
        (
            lambda: train(m := MLP([2, 1]), optimiser=LBFGS(m.parameters()), clip=1.0),
            "LBFGS needs the gradients as they",
        ),
        (lambda: train(m := dropping(), optimiser=LBFGS(m.parameters())), "LBFGS needs the same loss in every step"),
        (lambda: LBFGS([]), "LBFGS needs at least one parameter"),
        (lambda: LBFGS([Neuron(1.0)], memory=0), "memory must be 1 or more"),
        (lambda: History().plot(), "needs at least one epoch"),
    ],
)
def test_wrong_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_share_is_held_out():
    model = MLP([2, 3, 1], seed=1)
    shown = []

    def noted(x):
        shown.append(tuple(x))
        return model(x)

    history = fit(
        noted, INPUTS, NUMBERS, loss=mse, optimiser=SGD(model.parameters(), 0.1), epochs=1, held_out=0.25,
        batch_size=6, metrics=["r2"], progress=False,
    )  # fmt: skip
    learned, held_out = shown[1:19], shown[19:]
    assert (len(learned), len(held_out)) == (18, 6)
    assert sorted(learned + held_out) == sorted(map(tuple, INPUTS))
    assert held_out == sorted(held_out)
    targets = [NUMBERS[INPUTS.index(list(x))] for x in held_out]
    (epoch,) = history.epochs
    assert epoch.metrics["held_out_r2"] == pytest.approx(score(model, held_out, targets, "r2"), rel=1e-12)
    assert epoch.held_out_loss == pytest.approx(score(model, held_out, targets, "mse"), rel=1e-12)


def test_callbacks_get_the_training_and_may_stop_it():
    calls = []

    class Both:
        def after_step(self, training):
            calls.append(("step", training.epoch, training.step))
            if training.optimiser.steps == 5:
                training.stop("enough")

        def after_epoch(self, training):
            calls.append(("epoch", training.history.epochs[-1].number, training.step))

    model = MLP([2, 1])
    history = train(
        model, callbacks=[Both(), lambda training: calls.append(("function", training.epoch, training.step))]
    )
    first = [("step", 1, 1), ("step", 1, 2), ("step", 1, 3), ("epoch", 1, 0), ("function", 2, 0)]
    assert calls == [*first, ("step", 2, 1), ("step", 2, 2)]
    assert history.stopped == "enough"
    assert [epoch.number for epoch in history.epochs] == [1]
    train(model, history=history, epochs=1)
    assert history.stopped == ""


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize(
    ("targets", "loss", "outputs"),
    [(NUMBERS, mse, 1), (BITS, binary_cross_entropy, 1), (BITS, cross_entropy, 2)],
    ids=["mse", "bits", "classes"],
)
def test_lbfgs_does_what_scipy_does(engine, targets, loss, outputs):
    model, twin = (MLP([2, 4, outputs], seed=1) for _ in range(2))
    losses = train(model, targets, loss=loss, optimiser=LBFGS(model.parameters()), engine=engine, epochs=12).epochs
    parameters = twin.parameters()

    def mean(values):
        for parameter, number in zip(parameters, values, strict=True):
            parameter.value, parameter.grad = number, 0.0
        total = sum(loss(twin(x), t) for x, t in zip(INPUTS, targets, strict=True)) / len(INPUTS)
        total.backward()
        return total.value, np.array([parameter.grad for parameter in parameters])

    found = []
    start = values_of(twin)
    minimize(
        mean, start, jac=True, method="L-BFGS-B", callback=lambda x: found.append(mean(x)[0]), options={"maxiter": 12}
    )
    assert [epoch.number for epoch in losses] == list(range(1, 13))
    # Twelve iterations amplify the last digit: the line search divides by differences of derivatives.
    assert [epoch.loss for epoch in losses] == pytest.approx(found, rel=1e-6)
    assert losses[-1].loss < losses[0].loss / 2.0


def test_lbfgs_ends_at_a_minimum():
    model = MLP([2, 1])
    optimiser = LBFGS(model.parameters())
    history = train(model, [0.5 * x - y for x, y in INPUTS], optimiser=optimiser, epochs=100)
    assert "LBFGS found a minimum" in history.stopped
    assert optimiser.steps == len(history.epochs) < 100
    assert values_of(model) == pytest.approx([0.5, -1.0, 0.0], abs=1e-4)


@pytest.mark.parametrize(
    ("activation", "settings", "reason"),
    [
        ("log", {}, "LBFGS finds no better parameters: ABNORMAL"),  # the loss is NaN from the beginning
        ("tanh", {"tolerance": 1e-2}, "LBFGS found a minimum: CONVERGENCE"),
    ],
)
def test_lbfgs_says_why_it_ends_early(activation, settings, reason):
    model = MLP([2, 1], seed=3) if activation == "tanh" else MLP([2, 4, 1], activation, seed=3)
    with errstate(domain="ignore"):
        optimiser = LBFGS(model.parameters(), **settings)
        history = train(model, optimiser=optimiser, epochs=500)
    assert history.stopped.startswith(reason)
    assert not history.stopped.endswith((" ", ":"))
    assert all(map(math.isfinite, values_of(model)))


def test_a_history_is_a_table(capsys):
    history = History()
    assert str(history) == "no epoch has ended"
    history.epochs += [Epoch(1, 2.0, None), Epoch(2, 1.25, None, 0.5, None, {"r2": 0.875})]
    assert history.to_dict() == {
        "number": [1, 2], "loss": [2.0, 1.25], "held_out_loss": [None, 0.5], "r2": [None, 0.875],
    }  # fmt: skip
    print(history)
    assert capsys.readouterr().out.splitlines() == [
        "epoch  loss  held_out_loss     r2",
        "    1     2              -      -",
        "    2  1.25            0.5  0.875",
    ]
    history.epochs = [Epoch(number, 1.0 / number, 0.5) for number in range(1, 101)]
    lines = str(history).splitlines()
    assert [line.split()[0] for line in lines] == ["epoch", *map(str, range(1, 11)), "…", *map(str, range(91, 101))]


def test_a_history_is_drawn(tmp_path):
    history = train(MLP([2, 4, 2]), BITS, loss=cross_entropy, held_out=0.25)
    figure = history.plot()
    left, _ = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "accuracy"]
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["learned from", "held out"]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["learned from", "held out"]
        assert all(tick == int(tick) for tick in axes.get_xticks())
    colours = [[line.get_color() for line in axes.lines] for axes in figure.axes]
    assert colours[0] == colours[1]
    assert colours[0][0] != colours[0][1]
    assert left.get_yscale() == "linear"
    assert left.lines[0].get_ydata().tolist() == history.to_dict()["loss"]
    figure.savefig(tmp_path / "history.png")
    (own,) = train(MLP([2, 1]), epochs=1).plot().axes
    assert len(own.lines) == 1
    assert own.lines[0].get_marker() == "o"
    assert own.get_legend() is None
    assert history.plot(figure.axes) is history.plot(np.array(figure.axes)) is figure
    assert train(MLP([2, 1]), epochs=1).plot(own) is own.figure
    with pytest.raises(ValueError, match="expects axes for loss, accuracy, got 1"):
        history.plot([own])


@pytest.mark.parametrize(
    ("losses", "scale"), [([1.0, 0.05], "log"), ([1.0, 0.5], "linear"), ([1.0, 0.0], "linear"), ([1.0, -9.0], "linear")]
)
def test_a_loss_that_falls_far_is_drawn_on_a_logarithmic_scale(losses, scale):
    history = History([Epoch(number, loss, None) for number, loss in enumerate(losses, start=1)])
    assert [axes.get_yscale() for axes in history.plot().axes] == [scale]


@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("matplotlib.figure", lambda: train(MLP([2, 1])).plot()),
        ("scipy.optimize", lambda: train(m := MLP([2, 1]), optimiser=LBFGS(m.parameters()))),
    ],
)
def test_what_is_missing_is_named(module, use, monkeypatch):
    importlib.import_module(module)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="which is not installed: pip install"):
        use()
