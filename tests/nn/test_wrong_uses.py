"""What is not meant that way gets a message that says what to write, before anything changes."""

from __future__ import annotations

import math

import numpy as np
import pandas
import pytest

from gograd_core import Neuron, ops
from gograd_nn import (
    MLP,
    SGD,
    Dropout,
    EarlyStopping,
    Layer,
    Net,
    Perceptron,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    mse,
    predict,
    score,
    softmax,
)

POINTS = [[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6], [0.2, 0.9]]
SIDES = [1, -1, 1, -1]
CLASSES = [0, 1, 2, 1]
SLOPE = Neuron(1.0)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"model": POINTS, "inputs": MLP([2, 1])}, TypeError, "model must be a function of one example"),
        ({"model": MLP}, TypeError, "model must be a function of one example, such as MLP"),
        ({"loss": "mse"}, TypeError, "loss must be a function of output and target, such as gograd_nn.mse; got 'mse'"),
        ({"loss": lambda *_: None}, TypeError, "the loss of an example must be one number, got None for the output"),
        ({"loss": lambda output, target: [output - target]}, TypeError, "must be one number, got \\[Neuron"),
        ({"optimiser": SGD}, TypeError, "optimiser must be an optimiser, such as SGD.model.parameters"),
        ({"epochs": 1.5}, TypeError, "epochs must be a whole number; got 1.5"),
        ({"epochs": True}, TypeError, "epochs must be a whole number; got True"),
        ({"batch_size": None}, TypeError, "batch_size must be a whole number; got None"),
        ({"seed": -1}, ValueError, "seed must be a whole number from 0; got -1"),
        ({"held_out": 1}, TypeError, "held_out must be a share of the examples, such as 0.2, or a tuple"),
        ({"held_out": POINTS}, TypeError, "or a tuple of inputs and targets; got"),
        ({"metrics": "accuracy"}, TypeError, "metrics must be a list of names and functions, such as \\['accuracy'\\]"),
        ({"clip": True}, ValueError, "clip must be a positive number; got True"),
        ({"clip": "1"}, TypeError, "clip must be a positive number; got '1'"),
        ({"early_stopping": True}, TypeError, "must be an EarlyStopping, such as EarlyStopping.patience=5"),
        ({"early_stopping": EarlyStopping}, TypeError, "must be an EarlyStopping, such as"),
        ({"callbacks": print}, TypeError, "callbacks must be a list of functions"),
        ({"callbacks": [3]}, TypeError, "callbacks must be a list of functions"),
        ({"resume": "run"}, TypeError, "resume must be what Training.state.. returned; got 'run'"),
        ({"every": 2.5}, TypeError, "every must be a whole number of steps; got 2.5"),
        ({"history": []}, TypeError, "history must be a History, such as History"),
        ({"inputs": zip(POINTS, SIDES, strict=True)}, TypeError, "examples in a list or an array, got .*: write list"),
        ({"targets": None}, TypeError, "examples in a list or an array, got None"),
        ({"inputs": [["a", "b"]] * 4}, TypeError, "real numbers or neurons, got 'a'"),
        ({"targets": [[side] for side in SIDES]}, ValueError, r"targets = \[row\[0\] for row in targets\]"),
        ({"targets": np.array(SIDES).reshape(-1, 1), "loss": hinge}, TypeError, "must be one number, got array"),
    ],
)
def test_fit_says_what_it_expects(settings, error, message):
    model = settings.pop("model", MLP([2, 3, 1]))
    given = {"inputs": POINTS, "targets": SIDES, "loss": mse, "optimiser": SGD(MLP([2, 1]).parameters(), 0.1)}
    if callable(model) and not isinstance(model, type):
        given["optimiser"] = SGD(model.parameters(), 0.1)
    with pytest.raises(error, match=message):
        fit(model, **{**given, **settings}, progress=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inputs": [[0.1, 0.2], [0.3, math.nan]]}, r"^inputs\[1\]\[1\] is nan: leave such examples out"),
        ({"inputs": np.array([[0.1, math.inf], [0.3, 0.4]])}, r"^inputs\[0\]\[1\] is inf"),
        (
            {"inputs": [np.array([0.1, 0.2], dtype=np.float32), np.array([-math.inf, 0.2])]},
            r"^inputs\[1\]\[0\] is -inf",
        ),
        (
            {"inputs": [[[0.1], [0.2, 0.3]], [[math.nan]]], "model": lambda rows: rows[0][0]},
            r"^inputs\[1\]\[0\]\[0\] is",
        ),
        ({"inputs": [["one", 0.1], ["two", math.nan]], "model": len}, r"^inputs\[1\]\[1\] is nan"),
        ({"inputs": pandas.DataFrame({"a": [0.1, None], "b": [0.1, 0.2]})}, r"^inputs\[1\]\[0\] is nan"),
        ({"inputs": [{"a": 1.0}, {"a": 1.0}], "targets": [1.0, math.nan]}, r"^targets\[1\] is nan"),
        ({"held_out": ([[0.1, 0.2]], [math.inf])}, r"^of the held-out examples, targets\[0\] is inf"),
        ({"targets": [math.nan, 1.0], "held_out": 0.5}, r"^targets\[0\] is nan"),
    ],
)
@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_numbers_that_are_not_finite_are_refused(settings, message, engine):
    model = settings.get("model", MLP([2, 3, 1]))
    given = {"inputs": POINTS[:2], "targets": SIDES[:2], "optimiser": SGD([Neuron(1.0)]), **settings, "model": model}
    with pytest.raises(ValueError, match=message):
        fit(**given, loss=mse, engine=engine, progress=False)


def test_a_loss_of_ones_own_may_skip_targets_that_are_nan():
    def known_only(output, target):
        return 0.0 * output if math.isnan(target) else mse(output, target)

    model = MLP([2, 3, 1])
    targets = [math.nan, *SIDES[1:]]
    settings = {"optimiser": SGD(model.parameters(), 0.1), "epochs": 2, "engine": "eager", "progress": False}
    history = fit(model, POINTS, targets, loss=known_only, **settings)
    assert history.epochs[1].loss < history.epochs[0].loss


@pytest.mark.parametrize(
    ("model", "loss", "message"),
    [
        (Net(Layer(2, 2, None), softmax), cross_entropy, "leave softmax out of the model"),
        (lambda row: softmax([row[0] * SLOPE, row[1]]), cross_entropy, "leave softmax out of the model"),
        (Perceptron(2, "sigmoid"), binary_cross_entropy, r"binary_cross_entropy\(\) takes a logit, .* activation=None"),
    ],
)
def test_shares_are_no_logits(model, loss, message):
    parameters = model.parameters() if hasattr(model, "parameters") else [SLOPE]
    with pytest.raises(ValueError, match=message):
        fit(model, POINTS, [0, 1, 1, 0], loss=loss, optimiser=SGD(parameters, 0.1), progress=False)


@pytest.mark.parametrize("start", [(1.0, 0.0), (0.5, 0.5)])
def test_logits_whose_sum_is_1_are_learned(start):
    weights = [Neuron(number) for number in start]
    fit(
        lambda row: [weight * row[0] for weight in weights], [[1.0], [2.0]], [0, 1], loss=cross_entropy,
        optimiser=SGD(weights, 0.1), epochs=1, progress=False,
    )  # fmt: skip
    assert weights[0].value != start[0]


def test_parameters_of_a_model_may_be_a_list():
    def line(row):
        return ops.dot(line.parameters, row)

    line.parameters = [Neuron(0.5), Neuron(0.0)]
    fit(line, POINTS, SIDES, loss=mse, optimiser=SGD(line.parameters, 0.1), epochs=1, progress=False)
    assert line.parameters[0].value != 0.5


@pytest.mark.parametrize(("outputs", "targets"), [(1, ["yes", "no"]), (2, [None, 1]), (2, ["a", "b"])])
def test_accuracy_of_names_is_refused(outputs, targets):
    with pytest.raises(ValueError, match=r"accuracy needs classes as targets, .* Number the classes"):
        score(MLP([2, 3, outputs]), POINTS[:2], targets)


@pytest.mark.parametrize("classes", [5, {0, 1}, [0], [0, 1, 2]])
def test_classes_that_are_no_row_of_two(classes):
    with pytest.raises(ValueError, match=r"predict\(\) expects a list of 2 classes, got"):
        predict(MLP([2, 3, 1]), POINTS[0], classes)


def test_classes_of_a_table_are_taken_by_place():
    names = pandas.Series(["no", "yes"], index=[1, 0])
    assert [predict(lambda row: row[0], [number], names) for number in (-0.5, 0.5)] == ["no", "yes"]


@pytest.mark.parametrize("held_out", [None, ([[0.1, 0.2]], [0.5])])
def test_accuracy_of_numbers_is_refused_before_anything_is_learned(held_out):
    model = MLP([2, 3, 1])
    before = [parameter.value for parameter in model.parameters()]
    targets = [0.5, 1.0, 0.0, 1.0] if held_out is None else [0.0, 1.0, 0.0, 1.0]
    with pytest.raises(ValueError, match=r"accuracy needs classes as targets, .*; got 0.5"):
        fit(
            model, POINTS, targets, loss=mse, optimiser=SGD(model.parameters(), 0.1), metrics=["accuracy"],
            held_out=held_out, progress=False,
        )  # fmt: skip
    assert [parameter.value for parameter in model.parameters()] == before


@pytest.mark.parametrize("inputs", [["one", "nan"], [{"a": math.nan}] * 2, [None, None], [True, False], [1, 2]])
def test_what_is_not_a_number_is_left_to_the_model(inputs):
    slope = Neuron(1.0)
    history = fit(
        lambda _: 2.0 * slope, inputs, [1, 2], loss=mse, optimiser=SGD([slope], 0.1), epochs=1, progress=False
    )
    assert history.epochs[0].loss == 0.5


@pytest.mark.parametrize(
    ("loss", "targets", "message"),
    [
        (binary_cross_entropy, CLASSES, r"binary_cross_entropy\(\) is for one output, got 3: .* cross_entropy\(\)"),
        (hinge, CLASSES, r"hinge\(\) is for one output, got 3"),
        (cross_entropy, list("abcb"), r"a whole number, got 'a': number the classes, as in names.index\(target\)"),
        (cross_entropy, [0.5, 1.0, 2.0, 1.0], "a class, which is a whole number, got 0.5"),
    ],
)
def test_losses_of_classes_say_what_a_class_is(loss, targets, message):
    model = MLP([2, 3])
    with pytest.raises(TypeError, match=message):
        fit(model, POINTS, targets, loss=loss, optimiser=SGD(model.parameters(), 0.1), progress=False)


@pytest.mark.parametrize(
    ("parameters", "rate", "message"),
    [
        (MLP([2, 1]).parameters(), "0.1", "rate must be a number, got '0.1'"),
        (MLP([2, 1]).parameters(), None, "rate must be a number, got None"),
        ([unit.parameters() for unit in MLP([2, 3]).layers[0].units], 0.1, "SGD expects leaf neurons, got \\["),
    ],
)
def test_an_optimiser_says_what_it_expects(parameters, rate, message):
    with pytest.raises(TypeError, match=message):
        SGD(parameters, rate)


def test_a_schedule_without_a_result_is_named():
    optimiser = SGD(MLP([2, 1]).parameters(), 0.1, schedule=lambda step: None)
    with pytest.raises(ValueError, match="returned None for step 0"):
        optimiser.step()


@pytest.mark.parametrize("part", [Perceptron(2), MLP([2, 1])])
def test_text_is_no_sequence_of_numbers(part):
    with pytest.raises(TypeError, match="takes a sequence of 2 numbers, got 'ab'"):
        part("ab")


def test_the_name_that_keras_has_for_what_is_held_out():
    with pytest.raises(ValueError, match="write held_out_ for val_: .*watch='held_out_accuracy'"):
        EarlyStopping(watch="val_accuracy")


@pytest.mark.parametrize("share", ["0.5", None, -0.1])
def test_a_share_is_a_number(share):
    with pytest.raises(ValueError, match="share must be in"):
        Dropout(share)
