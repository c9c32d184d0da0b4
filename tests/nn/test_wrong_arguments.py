"""Arguments of other libraries, sizes that do not fit together, and what the error says to write."""

from __future__ import annotations

import inspect
import math
import re

import pandas
import pytest

import gograd_nn
from gograd_nn import (
    LBFGS,
    MLP,
    SGD,
    Adam,
    AdamW,
    CausalAttention,
    CosineDecay,
    Dropout,
    EarlyStopping,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    Perceptron,
    RMSNorm,
    StepDecay,
    fit,
    mse,
    score,
    softmax,
    wrong_arguments,
)
from gograd_nn.sklearn import MLPClassifier

MODEL = MLP([2, 3, 1])
PARAMETERS = MODEL.parameters()


class Wide(Layer):
    """A layer that returns its inputs, too."""

    def __call__(self, inputs):
        return [*inputs, *super().__call__(inputs)]


def failing(x):
    raise TypeError("of the model itself")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Adam(PARAMETERS, lr=0.1), r"Adam\(\) has no argument 'lr': write rate=0.01"),
        (lambda: AdamW(PARAMETERS, eps=0.1), r"AdamW\(\) has no argument 'eps': write epsilon"),
        (lambda: SGD(PARAMETERS, 0.1, 0.9), r"SGD\(\): too many .*: write SGD\(parameters, rate=0.001, \*, momentum="),
        (lambda: Adam(rate=0.1), r"missing a required argument: 'parameters': write Adam\(parameters, rate=0.001, \*"),
        (lambda: LBFGS(PARAMETERS, lr=1.0), "it has no rate"),
        (
            lambda: LBFGS(PARAMETERS, eps=1.0),
            r"unexpected keyword argument 'eps': write LBFGS\(parameters, \*, memory=",
        ),
        (lambda: SGD(PARAMETERS, beta1=0.9), r"unexpected keyword argument 'beta1': write SGD\(parameters"),
        (lambda: MLP([2, 1], use_bias=False), "all its layers have biases"),
        (lambda: Perceptron(2, units=3), r"it is one unit; of several, write Layer\(2, 3\)"),
        (lambda: RMSNorm(2, elementwise_affine=False), "write scale=False"),
        (lambda: fit(MODEL, [], [], optimizer=1), "no argument 'optimizer': write optimiser=Adam"),
        (lambda: fit(MODEL, [], [], loss=mse, validation_split=0.2), "write held_out=0.2"),
        (lambda: fit(MODEL, [], [], loss=mse, lr=0.2), "the optimiser has it: .*rate=0.01"),
        (lambda: fit(MODEL, X=[], y=[]), "no argument 'X': give inputs and targets after the model"),
        (lambda: fit(MODEL, [], [], mse, Adam(PARAMETERS)), r"write fit\(model, inputs, targets, \*, loss, optimiser,"),
        (lambda: fit(MODEL, [], []), "missing a required argument: 'loss': write fit"),
        (
            lambda: fit(MODEL, [], [], loss=mse, optimiser=1, nothing=1),
            r"unexpected keyword argument 'nothing': write fit\(model",
        ),
        (lambda: MLP(2, 8, 2), r"it takes all sizes in one list: write MLP\(\[2, 8, 2\]\)"),
        (MLP, r"write MLP\(\[2, 8, 2\]\)"),
        (lambda: Layer([2, 3]), r"write Layer\(2, 3\)"),
        (lambda: Layer([2, 3], 4), r"n_inputs of a layer must be a whole number, got \[2, 3\]"),
        (lambda: Layer(2, 3.0), "n_outputs of a layer must be a whole number, got 3.0"),
        (lambda: Layer(in_features=2, out_features=3), r"'in_features': write n_inputs=2"),
        (lambda: Perceptron(True), "n_inputs of a perceptron must be a whole number, got True"),
        (lambda: Perceptron(2, nonlin=False), "a unit is linear with activation=None"),
        (lambda: Net(layers=[Layer(2, 3)]), "without a list"),
        (lambda: Net(Layer), r"got the class Layer: write Layer\(…\)"),
        (lambda: Dropout(p=0.5), "write share=0.5"),
        (lambda: Embedding(num_embeddings=3, embedding_dim=2), "write n_rows=27"),
        (lambda: LayerNorm([4]), r"n_inputs of LayerNorm must be a whole number, got \[4\]"),
        (lambda: CausalAttention(4, num_heads=2), "write n_heads=4"),
        (lambda: CausalAttention(4, 2.0), "n_heads of CausalAttention must be a whole number, got 2.0"),
        (lambda: StepDecay(step_size=10), "write every=100"),
        (lambda: CosineDecay(T_max=10), "steps are counted, not epochs"),
        (lambda: EarlyStopping(5), r"write EarlyStopping\(patience=5\)"),
        (lambda: EarlyStopping(monitor="val_loss"), "write watch='held_out_loss'"),
        (lambda: score(MODEL, [], [], metric="r2"), "write by='r2'"),
        (lambda: MLPClassifier(shuffle=False), "leave it out"),
        (lambda: AdamW(PARAMETERS, momentum=0.9), r"write betas=\(0.9, 0.999\)"),
        (lambda: SGD(PARAMETERS, momentum="0.9"), "momentum must be a number, got '0.9'"),
        (lambda: AdamW(PARAMETERS, weight_decay=None), "weight_decay must be a number, got None"),
        (lambda: Embedding(3, 2)(1.0), r"a whole number as an index, got 1.0: write int\(1.0\)"),
        (lambda: Embedding(3, 2)(1.5), r"a whole number as an index, got 1.5$"),
        (lambda: Embedding(3, 2)(math.nan), r"a whole number as an index, got nan$"),
        (lambda: gograd_nn.one_hot(None, 3), r"a whole number as an index, got None$"),
        (lambda: MODEL({0.5, 1.0}), "takes a sequence of 2 numbers, got {"),
        (lambda: MODEL({"a": 0.5, "b": 1.0}), "takes a sequence of 2 numbers, got {"),
        (lambda: mse(0.5, "1"), r"mse\(\) expects numbers as targets, got '1': .*float\(target\)"),
        (lambda: fit(failing, [1.0], [1.0], loss=mse, optimiser=Adam(PARAMETERS)), "^of the model itself$"),
    ],
)
def test_arguments_of_other_libraries(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("name", wrong_arguments.OF_ARGUMENTS)
def test_nothing_in_the_table_is_an_argument(name):
    called = getattr(gograd_nn, name, None) or getattr(gograd_nn.sklearn, name)
    named = {
        each.name for each in inspect.signature(called).parameters.values() if each.kind is not each.VAR_POSITIONAL
    }
    assert not wrong_arguments.OF_ARGUMENTS[name].keys() & named


@pytest.mark.parametrize("name", wrong_arguments.OF_ARGUMENTS)
def test_what_the_table_says_to_write_is_an_argument(name):
    called = getattr(gograd_nn, name, None) or getattr(gograd_nn.sklearn, name)
    hints = "\n".join(wrong_arguments.OF_ARGUMENTS[name].values())
    told = {argument for _, argument in re.findall(r"^(write|write .*=.*,) (\w+)=", hints, re.MULTILINE)}
    assert told <= inspect.signature(called).parameters.keys()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ReLU", "no activation 'ReLU': write 'relu'"),
        ("linear", "write activation=None"),
        ("logistic", "write 'sigmoid'"),
        ("softmax", r"write Net\(Layer\(…, activation=None\), gograd_nn.softmax\)"),
    ],
)
def test_activations_of_other_libraries(name, message):
    with pytest.raises(ValueError, match=message):
        MLP([2, 3, 1], name)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Layer(2, 3), Layer(4, 2)), r"layers 0 and 1 .*: Layer\(2, 3\) returns 3 numbers, and Layer\(4, 2\) takes 4"),
        ((Layer(2, 3), Dropout(), softmax, Layer(4, 2)), r"layers 0 and 3 of .* Layer\(4, 2\) takes 4"),
        ((MLP([2, 3]), Layer(4, 2)), "returns 3 numbers, and"),
        ((MLP([2, 1]), Layer(1, 2)), r"returns a single number, which is no row, and Layer\(1, 2\) takes 1"),
        ((Perceptron(2), Layer(1, 2)), r"Perceptron\(2\) returns a single number"),
        ((Layer(2, 3), LayerNorm(4)), "<LayerNorm of 4 numbers, 8 parameters> takes 4"),
        ((Embedding(3, 2), Layer(3, 1)), "<Embedding of 3 rows of 2, 6 parameters> returns 2 numbers"),
        ((Layer(1, 2), Net(Layer(3, 2), abs)), "returns 2 numbers, and <Net of 2 layers, 8 parameters> takes 3"),
    ],
)
def test_layers_that_do_not_fit_together(layers, message):
    with pytest.raises(ValueError, match=message):
        Net(*layers)


@pytest.mark.parametrize(
    "layers",
    [
        (Layer(2, 3), list, Layer(4, 2)),
        (Wide(2, 3), Layer(5, 2)),
        (Net(Layer(2, 3), abs), Layer(4, 2)),
        (MLP([2, 3]), RMSNorm(3), Layer(3, 2)),
        (Embedding(3, 2), CausalAttention(2), Layer(2, 1)),
        (Layer(2, 3), lambda values: values[:2], Layer(2, 1)),
    ],
)
def test_layers_of_unknown_sizes_are_not_refused(layers):
    assert len(Net(*layers).layers) == len(layers)


@pytest.mark.parametrize("row", [[0, 1, 2], [1, 1, 0], [0.5, 0.5, 0.0], [0, 0, 0]])
def test_an_embedding_of_several_indices(row):
    with pytest.raises(ValueError, match=r"an index, or a one-hot row, got .*: of several indices, write \[embedding"):
        Embedding(3, 2)(row)


@pytest.mark.parametrize("columns", [["a", "b"], [0, 1], [1, 0]])
@pytest.mark.parametrize("model", [MODEL, Layer(2, 3), Net(LayerNorm(2), Layer(2, 1))])
def test_a_table_is_a_batch_and_its_row_an_example(model, columns):
    rows = [[0.5, -1.0], [2.0, 0.25]]
    table = pandas.DataFrame(rows, columns=columns, index=[7, 3])
    assert repr(model(table)) == repr(model(rows))
    assert repr(model(table.iloc[1].to_numpy())) == repr(model(rows[1]))


def test_an_optimiser_of_another_model():
    with pytest.raises(ValueError, match="no parameter of the optimiser, so nothing would be learned"):
        fit(MLP([2, 1]), [[0.5, 1.0]] * 3, [1.0] * 3, loss=mse, optimiser=Adam(PARAMETERS), progress=False)
