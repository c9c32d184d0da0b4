"""What was seen of some examples: losses and outputs, and the numbers that tell how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from gograd_nn.metrics import Metric
from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training.examples import Examples
from gograd_nn.training.problem import Integers, Problem

__all__ = ["Seen"]


@attrs.define(eq=False)
class Seen:
    """Losses and outputs of examples, in the order in which they were seen.

    Attributes:
        total: the sum of the losses.
        outputs: rows of outputs, in several arrays.
    """

    total: float = 0.0
    outputs: list[Array] = attrs.field(factory=list)

    @property
    def count(self) -> int:
        """Count the examples."""
        return sum(map(len, self.outputs))

    def note(self, losses: Array, outputs: Array) -> None:
        """Take note of more examples."""
        self.total += float(losses.sum())
        self.outputs.append(outputs)

    def rows(self, problem: Problem) -> Array:
        """Return all outputs in one array."""
        return np.concatenate([np.empty((0, problem.outputs)), *self.outputs])

    def numbers(
        self, problem: Problem, examples: Examples, order: Integers, metrics: Mapping[str, Metric]
    ) -> tuple[float, float | None, dict[str, float]]:
        """Compute the mean loss, the accuracy (None if targets are not classes), and metrics.

        Args:
            order: the places of the examples in the order in which they were seen. There may be more.
        """
        outputs = self.rows(problem)
        places = order[: len(outputs)]
        accuracy, classes = None, problem.classes_of(examples)
        if classes is not None:
            found = outputs.argmax(axis=1) if problem.outputs > 1 else np.where(outputs[:, 0] > 0.0, 1, -1)
            accuracy = float(np.mean(found == classes[places]))
        others: dict[str, float] = {}
        if metrics:
            nested: Any = outputs[:, 0] if problem.is_number else outputs
            targets = [examples.targets[place] for place in places.tolist()]
            others = {name: float(metric(nested, targets)) for name, metric in metrics.items()}
        return self.total / len(outputs), accuracy, others
