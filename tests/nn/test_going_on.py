"""A training that goes on, targets that are no classes, dropout in `fit`, and optimisers of another model."""

from __future__ import annotations

import copy
import math
from statistics import fmean

import numpy as np
import pytest

from gograd_core import Neuron
from gograd_nn import (
    MLP,
    SGD,
    Adam,
    Dropout,
    History,
    Layer,
    Net,
    binary_cross_entropy,
    cross_entropy,
    fit,
    huber,
    mae,
    mse,
    one_hot,
)

INPUTS = [[0.1 * k, math.sin(k)] for k in range(20)]
NUMBERS = [0.3 * x - 0.5 * y for x, y in INPUTS]
SIGNS = [1 if number > 0.0 else -1 for number in NUMBERS]
BITS = [int(number > 0.0) for number in NUMBERS]


def train(model, targets=NUMBERS, *, loss=mse, optimiser=None, **settings):
    optimiser = optimiser or SGD(model.parameters(), 0.05)
    settings = {"epochs": 2, "batch_size": 8, "progress": False, **settings}
    return fit(model, INPUTS, targets, loss=loss, optimiser=optimiser, **settings).epochs


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


@pytest.mark.parametrize("passes_history", [False, True])
def test_calls_of_one_epoch_do_what_one_call_does(passes_history):
    at_once, in_turns = (Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2)) for _ in range(2))
    targets = [[number] for number in NUMBERS]
    expected = train(at_once, targets, optimiser=Adam(at_once.parameters()), epochs=4)
    optimiser, history, found = Adam(in_turns.parameters()), History(), []
    for _ in range(4):
        given = {"history": history} if passes_history else {}
        epochs = train(in_turns, targets, optimiser=optimiser, epochs=1, **given)
        found.append(epochs[-1])
    assert found == expected
    assert [epoch.number for epoch in found] == [1, 2, 3, 4]
    assert values_of(in_turns) == values_of(at_once)
    assert len(history.epochs) == (4 if passes_history else 0)


def test_a_history_is_continued_with_a_new_optimiser():
    model, history = MLP([2, 1]), History()
    for _ in range(2):
        train(model, history=history)
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4]


def test_a_loaded_state_continues_the_order():
    whole, half = (MLP([2, 3, 1], seed=1) for _ in range(2))
    train(whole, epochs=5)
    optimiser = SGD(half.parameters(), 0.05)
    train(half, epochs=2, optimiser=optimiser)
    resumed = copy.deepcopy(half)
    other = SGD(resumed.parameters(), 0.05)
    other.load_state(optimiser.state())
    assert [epoch.number for epoch in train(resumed, epochs=3, optimiser=other)] == [3, 4, 5]
    assert values_of(resumed) == values_of(whole)


@pytest.mark.parametrize(
    ("targets", "loss", "outputs", "are_classes"),
    [
        (NUMBERS, mse, 1, False),
        (BITS, mse, 1, False),
        (BITS, mae, 1, False),
        (BITS, huber, 1, False),
        (SIGNS, mse, 1, True),
        (BITS, binary_cross_entropy, 1, True),
        (BITS, lambda output, target: (output - target) ** 2, 1, False),
        ([[number, 1.0] for number in NUMBERS], mse, 2, False),
        ([[1.0, 1.0] for _ in NUMBERS], mse, 2, False),
        (BITS, cross_entropy, 2, True),
        (np.array(BITS), cross_entropy, 2, True),
        ([one_hot(bit, 2) for bit in BITS], cross_entropy, 2, True),
        (np.eye(2)[BITS], mse, 2, True),
    ],
)
def test_an_accuracy_is_reported_if_targets_are_classes(targets, loss, outputs, are_classes):
    model = MLP([2, 4, outputs], seed=3)
    held_out = (INPUTS[:5], targets[:5])
    epochs = train(model, targets, loss=loss, held_out=held_out, epochs=40)
    assert [epoch.accuracy is not None for epoch in epochs] == [are_classes] * 40
    assert [epoch.held_out_accuracy is not None for epoch in epochs] == [are_classes] * 40
    if are_classes:
        assert epochs[-1].accuracy > 0.7
        assert epochs[-1].held_out_accuracy in {0.6, 0.8, 1.0}
    pairs = zip(*held_out, strict=True)
    assert epochs[-1].held_out_loss == pytest.approx(fmean(loss(model(x), t).value for x, t in pairs), rel=1e-14)


def test_the_bar_of_a_regression_shows_no_accuracy(capsys):
    train(MLP([2, 1]), progress=True)
    printed = capsys.readouterr().out
    assert "loss 0." in printed
    assert "accuracy" not in printed


def test_an_optimiser_of_another_model_is_refused():
    model, other = MLP([2, 3, 1]), MLP([2, 3, 1])
    optimiser = SGD(other.parameters(), 0.25)
    before = values_of(model)
    message = r"no parameter of the optimiser.* as in SGD\(model.parameters\(\), rate=0.25\)"
    with pytest.raises(ValueError, match=message):
        train(model, optimiser=optimiser)
    assert values_of(model) == before == values_of(other)
    assert optimiser.steps == 0


def test_a_name_is_no_optimiser():
    with pytest.raises(TypeError, match=r"such as SGD\(model.parameters\(\), rate=0.1\); got 'adam'"):
        train(MLP([2, 1]), optimiser="adam")


def test_targets_may_be_anything_that_the_loss_takes():
    model = MLP([2, 1], seed=1)
    targets = [{"goal": [number]} for number in NUMBERS]
    epochs = train(model, targets, loss=lambda output, target: mse(output, target["goal"][0]))
    assert [epoch.accuracy for epoch in epochs] == [None, None]


def test_an_optimiser_may_hold_some_of_the_parameters_and_others():
    model = MLP([2, 3, 1])
    frozen, trained = (layer.parameters() for layer in model.layers)
    before = [parameter.value for parameter in frozen]
    train(model, optimiser=SGD([*trained, Neuron(0.0)], 0.1))
    assert [parameter.value for parameter in frozen] == before
    assert any(parameter.grad for parameter in trained)


def test_dropout_is_drawn_while_training_only():
    class Spy(Dropout):
        def __call__(self, inputs, mask=None):
            outputs = super().__call__(inputs, mask)
            seen.append([bool(o is not x and o.operation is not None) for o, x in zip(outputs, inputs, strict=True)])
            return outputs

    seen = []
    model = Net(Layer(2, 4, seed=1), Spy(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])
    train(model, epochs=1, held_out=(INPUTS[:3], NUMBERS[:3]))
    assert [all(row) for row in seen] == [True] * 21 + [False] * 3  # one example is tried before the first step
    first = values_of(model)
    again = Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])
    train(again, epochs=1)
    assert values_of(again) == first
    differently = Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])
    train(differently, epochs=1, batch_size=20)
    assert values_of(differently) != first
