"""Networks of neurons: perceptrons, layers, losses, an optimiser and a training loop."""

from __future__ import annotations

from gograd_nn.layers import MLP, Layer, Net, Perceptron
from gograd_nn.losses import cross_entropy, hinge, mse
from gograd_nn.optimisers import SGD
from gograd_nn.summaries import LayerSummary, Summary, summary
from gograd_nn.training import Epoch, History, accuracy, fit, predict

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "SGD",
    "Epoch",
    "History",
    "Layer",
    "LayerSummary",
    "Net",
    "Perceptron",
    "Summary",
    "accuracy",
    "cross_entropy",
    "fit",
    "hinge",
    "mse",
    "predict",
    "summary",
]
