"""Programs written in scalars, in which sums of products make up tables: `tables.py` measures them at one point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gograd_core import ops

__all__ = ["MODELS", "Model", "digits"]

Row = Sequence[Any]
Rows = Sequence[Row]


class Model(NamedTuple):
    """A function of parameters, and perhaps of data, at a point."""

    title: str
    loss: Callable[..., Any]
    arguments: tuple[Any, ...]


def weighted(weights: Row, numbers: Row, start: Any = 0.0) -> Any:
    return sum((w * x for w, x in zip(weights, numbers, strict=True)), start)


def digits(parameters: tuple[Rows, Row, Rows, Row], x: Row, classes: Row) -> Any:
    """Compute the cross-entropy of one example. Its class is a one-hot row."""
    first, first_bias, second, second_bias = parameters
    hidden = [ops.tanh(weighted(row, x, bias)) for row, bias in zip(first, first_bias, strict=True)]
    scores = [weighted(row, hidden, bias) for row, bias in zip(second, second_bias, strict=True)]
    return ops.logsumexp(scores) - weighted(classes, scores)


def convolution(filters: Sequence[Sequence[Rows]], image: Sequence[Rows]) -> Any:
    """Apply filters of 3×3 to an image of several channels, and take the mean square of what is positive."""
    places = range(len(image[0]) - 2)
    total = 0.0
    for kernels in filters:
        weights = [w for kernel in kernels for row in kernel for w in row]
        for top in places:
            for left in places:
                patch = [channel[top + i][left + j] for channel in image for i in range(3) for j in range(3)]
                y = ops.relu(weighted(weights, patch))
                total = total + y * y
    return total / (len(filters) * len(places) ** 2)


def attention(weights: Sequence[Rows], inputs: Rows) -> Any:
    """Let each position attend to itself and those before it, and take the mean square of what they see."""
    queries, keys, values = ([[weighted(row, x) for row in matrix] for x in inputs] for matrix in weights)
    scale, total = len(inputs[0]) ** -0.5, 0.0
    for t, query in enumerate(queries):
        powers = [ops.exp(weighted(query, key) * scale) for key in keys[: t + 1]]
        inverse = 1.0 / sum(powers)
        for column in zip(*values[: t + 1], strict=True):
            y = weighted(powers, column) * inverse
            total = total + y * y
    return total / len(inputs)


def kalman(observations: Row) -> Callable[[Rows, Any, Any], Any]:
    """Make the negative log-likelihood of a linear system of which the first number is observed, with noise."""

    def loss(move: Rows, drift: Any, noise: Any) -> Any:
        states = range(len(move))
        mean: list[Any] = [0.0 for _ in states]
        spread: list[list[Any]] = [[float(i == j) for j in states] for i in states]
        total = 0.0
        for seen in observations:
            mean = [weighted(row, mean) for row in move]
            moved = [[weighted(row, column) for column in zip(*spread, strict=True)] for row in move]
            spread = [[weighted(moved[i], move[j]) for j in states] for i in states]
            for i in states:
                spread[i][i] = spread[i][i] + drift
            surprise, variance = seen - mean[0], spread[0][0] + noise
            total = total + 0.5 * (ops.log(variance) + surprise * surprise / variance)
            gain = [spread[i][0] / variance for i in states]
            mean = [mean[i] + gain[i] * surprise for i in states]
            spread = [[spread[i][j] - gain[i] * spread[0][j] for j in states] for i in states]
        return total

    return loss


def regression(rows: Rows, targets: Row) -> Callable[[Row, Any], Any]:
    """Make the mean squared error of a linear function of each row, with a small ridge."""

    def loss(weights: Row, bias: Any) -> Any:
        errors = [weighted(row, weights, bias) - y for row, y in zip(rows, targets, strict=True)]
        return sum(e * e for e in errors) / len(errors) + 1e-3 * sum(w * w for w in weights)

    return loss


def _models() -> list[Model]:
    rng = np.random.default_rng(0)
    move = 0.9 * np.eye(6) + 0.1 * np.eye(6, k=1) + 0.02 * rng.normal(size=(6, 6))
    rows, observations = rng.normal(size=(500, 10)), rng.normal(size=50).tolist()
    rows[rng.random(rows.shape) < 0.1] = 1.0
    return [
        Model("convolution 8×8, 3×3, 4 channels", convolution, (rng.normal(size=(4, 4, 3, 3)), rng.random((4, 8, 8)))),
        Model(
            "attention, 16 positions of 16", attention, (rng.normal(size=(3, 16, 16)) / 4.0, rng.normal(size=(16, 16)))
        ),
        Model("Kalman filter, 6 states, 50 steps", kalman(observations), (move, 0.1, 0.5)),
        Model(
            "linear regression, 500 rows of 10",
            regression(rows.tolist(), (rows @ np.linspace(-1.0, 1.0, 10)).tolist()),
            (np.full(10, 0.1), 0.5),
        ),
    ]


MODELS = _models()
