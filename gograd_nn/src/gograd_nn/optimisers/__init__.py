"""Optimisers, which change parameters by their gradients: array code on all parameters at once."""

from __future__ import annotations

from gograd_nn.optimisers.adam import Adam, AdamW
from gograd_nn.optimisers.clipping import clip_gradients, clip_norm
from gograd_nn.optimisers.optimiser import Optimiser
from gograd_nn.optimisers.rmsprop import RMSprop
from gograd_nn.optimisers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimiser", "RMSprop", "clip_gradients", "clip_norm"]
