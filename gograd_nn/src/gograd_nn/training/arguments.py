"""Checks of what `fit` gets, before anything is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, get_args

from gograd_core.extend import quoted
from gograd_nn.optimisers import Optimiser
from gograd_nn.training.choice import Wish
from gograd_nn.training.early_stopping import EarlyStopping
from gograd_nn.training.history import History
from gograd_nn.training.lbfgs import LBFGS

__all__ = ["check_arguments"]

Rule = tuple[Callable[[Any], bool], str]


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_callback(value: Any) -> bool:
    has_method = hasattr(value, "after_step") or hasattr(value, "after_epoch")
    return not isinstance(value, type) and (has_method or callable(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, Integral)


def _is_several(value: Any) -> bool:
    return not callable(value) and not isinstance(value, str) and hasattr(value, "__iter__")


KINDS: dict[str, Rule] = {
    "model": (_is_function, "a function of one example, such as MLP([2, 16, 1]), before inputs and targets"),
    "loss": (callable, "a function of output and target, such as gograd_nn.mse"),
    "optimiser": (
        lambda value: isinstance(value, Optimiser | LBFGS),
        "an optimiser, such as SGD(model.parameters(), rate=0.1)",
    ),
    "epochs": (_is_whole, "a whole number"),
    "batch_size": (_is_whole, "a whole number"),
    "seed": (lambda value: _is_whole(value) and value >= 0, "a whole number from 0"),
    "held_out": (
        lambda value: value is None or _is_share(value) or (isinstance(value, tuple | list) and len(value) == 2),
        "a share of the examples, such as 0.2, or a tuple of inputs and targets",
    ),
    "metrics": (_is_several, "a list of names and functions, such as ['accuracy']"),
    "clip": (
        lambda value: (
            value is None or (isinstance(value, Real) and value is not True and 0.0 < float(value) < math.inf)
        ),
        "a positive number",
    ),
    "early_stopping": (
        lambda value: value is None or isinstance(value, EarlyStopping),
        "an EarlyStopping, such as EarlyStopping(patience=5)",
    ),
    "callbacks": (
        lambda value: _is_several(value) and all(map(_is_callback, value)),
        "a list of functions of a Training, or of objects with after_step or after_epoch",
    ),
    "resume": (lambda value: value is None or isinstance(value, Mapping), "what Training.state() returned"),
    "every": (lambda value: value is None or _is_whole(value), "a whole number of steps"),
    "history": (lambda value: value is None or isinstance(value, History), "a History, such as History()"),
}
"""For each argument, what accepts its kind, and what is expected."""


def check_arguments(**given: Any) -> None:
    """Refuse what `fit` cannot take.

    Raises:
        TypeError: an argument is of a kind that it cannot have.
        ValueError: a number is not one that it can have, there is no such engine, or arguments exclude each other.
    """
    for name, (accepts, expected) in KINDS.items():
        if not accepts(given[name]):
            error = ValueError if name in ("clip", "seed") and isinstance(given[name], Real) else TypeError
            raise error(f"{name} must be {expected}; got {quoted(given[name])}")
    if given["epochs"] < 1 or given["batch_size"] < 1:
        raise ValueError(f"epochs and batch_size must be positive, got {given['epochs']} and {given['batch_size']}")
    if given["engine"] not in get_args(Wish):
        raise ValueError(f"engine must be one of {', '.join(map(repr, get_args(Wish)))}, got {given['engine']!r}")
    if given["resume"] is not None and given["checkpoint"] is not None:
        raise ValueError("give either resume or checkpoint, which goes on by itself if its file is there")
