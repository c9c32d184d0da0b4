"""Metrics: their definitions, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_core import Neuron, ops
from gograd_nn import metrics, score


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "expected"),
    [
        ("accuracy", [[0.1, 0.7], [0.9, 0.3], [0.0, 1.0]], [1, 1, 1], 2 / 3),
        ("accuracy", [[0.1, 0.7], [0.9, 0.3]], [[0.0, 1.0], [0.0, 1.0]], 0.5),
        ("accuracy", [2.0, -2.0, 0.5, -0.5], [1, -1, -1, 0], 0.75),
        ("accuracy", [[2.0], [-2.0]], [[1.0], [1.0]], 0.5),
        ("mae", [1.0, -2.0], [0.0, 2.0], 2.5),
        ("mae", [[1.0, 2.0], [3.0, 4.0]], [[0.0, 2.0], [3.0, 8.0]], 1.25),
        ("mse", [1.0, -2.0], [0.0, 2.0], 8.5),
        ("rmse", [3.0, 3.0], [0.0, 0.0], 3.0),
        ("r2", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1.0),
        ("r2", [2.0, 2.0, 2.0], [1.0, 2.0, 3.0], 0.0),
        ("r2", [2.0, 2.0, 5.0], [1.0, 2.0, 3.0], -1.5),
        ("r2", [[2.0, 0.0], [2.0, 0.0], [5.0, 0.0]], [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], -0.25),
        ("r2", [4.0, 5.0], [4.0, 4.0], 0.0),
    ],
)
def test_definitions(name, outputs, targets, expected):
    found = metrics.metric(name)(outputs, targets)
    assert type(found) is float
    assert found == pytest.approx(expected, rel=1e-15, abs=0.0)
    as_neurons = [Neuron(row) if type(row) is float else [Neuron(x) for x in row] for row in outputs]
    assert metrics.metric(name)(as_neurons, np.array(targets)) == found


def test_a_score_is_a_metric_of_a_model():
    inputs, targets = [0.5, -1.0, 2.0], [1.0, 1.0, 4.0]
    outputs = []

    def model(x):
        outputs.append(ops.square(Neuron(x)))
        return outputs[-1]

    assert score(model, inputs, targets, "mae") == pytest.approx(0.25, rel=1e-15)
    assert all(output.operation is None for output in outputs)
    assert score(model, inputs, targets, lambda found, expected: float(len(found))) == 3.0
    assert score(model, inputs, [1, 1, 1]) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: score(abs, [1.0], [1.0], "r3"), ValueError, "no metric 'r3'; those with names are accuracy, mae"),
        (lambda: score(abs, [1.0], [1.0], 3), TypeError, "a name or a function of outputs and targets, got 3"),
        (lambda: score(abs, [], []), ValueError, "at least one; got 0 and 0"),
        (lambda: score(abs, [1.0], [1.0, 2.0]), ValueError, "got 2 and 1"),
        (
            lambda: score(abs, [1.0], [0.5]),
            ValueError,
            "which are -1, 0 or 1 for 1 output; got 0.5. For numbers",
        ),
        (lambda: score(abs, [1.0, 3.0], [1.0, 3.0]), ValueError, r"got 3.0. For numbers, .* score\(model, .*, 'r2'\)"),
        (lambda: score(list, [(1.0, 2.0)], [2]), ValueError, "an index or a one-hot row for 2 outputs; got 2"),
        (lambda: score(list, [(1.0, 2.0)], [[1.0, 1.0]]), ValueError, r"got \[1.0, 1.0\]"),
        (lambda: score(list, [(1.0, 2.0)], [[0.0, 1.0, 0.0]]), ValueError, "for 2 outputs"),
        (lambda: score(abs, [1.0], [[1.0, 2.0]], "mse"), ValueError, r"got \(1, 2\) and \(1, 1\) numbers"),
    ],
)
def test_wrong_uses(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_nan_stays():
    assert math.isnan(metrics.mse([math.nan], [1.0]))
