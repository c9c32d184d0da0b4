"""The estimators for scikit-learn: its own checks, and its own perceptrons as the oracle."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gograd_core import errstate
from gograd_nn import MLP
from gograd_nn import sklearn as ours
from gograd_nn.sklearn import MLPClassifier, MLPRegressor

RNG = np.random.default_rng(5)
INPUTS = RNG.normal(size=(30, 3))
SLOPES = np.array([[1.0, -0.5], [0.2, 0.7], [-1.0, 0.3]])
NUMBERS = np.sin(INPUTS @ SLOPES)
TARGETS = {
    "two classes": np.where(NUMBERS[:, 0] > 0.0, "yes", "no"),
    "three classes": np.digitize(NUMBERS[:, 0], [-0.4, 0.4]),
    "labels": (NUMBERS > 0.0).astype(int),
    "a number": NUMBERS[:, 0],
    "numbers": NUMBERS,
}
SETTINGS = {"hidden_layer_sizes": (4, 3), "activation": "tanh", "max_iter": 5, "learning_rate_init": 0.05, "tol": 0.0}

ignores_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
pytestmark = ignores_convergence

CHECKS = """
import json, warnings
warnings.simplefilter("ignore")
import pandas  # without it, checks are skipped
from sklearn.utils.estimator_checks import check_estimator
from gograd_nn.sklearn import MLPClassifier, MLPRegressor

for kind in (MLPClassifier, MLPRegressor):
    estimator = kind(hidden_layer_sizes=(10,), learning_rate_init=0.01, max_iter=30)
    for check in check_estimator(estimator, on_fail=None, on_skip=None):
        print(json.dumps([kind.__name__, check["check_name"], check["status"], repr(check["exception"])]))
"""


def estimator_for(targets, module=ours, **settings):
    """An untrained estimator that suits some targets, from this package or from scikit-learn."""
    kind = module.MLPRegressor if targets.dtype == float else module.MLPClassifier
    return kind(**(SETTINGS | {"random_state": 1} | settings))


def numbers_of(estimator, inputs):
    """The most that it tells of some examples."""
    return estimator.predict_proba(inputs) if hasattr(estimator, "predict_proba") else estimator.predict(inputs)


def continued(targets, inputs=INPUTS, of_theirs=None, **settings):
    """Two estimators that went on with the same net. The second one is scikit-learn's own."""
    settings = settings | {"warm_start": True, "max_iter": 1}
    own = estimator_for(targets, ours, **settings).fit(inputs, targets)
    other = estimator_for(targets, theirs, **(settings | (of_theirs or {}))).fit(inputs, targets)
    other.coefs_, other.intercepts_ = ([part.copy() for part in parts] for parts in (own.coefs_, own.intercepts_))
    for estimator in (own, other):
        estimator.set_params(max_iter=SETTINGS["max_iter"]).fit(inputs, targets)
    return own, other


@pytest.mark.any_engine
def test_scikit_learn_finds_nothing_wrong():
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}  # before SciPy is imported
    command = [sys.executable, "-c", CHECKS]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    results = [json.loads(line) for line in found.splitlines()]
    assert [result for result in results if result[2] != "passed"] == []
    assert {kind for kind, *_ in results} == {"MLPClassifier", "MLPRegressor"}
    assert len(results) > 80


class TestBesideScikitLearn:
    """The same net, trained on by both with whole batches, since each shuffles in its own way."""

    CASES = (
        {"solver": "sgd"},
        {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5, "activation": "logistic"},
        {"solver": "sgd", "momentum": 0.0, "activation": "identity", "alpha": 0.3},
        {"solver": "adam", "epsilon": 1e-30, "alpha": 0.3},  # a larger one is added in another place, as in PyTorch
        {"solver": "adam", "epsilon": 1e-30, "activation": "relu", "hidden_layer_sizes": 6},
    )

    @pytest.mark.parametrize("name", ["two classes", "three classes", "labels", "a number"])
    @pytest.mark.parametrize("settings", CASES, ids=str)
    def test_it_learns_the_same(self, name, settings):
        own, other = continued(TARGETS[name], **settings)
        # Sums of 30 terms in another order, over 5 steps; Adam divides by gradients that may be small.
        close = {"rtol": 1e-10 if settings["solver"] == "adam" else 1e-12, "atol": 1e-13}
        for name in ("coefs_", "intercepts_"):
            for found, expected in zip(getattr(own, name), getattr(other, name), strict=True):
                np.testing.assert_allclose(found, expected, **close)
        np.testing.assert_allclose(own.loss_curve_[1:], other.loss_curve_[1:], rtol=1e-12)

    @pytest.mark.parametrize("name", ["two classes", "three classes", "labels", "a number"])
    def test_lbfgs_finds_the_same_minimum(self, name):
        settings = {"solver": "lbfgs", "alpha": 0.05, "tol": 1e-7, "max_iter": 1}
        own, other = continued(TARGETS[name], **settings)
        for estimator in (own, other):
            estimator.set_params(max_iter=400).fit(INPUTS, TARGETS[name])
        assert own.loss_ == pytest.approx(
            other.loss_, rel=1e-3
        )  # on the flat ground about it, rounding decides the way
        assert own.loss_ < own.loss_curve_[0] / 1.5
        assert own.loss_curve_ == sorted(own.loss_curve_, reverse=True)

    @pytest.mark.parametrize("name", ["two classes", "three classes", "labels", "a number"])
    def test_the_first_iterations_of_lbfgs_are_the_same(self, name):
        own, other = continued(TARGETS[name], solver="lbfgs", alpha=0.3)
        assert own.n_iter_ == other.n_iter_ == 5
        assert own.loss_ == pytest.approx(other.loss_, rel=1e-10)  # searches along lines divide small differences
        np.testing.assert_allclose(own.coefs_[0], other.coefs_[0], rtol=1e-8)

    def test_of_several_numbers_it_follows_the_gradient_of_the_loss(self):
        # scikit-learn's loss is the mean over targets, but its steps are those of the sum.
        own, other = continued(NUMBERS, solver="sgd", alpha=0.1, of_theirs={"learning_rate_init": 0.025, "alpha": 0.2})
        np.testing.assert_allclose(own.coefs_[0], other.coefs_[0], rtol=1e-12)
        np.testing.assert_allclose(own.coefs_[-1], other.coefs_[-1], rtol=1e-12)

    @pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
    def test_outputs_and_losses_are_the_same(self, targets):
        own, other = continued(targets, solver="sgd", alpha=0.1)
        other.coefs_, other.intercepts_ = own.coefs_, own.intercepts_
        np.testing.assert_allclose(numbers_of(own, INPUTS), numbers_of(other, INPUTS), rtol=1e-12)
        if targets.dtype != float:
            np.testing.assert_array_equal(own.predict(INPUTS), other.predict(INPUTS))
        assert own.score(INPUTS, targets) == pytest.approx(other.score(INPUTS, targets), rel=1e-12)
        for estimator in (own, other):
            estimator.set_params(max_iter=1).fit(INPUTS, targets)
        assert own.loss_curve_[-1] == pytest.approx(other.loss_curve_[-1], rel=1e-12)  # before the step

    def test_the_penalty_is_divided_by_the_examples_of_each_batch(self):
        # All examples are alike, so the order does not matter. The third batch has one.
        inputs, targets = np.tile([0.5, -1.0, 2.0], (7, 1)), np.full(7, 0.25)
        own, other = continued(targets, inputs, solver="sgd", batch_size=3, alpha=0.5)
        np.testing.assert_allclose(own.coefs_[0], other.coefs_[0], rtol=1e-12)
        np.testing.assert_allclose(own.loss_curve_[1:], other.loss_curve_[1:], rtol=1e-12)

    def test_the_penalty_knows_the_batches_of_each_pass(self):
        settings = {"solver": "sgd", "batch_size": 3, "alpha": 0.5, "momentum": 0.0, "activation": "tanh"}
        inputs, targets = np.tile([0.5, -1.0, 2.0], (7, 1)), np.full(7, 0.25)
        own, other = (estimator_for(targets, module, **settings) for module in (ours, theirs))
        own.partial_fit(inputs[:4], targets[:4])  # two batches, and then three
        other.partial_fit(inputs[:4], targets[:4])
        other.coefs_, other.intercepts_ = ([part.copy() for part in parts] for parts in (own.coefs_, own.intercepts_))
        for estimator in (own, other):
            estimator.partial_fit(inputs, targets)
        np.testing.assert_allclose(own.coefs_[0], other.coefs_[0], rtol=1e-12)


class TestPredictions:
    @pytest.mark.parametrize("activation", ["tanh", "relu", "logistic", "identity", "softplus"])
    def test_they_are_those_of_numpy_and_of_neurons(self, activation):
        functions = {
            "tanh": np.tanh,
            "relu": lambda x: np.maximum(x, 0.0),
            "logistic": lambda x: 1.0 / (1.0 + np.exp(-x)),
            "identity": lambda x: x,
            "softplus": lambda x: np.log1p(np.exp(x)),
        }
        estimator = estimator_for(NUMBERS, activation=activation).fit(INPUTS, NUMBERS)
        expected = INPUTS
        for weights, biases in zip(estimator.coefs_[:-1], estimator.intercepts_[:-1], strict=True):
            expected = functions[activation](expected @ weights + biases)
        expected = expected @ estimator.coefs_[-1] + estimator.intercepts_[-1]
        np.testing.assert_allclose(estimator.predict(INPUTS), expected, rtol=1e-12, atol=1e-14)
        model = MLP([3, 4, 3, 2], {"logistic": "sigmoid", "identity": None}.get(activation, activation))
        for layer, weights, biases in zip(model.layers, estimator.coefs_, estimator.intercepts_, strict=True):
            for unit, column, bias in zip(layer.units, weights.T, biases, strict=True):
                unit.b.value = bias
                for neuron, weight in zip(unit.w, column, strict=True):
                    neuron.value = weight
        neurons = [[output.value for output in model(example)] for example in INPUTS.tolist()]
        np.testing.assert_allclose(estimator.predict(INPUTS), neurons, rtol=1e-12, atol=1e-14)

    def test_probabilities_are_in_the_order_of_the_classes(self):
        inputs, targets = load_iris(return_X_y=True)
        names = np.array(["setosa", "versicolor", "virginica"])[targets]
        estimator = MLPClassifier((4,), "tanh", max_iter=30, learning_rate_init=0.05, random_state=0).fit(inputs, names)
        shares = estimator.predict_proba(inputs)
        assert estimator.classes_.tolist() == ["setosa", "versicolor", "virginica"]
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-14)
        assert (estimator.classes_[shares.argmax(axis=1)] == estimator.predict(inputs)).all()
        np.testing.assert_allclose(np.exp(estimator.predict_log_proba(inputs)), shares, rtol=1e-13)
        assert estimator.score(inputs, names) > 0.9

    def test_a_single_class_is_certain(self):
        estimator = estimator_for(TARGETS["labels"]).fit(INPUTS, ["only"] * 30)
        assert estimator.predict_proba(INPUTS[:2]).tolist() == [[1.0], [1.0]]
        assert estimator.predict(INPUTS[:2]).tolist() == ["only", "only"]

    def test_values_that_overflow_on_the_way_are_those_of_numpy(self):
        estimator = estimator_for(NUMBERS, activation="exp", max_iter=1).fit(INPUTS, NUMBERS)
        with errstate(domain="raise"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            assert not np.isfinite(estimator.predict([[1e6, -1e6, 1e6]])).all()


class TestGoingOn:
    @pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
    def test_a_warm_start_goes_on_with_the_net(self, targets):
        estimator = estimator_for(targets, warm_start=True).fit(INPUTS, targets)
        before, curve = numbers_of(estimator, INPUTS), list(estimator.loss_curve_)
        estimator.set_params(learning_rate_init=1e-12).fit(INPUTS, targets)
        np.testing.assert_allclose(numbers_of(estimator, INPUTS), before, rtol=1e-6)
        assert estimator.loss_curve_[:5] == curve
        assert len(estimator.loss_curve_) == 10
        assert estimator.n_iter_ == 5

    def test_without_it_a_fit_begins_anew(self):
        estimator = estimator_for(NUMBERS).fit(INPUTS, NUMBERS)
        curve = estimator.loss_curve_
        assert estimator.fit(INPUTS, NUMBERS).loss_curve_ == curve

    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_passes_one_by_one_are_those_of_one_fit(self, solver):
        whole = estimator_for(NUMBERS, solver=solver, batch_size=8).fit(INPUTS, NUMBERS)
        parts = clone(whole)
        for _ in range(5):
            parts.partial_fit(INPUTS, NUMBERS)
        assert parts.loss_curve_ == whole.loss_curve_
        np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])

    def test_all_classes_are_named_in_the_first_pass(self):
        targets = TARGETS["three classes"]
        order = np.argsort(targets)
        estimator = estimator_for(targets)
        for part in np.array_split(order, 3):  # not one of them has all
            estimator.partial_fit(INPUTS[part], targets[part], classes=[0, 1, 2])
        assert estimator.predict_proba(INPUTS).shape == (30, 3)
        with pytest.raises(ValueError, match=r"not there at first: \[7\]; give partial_fit all classes"):
            estimator.partial_fit(INPUTS[:2], [0, 7])

    def test_it_can_be_pickled_between_passes(self):
        estimator = estimator_for(NUMBERS).partial_fit(INPUTS, NUMBERS)
        copy = pickle.loads(pickle.dumps(estimator))
        assert copy.partial_fit(INPUTS, NUMBERS).loss_ == estimator.partial_fit(INPUTS, NUMBERS).loss_

    def test_the_same_random_state_gives_the_same_net(self):
        first, same, other = (estimator_for(NUMBERS, random_state=state).fit(INPUTS, NUMBERS) for state in (3, 3, 4))
        np.testing.assert_array_equal(first.coefs_[0], same.coefs_[0])
        assert not np.array_equal(first.coefs_[0], other.coefs_[0])


class TestItsEnd:
    def test_training_ends_when_the_loss_does_not_fall(self):
        estimator = estimator_for(NUMBERS, tol=100.0, n_iter_no_change=3, max_iter=50).fit(INPUTS, NUMBERS)
        assert estimator.n_iter_ == len(estimator.loss_curve_) == 5  # one that is better than none, then more than 3
        assert estimator.best_loss_ == min(estimator.loss_curve_)

    def test_it_says_when_the_loss_had_not_settled(self):
        with pytest.warns(ConvergenceWarning, match="max_iter=5 passes: raise max_iter"):
            estimator_for(NUMBERS).fit(INPUTS, NUMBERS)

    @pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
    def test_early_stopping_keeps_the_best_net(self, targets):
        settings = {"early_stopping": True, "validation_fraction": 0.3, "max_iter": 40, "n_iter_no_change": 4}
        estimator = estimator_for(targets, learning_rate_init=0.5, **settings).fit(INPUTS, targets)
        scores = estimator.validation_scores_
        best = scores.index(max(scores))
        assert estimator.best_validation_score_ == scores[best]
        again = clone(estimator).set_params(max_iter=best + 1).fit(INPUTS, targets)
        assert scores[: best + 1] == again.validation_scores_
        np.testing.assert_array_equal(estimator.coefs_[0], again.coefs_[0])
        assert len(scores) == estimator.n_iter_

    def test_an_interrupt_keeps_what_was_learned(self, monkeypatch):
        def interrupted(self, *_):
            if len(self.estimator.loss_curve_) == 3:
                raise KeyboardInterrupt
            return True

        monkeypatch.setattr("gograd_nn.sklearn.training._Watch._loss_is_better", interrupted)
        with pytest.warns(UserWarning, match="was interrupted"):
            estimator = estimator_for(NUMBERS, max_iter=10).fit(INPUTS, NUMBERS)
        monkeypatch.undo()
        np.testing.assert_array_equal(
            estimator.predict(INPUTS), clone(estimator).set_params(max_iter=3).fit(INPUTS, NUMBERS).predict(INPUTS)
        )


@pytest.mark.any_engine
def test_a_grid_search_over_hidden_sizes_in_a_pipeline():
    inputs, targets = make_moons(80, noise=0.1, random_state=0)
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier(activation="tanh", learning_rate_init=0.05, max_iter=40, random_state=0)
    )
    search = GridSearchCV(pipeline, {"mlpclassifier__hidden_layer_sizes": [(), (8,), (8, 8)]}, cv=3)
    search.fit(inputs, targets)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_params_ != {"mlpclassifier__hidden_layer_sizes": ()}  # a straight line
    assert max(scores) > 0.95 > scores[0]
    assert search.predict(inputs).shape == (80,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_layer_sizes": (4, 0)}, r"hidden_layer_sizes must be whole numbers from 1, such as \(16, 16\), got"),
        ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes must be whole numbers"),
        ({"solver": "newton"}, "solver must be one of 'adam', 'sgd', 'lbfgs', got 'newton'"),
        ({"alpha": -1.0}, "alpha must be finite and not negative, got -1.0"),
        ({"learning_rate_init": 0.0}, "learning_rate_init must be positive and finite, got 0.0"),
        ({"batch_size": 0}, "batch_size must be 'auto', or a whole number from 1, got 0"),
        ({"batch_size": "all"}, "batch_size must be"),
        ({"max_iter": 1.5}, "max_iter must be a whole number from 1, got 1.5"),
        ({"validation_fraction": 1.0}, "validation_fraction must be between 0 and 1, got 1.0"),
        ({"activation": "atan2"}, "takes 2 numbers"),
        ({"early_stopping": True, "validation_fraction": 0.01}, "holds back 1 of 30 examples, but it needs two"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused_when_it_is_trained(settings, message):
    estimator = estimator_for(NUMBERS, **settings)
    with pytest.raises(ValueError, match=message):
        estimator.fit(INPUTS, NUMBERS)
    with pytest.raises(NotFittedError):
        estimator.predict(INPUTS)


def test_a_net_does_not_change_its_sizes_while_it_goes_on():
    estimator = estimator_for(NUMBERS, warm_start=True).fit(INPUTS, NUMBERS)
    before = estimator.predict(INPUTS)
    with pytest.raises(ValueError, match=r"layers of \[3, 4, 3, 2\] numbers.* now ask for \[3, 7, 2\]"):
        estimator.set_params(hidden_layer_sizes=(7,)).fit(INPUTS, NUMBERS)
    np.testing.assert_array_equal(estimator.predict(INPUTS), before)


def test_passes_do_not_stop_early():
    with pytest.raises(ValueError, match="set early_stopping=False, or call fit"):
        estimator_for(NUMBERS, early_stopping=True).partial_fit(INPUTS, NUMBERS)


def test_lbfgs_has_no_single_passes():
    estimator = estimator_for(NUMBERS, solver="lbfgs")
    assert not hasattr(estimator, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as raised:
        estimator.partial_fit(INPUTS, NUMBERS)
    assert "goes through the examples in batches: 'adam' or 'sgd'" in str(raised.value.__cause__)


def test_a_pass_with_another_solver_begins_it_anew():
    both = estimator_for(NUMBERS).partial_fit(INPUTS, NUMBERS).set_params(solver="sgd").partial_fit(INPUTS, NUMBERS)
    assert len(both.loss_curve_) == 2


def test_a_regressor_has_no_probabilities():
    assert not hasattr(MLPRegressor(), "predict_proba")


def test_an_activation_that_is_set_later_is_for_the_next_training():
    estimator = estimator_for(NUMBERS).fit(INPUTS, NUMBERS)
    before = estimator.predict(INPUTS)
    assert np.array_equal(estimator.set_params(activation="relu").predict(INPUTS), before)
    assert not np.array_equal(estimator.fit(INPUTS, NUMBERS).predict(INPUTS), before)
