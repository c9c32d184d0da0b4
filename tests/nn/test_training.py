"""The training loop: what it learns, what it reports, and how it ends."""

from __future__ import annotations

import copy
import math
import random
from functools import partial

import numpy as np
import pandas
import pytest
from rich.console import Console

from gograd_core import Neuron, no_grad, ops
from gograd_nn import (
    MLP,
    SGD,
    Epoch,
    History,
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    mse,
    predict,
    softmax,
    summary,
)
from gograd_nn.training import progress as progress_bar

POINTS = [[x / 2.0, y / 2.0] for x in range(-2, 3) for y in range(-2, 3) if x != y]
SIDES = [1 if x > y else -1 for x, y in POINTS]
CLASSES = [(side + 1) // 2 for side in SIDES]
XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def moons(count):
    """Two half circles that reach into each other, with the classes -1 and 1."""
    angles = [math.pi * (index + 0.5) / count for index in range(count)]
    upper = [[math.cos(angle), math.sin(angle)] for angle in angles]
    lower = [[1.0 - math.cos(angle), 0.5 - math.sin(angle)] for angle in angles]
    return upper + lower, [-1] * count + [1] * count


class Watched(SGD):
    """Calls `after` with the gradients when a step is done."""

    def __init__(self, parameters, rate=0.1, *, momentum=0.0, after=lambda gradients: None):
        super().__init__(parameters, rate, momentum=momentum)
        self.after = after

    def step(self):
        super().step()
        self.after([parameter.grad for parameter in self.parameters])


def train(model, inputs, targets, *, loss=cross_entropy, optimiser=None, progress=False, **settings):
    optimiser = optimiser or SGD(model.parameters(), 0.1)
    return fit(model, inputs, targets, loss=loss, optimiser=optimiser, progress=progress, **settings)


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


def order_of(seed, epochs=1):
    """The order in which the examples 0 to 9 are shown, after one that is tried first."""
    shown = []
    weight = Neuron(0.0)

    def model(example):
        shown.append(example)
        return weight + example

    train(model, range(10), [0] * 10, loss=mse, optimiser=SGD([weight], 0.1), epochs=epochs, batch_size=3, seed=seed)
    return shown[1:]


@pytest.mark.parametrize(
    ("inputs", "targets", "loss", "sizes", "rate", "epochs"),
    [
        (POINTS, CLASSES, cross_entropy, [2, 2], 0.1, 20),
        (POINTS, SIDES, hinge, [2, 1], 0.1, 20),
        (XOR, [0, 1, 1, 0], cross_entropy, [2, 6, 2], 0.3, 150),
        (XOR, [-1, 1, 1, -1], mse, [2, 6, 1], 0.1, 150),
        (*moons(20), hinge, [2, 8, 1], 0.1, 60),
    ],
    ids=["line by logits", "line by sign", "xor by logits", "xor by sign", "moons"],
)
def test_it_learns(inputs, targets, loss, sizes, rate, epochs):
    model = MLP(sizes, seed=2)
    optimiser = SGD(model.parameters(), rate, momentum=0.9)
    found = train(model, inputs, targets, loss=loss, optimiser=optimiser, epochs=epochs, batch_size=10).epochs
    assert found[-1].loss < found[0].loss / 2.0
    assert accuracy(model, inputs, targets) == 1.0
    assert [predict(model, x) for x in inputs] == targets


def test_a_seed_fixes_the_training():
    def result(seed):
        model = MLP([2, 3, 2])
        return train(model, POINTS, CLASSES, epochs=2, batch_size=3, seed=seed), values_of(model)

    assert result(1) == result(1)
    assert result(1) != result(2)


def test_each_epoch_shows_every_example_once_in_a_new_order():
    shown = order_of(0, epochs=3)
    first, second, third = shown[:10], shown[10:20], shown[20:]
    assert sorted(first) == sorted(second) == sorted(third) == list(range(10))
    moves = [[before.index(example) for example in after] for before, after in ((first, second), (second, third))]
    assert list(range(10)) not in (first, *moves)
    assert moves[0] not in (first, moves[1])


def test_the_seed_alone_decides_the_order():
    state = random.getstate()
    assert order_of(0) == order_of(0) != order_of(1)
    assert random.getstate() == state


@pytest.mark.parametrize(("batch_size", "sizes"), [(1, [1] * 10), (4, [4, 4, 2]), (10, [10]), (99, [10])])
def test_each_batch_leads_to_a_step_along_its_mean_and_the_last_may_be_smaller(batch_size, sizes):
    weight, batch, found = Neuron(0.0), [], []

    def loss(output, target):
        batch.append(target)
        return output - target

    def after(gradients):
        found.append(len(batch))
        batch.clear()
        assert gradients == pytest.approx([1.0], rel=1e-15)  # n times 1/n

    optimiser = Watched([weight], after=after)
    train(lambda x: weight + x, range(10), range(10), loss=loss, optimiser=optimiser, epochs=1, batch_size=batch_size)
    assert found == [sizes[0] + 10, *sizes[1:]]  # every target is tried before the first step


def test_an_epoch_reports_what_a_recomputation_by_hand_gives():
    model = MLP([2, 3, 2], seed=4)
    twin = copy.deepcopy(model)
    shown = []

    def recorded(x):
        shown.append(x)
        return model(x)

    optimiser = SGD(model.parameters(), 0.3)
    (epoch,) = train(recorded, POINTS, CLASSES, optimiser=optimiser, epochs=1, batch_size=8).epochs

    losses, right = [], 0
    for batch in (shown[1:9], shown[9:17], shown[17:21]):  # one example is tried before the first step
        of_batch = []
        for x in batch:
            target = CLASSES[POINTS.index(x)]
            logits = twin(x)
            right += (logits[1].value > logits[0].value) == target
            of_batch.append(cross_entropy(logits, target))
        for parameter in twin.parameters():
            parameter.grad = 0.0
        sum(of_batch).backward()
        for parameter in twin.parameters():
            parameter.value -= 0.3 * parameter.grad / len(batch)
        losses += [loss.value for loss in of_batch]
    assert 0 < right < 20
    # The sums are the same ones in another order: some hundred roundings of 2**-53.
    assert epoch == Epoch(1, pytest.approx(sum(losses) / 20, rel=1e-13), right / 20, None)
    assert values_of(model) == pytest.approx(values_of(twin), rel=1e-13, abs=1e-14)


def test_the_held_out_accuracy_is_taken_after_each_epoch():
    model, kept = MLP([2, 4, 2], seed=1), []
    held_out = ([[0.3, 0.1], [0.1, 0.3], [-0.9, 0.8], [0.2, 0.15]], [1, 0, 0, 0])
    optimiser = Watched(model.parameters(), 0.2, after=lambda _: kept.append(copy.deepcopy(model)))
    history = train(model, POINTS, CLASSES, optimiser=optimiser, epochs=5, batch_size=20, held_out=held_out)
    found = [epoch.held_out_accuracy for epoch in history.epochs]
    assert found == [accuracy(model, *held_out) for model in kept]
    assert len(set(found)) > 1


def test_epochs_are_numbered_and_appended_to_the_given_history():
    history = History()
    assert train(MLP([2, 2]), POINTS, CLASSES, epochs=3, history=history) is history
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3]


def test_an_interrupt_in_the_second_epoch_leaves_the_first_in_the_history():
    history, calls = History(), []

    def interrupted(output, target):
        calls.append(target)
        if len(calls) == 1 + len(POINTS) + 5:
            raise KeyboardInterrupt
        return cross_entropy(output, target)

    with pytest.raises(KeyboardInterrupt):
        train(MLP([2, 2]), POINTS, CLASSES, loss=interrupted, history=history)
    assert [epoch.number for epoch in history.epochs] == [1]


@pytest.mark.parametrize(
    ("output", "expected"),
    [([0.1, 0.7, 0.2], 1), ((3.0, -1.0), 0), ([1.0, 1.0], 0), (0.25, 1), (-0.25, -1), (0.0, -1)],
)
def test_the_class_is_the_largest_output_or_the_sign_of_a_single_one(output, expected):
    assert predict(lambda _: output, []) == expected


def test_predicting_records_no_graph():
    outputs = []
    predict(lambda x: outputs.append(ops.tanh(x)) or outputs[0], Neuron(1.0))
    assert outputs[0].operation is None


def test_accuracy_is_the_share_of_right_predictions():
    found = accuracy(lambda x: x, np.array([1.0, -2.0, 3.0, -4.0]), np.array([1, 1, 1, -1]))
    assert (type(found), found) == (float, 0.75)


def test_arrays_serve_as_examples():
    lists = train(MLP([2, 2]), POINTS, CLASSES, epochs=1)
    arrays = train(MLP([2, 2]), np.array(POINTS), np.array(CLASSES), epochs=1)
    assert arrays == lists
    assert type(arrays.epochs[0].accuracy) is float


@pytest.mark.parametrize("progress", [False, True])
def test_the_bar_is_drawn_on_request_only(progress, capsys, monkeypatch):
    plain = Console(width=120, force_terminal=False)
    monkeypatch.setattr(progress_bar, "Progress", partial(progress_bar.Progress, console=plain))
    (*_, last) = train(MLP([2, 2]), POINTS, CLASSES, epochs=2, progress=progress).epochs
    printed = capsys.readouterr().out
    report = f"40/40 epoch 2/2  loss {last.loss:.4f}  accuracy {last.accuracy:.1%}"
    assert (report in printed) is progress
    assert (printed == "") is not progress


@pytest.mark.parametrize(
    ("inputs", "targets", "settings", "message"),
    [
        ([], [], {}, "at least one; got 0 and 0"),
        (POINTS, CLASSES[:-1], {}, "as many targets as inputs, at least one; got 19 and 20"),
        (POINTS, CLASSES, {"epochs": 0}, "must be positive, got 0 and 32"),
        (POINTS, CLASSES, {"batch_size": 0}, "must be positive, got 10 and 0"),
        (POINTS, CLASSES, {"held_out": ([], [])}, "got 0 and 0"),
        (POINTS, CLASSES, {"held_out": (POINTS, [1])}, "got 1 and 20"),
    ],
)
def test_wrong_examples_and_settings_are_named_before_anything_changes(inputs, targets, settings, message):
    model = MLP([2, 2])
    before = values_of(model)
    with pytest.raises(ValueError, match=message):
        train(model, inputs, targets, **settings)
    assert values_of(model) == before


@pytest.mark.parametrize(("inputs", "targets"), [([], []), ([1.0], [1, -1])])
def test_accuracy_needs_as_many_targets_as_examples(inputs, targets):
    with pytest.raises(ValueError, match=f"got {len(targets)} and {len(inputs)}"):
        accuracy(lambda x: x, inputs, targets)


def test_training_that_could_change_nothing_is_refused():
    model = MLP([2, 1], seed=0)
    optimiser = SGD(model.parameters(), 0.1)
    before = [parameter.value for parameter in model.parameters()]
    with no_grad(), pytest.raises(ValueError, match=r"depends on no neuron.*no_grad"):
        fit(model, POINTS, SIDES, loss=hinge, optimiser=optimiser, progress=False)
    with pytest.raises(ValueError, match="depends on no neuron"):
        fit(lambda x: 1.0, POINTS, SIDES, loss=hinge, optimiser=optimiser, progress=False)
    assert [parameter.value for parameter in model.parameters()] == before


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"metrics": [lambda o, t: 1.0, lambda o, t: 2.0]}, ValueError, r"metrics need different names.*<lambda>"),
        ({"held_out": math.nan}, ValueError, "got nan of 20"),
        ({"resume": {}, "checkpoint": "run.safetensors"}, ValueError, "either resume or checkpoint"),
        (
            {"targets": np.ones((20, 1)), "loss": binary_cross_entropy},
            TypeError,
            r"(?s)one number, got .* y\.ravel\(\)",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(changed, error, message):
    model = MLP([2, 1], seed=0)
    settings = {"targets": SIDES, "loss": hinge, "optimiser": SGD(model.parameters(), 0.1), **changed}
    with pytest.raises(error, match=message):
        fit(model, POINTS, **settings, progress=False)


def test_tables_of_pandas_are_paired_by_place_and_not_by_label():
    """After a shuffle, as by train_test_split, labels are in another order than rows."""
    labels = list(reversed(range(len(POINTS))))
    points, classes = pandas.DataFrame(POINTS, index=labels), pandas.Series(CLASSES, index=labels)
    found = []
    for inputs, targets in ((POINTS, CLASSES), (points, classes)):
        model = MLP([2, 3, 2], seed=0)
        optimiser = SGD(model.parameters(), 0.1)
        history = fit(
            model, inputs, targets, loss=cross_entropy, optimiser=optimiser, held_out=(inputs, targets), progress=False
        )
        judged = (
            accuracy(model, inputs, targets),
            predict(model, inputs),
            str(summary(model, inputs, targets, cross_entropy)),
        )
        found.append((history, judged))
    assert found[0] == found[1]


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: np.array([x])])
def test_a_single_output_in_a_sequence_is_judged_by_its_sign(wrap):
    assert [predict(lambda x: wrap(x[0]), [score]) for score in (2.0, -2.0)] == [1, -1]


@pytest.mark.parametrize(
    ("model", "inputs", "classes", "expected"),
    [
        (abs, -0.5, (0, 1), 1),
        (ops.sin, -0.5, (0, 1), 0),
        (list, [0.5], ["no", "yes"], "yes"),
        (list, [0.1, 0.3, 0.2], "abc", "b"),
        (softmax, [[0.1, 0.3], [0.3, 0.1]], np.array(["left", "right"]), ["right", "left"]),
    ],
)
def test_a_prediction_may_be_one_of_given_classes(model, inputs, classes, expected):
    assert predict(model, inputs, classes) == expected


@pytest.mark.parametrize(("output", "classes"), [(0.5, "abc"), ([0.1, 0.3, 0.2], [0, 1])])
def test_there_is_a_class_for_each_output(output, classes):
    with pytest.raises(ValueError, match=f"expects a list of {5 - len(classes)} classes, got"):
        predict(lambda _: output, [], classes)
