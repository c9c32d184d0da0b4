"""Checks of an estimator's parameters. As scikit-learn asks for, they are made when it is trained."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from gograd_core.extend import quoted
from gograd_nn.sklearn.solvers import SOLVERS

__all__ = ["check_settings", "goes_through_batches", "hidden_sizes"]

Rule = tuple[Callable[[Any], bool], str]
NOT_NEGATIVE: Rule = lambda number: 0.0 <= number < math.inf, "finite and not negative"
POSITIVE: Rule = lambda number: 0.0 < number < math.inf, "positive and finite"
AT_LEAST_ONE: Rule = lambda number: number >= 1, "at least 1"
RULES: dict[str, Rule] = {
    "solver": (lambda name: name in SOLVERS, f"one of {', '.join(map(repr, SOLVERS))}"),
    "alpha": NOT_NEGATIVE,
    "tol": NOT_NEGATIVE,
    "learning_rate_init": POSITIVE,
    "batch_size": (lambda size: size == "auto" or operator.index(size) >= 1, "'auto', or a whole number from 1"),
    "max_iter": (lambda count: operator.index(count) >= 1, "a whole number from 1"),
    "n_iter_no_change": AT_LEAST_ONE,
    "validation_fraction": (lambda share: 0.0 < share < 1.0, "between 0 and 1"),
}


def check_settings(estimator: Any, *, once: bool) -> None:
    """Refuse a parameter that is out of its range.

    Raises:
        ValueError: there is one, or `early_stopping` is set and the training has a single pass (`once`).
    """
    for name, (accepts, expected) in RULES.items():
        value = getattr(estimator, name)
        try:
            accepted = accepts(value)
        except TypeError:  # not a number
            accepted = False
        if not accepted:
            raise ValueError(f"{name} must be {expected}, got {quoted(value)}")
    if once and estimator.early_stopping:
        raise ValueError("partial_fit() cannot stop early: set early_stopping=False, or call fit()")


def goes_through_batches(estimator: Any) -> bool:
    """Tell whether an estimator can go through examples once: "lbfgs" cannot.

    Raises:
        AttributeError: it cannot.
    """
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit() needs a solver that goes through the examples in batches: 'adam' or 'sgd'")
    return True


def hidden_sizes(estimator: Any) -> list[int]:
    """List the numbers of units in the hidden layers.

    Raises:
        ValueError: they are neither a whole number nor several, or one is not positive.
    """
    given = estimator.hidden_layer_sizes
    try:
        sizes = list(map(operator.index, given if hasattr(given, "__len__") else [given]))
    except TypeError:
        sizes = [0]
    if any(size < 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers from 1, such as (16, 16), got {quoted(given)}")
    return sizes
