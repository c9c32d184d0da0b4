"""States of PyTorch: nets compute what they compute in PyTorch, and wrong states are refused. No PyTorch is needed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from gograd_compile import compile
from gograd_nn import MLP, Dropout, Layer, LayerNorm, Net, load_state_dict, softmax, state_dict

FIGURES = json.loads(Path(__file__).with_name("torch_states.json").read_text())
NETS = {  # as they are in make_torch_states.py
    "tanh": lambda: MLP([3, 4, 2], "tanh"),
    "three layers": lambda: MLP([2, 3, 3, 1], "relu"),
    "no biases": lambda: Net(Layer(2, 3, "sigmoid", bias=False), Layer(3, 2, None, bias=False)),
    "no activation": lambda: Net(Layer(2, 3, None), Layer(3, 2, None)),
    "dropout": lambda: Net(Layer(2, 3, "gelu"), Dropout(0.5), Net(Layer(3, 2, None), softmax)),
    "many layers": lambda: Net(*(Layer(2, 2, "softplus") for _ in range(7))),
    "single precision": lambda: Layer(2, 2, "silu"),
}


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


def row(output):
    return [number.value for number in (output if isinstance(output, list) else [output])]


@pytest.mark.parametrize("name", FIGURES["nets"])
class TestFiguresOfPyTorch:
    def test_a_net_computes_what_it_does_in_pytorch(self, name):
        stored, net = FIGURES["nets"][name], NETS[name]()
        load_state_dict(net, stored["state"])
        # a few roundings of doubles; PyTorch's own of floats
        tolerance = 1e-6 if name == "single precision" else 1e-14
        for inputs, outputs in zip(stored["inputs"], stored["outputs"], strict=True):
            assert row(net(inputs)) == pytest.approx(outputs, rel=tolerance, abs=tolerance)

    def test_the_state_has_the_names_and_shapes_of_pytorch(self, name):
        stored, net = FIGURES["nets"][name]["state"], NETS[name]()
        load_state_dict(net, stored)
        assert {key: array.tolist() for key, array in state_dict(net).items()} == stored
        assert list(state_dict(net)) == list(stored)


def test_a_net_computes_what_its_state_says():
    rng = np.random.default_rng(3)
    state = {"0.weight": rng.normal(size=(5, 4)), "0.bias": rng.normal(size=5)}
    state |= {"2.weight": rng.normal(size=(3, 5)), "2.bias": rng.normal(size=3)}
    net = MLP([4, 5, 3])
    load_state_dict(net, state)
    x = rng.normal(size=4)
    expected = state["2.weight"] @ np.tanh(state["0.weight"] @ x + state["0.bias"]) + state["2.bias"]
    assert row(net(x)) == pytest.approx(expected, rel=1e-13, abs=1e-14)


def test_numbers_and_not_the_order_of_entries_give_the_order_of_layers():
    stored = FIGURES["nets"]["many layers"]["state"]  # has 0 to 12, of equal shapes
    entries = list(stored.items())
    for seed in range(3):
        random.Random(seed).shuffle(entries)
        net, expected = NETS["many layers"](), NETS["many layers"]()
        load_state_dict(net, {f"model.layers.{key}": value for key, value in entries})
        load_state_dict(expected, stored)
        assert values_of(net) == values_of(expected)


def test_states_are_files_too(tmp_path):
    net, other = NETS["many layers"](), compile(NETS["many layers"]())
    save_file(state_dict(net), tmp_path / "state.safetensors")
    load_state_dict(other, load_file(tmp_path / "state.safetensors"))
    assert state_dict(other).keys() == state_dict(net).keys()
    assert all(np.array_equal(array, state_dict(net)[key]) for key, array in state_dict(other).items())


class Tensor:
    """As a tensor of PyTorch that needs a gradient: an array after `detach` only."""

    def __init__(self, numbers):
        self.numbers = numbers

    def detach(self):
        return np.float32(self.numbers)

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def test_tensors_that_need_a_gradient():
    layer = Layer(2, 1)
    load_state_dict(layer, {"0.weight": Tensor([[0.5, 0.1]]), "0.bias": Tensor([2.0])})
    assert values_of(layer) == [0.5, float(np.float32(0.1)), 2.0]


STATE = {"0.weight": np.ones((3, 2)), "0.bias": np.ones(3), "2.weight": np.ones((1, 3)), "2.bias": np.ones(1)}
without = {key: value for key, value in STATE.items() if key != "2.bias"}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            STATE | {"2.weight": np.ones((3, 1))},
            r"'2.weight' has the shape \(3, 1\), but layer1 takes \(1, 3\) ",
        ),
        (STATE | {"2.bias": 1.0}, r"'2.bias' has the shape \(\), but layer1 takes \(1,\)"),
        (without, r"layer '2' of the state has weight, but layer1 has weight and bias: Layer\(…, bias=False\)"),
        ({"0.bias": np.ones(3), "2.bias": np.ones(1)}, "layer '0' of the state has bias, but"),
        (STATE | {"4.bias": np.ones(1)}, "the state has 3 linear layers, and the model 2"),
        ({}, "the state has 0 linear layers"),
        (STATE | {"1.running_mean": np.ones(3)}, "the entry '1.running_mean' is not that of a linear layer .* rename"),
        ({"fc1.weight": np.ones((3, 2))}, "the entry 'fc1.weight' is not that of a linear layer"),
        ({0: np.ones((3, 2))}, "the entry 0 is not that of a linear layer"),
        ({"x" * 9999: 1.0}, "the entry 'xxx.* is not that of a linear layer"),
        (STATE | {"a.4.bias": np.ones(1)}, r"the entries of the state belong to several modules: \['', 'a.'\]"),
        (STATE | {"02.bias": np.ones(1)}, "two entries of the state are the bias of layer 2"),
        (STATE | {"2.bias": [1j]}, "'2.bias' must hold real numbers, got an array of complex128"),
        (STATE | {"2.bias": ["1"]}, "'2.bias' must hold real numbers, got an array of <U1"),
        (STATE | {"2.bias": [None]}, "'2.bias' must hold real numbers, got an array of object"),
        (STATE | {"2.bias": [[1.0], [1.0, 2.0]]}, "'2.bias' cannot be read as an array: "),
        (STATE | {"2.bias": [True]}, "'2.bias' must hold real numbers, got an array of bool"),
    ],
)
def test_wrong_states_are_refused_and_change_nothing(state, message):
    net = MLP([2, 3, 1], seed=1)
    before = values_of(net)
    with pytest.raises(ValueError, match=message):
        load_state_dict(net, state)
    assert values_of(net) == before


def test_a_path_is_no_state():
    with pytest.raises(TypeError, match="takes a mapping of names to arrays, got 'state.pt'"):
        load_state_dict(MLP([1, 1]), "state.pt")


def odd_units(change):
    layer = Layer(2, 3)
    change(layer.units[1])
    return layer


class Doubled(Layer):
    def __call__(self, inputs):
        return [2.0 * output for output in super().__call__(inputs)]


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (
            Net(LayerNorm(2), Layer(2, 1)),
            TypeError,
            "knows nets of Layer, Dropout and functions, but layer0 is <L",
        ),
        (Net(Layer(2, 2), Net(Doubled(2, 1))), TypeError, "but layer1.layer0 is Doubled"),
        (Net(softmax), TypeError, r"takes a net of layers, such as MLP\(\[2, 3, 1\]\), got <Net"),
        (abs, TypeError, "takes a net of layers"),
        (Net(Layer(2, 3), Net(Dropout(), Layer(2, 1))), ValueError, "layer0 has 3 outputs, but layer1.layer1 takes 2"),
        (odd_units(lambda unit: setattr(unit, "activation", "relu")), ValueError, "the units of layer0 differ"),
        (odd_units(lambda unit: setattr(unit, "b", None)), ValueError, "the units of layer0 differ"),
        (odd_units(lambda unit: unit.w.pop()), ValueError, "the units of layer0 differ"),
    ],
)
def test_models_that_are_no_perceptrons_of_layers(model, error, message):
    for do in (state_dict, lambda model: load_state_dict(model, STATE)):
        with pytest.raises(error, match=message):
            do(model)
