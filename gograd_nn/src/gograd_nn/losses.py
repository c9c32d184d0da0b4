"""Losses, which measure how wrong one prediction is. `fit` uses their mean over a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gograd_core import ops

__all__ = ["cross_entropy", "hinge", "mse"]


def mse(output: Any, target: Any) -> Any:
    """Compute the squared error of two numbers, or its mean over two sequences of equal length.

    Raises:
        ValueError: the sequences are empty, or of unequal length.
    """
    if not hasattr(output, "__len__"):
        output, target = [output], [target]
    n_targets = len(target) if hasattr(target, "__len__") else "a single number"
    if len(output) != n_targets or len(output) == 0:
        raise ValueError(f"mse() expects as many targets as outputs, at least one; got {n_targets} and {len(output)}")
    errors = [o - t for o, t in zip(output, target, strict=True)]
    return ops.dot(errors, errors) / len(errors)


def hinge(score: Any, label: int) -> Any:
    """Compute max(0, 1 - label * score), which is 0 beyond the margin on the correct side.

    Raises:
        ValueError: `label` is neither -1 nor 1.
    """
    if label not in (-1, 1):
        raise ValueError(f"hinge() expects the label -1 or 1, got {label!r}")
    return ops.relu(1.0 - label * score)


def cross_entropy(logits: Sequence[Any], target: int) -> Any:
    """Compute -log(softmax(logits)[target]), as log-sum-exp of the differences from the logit of the target.

    That of the target itself is the constant 0. So a loss near 0, and its derivatives, keep their digits.

    Raises:
        IndexError: `target` is not an index of `logits`.
    """
    if not 0 <= target < len(logits):
        raise IndexError(f"cross_entropy() expects a class from 0 to {len(logits) - 1}, got {target!r}")
    if len(logits) == 1:
        return logits[0] - logits[0]
    others = [logit - logits[target] for index, logit in enumerate(logits) if index != target]
    return ops.logsumexp([0.0, *others])
