"""Arguments that functions and classes do not take, such as those of other libraries, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

__all__ = ["OF_ARGUMENTS", "explaining"]

C = TypeVar("C", bound=Callable[..., Any])

_SEED = dict.fromkeys(("random_state", "rng", "generator"), "write seed=0")
_SIZES = {
    **dict.fromkeys(("in_features", "input_dim", "input_shape", "nin"), "write n_inputs=2"),
    **dict.fromkeys(("out_features", "units", "nout"), "write n_outputs=3"),
}
_UNITS = {
    **_SEED,
    **_SIZES,
    "use_bias": "write bias=False",
    **dict.fromkeys(("nonlin", "linear"), "a unit is linear with activation=None"),
    **dict.fromkeys(("act", "activation_function", "nonlinearity"), "write activation='relu'"),
    **dict.fromkeys(("init", "initialization", "kernel_initializer", "weight_init"), "write initialisation='he'"),
    "name": "parameters get their labels from the net: see name_parameters()",
    **dict.fromkeys(("dtype", "device"), "leave it out: all numbers are doubles of Python"),
}
_NORMS = {
    **dict.fromkeys(("normalized_shape", "num_features", *_SIZES), "write n_inputs=4"),
    "eps": "write epsilon=1e-5",
}
_OPTIMISER = {
    **dict.fromkeys(("lr", "learning_rate", "learning_rate_init", "eta"), "write rate=0.01"),
    **dict.fromkeys(("params", "model"), "write model.parameters() as its first argument"),
    **dict.fromkeys(("scheduler", "lr_scheduler"), "write schedule=CosineDecay(1000), or a function of the step"),
    **dict.fromkeys(("clip", "clipnorm", "max_norm"), "write fit(…, clip=1.0), or clip_gradients(parameters, 1.0)"),
    "l2": "write weight_decay=0.01",
    "maximize": "minimise the negative of the loss",
    **dict.fromkeys(("foreach", "fused", "capturable", "differentiable"), "leave it out"),
}
_ADAM = {
    **_OPTIMISER,
    "eps": "write epsilon=1e-8",
    **dict.fromkeys(("beta1", "beta2", "beta_1", "beta_2"), "write betas=(0.9, 0.999)"),
    "momentum": "write betas=(0.9, 0.999), whose first number is the momentum",
}
_SCHEDULE = dict.fromkeys(
    ("optimizer", "optimiser"), "give the schedule to the optimiser: Adam(parameters, schedule=…)"
)
_DECAY = {
    **_SCHEDULE,
    **dict.fromkeys(("T_max", "total_iters", "decay_steps"), "write steps=1000: steps are counted, not epochs"),
}
_ESTIMATOR = {
    "shuffle": "leave it out: each pass has another order, which depends on random_state",
    **dict.fromkeys(("learning_rate", "power_t"), "leave it out: the rate is learning_rate_init throughout"),
    "max_fun": "write max_iter=200",
    "loss": "leave it out: classes are learned by cross-entropy, and numbers by the squared error",
}
OF_ARGUMENTS: dict[str, dict[str, str]] = {
    "fit": {
        "optimizer": "write optimiser=Adam(model.parameters())",
        **dict.fromkeys(("validation_split", "validation_fraction", "test_size"), "write held_out=0.2"),
        **dict.fromkeys(("validation_data", "eval_set"), "write held_out=(inputs, targets)"),
        **dict.fromkeys(
            ("lr", "learning_rate", "rate"), "the optimiser has it: optimiser=Adam(model.parameters(), rate=0.01)"
        ),
        **dict.fromkeys(("scheduler", "schedule"), "the optimiser has it: Adam(model.parameters(), schedule=…)"),
        "weight_decay": "the optimiser has it: AdamW(model.parameters(), weight_decay=0.01)",
        **dict.fromkeys(("x", "X", "data", "input"), "give inputs and targets after the model: fit(model, inputs, …)"),
        **dict.fromkeys(("y", "Y", "target", "labels"), "write targets after inputs: fit(model, inputs, targets, …)"),
        **dict.fromkeys(("criterion", "loss_fn", "loss_function", "cost"), "write loss=mse"),
        **dict.fromkeys(("epoch", "n_epochs", "num_epochs", "max_epochs", "max_iter", "steps"), "write epochs=10"),
        **dict.fromkeys(("batch", "batchsize", "bs"), "write batch_size=32"),
        "shuffle": "leave it out: each epoch has another order, which depends on seed",
        "verbose": "write progress=False, or progress=True",
        **dict.fromkeys(("clipnorm", "max_norm", "grad_clip", "gradient_clip_val"), "write clip=1.0"),
        "patience": "write early_stopping=EarlyStopping(patience=5), and held_out=0.2",
        "callback": "write callbacks=[function]",
        "metric": "write metrics=['r2']",
        **dict.fromkeys(("sample_weight", "class_weight"), "examples have no weights: let the loss weigh them"),
        **dict.fromkeys(("device", "workers"), "leave it out: engine='compiled' runs compiled code"),
        **_SEED,
    },
    "SGD": {**_OPTIMISER, "nesterovs_momentum": "write momentum=0.9, nesterov=True"},
    "RMSprop": {
        **_OPTIMISER,
        "eps": "write epsilon=1e-8",
        **dict.fromkeys(("rho", "decay"), "write alpha=0.99"),
    },
    **dict.fromkeys(("Adam", "AdamW"), _ADAM),
    "LBFGS": {
        "params": "write model.parameters() as its first argument",
        **dict.fromkeys(("lr", "rate", "learning_rate", "schedule"), "it has no rate, since it finds one in each step"),
        "max_iter": "write fit(…, epochs=20)",
        **dict.fromkeys(("history_size", "m"), "write memory=10"),
        **dict.fromkeys(("tolerance_grad", "gtol"), "write steepness=1e-5"),
        **dict.fromkeys(("tolerance_change", "ftol"), "write tolerance=1e-9"),
    },
    "Perceptron": {
        **_UNITS,
        **dict.fromkeys(("out_features", "units", "nout"), "it is one unit; of several, write Layer(2, 3)"),
    },
    "Layer": {"": "write Layer(2, 3), with the numbers of inputs and of units", **_UNITS},
    "MLP": {
        "": "it takes all sizes in one list: write MLP([2, 8, 2])",
        **_UNITS,
        **dict.fromkeys(("nin", "nouts", "hidden_layer_sizes", "hidden", *_SIZES), "write MLP([2, 8, 2])"),
        **dict.fromkeys(
            ("bias", "use_bias"), "all its layers have biases; without: Net(Layer(2, 3, bias=False), another)"
        ),
    },
    "Net": {"": "write Net(layer, another)", "layers": "write Net(layer, another), without a list"},
    "Dropout": dict.fromkeys(("p", "rate", "prob", "probability"), "write share=0.5, the share of zeros"),
    "Embedding": {
        **dict.fromkeys(("num_embeddings", "vocab_size", "input_dim"), "write n_rows=27"),
        **dict.fromkeys(("embedding_dim", "output_dim"), "write n_columns=16"),
        **_SEED,
    },
    "LayerNorm": {**_NORMS, "elementwise_affine": "write affine=False"},
    "RMSNorm": {**_NORMS, "elementwise_affine": "write scale=False"},
    "CausalAttention": {
        **_SEED,
        **dict.fromkeys(("embed_dim", "d_model", "n_embd"), "write n_inputs=16"),
        **dict.fromkeys(("num_heads", "nhead", "n_head"), "write n_heads=4"),
    },
    "StepDecay": {
        **_SCHEDULE,
        "step_size": "write every=100: steps are counted, not epochs",
        "gamma": "write factor=0.1",
    },
    "CosineDecay": {**_DECAY, "eta_min": "write lowest=0.01, a factor of the rate"},
    "LinearDecay": {**_DECAY, "start_factor": "write first=1.0", "end_factor": "write last=0.0"},
    "WarmUp": {**_DECAY, "start_factor": "write first=0.1"},
    "EarlyStopping": {
        "": "write EarlyStopping(patience=5)",
        "monitor": "write watch='held_out_loss'",
        **dict.fromkeys(("min_delta", "tol"), "write minimum_change=0.001"),
        "mode": "write higher_is_better=True, or False",
        "restore_best_weights": "write restore_best=True",
        "n_iter_no_change": "write patience=5",
    },
    **dict.fromkeys(("MLPClassifier", "MLPRegressor"), _ESTIMATOR),
    "score": dict.fromkeys(("metric", "scoring", "metrics"), "write by='r2'"),
}
"""For functions and classes, what to write instead of an argument; under "", instead of too few or too many."""


def explaining(called: C) -> C:
    """Let a function, or a class, say what to write if it gets arguments that it does not take."""
    if isinstance(called, type):
        called.__init__ = _explaining(called.__name__, called.__init__)  # type: ignore[misc]
    else:
        called = _explaining(called.__name__, called)
    return called


def _explaining(name: str, function: Any) -> Any:
    taken = signature(function)

    @wraps(function)
    def explained(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except TypeError:
            try:
                taken.bind(*args, **named)
            except TypeError as wrong:
                raise TypeError(_complaint(name, taken, named, str(wrong))) from None
            raise

    return explained


def _complaint(name: str, taken: Signature, named: Mapping[str, Any], wrong: str) -> str:
    """Say what is wrong with a call, and what to write."""
    known = OF_ARGUMENTS.get(name, {})
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    arguments = [each for each in taken.parameters.values() if each.name != "self"]
    names = {each.name for each in arguments if each.kind not in several}
    for each in named:
        if each not in names and each in known:
            return f"{name}() has no argument {each!r}: {known[each]}"
    plain = [each.replace(annotation=Parameter.empty) for each in arguments]
    usage = f"write {name}{Signature(plain)}"
    return f"{name}(): {wrong}: {known.get('', usage)}"
