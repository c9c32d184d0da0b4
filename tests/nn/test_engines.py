"""Compiled training does what eager training does, and says why if it does not run."""

from __future__ import annotations

import math
import random
from functools import partial

import numpy as np
import pytest

import gograd_compile
from gograd_core import Neuron, ops
from gograd_core import engine as engine_of_neurons
from gograd_nn import (
    MLP,
    SGD,
    Adam,
    CausalAttention,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    RMSNorm,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    huber,
    mae,
    mse,
    one_hot,
)
from gograd_nn.training import choice
from gograd_nn.training.examples import Examples
from gograd_nn.training.problem import Problem

RNG = random.Random(7)
ROWS = [[RNG.gauss(0.0, 1.0) for _ in range(3)] for _ in range(20)]
NUMBERS = [math.sin(x) - 0.5 * y for x, y, _ in ROWS]
BITS = [int(number > 0.0) for number in NUMBERS]
SIGNS = [2 * bit - 1 for bit in BITS]
CLASSES = [k % 3 for k in range(20)]
TEXTS = [[one_hot((k * j + k) % 3, 3) for j in range(4)] for k in range(20)]
SEQUENCES = np.random.default_rng(0).normal(size=(20, 2, 4))


def first(outputs):
    return outputs[0]


def dropping():
    return Net(Layer(3, 4, seed=1), Dropout(0.5), Layer(4, 4, seed=2), Dropout(0.25), Layer(4, 1, None), first)


def attention():
    return Net(CausalAttention(4, 2, seed=1), lambda rows: rows[-1], RMSNorm(4), Layer(4, 3, None, seed=2))


class Gpt:
    """Embedding, dropout and attention in one model, whose layers are its attributes."""

    def __init__(self):
        rng = random.Random(1)
        self.embedding, self.dropout = Embedding(3, 4, seed=rng), Dropout(0.3)
        self.norm, self.attention = RMSNorm(4), CausalAttention(4, 2, seed=rng)
        self.head = Net(Layer(4, 6, "relu", seed=rng), Dropout(0.15), Layer(6, 3, None, seed=rng))

    def __call__(self, rows):
        x = [self.dropout(self.embedding(row)) for row in rows]
        seen = self.attention([self.norm(row) for row in x])[-1]
        return self.head([old + new for old, new in zip(x[-1], self.dropout(seen), strict=True)])

    def parameters(self):
        parts = (self.embedding, self.norm, self.attention, self.head)
        return [parameter for part in parts for parameter in part.parameters()]


def shared():
    """A net in which a layer comes three times."""
    layer = Layer(3, 3, seed=1)
    return Net(layer, layer, Dropout(0.2), layer, Layer(3, 1, None, seed=2), first)


class Tied:
    """A model whose last layer has the weights of its embedding."""

    def __init__(self):
        self.embedding, self.attention = Embedding(3, 4, seed=1), CausalAttention(4, seed=2)

    def __call__(self, rows):
        last = self.attention([self.embedding(row) for row in rows])[-1]
        table = self.embedding.parameters()
        return [ops.dot(last, table[start : start + 4]) for start in range(0, 12, 4)]

    def parameters(self):
        return [*self.embedding.parameters(), *self.attention.parameters()]


class Unit:
    """A model of a number that is no net."""

    def __init__(self):
        self.slope = Neuron(0.5)

    def __call__(self, x):
        return ops.tanh(self.slope * x)

    def parameters(self):
        return [self.slope]


CASES = {
    "classes": (lambda: MLP([3, 4, 3], seed=1), ROWS, CLASSES, cross_entropy),
    "array of classes": (lambda: MLP([3, 4, 3], seed=1), np.array(ROWS), np.array(CLASSES), cross_entropy),
    "one-hot": (lambda: MLP([3, 4, 3], seed=1), ROWS, [one_hot(k, 3) for k in CLASSES], cross_entropy),
    "tuples": (lambda: MLP([3, 4, 3], seed=1), list(map(tuple, ROWS)), [(k, 0.5, 1.0) for k in NUMBERS], mse),
    "numbers": (lambda: MLP([3, 4, 1], "gelu", seed=1), ROWS, NUMBERS, mse),
    "mae": (lambda: MLP([3, 4, 1], seed=1), ROWS, NUMBERS, mae),
    "huber": (lambda: MLP([3, 4, 1], seed=1), ROWS, NUMBERS, huber),
    "hinge": (lambda: MLP([3, 4, 1], seed=1), ROWS, SIGNS, hinge),
    "bits": (lambda: MLP([3, 4, 1], "relu", seed=1), ROWS, BITS, binary_cross_entropy),
    "dropout": (dropping, ROWS, NUMBERS, mse),
    "norms": (lambda: Net(LayerNorm(3), Layer(3, 3, seed=2), RMSNorm(3)), ROWS, ROWS, mse),
    "embedding": (
        lambda: Net(Embedding(3, 2), Layer(2, 3, None)),
        [one_hot(k, 3) for k in CLASSES],
        CLASSES[::-1],
        cross_entropy,
    ),
    "attention": (attention, SEQUENCES, CLASSES, cross_entropy),
    "dropout, embedding and attention": (Gpt, TEXTS, CLASSES, cross_entropy),
    "a layer three times": (shared, ROWS, NUMBERS, mse),
    "tied weights": (Tied, TEXTS, CLASSES, cross_entropy),
    "numbers alone": (Unit, NUMBERS, BITS, mse),
}


def train(model, inputs=ROWS, targets=NUMBERS, *, loss=mse, optimiser=None, **settings):
    optimiser = optimiser or Adam(model.parameters(), 0.01)
    settings = {"batch_size": 8, "epochs": 3, "progress": False, **settings}
    return fit(model, inputs, targets, loss=loss, optimiser=optimiser, **settings)


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


class Noted:
    """A callback that notes the gradients of every step, and how many paths were recorded."""

    def __init__(self):
        self.gradients, self.paths = [], set()

    def after_step(self, training):
        self.gradients.append([parameter.grad for parameter in training.optimiser.parameters])
        if hasattr(training.engine, "program"):
            explained = training.engine.program.explain()
            self.paths.add((explained["recorded"], explained["evaluated"], training.history.engine))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_of_every_step_agree_and_there_is_one_path(case):
    make, inputs, targets, loss = case
    found = {}
    for engine in ("eager", "compiled"):
        model, noted = make(), Noted()
        held_out = (inputs[:7], targets[:7])
        epochs = train(model, inputs, targets, loss=loss, callbacks=[noted], engine=engine, held_out=held_out).epochs
        found[engine] = model, noted, epochs
    (_, eager, expected), (_, compiled, epochs) = found.values()
    assert len(eager.gradients) == len(compiled.gradients) == 9
    for own, other in zip(compiled.gradients, eager.gradients, strict=True):
        assert own == pytest.approx(other, rel=1e-12, abs=1e-12 * max(map(abs, other)))
    assert eager.paths == set()
    assert compiled.paths == {(1, 0, "compiled code runs")}
    for own, other in zip(epochs, expected, strict=True):
        assert own.numbers() == pytest.approx(other.numbers(), rel=1e-11)
        assert own.numbers().keys() == other.numbers().keys()


@pytest.mark.any_engine
def test_the_demo_agrees_after_15_epochs():
    from gograd.train import digits

    data = digits.load(0)
    found = []
    for engine in ("eager", "compiled"):
        model = MLP([64, 16, 10], seed=0)
        settings = {
            "epochs": 15,
            "batch_size": 32,
            "engine": engine,
            "optimiser": SGD(model.parameters(), 0.1, momentum=0.9),
        }
        train(model, data.inputs, data.targets, loss=cross_entropy, **settings)
        found.append(np.array(values_of(model)))
    assert np.max(np.abs(found[0] - found[1])) <= 1e-12 * np.max(np.abs(found[0]))


def test_clipping_and_metrics_agree():
    def largest(outputs, targets):
        return max(abs(o - t) for o, t in zip(outputs, targets, strict=True))

    found = []
    for engine in ("eager", "compiled"):
        model = MLP([3, 4, 1], seed=1)
        optimiser = SGD(model.parameters(), 0.1)
        settings = {"clip": 0.1, "metrics": ["r2", largest], "held_out": 0.25, "engine": engine, "optimiser": optimiser}
        found.append((train(model, **settings).to_dict(), values_of(model)))
    (expected, values), (columns, others) = found
    assert list(columns) == list(expected) == [
        "number", "loss", "held_out_loss", "r2", "largest", "held_out_r2", "held_out_largest",
    ]  # fmt: skip
    for name, column in columns.items():
        assert column == pytest.approx(expected[name], rel=1e-12)
    assert others == pytest.approx(values, rel=1e-13)


def noisy(model, x):
    return model(x) + random.gauss(0.0, 1.0)


def branching(model, x):
    return sum((w if x[0] > k / 20.0 - 0.5 else -w) for k, w in enumerate(model.parameters()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "eager"}, "the eager engine runs, as it was asked for"),
        ({"epochs": 1}, "the training is too short to gain from compiled code"),
        (
            {"targets": [{"goal": y} for y in NUMBERS], "loss": lambda o, t: mse(o, t["goal"])},
            "the targets are not num",
        ),
        ({"inputs": [[*ROWS[0], 1.0], *ROWS[1:]], "cut": True}, "the inputs are not numbers in rows of one length"),
        (
            {"targets": CLASSES, "loss": lambda o, t: cross_entropy([o, 0.0, 0.0], t)},
            "expects a class or a one-hot row",
        ),
        ({"wrap": noisy}, "the model does something else each time it runs"),
        ({"wrap": branching}, "almost every example takes another path through the model"),
    ],
    ids=["asked for", "short", "dicts", "ragged", "index", "noise", "branches"],
)
def test_a_line_says_why_the_eager_engine_runs(settings, message, capsys, monkeypatch):
    if "epochs" not in settings:
        monkeypatch.setattr(choice, "START", 0)
    monkeypatch.setattr(gograd_compile, "is_ready", lambda run: run() is None)
    settings = dict(settings)
    model, wrap, cut = MLP([3, 8, 1], seed=1), settings.pop("wrap", None), settings.pop("cut", False)
    function = partial(wrap, model) if wrap else (lambda x: model(x[:3])) if cut else model
    optimiser = Adam(model.parameters())
    history = train(function, optimiser=optimiser, progress=True, **settings)
    assert message in history.engine
    assert len(history.epochs) == settings.get("epochs", 3)
    assert history.engine.split()[-1] in capsys.readouterr().out


def test_without_another_process_the_eager_engine_runs(monkeypatch):
    def refuse(*args, **keywords):
        raise PermissionError("no processes here")

    monkeypatch.setattr(choice, "START", 0)
    monkeypatch.setattr(gograd_compile, "is_ready", lambda run: False)
    monkeypatch.setattr(gograd_compile, "compile_ahead", refuse)
    assert "no other process could be started to compile native code (no processes here)" in train(MLP([3, 1])).engine


def test_what_cannot_be_compiled_for_the_next_training_is_said_afterwards(monkeypatch):
    def fails_while_it_is_recorded(x):
        if not all(type(number) is float for number in x):
            raise RuntimeError("I take floats only")
        return model(x)

    model = MLP([3, 1])
    monkeypatch.setattr(choice, "START", 0)
    monkeypatch.setattr(gograd_compile, "is_ready", lambda run: False)
    history = train(fails_while_it_is_recorded, optimiser=SGD(model.parameters(), 0.1))
    assert len(history.epochs) == 3
    assert history.engine == "the eager engine runs: the model cannot be compiled (I take floats only)"


def test_what_cannot_be_compiled_is_refused_if_it_is_asked_for():
    model = MLP([3, 1])
    before = values_of(model)
    with pytest.raises(Exception, match="does something else each time it runs"):
        train(partial(noisy, model), optimiser=SGD(model.parameters(), 0.1), engine="compiled")
    with pytest.raises(ValueError, match="engine must be one of 'auto', 'eager', 'compiled', got 'fast'"):
        train(model, engine="fast")
    assert values_of(model) == before


def test_a_model_that_is_changed_between_epochs_is_recorded_again():
    def halve(training):
        for unit in model.layers[0].units:
            unit.activation = "relu"

    found = []
    for engine in ("eager", "compiled"):
        model = MLP([3, 4, 1], seed=1)
        train(model, callbacks=[halve], engine=engine)
        found.append(values_of(model))
    assert found[1] == pytest.approx(found[0], rel=1e-12)


@pytest.mark.parametrize("waiting", [1, 4, 8, 9, 100])
def test_a_cold_cache_lets_the_eager_engine_take_some_steps(waiting, monkeypatch):
    started = []
    monkeypatch.setattr(choice, "START", 0)
    monkeypatch.setattr(gograd_compile, "is_ready", lambda run: False)
    monkeypatch.setattr(gograd_compile, "compile_ahead", lambda *args, **seeds: started.append(args[0]))
    model, twin = MLP([3, 4, 1], seed=1), MLP([3, 4, 1], seed=1)
    engines = []

    class Steps:
        def after_step(self, training):
            engines.append(type(training.engine).__name__)
            assert len(started) == (waiting < 9)

    inputs = Problem(model, mse, model.parameters(), Examples(ROWS, NUMBERS), None, "").inputs
    monkeypatch.setattr(
        choice, "COMPILING", waiting * 8 * inputs * (1 if engine_of_neurons().name == "native" else choice.SLOWER)
    )
    history = train(model, epochs=6, callbacks=[Steps()])
    train(twin, epochs=6, engine="eager")
    assert len(started) == 1
    eager = 18 if waiting >= 9 else waiting
    assert engines == ["Eager"] * eager + ["Compiled"] * (18 - eager)
    assert ("from step" in history.engine) is (0 < waiting < 9)
    assert values_of(model) == pytest.approx(values_of(twin), rel=1e-12)
