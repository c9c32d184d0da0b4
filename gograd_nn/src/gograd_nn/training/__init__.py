"""The training loop, and what it reports."""

from __future__ import annotations

from gograd_nn.training.early_stopping import EarlyStopping
from gograd_nn.training.fit import fit
from gograd_nn.training.history import Epoch, History
from gograd_nn.training.lbfgs import LBFGS
from gograd_nn.training.predicting import accuracy, predict
from gograd_nn.training.training import Callback, Training

__all__ = ["LBFGS", "Callback", "EarlyStopping", "Epoch", "History", "Training", "accuracy", "fit", "predict"]
