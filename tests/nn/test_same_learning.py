"""Both engines learn the same, whatever the data are and callbacks do, and both refuse the same."""

from __future__ import annotations

import math

import numpy as np
import pandas
import pytest

from gograd_core import Neuron
from gograd_nn import (
    MLP,
    SGD,
    Dropout,
    Layer,
    Net,
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    mse,
    score,
)

ENGINES = ("eager", "compiled")
ROWS = np.random.default_rng(0).normal(size=(20, 2))
SIDES = np.where(ROWS[:, 0] * ROWS[:, 1] > 0.0, 1, -1)
LABELS = np.random.default_rng(1).permutation(20)
BYTES = np.random.default_rng(2).integers(0, 255, size=(20, 2)).astype(np.uint8)
BYTES[0] = 1  # this one does not wrap around


class Adjusted:
    """A perceptron, and numbers of its own that change what it does."""

    def __init__(self):
        self.net = MLP([2, 3, 1], seed=1)
        self.factor, self.threshold = 1.0, -math.inf
        self.parameters = self.net.parameters

    def __call__(self, x):
        return self.factor * self.net(x if x[0] > self.threshold else [x[1], x[0]])


class AfterStep:
    def __init__(self, act):
        self.after_step = act


def learned(engine, *, make=Adjusted, inputs=ROWS, targets=SIDES, loss=mse, callback=None):
    model = make()
    callbacks = [] if callback is None else [callback(model)]
    fit(
        model, inputs, targets, loss=loss, optimiser=SGD(model.parameters(), 0.1), epochs=3, batch_size=8,
        callbacks=callbacks, engine=engine, progress=False,
    )  # fmt: skip
    return [parameter.value for parameter in model.parameters()]


def scaled_bytes():
    model = Adjusted()
    net = model.net
    model.net = lambda x: net((x * 2) / 255.0)
    return model


def rounded():
    model = Adjusted()
    net = model.net
    model.net = lambda x: net((x * 0.1) / 3.0)
    return model


def margin(score, label):
    """Return a plain 0.0 beyond the margin, as for the first example."""
    return max(0.0, 1.0 - 20.0 * label * score)


def dropping():
    return Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])


def lower_share(model):
    return lambda training: setattr(model.layers[1], "share", 0.1)


def anneal(model):
    return AfterStep(lambda training: setattr(model, "factor", 0.9 * model.factor))


def poison(model):
    return lambda training: setattr(model.parameters()[0], "value", math.nan)


def raise_threshold(model):
    """Change what the model does with some inputs, but not with the first."""
    return lambda training: setattr(model, "threshold", min(0.5, ROWS[0, 0] - 0.01))


def shift_inputs(inputs):
    """Change the examples themselves after each epoch."""

    def shift(training):
        for row in inputs:
            row[0] += 0.25

    return lambda model: shift


@pytest.mark.parametrize("kind", [np.ndarray.tolist, np.copy])
def test_examples_that_callbacks_change_are_read_again(kind):
    found = []
    for engine in ENGINES:
        inputs = kind(ROWS)
        found.append(learned(engine, inputs=inputs, callback=shift_inputs(inputs)))
    assert found[1] == pytest.approx(found[0], rel=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"make": scaled_bytes, "inputs": BYTES},
        {"make": scaled_bytes, "inputs": list(BYTES)},
        {"make": rounded, "inputs": ROWS.astype(np.float32)},
        {"make": rounded, "inputs": list(ROWS.astype(np.float32)), "targets": SIDES.astype(np.float32)},
        {"targets": pandas.Series(SIDES, index=LABELS)},
        {"inputs": pandas.DataFrame(ROWS, index=LABELS), "targets": pandas.Series(SIDES, index=LABELS)},
        {"make": dropping, "callback": lower_share},
        {"callback": anneal},
        {"callback": raise_threshold},
        {"callback": poison},
        {"loss": margin},
    ],
)
def test_both_engines_learn_the_same(settings):
    eager, compiled = (learned(engine, **settings) for engine in ENGINES)
    assert compiled == pytest.approx(eager, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_series_pairs_with_inputs_by_its_order(engine):
    expected = learned(engine, targets=SIDES.tolist())
    assert learned(engine, targets=pandas.Series(SIDES, index=LABELS)) == expected


def test_frames_are_judged_by_their_order():
    inputs, targets = pandas.DataFrame(ROWS, index=LABELS), pandas.Series(SIDES, index=LABELS)
    model = MLP([2, 3, 1], seed=1)
    assert accuracy(model, inputs, targets) == accuracy(model, ROWS, SIDES)
    assert score(model, inputs, targets, "mse") == score(model, ROWS, SIDES, "mse")


def test_arrays_of_bools_add_up_differently_so_they_are_not_compiled():
    with pytest.raises(Exception, match="bools, which add up differently"):
        learned("compiled", inputs=ROWS > 0.0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("loss", "targets", "outputs", "error", "message"),
    [
        (hinge, [1] * 9 + [0] * 11, 1, ValueError, "hinge.. expects the label -1 or 1, got 0"),
        (binary_cross_entropy, [1] * 9 + [-1] * 11, 1, ValueError, "from 0 to 1, got -1"),
        (cross_entropy, [0] * 9 + [3] * 11, 3, IndexError, "a class from 0 to 2, got 3"),
        (cross_entropy, [[1.0, 0.0, 0.0]] * 9 + [[2.0, -1.0, 0.0]] * 11, 3, ValueError, "not negative, got -1"),
        (cross_entropy, [0] * 9 + [0.5] * 11, 3, TypeError, "a class, which is a whole number, got 0.5"),
    ],
)
def test_a_wrong_target_is_refused_before_anything_changes(engine, loss, targets, outputs, error, message):
    model = MLP([2, 3, outputs], seed=1)
    before = [parameter.value for parameter in model.parameters()]
    with pytest.raises(error, match=message) as found:
        learned(engine, make=lambda: model, loss=loss, targets=targets)
    assert found.value.__notes__ == [f"This is about the target of example 9: {targets[9]!r}"]
    assert [parameter.value for parameter in model.parameters()] == before


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_held_out_target_is_refused(engine):
    model = MLP([2, 3, 1], seed=1)
    with pytest.raises(ValueError, match="hinge.. expects the label -1 or 1, got 0"):
        fit(
            model, ROWS, SIDES, loss=hinge, optimiser=SGD(model.parameters(), 0.1), held_out=(ROWS[:2], [1, 0]),
            engine=engine, progress=False,
        )  # fmt: skip


class Replacing:
    """A callback that gives a unit another neuron as its bias."""

    def __init__(self, model):
        self.unit = model.net.layers[0].units[0]


class ReplacingAfterStep(Replacing):
    def after_step(self, training):
        self.unit.b = Neuron(0.5)


class ReplacingAfterEpoch(Replacing):
    def after_epoch(self, training):
        self.unit.b = Neuron(0.5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("callback", [ReplacingAfterStep, ReplacingAfterEpoch])
def test_a_callback_may_not_replace_a_parameter(engine, callback):
    with pytest.raises(
        ValueError, match=r"replaced a parameter .*: set its value instead, as in parameter.value = 0.0"
    ):
        learned(engine, callback=callback)
