"""Losses, which measure how wrong one prediction is. `fit` uses their mean over a batch.

If targets are numbers, a wrong one is refused. In a compiled function they may be arguments, and one recording then
serves for all targets. This is why classes are given as one-hot rows there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gograd_core import Neuron, ops
from gograd_core.extend import quoted

__all__ = ["binary_cross_entropy", "cross_entropy", "hinge", "huber", "mae", "mse"]


def mse(output: Any, target: Any) -> Any:
    """Compute the squared error of two numbers, or its mean over two sequences of equal length.

    Raises:
        ValueError: the sequences are empty, or of unequal length.
    """
    errors = _errors("mse", output, target)
    return ops.dot(errors, errors) / len(errors)


def mae(output: Any, target: Any) -> Any:
    """Compute the absolute error of two numbers, or its mean over two sequences of equal length.

    Raises:
        ValueError: the sequences are empty, or of unequal length.
    """
    return ops.mean([ops.abs(error) for error in _errors("mae", output, target)])


def huber(output: Any, target: Any, delta: float = 1.0) -> Any:
    """Compute Huber's loss of two numbers, or its mean over two sequences of equal length.

    It is ``error**2 / 2`` where the error is at most `delta`, and ``delta * (abs(error) - delta / 2)`` beyond, as
    `torch.nn.HuberLoss` is.

    Raises:
        ValueError: the sequences are empty, or of unequal length; or `delta` is not positive.
    """
    if not delta > 0.0:
        raise ValueError(f"delta must be positive, got {delta!r}")
    errors = _errors("huber", output, target)
    # c * (e - c / 2), with the error e and c = e cut to [-delta, delta], is both formulas in one.
    cut = [ops.clip(error, -delta, delta) for error in errors]
    return ops.dot(cut, [error - 0.5 * c for error, c in zip(errors, cut, strict=True)]) / len(errors)


def _errors(name: str, output: Any, target: Any) -> list[Any]:
    """Subtract targets from as many outputs."""
    if isinstance(target, str):
        raise TypeError(f"{name}() expects numbers as targets, got {target!r}: make them numbers, as in float(target)")
    if not hasattr(output, "__len__"):
        if hasattr(target, "__len__"):
            raise ValueError(
                f"{name}() expects one target for one output, got a row: {quoted(target)}; of rows of one number, make "
                "numbers, as in targets = [row[0] for row in targets]"
            )
        output, target = [output], [target]
    n_targets = len(target) if hasattr(target, "__len__") else "a single number"
    if len(output) != n_targets or len(output) == 0:
        raise ValueError(
            f"{name}() expects as many targets as outputs, at least one; got {n_targets} and {len(output)}"
        )
    return [o - t for o, t in zip(output, target, strict=True)]


def _one_number(name: str, output: Any) -> None:
    """Refuse several outputs, where one is needed."""
    if hasattr(output, "__len__"):
        raise TypeError(
            f"{name}() is for one output, got {len(output)}: for classes there is cross_entropy(), and of several "
            f"labels take ops.sum(list(map({name}, outputs, targets)))"
        )


def hinge(score: Any, label: Any) -> Any:
    """Compute max(0, 1 - label * score), which is 0 beyond the margin on the correct side.

    Raises:
        ValueError: `label` is a number, but neither -1 nor 1.
    """
    _one_number("hinge", score)
    if type(label) is not Neuron and label not in (-1, 1):
        raise ValueError(f"hinge() expects the label -1 or 1, got {label!r}")
    return ops.relu(1.0 - label * score)


def binary_cross_entropy(logit: Any, target: Any) -> Any:
    """Compute -log(p) if `target` is 1, and -log(1 - p) if it is 0, where p = sigmoid(logit).

    In between, it is the mean of both with the weights target and 1 - target. It is
    `torch.nn.functional.binary_cross_entropy_with_logits`. A loss near 0, and its derivatives, keep their digits.

    Raises:
        ValueError: `target` is a number, but not from 0 to 1.
    """
    _one_number("binary_cross_entropy", logit)
    if type(target) is not Neuron and not 0.0 <= target <= 1.0:
        raise ValueError(f"binary_cross_entropy() expects a target from 0 to 1, got {target!r}")
    return target * ops.softplus(-logit) + (1.0 - target) * ops.softplus(logit)


def cross_entropy(logits: Sequence[Any], target: Any) -> Any:
    """Compute -log(p[target]) for a class, or -sum(target * log(p)) for a row of weights, where p = softmax(logits).

    A loss near 0, and its derivatives, keep their digits if the target is a class or a one-hot row.

    Args:
        logits: a number for each class.
        target: the index of the class, which may be a float such as 2.0; or a row with a weight for each class, such as
            a one-hot row. In a compiled function, a row that is an argument makes one recording for all classes, but an
            index makes one for each.

    Raises:
        IndexError: `target` is not an index of `logits`.
        TypeError: `target` is neither a whole number nor a row, or `logits` is not a row.
        ValueError: there are not as many weights as logits, or a weight is a number, but not finite or less than 0.
    """
    if not hasattr(logits, "__len__"):
        raise TypeError(
            f"cross_entropy() expects a logit for each class, got {quoted(logits)}; for a single output, there is "
            "binary_cross_entropy()"
        )
    if isinstance(target, str):
        raise TypeError(
            f"cross_entropy() expects a class as a whole number, got {target!r}: number the classes, as in "
            "names.index(target), with names = sorted(set(targets))"
        )
    if type(target) is Neuron:
        raise TypeError(f"cross_entropy() expects a class or a one-hot row, got {quoted(target)}: see one_hot()")
    if hasattr(target, "__len__"):
        return _of_weights(logits, _checked_weights(logits, target))
    return _of_class(logits, target)


def _of_class(logits: Sequence[Any], target: Any) -> Any:
    """Compute it as log-sum-exp of the differences from the logit of the target.

    That of the target itself is the constant 0. So a loss near 0, and its derivatives, keep their digits.
    """
    if not 0 <= target < len(logits):
        raise IndexError(f"cross_entropy() expects a class from 0 to {len(logits) - 1}, got {target!r}")
    if target != int(target):
        raise TypeError(f"cross_entropy() expects a class, which is a whole number, got {target!r}")
    target = int(target)
    if len(logits) == 1:
        return logits[0] - logits[0]
    others = [logit - logits[target] for index, logit in enumerate(logits) if index != target]
    return ops.logsumexp([0.0, *others])


def _checked_weights(logits: Sequence[Any], target: Sequence[Any]) -> list[Any]:
    weights = list(target)
    if len(weights) != len(logits) or not weights:
        raise ValueError(f"cross_entropy() expects a weight for each of {len(logits)} classes, got {len(weights)}")
    for weight in weights:
        if type(weight) is not Neuron and not 0.0 <= weight < float("inf"):
            raise ValueError(f"cross_entropy() expects weights that are finite and not negative, got {weight!r}")
    return weights


def _of_weights(logits: Sequence[Any], weights: list[Any]) -> Any:
    """Compute it in the same way, whatever the weights are.

    With the mean logit m = sum(w * x), it is sum(w) * logsumexp(x - m) + (sum(w) - 1) * m. In a one-hot row, x - m is 0
    for the target. The constant 0 takes its place there, as above.
    """
    total = ops.sum(weights)
    mean = ops.dot(weights, logits)
    all_of_it = ops.where(total == 1.0, 1.0, -1.0)  # no weight is -1
    differences = [
        ops.where(weight == all_of_it, 0.0, logit - mean) for logit, weight in zip(logits, weights, strict=True)
    ]
    return total * ops.logsumexp(differences) + (total - 1.0) * mean
