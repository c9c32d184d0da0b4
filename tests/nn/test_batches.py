"""A batch is accepted wherever one example is: the results are those of each row."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import compile
from gograd_nn import (
    MLP,
    CausalAttention,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    Perceptron,
    RMSNorm,
    predict,
    softmax,
)

BATCH = [[0.5, -1.0, 2.0], [3.0, 0.25, -0.5], [1.0, 0.0, 0.0], [-2.0, -2.0, 1.0]]
MODELS = [
    softmax,
    Perceptron(3),
    Layer(3, 2),
    Layer(3, 1),
    LayerNorm(3),
    RMSNorm(3),
    MLP([3, 4, 2]),
    MLP([3, 4, 1]),
    MLP([3, 1]),
    Net(MLP([3, 2]), softmax, lambda shares: shares[0]),
]
NAMES = ["softmax", "unit", "layer", "one", "layer norm", "rms norm", "mlp", "mlp of one", "line", "net"]


def numbers(result):
    """The values in a result, nested alike."""
    return [numbers(each) for each in result] if isinstance(result, list) else getattr(result, "value", result)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
@pytest.mark.parametrize("rows", [1, 3, 4])
@pytest.mark.parametrize("make", [list, tuple, np.array])
def test_rows_give_what_each_gives_alone(model, rows, make):
    batch = BATCH[:rows]
    assert numbers(model(make(batch))) == [numbers(model(row)) for row in batch]


@pytest.mark.parametrize("model", [Embedding(4, 2), CausalAttention(3)], ids=["embedding", "attention"])
def test_rows_of_what_takes_more_than_numbers(model):
    batch = np.eye(4)[[3, 0, 3]] if isinstance(model, Embedding) else np.array([BATCH, BATCH[::-1], BATCH])
    assert numbers(model(batch)) == [numbers(model(example)) for example in batch.tolist()]


@pytest.mark.parametrize("outputs", [1, 3])
def test_predictions_of_rows(outputs):
    model = MLP([3, 4, outputs], seed=5)
    expected = [predict(model, row) for row in BATCH]
    assert len(set(expected)) > 1
    assert predict(model, BATCH) == predict(model, np.array(BATCH)) == expected
    assert predict(model.__call__, BATCH) == expected


def test_rows_in_a_compiled_function():
    model = MLP([3, 4, 1])
    assert compile(model)(BATCH) == pytest.approx([model(row).value for row in BATCH], rel=1e-15)
