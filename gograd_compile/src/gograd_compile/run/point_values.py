"""What computes the values of operations where a function runs without a recording: what compiled code calls."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.lower.graph import FORWARD, Call
from gograd_compile.lower.rules import Rules, is_exact, rules_of
from gograd_compile.run.python_calls import function_of, has_function_of_columns, takes_floats
from gograd_core.extend import Column, Instead, as_number, run_rule

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["Values", "by_numpy"]


class Values(dict[Any, Instead]):
    """What computes the value of each operation, at one point, in place of its rule. It is found when first needed.

    Nothing does if the rule consists of arithmetic that gives the same bits everywhere, or if compiled code calls it
    with floats, too. It is called back if the engine has kernels in its place. Otherwise `find` finds it.
    """

    def __init__(self, find: Callable[[Rules], Instead]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, op: Op) -> Instead:
        rules = rules_of(op)
        if _takes_floats(rules):  # not remembered: the engine asks again when it gets kernels
            return Instead(None if op.kernels is None else functools.partial(_called_back, op))
        found = Instead(None) if is_exact(rules.forward) else _with_truths(rules, self._find(rules))
        self[op] = found
        return found


def _takes_floats(rules: Rules) -> bool:
    """Say whether compiled code calls the rule with floats, whatever the length of columns is."""
    op = rules.op
    if op.variadic and not op.opaque:
        return rules.forward is None and has_function_of_columns(op)
    return takes_floats(Call(rules, FORWARD, 0, rules.needs))


def _called_back(op: Op, *inputs: Any) -> float:
    """Compute the value with the rule, which may give a bool."""
    result = run_rule(op, op.forward, *(map(Column, inputs) if op.variadic else inputs))
    return result if type(result) is float or isinstance(result, bool) else as_number(op, result)


def _with_truths(rules: Rules, found: Instead) -> Instead:
    """Give bools where the rule does. A truth value has no derivative, whatever the partials are."""
    op, root, compute = rules.op, rules.forward, found.function
    assert compute is not None
    # Written out, a truth value is where(…, 1.0, 0.0).
    if root is not None and (root.function != "where" or [each.value for each in root.arguments[1:]] != [1.0, 0.0]):
        return found

    def function(*inputs: Any) -> float:
        value = compute(*inputs)
        if value not in (0.0, 1.0):
            return value
        with contextlib.suppress(Exception):  # of a rule that takes only arrays
            if isinstance(run_rule(op, op.forward, *(map(Column, inputs) if op.variadic else inputs)), bool):
                return bool(value)
        return value

    return Instead(function)


def by_numpy(rules: Rules) -> Instead:
    """Find what computes a value with NumPy: it is what the NumPy backend calls on arrays of points."""
    if not rules.op.variadic:
        on_arrays = function_of(Call(rules, FORWARD, 0, rules.needs))
        return Instead(_on_numbers(on_arrays))

    def of_columns(*columns: Any) -> float:
        call = Call(rules, FORWARD, len(columns[0]), rules.needs)
        return float(np.ravel(_ignoring(function_of(call), *map(np.array, columns)))[0])

    return Instead(of_columns)


def _on_numbers(on_arrays: Callable[..., Any]) -> Callable[..., float]:
    def function(*inputs: float) -> float:
        return float(np.ravel(_ignoring(on_arrays, *(np.full((1, 1), number) for number in inputs)))[0])

    return function


def _ignoring(function: Callable[..., Any], *inputs: Any) -> Any:
    """Call a function without NumPy's warnings."""
    with np.errstate(all="ignore"):
        return function(*inputs)
