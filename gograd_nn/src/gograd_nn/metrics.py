"""Metrics, which tell people how good predictions are: functions of all outputs and all targets, on plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gograd_core import no_grad
from gograd_core.extend import quoted
from gograd_nn.layers.examples import in_places
from gograd_nn.wrong_arguments import explaining

__all__ = ["METRICS", "Metric", "accuracy", "class_of", "is_right", "mae", "metric", "mse", "r2", "rmse", "score"]

Metric = Callable[[Sequence[Any], Sequence[Any]], float]
Array = npt.NDArray[np.float64]


def class_of(output: Any) -> int:
    """Find the class that an output means: the index of the largest of several logits, or the sign (-1 or 1) of one."""
    logits = output if hasattr(output, "__len__") else [output]
    if len(logits) == 1:
        return 1 if logits[0] > 0.0 else -1
    return max(range(len(logits)), key=lambda index: logits[index])


def is_right(output: Any, target: Any) -> bool:
    """Tell whether an output means the target: a class index, a one-hot row, or, of one output, 1 or else -1 or 0."""
    if hasattr(target, "__len__") and len(target) > 1:
        return class_of(output) == class_of(target)
    target = target[0] if hasattr(target, "__len__") else target
    if hasattr(output, "__len__") and len(output) > 1:
        return bool(class_of(output) == target)
    return bool(class_of(output) == (-1 if target == 0 else target))


def accuracy(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the share of outputs that are right; see `is_right`.

    Raises:
        ValueError: a target is no class.
    """
    for output, target in zip(outputs, targets, strict=False):
        _check_class(output, target)
    return sum(map(is_right, outputs, targets)) / len(outputs)


def _check_class(output: Any, target: Any) -> None:
    """Refuse a target that is no class, such as a number to be approximated: no output would ever be right."""
    count = len(output) if hasattr(output, "__len__") else 1
    try:
        row = [float(entry) for entry in (target if hasattr(target, "__len__") else [target])]
    except (TypeError, ValueError):  # of names, say
        row = []
    if len(row) > 1:
        is_class = len(row) == count and min(row) >= 0.0 and abs(sum(row) - 1.0) < 1e-6
    else:
        is_class = len(row) == 1 and row[0] in (range(count) if count > 1 else (-1, 0, 1))
    if not is_class:
        several = "an index or a one-hot row" if count > 1 else "-1, 0 or 1"
        hint = "For numbers, write 'r2', 'mae', 'mse' or 'rmse': score(model, inputs, targets, 'r2')"
        raise ValueError(
            f"accuracy needs classes as targets, which are {several} for {count} output{'s' * (count > 1)}; got "
            f"{quoted(target)}. {hint if row else 'Number the classes, as in names.index(target)'}"
        )


def mae(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the mean absolute error."""
    return float(np.mean(np.abs(_errors(outputs, targets))))


def mse(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the mean squared error."""
    return float(np.mean(np.square(_errors(outputs, targets))))


def rmse(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the square root of the mean squared error."""
    return float(np.sqrt(mse(outputs, targets)))


def r2(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the coefficient of determination: 1 minus the squared errors, relative to those of the mean target.

    For several outputs, it is the mean of theirs. If all targets are equal, it is 1 if there are no errors, and else 0,
    as in scikit-learn.
    """
    errors = np.sum(np.square(_errors(outputs, targets)), axis=0)
    table = _table(targets)
    spread = np.sum(np.square(table - np.mean(table, axis=0)), axis=0)
    constant = spread == 0.0
    shares = np.where(constant, errors != 0.0, errors / np.where(constant, 1.0, spread))
    return float(np.mean(1.0 - shares))


METRICS: dict[str, Metric] = {"accuracy": accuracy, "mae": mae, "mse": mse, "rmse": rmse, "r2": r2}


def metric(chosen: str | Metric) -> Metric:
    """Find a metric by its name, or return a function as it is.

    Raises:
        ValueError: there is no metric of that name.
        TypeError: it is neither a name nor a function.
    """
    if isinstance(chosen, str) and chosen not in METRICS:
        raise ValueError(f"there is no metric {chosen!r}; those with names are {', '.join(METRICS)}")
    if not isinstance(chosen, str) and not callable(chosen):
        raise TypeError(f"a metric is a name or a function of outputs and targets, got {quoted(chosen)}")
    return METRICS[chosen] if isinstance(chosen, str) else chosen


@explaining
def score(
    model: Callable[[Any], Any], inputs: Sequence[Any], targets: Sequence[Any], by: str | Metric = "accuracy"
) -> float:
    """Compute a metric of a model: "accuracy", "mae", "mse", "rmse", "r2", or a function of all outputs and targets.

    Raises:
        ValueError: there is no metric of that name; there are no examples, or not as many targets as inputs; an output
            does not have the shape of its target; or, for "accuracy", a target is no class.
        TypeError: `by` is neither a name nor a function.
    """
    chosen, inputs, targets = metric(by), in_places(inputs), in_places(targets)
    if len(inputs) != len(targets) or len(inputs) == 0:
        raise ValueError(f"expected as many targets as inputs, at least one; got {len(targets)} and {len(inputs)}")
    run = no_grad().run
    return chosen([run(model, example) for example in inputs], targets)


def _errors(outputs: Sequence[Any], targets: Sequence[Any]) -> Array:
    found, expected = _table(outputs), _table(targets)
    if found.shape != expected.shape:
        raise ValueError(f"expected a target for each output, got {expected.shape} and {found.shape} numbers")
    return found - expected


def _table(rows: Sequence[Any]) -> Array:
    """Make an array with a row for each example. Neurons count as their values."""
    return np.array([[_number(entry) for entry in (row if hasattr(row, "__len__") else [row])] for row in rows])


def _number(entry: Any) -> float:
    return float(getattr(entry, "value", entry))
