"""What a model predicts, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gograd_core import no_grad
from gograd_nn.layers.examples import Rows, as_sequence
from gograd_nn.metrics import class_of, score

__all__ = ["accuracy", "predict"]

Model = Callable[[Any], Any]


def predict(model: Model, inputs: Sequence[Any]) -> Any:
    """Predict the class of an example: the index of the largest output, or the sign (-1 or 1) of a single one.

    Of a batch, it makes a list with the class of each row.
    """
    found = no_grad().run(model, as_sequence(inputs))
    return list(map(class_of, found)) if type(found) is Rows else class_of(found)


def accuracy(model: Model, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the share of examples that a model classifies correctly.

    A target is a class index or a one-hot row. For a model with one output, it is 1, or else -1 or 0.

    Raises:
        ValueError: there are no examples, or not as many targets as inputs.
    """
    return score(model, inputs, targets)
