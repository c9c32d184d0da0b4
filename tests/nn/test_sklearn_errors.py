"""An estimator whose training fails is the estimator that it was; and classes stay what they were."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import UnknownOperationError
from gograd_nn.sklearn import MLPClassifier, MLPRegressor

INPUTS = np.random.default_rng(5).normal(size=(30, 3))
SIDES = np.where(INPUTS[:, 0] > 0.0, "yes", "no")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("warm_start", [False, True])
def test_what_was_learned_stays_with_its_classes(warm_start):
    estimator = MLPClassifier((4,), max_iter=3, random_state=0, warm_start=warm_start).fit(INPUTS, SIDES)
    before, curve = dict(vars(estimator)), list(estimator.loss_curve_)
    estimator.activation = "rleu"
    with pytest.raises(UnknownOperationError):
        estimator.fit(INPUTS, SIDES)
    estimator.activation = "relu"
    assert vars(estimator) == before
    estimator.warm_start, estimator.hidden_layer_sizes = False, (4, 0)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        estimator.fit(INPUTS, np.where(SIDES == "yes", "up", "down"))
    assert estimator.predict(INPUTS[:1])[0] in ("yes", "no")
    assert estimator.loss_curve_ == curve


def test_a_training_that_fails_half_way_leaves_the_curve_as_it_was():
    estimator = MLPRegressor((4,), "exp", max_iter=3, random_state=0, warm_start=True).fit(INPUTS, INPUTS[:, 0])
    weights, curve = [each.copy() for each in estimator.coefs_], list(estimator.loss_curve_)
    with pytest.raises(ArithmeticError):
        estimator.fit(INPUTS * 1e3, INPUTS[:, 0])
    assert estimator.loss_curve_ == curve
    assert all(map(np.array_equal, estimator.coefs_, weights))


def test_classes_of_a_later_pass_are_those_of_the_first():
    estimator = MLPClassifier((4,), random_state=0).partial_fit(INPUTS, SIDES, classes=["no", "yes"])
    estimator.partial_fit(INPUTS, SIDES, classes=["yes", "no"])
    with pytest.raises(ValueError, match=r"classes must be those of the first call, \['no' 'yes'\], got"):
        estimator.partial_fit(INPUTS, SIDES, classes=["no", "yes", "perhaps"])
