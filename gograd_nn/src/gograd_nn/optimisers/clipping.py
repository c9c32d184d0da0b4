"""Gradients that are cut to a length."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gograd_core import Neuron
from gograd_core.extend import read_gradients, write_gradients
from gograd_nn.optimisers.optimiser import Array

__all__ = ["clip_gradients", "clip_norm"]


def clip_norm(gradients: Array, max_norm: float) -> float:
    """Scale an array in place so that its Euclidean norm is at most `max_norm`, and return the norm that it had.

    As `torch.nn.utils.clip_grad_norm_` does, it multiplies by max_norm / (norm + 1e-6) if that is less than 1.

    Raises:
        ValueError: `max_norm` is not positive, or the norm is not finite. Then nothing is changed.
    """
    if not max_norm > 0.0:
        raise ValueError(f"max_norm must be positive, got {max_norm!r}")
    largest = float(np.max(np.abs(gradients), initial=0.0))
    norm = largest * float(np.linalg.norm(gradients / largest)) if 0.0 < largest < math.inf else largest
    if not norm < math.inf:
        raise ValueError(f"a gradient cannot be clipped if its norm is {norm}: lower the rate, or see detect_anomaly()")
    factor = max_norm / (norm + 1e-6)
    if factor < 1.0:
        gradients *= factor
    return norm


def clip_gradients(parameters: Iterable[Neuron], max_norm: float) -> float:
    """Scale the `grad` of all parameters so that their Euclidean norm is at most `max_norm`; see `clip_norm`.

    Call it between `backward` and the step of the optimiser. It returns the norm that they had.

    Raises:
        TypeError: a parameter is not a neuron.
        ValueError: `max_norm` is not positive, or the norm is not finite. Then nothing is changed.
    """
    parameters = list(parameters)
    gradients = np.empty(len(parameters))
    read_gradients(parameters, gradients)
    norm = clip_norm(gradients, max_norm)
    write_gradients(parameters, gradients)
    return norm
