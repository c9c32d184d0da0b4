"""What a newcomer writes who knows another library, and what the error names instead."""

from __future__ import annotations

import pickle
import pydoc
from copy import deepcopy

import pytest

import gograd_draw
import gograd_nn
from gograd_core import Neuron
from gograd_nn import MLP, SGD, Adam, AdamW, Embedding, Layer, LayerNorm, Net, Perceptron, RMSprop, misnomers

pytestmark = pytest.mark.any_engine

PARTS = (MLP([2, 1]), Net(Layer(2, 1)), Layer(2, 1), Perceptron(2), LayerNorm(2), Embedding(2, 2))
OPTIMISERS = [kind([Neuron(1.0)]) for kind in (SGD, Adam, AdamW, RMSprop)]
NUMBER = "this is a function, not a number: call it"


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("model.zero_grad()", AttributeError, "MLP has no attribute 'zero_grad': call that of the optimiser; or write"),
        ("layer.neurons", AttributeError, "Layer has no attribute 'neurons': the layers of a net are net.layers"),
        ("unit._prev", AttributeError, f"Perceptron has no attribute '_prev': {NUMBER}"),
        ("unit.data", AttributeError, NUMBER),
        ("model.data", AttributeError, NUMBER),
        ("model.backward()", AttributeError, NUMBER),
        ("model.train()", AttributeError, "there are no modes"),
        ("model.forward([1.0, 2.0])", AttributeError, "call it: model(inputs)"),
        ("model.state_dict()", AttributeError, "write state_dict(model), a function of gograd_nn"),
        ("model.predict([1.0, 2.0])", AttributeError, "for classes, write predict(model, inputs)"),
        ("model.save('m')", AttributeError, "write save(model, path)"),
        ("nn.clip_grad_norm_", AttributeError, "write clip_gradients(parameters, 1.0)"),
        ("layer.weight", AttributeError, "layer.units"),
        ("optimiser.lr", AttributeError, "SGD has no attribute 'lr': its rate is optimiser.rate"),
        ("optimiser.state_dict()", AttributeError, "optimiser.state()"),
        ("nn.Neuron", AttributeError, "'gograd_nn' has no attribute 'Neuron': a unit of a layer is a Perceptron"),
        ("nn.Linear(2, 3)", AttributeError, "write Layer(2, 3, None), which is linear"),
        ("nn.Sequential(layer)", AttributeError, "write Net(layer, another, …), without a list"),
        ("nn.optim.Adam", AttributeError, "gograd_nn.Adam"),
        ("nn.MSELoss()", AttributeError, "write mse(output, target)"),
        ("nn.nothing", AttributeError, "module 'gograd_nn' has no attribute 'nothing'"),
        ("nn.Net([layer, layer])", TypeError, "got [Layer(units=[...: write Net(layer, another), without a list"),
        ("draw.draw_dot(1)", AttributeError, "module 'gograd_draw' has no attribute 'draw_dot': write draw(y)"),
        ("draw.nothing", AttributeError, "module 'gograd_draw' has no attribute 'nothing'"),
    ],
)
def test_errors_say_what_to_write(code, error, message):
    names = {"nn": gograd_nn, "draw": gograd_draw, "model": PARTS[0], "layer": PARTS[2], "unit": PARTS[3]}
    with pytest.raises(error) as caught:
        eval(code, {**names, "optimiser": OPTIMISERS[0]})
    shown = str(caught.value)
    if "..." in message:
        assert shown.startswith("a net is made of layers and functions, got [Layer(units=[")
        message = message.partition("...")[2].lstrip(": ")
    assert message in shown


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        ("gograd_nn", "Neuron", ": a unit of a layer is a Perceptron"),
        ("gograd_draw", "draw_dot", r": write draw\(y\)"),
        ("gograd_core", "Value", r": write Neuron\(3.0\)"),
        ("gograd_nn", "nothing", "$"),
    ],
)
def test_an_import_says_it_too(module, name, hint):
    with pytest.raises(ImportError, match=f"^cannot import name '{name}' from '{module}'{hint}") as caught:
        exec(f"from {module} import {name}")
    assert caught.value.name == module


@pytest.mark.parametrize("part", [*PARTS, *OPTIMISERS], ids=lambda part: type(part).__name__)
def test_nothing_of_that_name_is_there(part):
    table = misnomers.OF_OPTIMISERS if part in OPTIMISERS else misnomers.OF_PARTS
    assert not any(hasattr(part, name) for name in table)
    assert not table.keys() & {*dir(part)}
    assert {"parameters", "step"} & {*dir(part)} == ({"parameters", "step"} if part in OPTIMISERS else {"parameters"})
    assert "Not an attribute:" in pydoc.plain(pydoc.render_doc(type(part)))
    assert type(deepcopy(part)) is type(pickle.loads(pickle.dumps(part))) is type(part)


def test_names_of_the_module_are_not_there():
    assert not any(hasattr(gograd_nn, name) for name in misnomers.OF_MODULE)


def test_a_subclass_may_have_these_names():
    class Mine(Net):
        def forward(self, inputs):
            return self(inputs)

    mine = Mine(Layer(2, 1, None))
    mine.data = 3
    assert (mine.data, len(mine.forward([1.0, 2.0]))) == (3, 1)
