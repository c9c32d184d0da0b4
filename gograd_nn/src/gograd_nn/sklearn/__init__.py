"""Estimators for scikit-learn: multi-layer perceptrons that `gograd_nn.fit` trains. See `MLPClassifier`."""

from __future__ import annotations

from gograd_nn.sklearn.estimators import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
