"""A summary shows what every layer computed, and exactly the units that are dead."""

from __future__ import annotations

import math

import pytest

from gograd_core import Neuron, errstate, no_grad, ops
from gograd_nn import MLP, Layer, Net, mse, summary

INPUTS = [[0.5, -1.0], [2.0, 1.0], [-1.5, 0.25]]
TARGETS = [1.0, -1.0, 0.5]


def relu_net(dead=()):
    net = MLP([2, 4, 1], "relu", seed=3)
    for index, unit in enumerate(net.layers[0].units):
        unit.b.value = -100.0 if index in dead else 10.0
    return net


@pytest.mark.parametrize("dead", [(), (1,), (0, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("loss", [{}, {"targets": TARGETS, "loss": mse}])
def test_dead_units_are_found(dead, loss):
    found = summary(relu_net(dead), INPUTS, **loss)
    assert [layer.dead for layer in found.layers] == [dead, ()]
    assert (f"{len(dead)}: {', '.join(map(str, dead))}" if dead else "none") in str(found).splitlines()[1]


def test_a_unit_that_lives_for_one_example_is_not_dead():
    net = relu_net()
    unit = net.layers[0].units[2]
    for weight, value in zip(unit.w, (1.0, 0.0), strict=True):
        weight.value = value
    unit.b.value = -1.9
    assert [each.dead for each in summary(net, INPUTS).layers] == [(), ()]
    assert summary(net, [INPUTS[0], INPUTS[2]]).layers[0].dead == (2,)


def test_a_unit_whose_output_happens_to_be_zero_is_not_dead():
    net = MLP([2, 2, 1], "tanh")
    for parameter in net.layers[0].parameters():
        parameter.value = 0.0
    assert summary(net, INPUTS).layers[0].dead == ()


def test_ranges_are_those_of_all_examples():
    layer = Layer(2, 2, "tanh", seed=1)
    found = summary(layer, INPUTS).layers[0]
    outputs = [out.value for inputs in INPUTS for out in layer(inputs)]
    assert (found.values.least, found.values.most) == (min(outputs), max(outputs))
    assert (found.gradients.least, found.gradients.most) == (1.0, 1.0)
    assert (found.name, found.units, found.parameters) == ("Layer", 2, 6)


def test_gradients_are_those_of_the_loss_and_change_nothing():
    net = MLP([2, 3, 1], seed=2)
    found = summary(net, INPUTS, TARGETS, mse)
    expected = [2.0 * (net(inputs).value - target) for inputs, target in zip(INPUTS, TARGETS, strict=True)]
    last = found.layers[-1]
    assert (last.gradients.least, last.gradients.most) == pytest.approx((min(expected), max(expected)))
    assert {parameter.grad for parameter in net.parameters()} == {0.0}
    assert (found.parameters, found.examples) == (13, 3)


def test_nets_in_nets_and_functions():
    def halved(values):
        return [value * 0.5 for value in values]

    class Own(Net):
        def __call__(self, inputs):
            return [2.0 * value for value in super().__call__(inputs)]

    net = Net(halved, Net(Layer(2, 3, seed=1), halved), Own(Layer(3, 1, seed=2)), lambda values: values[0])
    found = summary(net, INPUTS)
    assert [layer.name for layer in found.layers] == ["halved", "layer1.layer0", "halved", "layer2", "<lambda>"]
    assert [layer.units for layer in found.layers] == [0, 3, 0, 0, 0]
    assert found.layers[0].values.most == 1.0
    assert str(found).splitlines()[1].split() == ["halved", "-", "-", "0", "-0.75", "…", "1", "-", "none"]


class Doubled:
    def __call__(self, x):
        return x * 2.0


def double(x):
    return x * 2.0


@pytest.mark.parametrize(
    ("activation", "name"),
    [("relu", "relu"), (ops.tanh, "tanh"), (double, "double"), (Doubled(), "Doubled"), (None, "")],
)
def test_the_activation_is_named(activation, name):
    found = summary(Layer(2, 2, activation, seed=1), INPUTS)
    assert found.layers[0].activation == name
    assert str(found).splitlines()[1].split()[2] == (name or "-")


def test_a_compiled_net_is_summarised_as_the_net():
    net = relu_net((1, 2))
    compiled = pytest.importorskip("gograd_compile").compile(net)
    assert str(summary(compiled, INPUTS, TARGETS, mse)) == str(summary(net, INPUTS, TARGETS, mse))


def test_a_decorated_net_runs_as_decorated():
    net = errstate(domain="ignore")(relu_net())
    assert [layer.name for layer in summary(net, INPUTS).layers] == ["inside"]  # one function, not its layers


def test_needs_graphs():
    with pytest.raises(ValueError, match="depends on no neuron"), no_grad():
        summary(relu_net(), INPUTS)


def test_nan_stays():
    found = summary(Net(lambda values: [*values, Neuron(0.0)]), [[1.0], [math.nan], [2.0]])
    assert math.isnan(found.layers[0].values.least)
    assert math.isnan(found.layers[0].values.most)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([],), "expects examples"),
        ((INPUTS, TARGETS[:1], mse), "expects examples"),
        ((INPUTS, TARGETS), "a loss together with targets"),
        ((INPUTS, None, mse), "a loss together with targets"),
        ((INPUTS, TARGETS, lambda output, target: 1.0), "depends on no neuron"),
    ],
)
def test_what_is_refused(args, message):
    with pytest.raises(ValueError, match=message):
        summary(relu_net(), *args)


def test_an_activation_of_ones_own():
    net = Net(Layer(2, 2, lambda x: ops.relu(x) * 0.0))
    assert summary(net, INPUTS).layers[0].dead == (0, 1)
