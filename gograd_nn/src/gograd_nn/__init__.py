"""Networks of neurons: layers, losses, optimisers and a training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gograd_core.extend import no_such_name as _no_such_name
from gograd_nn.layers import (
    MLP,
    CausalAttention,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    Perceptron,
    RMSNorm,
    attend,
    drawn_masks,
    dropping_out,
    one_hot,
    softmax,
)
from gograd_nn.losses import binary_cross_entropy, cross_entropy, hinge, huber, mae, mse
from gograd_nn.metrics import score
from gograd_nn.misnomers import OF_MODULE as _INSTEAD
from gograd_nn.optimisers import SGD, Adam, AdamW, Optimiser, RMSprop, clip_gradients, clip_norm
from gograd_nn.schedules import CosineDecay, LinearDecay, StepDecay, WarmUp
from gograd_nn.summaries import LayerSummary, Summary, summary
from gograd_nn.training import LBFGS, Callback, EarlyStopping, Epoch, History, Training, accuracy, fit, predict

__version__ = "0.1.0"

__all__ = [
    "LBFGS",
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "CausalAttention",
    "CosineDecay",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Epoch",
    "History",
    "Layer",
    "LayerNorm",
    "LayerSummary",
    "LinearDecay",
    "Net",
    "Optimiser",
    "Perceptron",
    "RMSNorm",
    "RMSprop",
    "StepDecay",
    "Summary",
    "Training",
    "WarmUp",
    "accuracy",
    "attend",
    "binary_cross_entropy",
    "clip_gradients",
    "clip_norm",
    "cross_entropy",
    "drawn_masks",
    "dropping_out",
    "fit",
    "hinge",
    "huber",
    "mae",
    "mse",
    "one_hot",
    "predict",
    "score",
    "softmax",
    "summary",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> None:
        """Say what to write instead of a name of another library."""
        raise _no_such_name(__name__, name, _INSTEAD.get(name, ""))
