"""Layers: functions of lists of numbers, made of neurons, whose parameters can be trained."""

from __future__ import annotations

from gograd_nn.layers.activations import softmax
from gograd_nn.layers.attention import CausalAttention, attend
from gograd_nn.layers.dropout import Dropout, drawn_masks, dropping_out
from gograd_nn.layers.embedding import Embedding, one_hot
from gograd_nn.layers.module import Module
from gograd_nn.layers.nets import MLP, Net
from gograd_nn.layers.normalisation import LayerNorm, RMSNorm
from gograd_nn.layers.perceptrons import Layer, Perceptron

__all__ = [
    "MLP",
    "CausalAttention",
    "Dropout",
    "Embedding",
    "Layer",
    "LayerNorm",
    "Module",
    "Net",
    "Perceptron",
    "RMSNorm",
    "attend",
    "drawn_masks",
    "dropping_out",
    "one_hot",
    "softmax",
]
