"""A classifier and a regressor for scikit-learn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # type: ignore[import-untyped]
from sklearn.preprocessing import LabelBinarizer  # type: ignore[import-untyped]
from sklearn.utils.metaestimators import available_if  # type: ignore[import-untyped]
from sklearn.utils.multiclass import (  # type: ignore[import-untyped]
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data  # type: ignore[import-untyped]

from gograd_core import ops
from gograd_core.extend import quoted
from gograd_nn.losses import binary_cross_entropy, cross_entropy, mse
from gograd_nn.matrices import Matrix, outputs_of
from gograd_nn.metrics import r2
from gograd_nn.sklearn.checks import check_settings, goes_through_batches
from gograd_nn.sklearn.training import train
from gograd_nn.wrong_arguments import explaining

__all__ = ["MLPClassifier", "MLPRegressor"]

OWN_NAMES = {"identity": None, "logistic": "sigmoid"}
"""What gograd calls the activations that scikit-learn calls differently."""


def _label_loss(output: Any, target: Any) -> Any:
    """Compute the cross-entropy of a label, or the sum over several."""
    if not hasattr(output, "__len__"):
        return binary_cross_entropy(output, target)
    return ops.sum(list(map(binary_cross_entropy, output, target)))


def _squared_error(output: Any, target: Any) -> Any:
    """Compute half the squared error, or half the mean of several."""
    return 0.5 * mse(output, target)


class _MLP(BaseEstimator, ABC):  # type: ignore[misc]
    """What both estimators share: their parameters, and how they are trained."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train a new net; or, with `warm_start`, go on with the one that is there.

        Raises:
            ValueError: a parameter of the estimator is out of its range, or there are no examples, or not as many
                targets; or, with `warm_start`, the sizes of the net or its classes would change.
        """
        return self._train(X, y, None, first=not (self.warm_start and hasattr(self, "coefs_")), once=False)

    def _partial_fit(self, X: Any, y: Any, classes: Any) -> Self:  # noqa: N803
        return self._train(X, y, classes, first=not hasattr(self, "coefs_"), once=True)

    def _train(self, X: Any, y: Any, classes: Any, *, first: bool, once: bool) -> Self:  # noqa: N803
        check_settings(self, once=once)
        before = dict(vars(self))
        try:
            inputs, targets = self._validated(X, y, classes, first=first)
            # The parameter may be set again after the training.
            self._activation_of_net = OWN_NAMES.get(self.activation, self.activation)
            train(self, inputs, targets, first=first, once=once)
        except BaseException:  # what was learned before goes with the classes that it was learned for
            self.__dict__ = before
            raise
        return self

    @abstractmethod
    def _validated(self, X: Any, y: Any, classes: Any, *, first: bool) -> tuple[Matrix, Matrix]:  # noqa: N803
        """Check examples, and return inputs and targets as rows of numbers. Set `_loss` if it is the first time."""

    def _outputs(self, X: Any) -> Matrix:  # noqa: N803
        """Compute the outputs for each row of `X`, before an activation of the last layer."""
        check_is_fitted(self, "coefs_")
        return self._outputs_of(validate_data(self, X, dtype=np.float64, reset=False))

    def _outputs_of(self, inputs: Matrix) -> Matrix:
        return outputs_of(self.coefs_, self.intercepts_, self._activation_of_net, inputs)


@explaining
class MLPClassifier(ClassifierMixin, _MLP):  # type: ignore[misc]
    """A classifier for scikit-learn: a multi-layer perceptron of neurons, trained by `gograd_nn.fit`.

    Its parameters and attributes are named after those of `sklearn.neural_network.MLPClassifier`, and mean the same.
    The weights are drawn as `MLP` draws them. Classes are learned by cross-entropy; each row of `y` may also tell which
    of several labels hold.

    Args:
        hidden_layer_sizes: the number of units in each hidden layer, or a single number.
        activation: "identity", "logistic", "tanh", "relu", or the name of any operation that takes one number.
        solver: "adam", "sgd", or "lbfgs", which takes all examples at once.
        alpha: the strength of the L2 penalty on weights: alpha / 2 * sum(weight**2) / (examples of the batch).
        batch_size: the number of examples per step; "auto" is 200, or all if they are fewer.
        learning_rate_init: the learning rate.
        max_iter: how many passes over the data, at most.
        random_state: the seed of weights, shuffling and validation examples: an integer, a `RandomState`, or None.
        tol, n_iter_no_change: training ends after more than that many passes in a row in which the loss did not fall by
            `tol`. "lbfgs" ends when no derivative is larger than `tol`.
        verbose: whether to draw a progress bar.
        warm_start: whether `fit` goes on with the net that is there.
        momentum, nesterovs_momentum: of the solver "sgd".
        early_stopping: whether to hold back `validation_fraction` of the examples, to judge by the score on them
            instead of the loss, and to keep the net that had the best one.
        validation_fraction: see `early_stopping`.
        beta_1, beta_2, epsilon: of the solver "adam".

    Attributes:
        classes_: the classes, in the order of the columns of `predict_proba`.
        coefs_, intercepts_: weights (a row per input, a column per unit) and biases of each layer.
        loss_curve_: the loss in each pass, with the penalty; `loss_` is the last, and `best_loss_` the least.
        n_iter_: how many passes the last `fit` took.
        validation_scores_, best_validation_score_: with `early_stopping`, the score after each pass, and the best.
    """

    @available_if(goes_through_batches)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:  # noqa: N803
        """Go once over some examples. All classes must be given in the first call, unless `y` has them all.

        Raises:
            AttributeError: the solver is "lbfgs".
            ValueError: `early_stopping` is set, or `y` has a class that the first call did not have, or `classes` are
                not those of the first call.
        """
        return self._partial_fit(X, y, classes)

    def decision_function(self, X: Any) -> Matrix:  # noqa: N803
        """Compute the logit of each class or label, or, of two classes, that of the second one."""
        logits = self._outputs(X)
        return logits.ravel() if self._binarizer.y_type_ == "binary" else logits

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Predict the class of each example, or which labels hold."""
        outputs = self._outputs(X)
        return self._binarizer.inverse_transform(self._shares(outputs))

    def predict_proba(self, X: Any) -> Matrix:  # noqa: N803
        """Compute the probability of each class, or label, for each example."""
        shares = self._shares(self._outputs(X))
        if self._binarizer.y_type_.startswith("multilabel") or len(self.classes_) > 2:
            return shares
        return np.ones_like(shares) if len(self.classes_) == 1 else np.hstack([1.0 - shares, shares])

    def predict_log_proba(self, X: Any) -> Matrix:  # noqa: N803
        """Compute the logarithms of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def _shares(self, outputs: Matrix) -> Matrix:
        """Turn outputs into probabilities: of each class or label, or, of two classes, of the second one."""
        shares: Matrix = softmax(outputs, axis=1) if self.out_activation_ == "softmax" else expit(outputs)
        return shares

    def _validated(self, X: Any, y: Any, classes: Any, *, first: bool) -> tuple[Matrix, Matrix]:  # noqa: N803
        X, y = validate_data(self, X, y, multi_output=True, dtype=np.float64, reset=first)  # noqa: N806
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        several = type_of_target(y).startswith("multilabel")
        if first:
            self._binarizer = LabelBinarizer().fit(y if several or classes is None else classes)
            self.classes_ = self._binarizer.classes_
            self.out_activation_ = "softmax" if self._binarizer.y_type_ == "multiclass" else "logistic"
            self._loss = cross_entropy if self.out_activation_ == "softmax" else _label_loss
        elif classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_}, got {quoted(classes)}")
        unknown = np.setdiff1d(unique_labels(y), self.classes_)
        if unknown.size:
            raise ValueError(f"y has classes that were not there at first: {unknown}; give partial_fit all classes")
        return X, self._binarizer.transform(y).astype(np.float64)

    def _groups(self, targets: Matrix) -> Matrix | None:
        """Return what validation examples must have in proportion: the class, unless there are several labels."""
        return None if self._binarizer.y_type_.startswith("multilabel") else targets

    def _score_of(self, inputs: Matrix, targets: Matrix) -> float:
        """Compute the share of examples that are classified correctly. Targets are as `_validated` returns them."""
        found = self._binarizer.inverse_transform(self._shares(self._outputs_of(inputs)))
        right = found == self._binarizer.inverse_transform(targets)
        return float(np.mean(right.all(axis=1) if right.ndim == 2 else right))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@explaining
class MLPRegressor(RegressorMixin, _MLP):  # type: ignore[misc]
    """A regressor for scikit-learn: a multi-layer perceptron of neurons, trained by `gograd_nn.fit`.

    It minimises half the squared error, of one target or the mean over several. Everything else is as for
    `MLPClassifier`. The score is the coefficient of determination.

    Attributes:
        coefs_, intercepts_, loss_curve_, n_iter_, validation_scores_, best_validation_score_: see `MLPClassifier`.
    """

    _loss = staticmethod(_squared_error)

    @available_if(goes_through_batches)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Go once over some examples.

        Raises:
            AttributeError: the solver is "lbfgs".
            ValueError: `early_stopping` is set, or there is another number of targets than in the first call.
        """
        return self._partial_fit(X, y, None)

    def predict(self, X: Any) -> Matrix:  # noqa: N803
        """Predict the target of each example, or a row of several targets."""
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _validated(self, X: Any, y: Any, classes: None, *, first: bool) -> tuple[Matrix, Matrix]:  # noqa: ARG002, N803
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64, reset=first)  # noqa: N806
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y.astype(np.float64).reshape(len(y), -1)

    def _groups(self, targets: Matrix) -> None:  # noqa: ARG002
        return None

    def _score_of(self, inputs: Matrix, targets: Matrix) -> float:
        return r2(self._outputs_of(inputs).tolist(), targets.tolist())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
