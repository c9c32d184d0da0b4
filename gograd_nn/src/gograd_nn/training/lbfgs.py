"""L-BFGS, which SciPy runs over all examples at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from gograd_core import Neuron
from gograd_core.extend import read_gradients, read_values, write_values
from gograd_nn.optimisers.optimiser import Array, checked_parameters, not_negative
from gograd_nn.training.problem import Integers, Problem
from gograd_nn.wrong_arguments import explaining

__all__ = ["LBFGS"]


class _Training(Protocol):
    """What it needs of a `Training`."""

    epoch: int
    last: int
    is_stopped: bool

    def learn(self, batch: Integers) -> tuple[Array, Array]: ...

    def end_step(self, order: Integers, losses: Array, outputs: Array) -> None: ...

    def end_epoch(self, order: Integers) -> None: ...

    def stop(self, why: str) -> None: ...


@explaining
class LBFGS:
    """L-BFGS (Liu and Nocedal 1989), as ``scipy.optimize.minimize(method="L-BFGS-B")`` does it.

    `fit` takes it in the place of an optimiser. Each epoch is one of its iterations over all examples, in which it may
    compute the loss several times. The loss that an epoch reports is the one at its end. It has no rate.

    Args:
        parameters: the leaf neurons to be changed.
        memory: how many steps it remembers.
        tolerance: the training ends when an iteration lowers the loss by less than this, relative to the loss (or to 1,
            if the loss is less).
        steepness: it ends, too, when no derivative is larger.

    Attributes:
        steps: how many iterations were made.

    Raises:
        TypeError: a parameter is not a leaf neuron.
        ValueError: there are no parameters, or a setting is out of its range.
    """

    def __init__(
        self, parameters: Iterable[Neuron], *, memory: int = 10, tolerance: float = 2.2e-9, steepness: float = 1e-5
    ) -> None:
        self.parameters = checked_parameters(type(self).__name__, parameters)
        if memory < 1:
            raise ValueError(f"memory must be 1 or more, got {memory!r}")
        not_negative(tolerance=tolerance, steepness=steepness)
        self.memory, self.tolerance, self.steepness = memory, tolerance, steepness
        self.steps = 0

    def state(self) -> dict[str, Any]:
        """Return the number of steps. What SciPy remembers is not in it: it starts anew from the parameters."""
        return {"optimiser": type(self).__name__, "steps": self.steps}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over a state that `state` returned.

        Raises:
            ValueError: it is the state of an optimiser.
        """
        if state.get("optimiser") != type(self).__name__:
            raise ValueError(f"LBFGS expects a state of its own, got that of {state.get('optimiser')}")
        self.steps = state["steps"]

    def check(self, problem: Problem, clip: float | None) -> None:
        """Refuse what changes the loss, or its derivatives, from one step to the next.

        Raises:
            ValueError: there is `Dropout`, or gradients are to be clipped.
        """
        if clip is not None:
            raise ValueError("LBFGS needs the gradients as they are: leave out clip")
        if len(problem.shares):
            raise ValueError("LBFGS needs the same loss in every step, and Dropout changes it: leave Dropout out")

    def objective(self, values: Array, losses: Array, gradients: Array) -> tuple[float, Array]:  # noqa: ARG002
        """Return what is minimised, and its gradient: the mean loss. A subclass may add what depends on `values`."""
        return float(losses.mean()), gradients

    def minimise(self, training: _Training, examples: int) -> None:
        """Run a training with so many examples. If anything is raised, the parameters are those of the last epoch.

        Raises:
            ImportError: SciPy is not installed.
        """
        try:
            from scipy.optimize import minimize  # type: ignore[import-untyped]
        except ImportError as error:
            raise ImportError("LBFGS runs SciPy, which is not installed: pip install scipy", name="scipy") from error
        order = np.arange(examples)
        reached, latest = np.empty(len(self.parameters)), np.empty(len(self.parameters))
        read_values(self.parameters, reached)
        seen: list[Array] = []

        def compute(values: Array) -> tuple[float, Array]:
            write_values(self.parameters, values)
            seen[:] = training.learn(order)
            latest[:] = values
            gradients = np.empty(len(values))
            read_gradients(self.parameters, gradients)
            return self.objective(values, seen[0], gradients)

        def after_iteration(values: Array) -> None:
            if not np.array_equal(values, latest):  # the point computed last was not the best one
                compute(values)
            reached[:] = values
            self.steps += 1
            training.end_step(order, *seen)
            training.end_epoch(order)
            if training.is_stopped:
                raise StopIteration

        most, limits = training.last - training.epoch + 1, {"ftol": self.tolerance, "gtol": self.steepness}
        if most < 1 or training.is_stopped:
            return
        try:
            found = minimize(
                compute, reached.copy(), jac=True, method="L-BFGS-B", callback=after_iteration,
                options={"maxiter": most, "maxfun": np.iinfo(np.int32).max, "maxcor": self.memory, **limits},
            )  # fmt: skip
        finally:
            write_values(self.parameters, reached)
        if training.epoch <= training.last and not training.is_stopped:
            what = "found a minimum" if found.success else "finds no better parameters"
            training.stop(f"LBFGS {what}: {found.message.rstrip(': ')}")
