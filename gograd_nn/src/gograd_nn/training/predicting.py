"""What a model predicts, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gograd_core import no_grad
from gograd_core.extend import quoted
from gograd_nn.layers.examples import Rows, as_sequence
from gograd_nn.metrics import class_of, score

__all__ = ["accuracy", "predict"]

Model = Callable[[Any], Any]


def predict(model: Model, inputs: Sequence[Any], classes: Sequence[Any] | None = None) -> Any:
    """Predict the class of an example: the index of the largest output, or the sign (-1 or 1) of a single one.

    Of a batch, it makes a list with the class of each row.

    Args:
        model: a function of an example, or of a batch.
        inputs: an example, or a batch.
        classes: what is returned instead of indices or signs: an entry for each output. For a single output, these are
            two: that of a negative output, and that of a positive one. So for targets 0 and 1, it is (0, 1).

    Raises:
        ValueError: `classes` is no row of so many classes.
    """
    row = as_sequence(classes)

    def each(output: Any) -> Any:
        if row is None:
            return class_of(output)
        expected = max(2, len(output) if hasattr(output, "__len__") else 1)
        if not hasattr(row, "__getitem__") or len(row) != expected:
            raise ValueError(f"predict() expects a list of {expected} classes, got {quoted(classes)}")
        return row[max(0, class_of(output))]  # of a single output, -1 is the first class

    found = no_grad().run(model, as_sequence(inputs))
    return list(map(each, found)) if type(found) is Rows else each(found)


def accuracy(model: Model, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the share of examples that a model classifies correctly.

    A target is a class index or a one-hot row. For a model with one output, it is 1, or else -1 or 0.

    Raises:
        ValueError: there are no examples, or not as many targets as inputs, or a target is no class.
    """
    return score(model, inputs, targets)
