"""How an estimator is trained: by `gograd_nn.fit`, which ends as scikit-learn ends a training."""

from __future__ import annotations

import math
import warnings
from typing import Any

import attrs
import numpy as np
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]
from sklearn.utils import check_random_state  # type: ignore[import-untyped]

from gograd_core import Neuron
from gograd_core.extend import read_values, write_values
from gograd_nn.layers import MLP
from gograd_nn.matrices import Matrix, divided, joined, weights_among
from gograd_nn.sklearn.checks import hidden_sizes
from gograd_nn.sklearn.solvers import Penalty, solver
from gograd_nn.training import History, fit

__all__ = ["train"]

MOST_PER_BATCH = 200  # if batch_size is "auto"
SEEDS = 2**31 - 1


def train(estimator: Any, inputs: Matrix, targets: Matrix, *, first: bool, once: bool = False) -> None:
    """Train a new net if it is the `first` time, or else the one that the estimator has. `once` is a single pass.

    Raises:
        ValueError: the net would have other sizes than before, or there are too few examples for early stopping.
    """
    rng = check_random_state(estimator.random_state)
    sizes = [inputs.shape[1], *hidden_sizes(estimator), targets.shape[1]]
    model = MLP(sizes, estimator._activation_of_net, seed=int(rng.randint(SEEDS)))
    seed = int(rng.randint(SEEDS))
    held_out = None
    if estimator.early_stopping:
        inputs, held_out_inputs, targets, held_out_targets = _split(estimator, inputs, targets, rng)
        held_out = held_out_inputs, held_out_targets
    if first:
        estimator.loss_curve_, estimator.best_loss_, estimator._optimiser_state = [], math.inf, {}
        estimator.n_outputs_, estimator.n_layers_ = sizes[-1], len(sizes)
    else:
        estimator.loss_curve_ = [*estimator.loss_curve_]  # if anything is raised, the curve of before is put back
        write_values(model.parameters(), _values_so_far(estimator, sizes))
    batch_size = min(MOST_PER_BATCH if estimator.batch_size == "auto" else estimator.batch_size, len(inputs))
    penalty = Penalty(estimator.alpha, weights_among(sizes), len(inputs), batch_size)
    optimiser = solver(estimator, model.parameters(), penalty)
    if once and estimator._optimiser_state and estimator._optimiser_state["optimiser"] == type(optimiser).__name__:
        optimiser.load_state(estimator._optimiser_state)
        penalty.first_step = optimiser.steps
    watch, history = _Watch(estimator, sizes, penalty, held_out), History()
    estimator.n_iter_ = 0
    try:
        fit(
            model,
            inputs.tolist(),
            targets.tolist() if sizes[-1] > 1 else targets.ravel().tolist(),
            loss=estimator._loss,
            optimiser=optimiser,
            epochs=1 if once else estimator.max_iter,
            batch_size=batch_size,
            seed=seed,
            callbacks=[watch],
            history=history,
            progress=bool(estimator.verbose),
        )
    except KeyboardInterrupt:
        warnings.warn("the training was interrupted; what was learned until then is kept", stacklevel=3)
        watch.keep(model.parameters())
    estimator._optimiser_state = optimiser.state()
    if watch.best is not None:
        estimator.coefs_, estimator.intercepts_ = watch.best
    if not once and not history.stopped and estimator.n_iter_ == estimator.max_iter:
        message = f"the loss had not settled after max_iter={estimator.max_iter} passes: raise max_iter, or tol"
        warnings.warn(message, ConvergenceWarning, stacklevel=3)


def _values_so_far(estimator: Any, sizes: list[int]) -> Matrix:
    known = [*(len(matrix) for matrix in estimator.coefs_), estimator.n_outputs_]
    if known != sizes:
        raise ValueError(
            f"the net has layers of {known} numbers, but hidden_layer_sizes and the data now ask for {sizes}: to "
            "begin anew, call fit() with warm_start=False"
        )
    return joined(estimator.coefs_, estimator.intercepts_)


def _split(estimator: Any, inputs: Matrix, targets: Matrix, rng: Any) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Hold back examples for early stopping: of every class as many as of the others, in proportion."""
    parts = train_test_split(
        inputs,
        targets,
        test_size=estimator.validation_fraction,
        random_state=rng,
        stratify=estimator._groups(targets),
    )
    if len(parts[1]) < 2:
        raise ValueError(
            f"early_stopping holds back {len(parts[1])} of {len(inputs)} examples, but it needs two: raise "
            "validation_fraction"
        )
    return tuple(parts)


@attrs.define
class _Watch:
    """Notes what was learned in each pass, and ends the training once it gets no better.

    Attributes:
        waited: how many passes there were since the last that was better.
        best: with early stopping, the weights and biases that had the best score.
    """

    estimator: Any
    sizes: list[int]
    penalty: Penalty
    held_out: tuple[Matrix, Matrix] | None
    waited: int = 0
    best: tuple[list[Matrix], list[Matrix]] | None = None

    def __attrs_post_init__(self) -> None:
        if self.held_out is not None:
            self.estimator.validation_scores_, self.estimator.best_validation_score_ = [], -math.inf

    def keep(self, parameters: list[Neuron]) -> None:
        """Give the estimator the values of the parameters."""
        values = np.empty(len(parameters))
        read_values(parameters, values)
        self.estimator.coefs_, self.estimator.intercepts_ = divided(values, self.sizes)

    def after_epoch(self, training: Any) -> None:
        estimator = self.estimator
        self.keep(training.optimiser.parameters)
        estimator.n_iter_ += 1
        estimator.loss_ = training.history.epochs[-1].loss + self.penalty.mean()
        estimator.loss_curve_.append(estimator.loss_)
        better = self._loss_is_better() if self.held_out is None else self._score_is_better(*self.held_out)
        self.waited = 0 if better else self.waited + 1
        by_itself = estimator.solver == "lbfgs" and self.held_out is None  # it ends where the loss is flat
        if self.waited > estimator.n_iter_no_change and not by_itself:
            training.stop("it did not become better")

    def _loss_is_better(self) -> bool:
        estimator = self.estimator
        better = estimator.loss_ <= estimator.best_loss_ - estimator.tol
        estimator.best_loss_ = min(estimator.loss_, estimator.best_loss_)
        return bool(better)

    def _score_is_better(self, inputs: Matrix, targets: Matrix) -> bool:
        estimator = self.estimator
        score = estimator._score_of(inputs, targets)
        estimator.validation_scores_.append(score)
        better = score >= estimator.best_validation_score_ + estimator.tol
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            self.best = estimator.coefs_, estimator.intercepts_
        return bool(better)
