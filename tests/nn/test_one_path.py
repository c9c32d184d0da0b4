"""Every loss and every layer is recorded once, whatever its data are: inputs, targets, classes, masks."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import Neuron, gradient
from gograd_nn import (
    MLP,
    CausalAttention,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    RMSNorm,
    binary_cross_entropy,
    cross_entropy,
    dropping_out,
    hinge,
    huber,
    mae,
    mse,
    softmax,
)

LOGITS = [[3.0, -1.0, 0.5], [-50.0, 2.0, 2.0], [0.0, 0.0, 40.0]]
CLASSES = np.eye(3)


def paths_of(compiled):
    explained = compiled.explain()
    (recording,) = explained["recordings"]
    return len(recording["paths"]) + explained["evaluated"]


def check(f, points):
    """Compare with a run on neurons at each point; the bound allows for other summation orders."""
    compiled = compile(f)
    for point in points:
        arguments = [np.array(argument, dtype=float) for argument in point]
        value, slope = compiled.value_and_grad(*arguments)
        expected, by = gradient_of(f, point)
        assert value == pytest.approx(expected, rel=1e-13, abs=1e-300)
        assert np.ravel(slope).tolist() == pytest.approx(by, rel=1e-12, abs=1e-12 * max(map(abs, by), default=0.0))
    assert paths_of(compiled) == 1


def gradient_of(f, point):
    first = np.array(point[0], dtype=float)
    neurons = [Neuron(x) for x in first.ravel().tolist()]
    nested = neurons[0] if first.ndim == 0 else np.array(neurons, dtype=object).reshape(first.shape).tolist()
    output = f(nested, *point[1:])
    return output.value, gradient(output, neurons)


def weighted(values):
    """Make one number of a result, in which every part counts differently."""
    return sum(k * value for k, value in enumerate(np.ravel(np.array(values, dtype=object)), start=1))


@pytest.mark.parametrize(
    ("loss", "points"),
    [
        (mse, [(1.5, -2.0), (-2.0, 1.0), (0.0, 0.0)]),
        (mse, [([1.5, 2.0], [0.0, 3.0]), ([-1.0, 0.0], [0.0, 0.0])]),
        (mae, [(1.5, -2.0), (-2.0, 1.0), (0.0, 0.0)]),
        (huber, [(1.5, -2.0), (-0.5, 0.0), (-9.0, 0.0), (1.0, 0.0)]),
        (hinge, [(0.5, 1.0), (0.5, -1.0), (7.0, 1.0), (-7.0, -1.0)]),
        (binary_cross_entropy, [(0.5, 1.0), (0.5, 0.0), (-700.0, 1.0), (30.0, 1.0), (0.25, 0.5)]),
        (cross_entropy, [(x, t.tolist()) for x in LOGITS for t in CLASSES]),
        (cross_entropy, [(LOGITS[0], [0.5, 0.25, 0.25]), (LOGITS[1], [1.0, 0.0, 0.0]), (LOGITS[2], [0.0, 0.0, 0.0])]),
    ],
    ids=["mse", "mse of rows", "mae", "huber", "hinge", "binary cross-entropy", "cross-entropy", "weights"],
)
def test_losses(loss, points):
    check(loss, points)


@pytest.mark.parametrize(
    "module",
    [
        softmax,
        Layer(3, 2, "tanh", bias=False),
        MLP([3, 4, 2], "relu", seed=1),
        LayerNorm(3),
        RMSNorm(3, scale=False),
        Embedding(3, 2),
        Net(LayerNorm(3), Layer(3, 3, "gelu", seed=2), Dropout(0.5), softmax),
    ],
    ids=["softmax", "layer", "mlp", "layer norm", "rms norm", "embedding", "net"],
)
def test_layers(module):
    points = [(row,) for row in [*LOGITS, *CLASSES.tolist(), [1.0, 1.5, -2.0]]]
    check(lambda x: weighted(module(x)), points)


def test_attention():
    attention = CausalAttention(4, 2, seed=3)
    rows = np.random.default_rng(0).normal(size=(4, 3, 4))
    check(lambda x: weighted(attention(x)), [(row.tolist(),) for row in rows])


def test_masks_are_data():
    net = Net(Dropout(0.5), Layer(3, 3, None, seed=2), Dropout(0.25), Layer(3, 1, None, seed=3))

    def loss(x, masks):
        left = list(masks)
        with dropping_out(lambda count, share: [left.pop(0) for _ in range(count)]):
            return net(x)[0]

    masks = [[0.0, 2.0, 2.0, 0.0, 4 / 3, 4 / 3], [2.0, 0.0, 0.0, 4 / 3, 0.0, 0.0]]
    check(loss, [(LOGITS[0], mask) for mask in masks])
