"""What must be the same if a training goes on in another process."""

from __future__ import annotations

from numbers import Real
from typing import Any

from gograd_nn.files.digests import description
from gograd_nn.training.training import Training

__all__ = ["setting_of"]


def setting_of(training: Training, engine: str) -> dict[str, Any]:
    """Describe a training that begins, as texts and numbers.

    Functions are described by their names, and data by a digest. How many epochs there are is left out, so that there
    may be more.
    """
    problem, optimiser = training.problem, training.optimiser
    numbers = {name: value for name, value in vars(optimiser).items() if isinstance(value, Real) and name != "steps"}
    return {
        "optimiser": type(optimiser).__name__,
        **numbers,
        "schedule": description(getattr(optimiser, "schedule", None)),
        "loss": description(problem.loss),
        "batch_size": training.batch_size,
        "seed": training.seed,
        "metrics": list(training.metrics),
        "clip": training.clip,
        "early_stopping": description(training.early_stopping),
        "engine": engine,
        **problem.digests(),
    }
