"""Perceptrons, layers and nets: what they compute, and what their parameters are."""

from __future__ import annotations

import copy
import math
import random
from statistics import fmean

import numpy as np
import pytest

from gograd_core import Neuron, UnknownOperationError, ops
from gograd_nn import MLP, Layer, Net, Perceptron


def set_values(module, values):
    for parameter, value in zip(module.parameters(), values, strict=True):
        parameter.value = value


def values_of(module):
    return [parameter.value for parameter in module.parameters()]


def labels_of(module):
    return [parameter.label for parameter in module.parameters()]


# Weights, inputs and sums are small multiples of 1/8: every result below is exact in floats.


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (None, -1.25),
        ("relu", 0.0),
        ("tanh", math.tanh(-1.25)),
        ("gograd-ops-extra:tanh", math.tanh(-1.25)),
        (ops.abs, 1.25),
        (lambda z: z * z, 1.5625),
    ],
)
def test_a_perceptron_is_its_activation_of_the_weighted_sum_plus_bias(activation, expected):
    unit = Perceptron(3, activation)
    set_values(unit, [0.5, -2.0, 0.25, -0.75])
    assert unit([1.0, 0.5, -0.0]).value == expected


def test_the_derivatives_of_a_perceptron_are_inputs_and_one_and_weights():
    unit = Perceptron(2, None)
    set_values(unit, [0.5, -2.0, 1.0])
    inputs = [Neuron(3.0), Neuron(-4.0)]
    unit(inputs).backward()
    assert [p.grad for p in unit.parameters()] == [3.0, -4.0, 1.0]
    assert [x.grad for x in inputs] == [0.5, -2.0]


def test_a_layer_gives_a_list_with_one_number_per_unit():
    layer = Layer(2, 3, None)
    set_values(layer, [1.0, 0.0, 0.5, 0.0, 1.0, -0.5, 2.0, -1.0, 0.0])
    assert [output.value for output in layer([4.0, 8.0])] == [4.5, 7.5, 0.0]


@pytest.mark.parametrize("inputs", [[1.0, 2.0], (1, 2), np.array([1.0, 2.0]), [Neuron(1.0), 2.0]])
def test_inputs_are_any_sequence_of_numbers_or_neurons(inputs):
    unit = Perceptron(2, None)
    set_values(unit, [3.0, 5.0, 0.5])
    assert unit(inputs).value == 13.5


def test_an_mlp_has_its_activation_between_layers_and_a_linear_last_one():
    mlp = MLP([2, 2, 2], "relu")
    set_values(mlp, [1.0, 1.0, 0.0, -1.0, -1.0, 0.0, 1.0, 2.0, 0.25, -3.0, 4.0, 0.5])
    assert [output.value for output in mlp([1.0, 2.0])] == [3.25, -8.5]
    assert [output.value for output in mlp([-1.0, -2.0])] == [6.25, 12.5]


def test_an_mlp_with_one_output_gives_that_number():
    mlp = MLP([2, 1])
    set_values(mlp, [1.0, 2.0, -30.0])
    assert mlp([3.0, 4.0]).value == -19.0


def test_a_net_feeds_each_module_with_what_the_one_before_it_gives():
    def halve(inputs):
        return [x / 2.0 for x in inputs]

    net = Net(halve, Layer(2, 1, None), lambda outputs: outputs[0] ** 2)
    set_values(net, [1.0, -1.0, 0.5])
    assert net([6.0, 2.0]).value == 6.25
    assert repr(net) == "<Net of 3 layers, 3 parameters>"
    assert repr(Net(Layer(1, 1))) == "<Net of 1 layer, 2 parameters>"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (Perceptron(2), ["w0", "w1", "b"]),
        (Layer(1, 2), ["unit0.w0", "unit0.b", "unit1.w0", "unit1.b"]),
        (Net(Perceptron(1)), ["layer0.w0", "layer0.b"]),
        (Net(abs, Net(Layer(1, 1))), ["layer1.layer0.unit0.w0", "layer1.layer0.unit0.b"]),
    ],
    ids=["perceptron", "layer", "net", "net of nets"],
)
def test_parameters_are_labelled_by_their_place(module, expected):
    assert labels_of(module) == expected


def test_every_parameter_of_an_mlp_has_its_own_label():
    labels = labels_of(MLP([8, 4, 3]))
    assert {"layer0.unit3.w7", "layer0.unit0.b", "layer1.unit2.w3"} <= set(labels)
    assert len(labels) == len(set(labels)) == (8 + 1) * 4 + (4 + 1) * 3


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: Perceptron(5, seed=seed),
        lambda seed: Layer(5, 2, seed=seed),
        lambda seed: MLP([3, 2, 1], seed=seed),
    ],
    ids=["perceptron", "layer", "mlp"],
)
def test_a_seed_fixes_the_weights(make):
    assert values_of(make(3)) == values_of(make(3))
    assert values_of(make(3)) != values_of(make(4))


def test_units_that_share_a_generator_have_different_weights():
    rng = random.Random(0)
    assert values_of(Perceptron(4, seed=rng)) != values_of(Perceptron(4, seed=rng))
    first, second = MLP([4, 4, 4]).layers
    weights = [weight.value for layer in (first, second) for unit in layer.units for weight in unit.w]
    assert len(set(weights)) == 32


@pytest.mark.parametrize(
    ("activation", "initialisation", "variance"),
    [
        ("tanh", None, 2.0 / (100 + 300)),
        (None, None, 2.0 / (100 + 300)),
        ("relu", None, 2.0 / 100),
        (ops.relu, None, 2.0 / 100),
        ("relu", "xavier", 2.0 / (100 + 300)),
        ("tanh", "he", 2.0 / 100),
    ],
)
def test_initial_weights_are_normal_with_the_variance_of_xavier_or_he(activation, initialisation, variance):
    layer = Layer(100, 300, activation, initialisation=initialisation, seed=1)
    weights = [weight.value / math.sqrt(variance) for unit in layer.units for weight in unit.w]
    # Of n standard normal numbers the mean deviates by 1/sqrt(n), the mean square by sqrt(2/n) and
    # the mean fourth power (3) by sqrt(96/n); five of these is a 1 in a million event.
    n = len(weights)
    assert fmean(weights) == pytest.approx(0.0, abs=5.0 / math.sqrt(n))
    assert fmean(w**2 for w in weights) == pytest.approx(1.0, abs=5.0 * math.sqrt(2.0 / n))
    assert fmean(w**4 for w in weights) == pytest.approx(3.0, abs=5.0 * math.sqrt(96.0 / n))
    assert all(unit.b.value == 0.0 for unit in layer.units)


def test_a_parameter_that_layers_share_is_counted_once_and_collects_every_derivative():
    shared = Layer(1, 1, None)
    net = Net(shared, shared)
    set_values(net, [3.0, 0.0])
    (output,) = net([5.0])
    output.backward()
    assert output.value == 45.0
    assert [p.grad for p in net.parameters()] == [2 * 3.0 * 5.0, 3.0 + 1.0]


def test_a_deep_copy_is_an_independent_model_with_the_same_values():
    model = MLP([2, 3, 1], ops.tanh, seed=5)
    output = model([1.0, -2.0])
    output.backward()
    clone = copy.deepcopy(model)
    assert values_of(clone) == values_of(model)
    assert labels_of(clone) == labels_of(model)
    assert [p.grad for p in clone.parameters()] == [p.grad for p in model.parameters()]
    assert clone([1.0, -2.0]).value == output.value
    for parameter in clone.parameters():
        parameter.value += 1.0
        parameter.grad = 0.0
    assert model([1.0, -2.0]).value == output.value
    assert any(p.grad for p in model.parameters())


def test_a_deep_copy_keeps_what_is_shared():
    shared = Layer(2, 2)
    assert len(copy.deepcopy(Net(shared, shared)).parameters()) == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Perceptron(0), "n_inputs of a perceptron must be 1 or more, got 0"),
        (lambda: Layer(2, 0), "n_outputs of a layer must be 1 or more, got 0"),
        (lambda: MLP([3]), r"at least the numbers of inputs and outputs, got sizes=\[3\]"),
        (lambda: MLP([3, 0, 2]), "n_outputs of a layer must be 1 or more, got 0"),
        (lambda: MLP([-1, 2]), "n_inputs of a layer must be 1 or more, got -1"),
        (Net, "at least one layer"),
        (lambda: Perceptron(2, initialisation="glorot"), "'xavier' or 'he', got 'glorot'"),
        (lambda: Perceptron(2)([1.0]), "takes 2 inputs, got 1"),
        (lambda: MLP([2, 1])([1.0, 2.0, 3.0]), "takes 2 inputs, got 3"),
    ],
)
def test_wrong_sizes_and_settings_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("sizes", [2, "ab", [2, [3, 1]], [2.0, 1.0]])
def test_sizes_are_whole_numbers_in_one_list(sizes):
    with pytest.raises(TypeError, match=r"all sizes in one list, such as MLP\(\[2, 3, 1\]\), got "):
        MLP(sizes)


def test_an_unknown_activation_is_named_with_its_nearest():
    with pytest.raises(UnknownOperationError, match=r"'sigmiod'.* Did you mean 'sigmoid'"):
        Perceptron(1, "sigmiod")([1.0])


def test_a_net_is_made_of_what_can_be_called():
    with pytest.raises(TypeError, match=r"a net is made of layers and functions, got \["):
        Net([Layer(2, 2)])
