"""The state of a training: what is left of it, when it is resumed, does the same to the last bit."""

from __future__ import annotations

import copy
import json
import sys

import numpy as np
import pytest

from gograd_nn import MLP, SGD, Adam, Dropout, EarlyStopping, Layer, Net, fit, mse
from gograd_nn.training.choice import Choice

FIT = sys.modules["gograd_nn.training.fit"]  # `training.fit` is the function

INPUTS = [[0.1 * k, (-1.0) ** k] for k in range(20)]
TARGETS = [0.3 * x - 0.5 * y for x, y in INPUTS]


def net():
    return Net(Layer(2, 4, seed=1), Dropout(0.5), Layer(4, 1, None, seed=2), lambda outputs: outputs[0])


def train(model, optimiser=None, **settings):
    optimiser = optimiser or Adam(model.parameters(), 0.01)
    settings = {"epochs": 4, "batch_size": 8, "held_out": 0.2, "metrics": ["r2"], "progress": False, **settings}
    return fit(model, INPUTS, TARGETS, loss=mse, optimiser=optimiser, **settings)


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


class Keeper:
    """A callback that keeps the state after each step and each epoch, as a file would."""

    def __init__(self):
        self.states = []

    def after_step(self, training):
        self.states.append(copy.deepcopy(training.state()))

    after_epoch = after_step


@pytest.mark.parametrize("engine", ["eager", "compiled", "switched"])
def test_a_resumed_training_ends_alike(engine, monkeypatch):
    if engine == "switched":
        monkeypatch.setattr(FIT, "choose", lambda *_: Choice(3, "eager at first"))
    settings = {"early_stopping": EarlyStopping(patience=2), "engine": "auto" if engine == "switched" else engine}
    model, keeper = net(), Keeper()
    expected = train(model, callbacks=[keeper], **settings)
    monkeypatch.setattr(FIT, "choose", None)  # a resumed training does not choose
    assert len(keeper.states) == 4 * 3
    for state in keeper.states:
        resumed = net()
        history = train(resumed, resume=state, **settings)
        assert values_of(resumed) == values_of(model)
        assert history == expected
        assert history.engine == expected.engine


def test_a_state_consists_of_plain_data_and_arrays():
    keeper = Keeper()
    train(net(), callbacks=[keeper])
    for state in keeper.states:
        arrays = {name: each for name, each in state.items() if isinstance(each, np.ndarray)}
        assert set(arrays) == {"parameters", "outputs", "best_parameters"}
        assert {array.dtype.name for array in arrays.values()} == {"float64"}
        plain = {name: each for name, each in state.items() if name not in arrays and name != "optimiser"}
        assert json.loads(json.dumps(plain)) == plain


def test_a_state_may_have_fewer_epochs_than_are_wanted_now():
    whole, model, keeper = net(), net(), Keeper()
    train(whole, epochs=6)
    train(model, epochs=3, callbacks=[keeper])
    resumed = net()
    assert [epoch.number for epoch in train(resumed, epochs=6, resume=keeper.states[-1]).epochs] == [1, 2, 3, 4, 5, 6]
    assert values_of(resumed) == values_of(whole)
    assert len(train(resumed, epochs=3, resume=keeper.states[-1]).epochs) == 3
    assert values_of(resumed) == values_of(model)


@pytest.mark.parametrize(
    ("changes", "settings", "message"),
    [
        ({"version": 1}, {}, "this training has version=3, but the state has 1"),
        ({}, {"seed": 1}, "this training has seed=1, but the state has 0"),
        ({}, {"batch_size": 4}, "this training has batch_size=4, but the state has 8"),
        ({}, {"held_out": None}, "this training has examples=20, but the state has 16"),
        ({"parameters": np.zeros(3)}, {}, "the optimiser has 17 parameters, but the state has 3"),
        ({"optimiser": {"optimiser": "SGD"}}, {}, "Adam expects a state with"),
        (
            {"trial": [0.0, 1.0]},
            {},
            "first example were .0.0, 1.0., and are .*: the model, or the loss, is another one",
        ),
    ],
)
def test_the_state_of_another_training_is_refused_before_anything_changes(changes, settings, message):
    keeper = Keeper()
    train(net(), callbacks=[keeper], epochs=1)
    model = net()
    before, optimiser = values_of(model), Adam(model.parameters())
    with pytest.raises(ValueError, match=message):
        train(model, optimiser, resume={**keeper.states[0], **changes}, **settings)
    assert values_of(model) == before
    assert optimiser.steps == 0


def test_ctrl_c_keeps_what_was_learned():
    class Impatient:
        def after_step(self, training):
            seen.append(values_of(model))
            if len(seen) == 5:
                raise KeyboardInterrupt

    model, twin, seen = MLP([2, 3, 1], seed=1), MLP([2, 3, 1], seed=1), []
    with pytest.raises(KeyboardInterrupt):
        train(model, SGD(model.parameters(), 0.1), callbacks=[Impatient()], engine="compiled")
    train(twin, SGD(twin.parameters(), 0.1), engine="compiled", callbacks=[lambda training: training.stop()])
    assert values_of(model) == seen[4] != seen[3]
    assert values_of(twin) == seen[1]
