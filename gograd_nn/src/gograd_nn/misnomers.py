"""Names that other libraries use, and what to write here instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["OF_ACTIVATIONS", "OF_MODULE", "OptimiserHints", "PartHints"]

LAYER_WITH_ACTIVATION = "give the layer before it an activation: Layer(2, 3, 'relu')"

OF_MODULE = {
    "Neuron": "a unit of a layer is a Perceptron; a number is a Neuron of gograd_core",
    **dict.fromkeys(("Value", "Tensor", "tensor", "Parameter"), "write gograd_core.Neuron(3.0)"),
    **dict.fromkeys(("Linear", "Dense"), "write Layer(2, 3, None), which is linear"),
    **dict.fromkeys(("Sequential", "ModuleList"), "write Net(layer, another, …), without a list"),
    "Module": "write a class with __call__, parameters() and name_parameters(prefix)",
    **dict.fromkeys(("ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "LeakyReLU", "relu", "tanh"), LAYER_WITH_ACTIVATION),
    "Softmax": "write softmax(values)",
    "MSELoss": "write mse(output, target)",
    "L1Loss": "write mae(output, target)",
    "CrossEntropyLoss": "write cross_entropy(outputs, target)",
    **dict.fromkeys(("BCELoss", "BCEWithLogitsLoss"), "write binary_cross_entropy(output, target)"),
    **dict.fromkeys(("HuberLoss", "SmoothL1Loss"), "write huber(output, target)"),
    **dict.fromkeys(("HingeEmbeddingLoss", "MarginRankingLoss"), "write hinge(output, target)"),
    **dict.fromkeys(("optim", "nn", "functional", "F"), "everything is in gograd_nn itself: gograd_nn.Adam"),
    "Optimizer": "write Optimiser",
    "RMSProp": "write RMSprop",
    "StepLR": "write StepDecay, and pass it to the optimiser: Adam(parameters, schedule=…)",
    "CosineAnnealingLR": "write CosineDecay, and pass it to the optimiser: Adam(parameters, schedule=…)",
    "LinearLR": "write LinearDecay or WarmUp, and pass it to the optimiser: Adam(parameters, schedule=…)",
    "clip_grad_norm_": "write clip_gradients(parameters, 1.0), or fit(…, clip=1.0)",
    "clip_grad_value_": "write clip_gradients, which limits the norm of all gradients",
    "MultiheadAttention": "write CausalAttention",
    **dict.fromkeys(("MLPClassifier", "MLPRegressor"), "that is in gograd_nn.sklearn"),
    "train_test_split": "write fit(…, held_out=0.2)",
    "Flatten": "write a function in the net: Net(lambda rows: [x for row in rows for x in row], layer)",
    **dict.fromkeys(
        ("Adamax", "Nadam", "Adagrad", "Adadelta", "NAdam", "RAdam"),
        "there are SGD, Adam, AdamW and RMSprop; or write a subclass of Optimiser",
    ),
    **dict.fromkeys(("nll_loss", "NLLLoss"), "write cross_entropy(outputs, target), which takes logits"),
    "DataLoader": "write fit(…, batch_size=32), which shuffles and makes batches",
    **dict.fromkeys(("no_grad", "ops"), "that is in gograd_core"),
    "train": "write fit(model, inputs, targets, loss=…, optimiser=…)",
}

NO_NUMBER = "this is a function, not a number: call it, and look at what it returns, y = model(inputs)"
OF_PARTS = {
    "zero_grad": "call that of the optimiser; or write zero_grad(model.parameters()), which is in gograd_core",
    **dict.fromkeys(
        ("step", "fit"), "an optimiser does that: SGD(model.parameters(), rate=0.1).step(), or fit(model, …)"
    ),
    **dict.fromkeys(
        ("compile", "evaluate", "history"),
        "write fit(model, inputs, targets, loss=…, optimiser=…), and score(model, …)",
    ),
    "summary": "write summary(model, inputs), a function of gograd_nn",
    **dict.fromkeys(("to", "cuda", "cpu", "double", "float"), "all numbers are doubles of Python: leave it out"),
    **dict.fromkeys(("get_weights", "coefs_"), "write [p.value for p in model.parameters()], or state_dict(model)"),
    "set_weights": "set the value of each of model.parameters(), or write load_state_dict(model, state)",
    "neurons": "the layers of a net are net.layers, and the units of a layer are layer.units",
    **dict.fromkeys(("weight", "weights"), "a unit has weights unit.w, and a layer has units: layer.units"),
    "forward": "call it: model(inputs)",
    "predict": "call it: model(inputs); for classes, write predict(model, inputs), a function of gograd_nn",
    **dict.fromkeys(("train", "eval"), "there are no modes: Dropout acts in fit(), and in a block of dropping_out"),
    "state_dict": "write state_dict(model), a function of gograd_nn",
    "load_state_dict": "write load_state_dict(model, state), a function of gograd_nn",
    "save": "write save(model, path), a function of gograd_nn",
    "load": "write load(model, path), a function of gograd_nn",
    "named_parameters": "parameters have labels: {p.label: p for p in model.parameters()}",
    **dict.fromkeys(("append", "add", "add_module"), "give a net all its layers at once: Net(layer, another)"),
    **dict.fromkeys(("data", "value", "grad", "operation", "constituents", "_prev", "_op", "backward"), NO_NUMBER),
}

OF_ACTIVATIONS = {
    "softmax": "it takes all outputs of a layer: write Net(Layer(…, activation=None), gograd_nn.softmax). If the loss "
    "is cross_entropy(), which takes logits, leave it out",
    **dict.fromkeys(("linear", "none", ""), "write activation=None"),
    "logistic": "write 'sigmoid'",
    "leakyrelu": "write 'leaky_relu'",
    "hardtanh": "write 'hard_tanh'",
    **{
        name: f"write {name!r}"
        for name in ("relu", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "softplus", "mish")
    },
}
"""By names in lower case."""

OF_OPTIMISERS = {
    **dict.fromkeys(("lr", "learning_rate", "param_groups"), "its rate is optimiser.rate, which can be set"),
    "state_dict": "write optimiser.state()",
    "load_state_dict": "write optimiser.load_state(state)",
    "minimize": "call loss.backward(), and then optimiser.step()",
}


class _Misnomer:
    """An attribute that an object does not have. Its use raises an error that says what to write instead."""

    def __init__(self, name: str, instead: str) -> None:
        self._name, self._instead = name, instead
        self.__doc__ = f"Not an attribute: {instead}."  # for `help`

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        raise AttributeError(f"{type(owner).__name__} has no attribute {self._name!r}: {self._instead}")


class _Hints:
    """A base of classes that say what to write instead of names that they do not have. Subclasses may have these."""

    __slots__ = ()

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(getattr(type(self), name, None), _Misnomer)]


class PartHints(_Hints):
    """The base of layers and nets."""

    __slots__ = ()


class OptimiserHints(_Hints):
    """The base of optimisers."""

    __slots__ = ()


def _fill(cls: type[_Hints], table: Mapping[str, str]) -> None:
    for name, instead in table.items():
        setattr(cls, name, _Misnomer(name, instead))


_fill(PartHints, OF_PARTS)
_fill(OptimiserHints, OF_OPTIMISERS)
