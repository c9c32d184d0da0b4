"""Networks of neurons: perceptrons, layers, losses, optimisers and a training loop."""

from __future__ import annotations

from gograd_nn.layers import MLP, Layer, Net, Perceptron
from gograd_nn.losses import cross_entropy, hinge, mse
from gograd_nn.optimisers import SGD, Adam, AdamW, Optimiser, RMSprop, clip_gradients, clip_norm
from gograd_nn.schedules import CosineDecay, LinearDecay, StepDecay, WarmUp
from gograd_nn.summaries import LayerSummary, Summary, summary
from gograd_nn.training import Epoch, History, accuracy, fit, predict

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "CosineDecay",
    "Epoch",
    "History",
    "Layer",
    "LayerSummary",
    "LinearDecay",
    "Net",
    "Optimiser",
    "Perceptron",
    "RMSprop",
    "StepDecay",
    "Summary",
    "WarmUp",
    "accuracy",
    "clip_gradients",
    "clip_norm",
    "cross_entropy",
    "fit",
    "hinge",
    "mse",
    "predict",
    "summary",
]
