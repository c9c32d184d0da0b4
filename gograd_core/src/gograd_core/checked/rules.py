"""Running the rules of an operation on floats, and judging their results.

A rule first runs directly. It runs again, on floats whose operators follow IEEE 754, only if Python's floats raised an
exception or gave a complex number. So only rare points cost more.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from math import inf, isfinite, isnan
from typing import Any

from gograd_core import current
from gograd_core.checked.refusals import error_class
from gograd_core.errors import NO_NUMBER, DomainError, RuleError, quoted
from gograd_core.interfaces import Op
from gograd_core.lines import watching
from gograd_core.namespaces.columns import Column
from gograd_core.namespaces.ieee import IEEEFloat
from gograd_core.settings import domain_errors_raise

__all__ = [
    "annotate",
    "as_column",
    "as_float",
    "as_inputs",
    "as_number",
    "as_numbers",
    "as_real",
    "describe",
    "judge",
    "run_rule",
]


HINT = "gograd_core.detect_anomaly() shows how they came about"
LONGEST_LABEL = 50
"""The longest label that messages show as it is. Longer ones are cut, in quotes."""


def run_rule(op: Op, rule: Callable[..., Any], *arguments: Any) -> Any:
    """Run a rule on floats (on columns, if `op` is variadic), by IEEE 754, without judging the result."""
    try:
        result = rule(op.xp, *arguments)
        if type(result) is float or not isinstance(result, complex):
            return result
        error: Exception = RuleError(f"{op.title} returned the complex number {result}")
    except NO_NUMBER as raised:
        error = raised
    except Exception as raised:
        annotate(raised, op, arguments)
        raise
    try:
        return rule(op.scope.ieee_columns if op.variadic else op.scope.ieee, *map(_to_ieee, arguments))
    except NO_NUMBER:
        annotate(error, op, arguments)
        raise error from None


def annotate(error: Exception, op: Op, arguments: tuple[Any, ...]) -> None:
    """Add a note to an error that says whose rule raised it."""
    error.add_note(f"while running a rule of {op.title} on {arguments}")


def _to_ieee(argument: Any) -> Any:
    if isinstance(argument, Column):
        return Column([IEEEFloat(entry) for entry in argument.entries])
    return IEEEFloat(argument)


def as_float(number: Any, expected_by: str, expected: str = "real numbers or neurons") -> float:
    """Convert a number to a float.

    Raises:
        TypeError: it is not a real number; the message begins with `expected_by`, and says what is `expected`.
        OverflowError: it is an integer too large for a float.
    """
    if type(number) is float:
        return number
    real = as_real(number)
    if real is not None:
        try:
            return float(real)
        except OverflowError:
            raise OverflowError(f"{expected_by} got an integer too large for a float") from None
    instead = ": pass its .value" if type(number) is current.Neuron else ""
    raise TypeError(f"{expected_by} expects {expected}, got {quoted(number)} of type {type(number).__name__}{instead}")


def as_real(number: Any) -> Any:
    """Return a number of Python or NumPy, or what is in an array of no dimension. It is None for anything else."""
    if type(number) in (float, int):
        return number
    is_duration = getattr(getattr(number, "dtype", None), "kind", "") == "m"  # NumPy calls it an integer
    if getattr(number, "shape", None) == () and hasattr(number, "item") and not is_duration:
        number = None if getattr(number, "mask", False) else number.item()  # what NumPy masks is no number
    return number if isinstance(number, numbers.Real) and not is_duration else None


def as_inputs(op: Op, entries: Sequence[Any]) -> Sequence[Any]:
    """Return constituents, or their values, as a rule takes them: as they are, or as columns."""
    return list(map(Column, op.columns(entries))) if op.variadic else entries


def as_number(op: Op, result: Any) -> float:
    """Convert what a forward rule returned to a float.

    Raises:
        RuleError: it is not a real number.
    """
    if isinstance(result, Column):
        raise RuleError(f"forward of {op.title} returned a column, expected a real number")
    return as_numbers(op, result, 1, "forward")[0]


def as_numbers(op: Op, result: Any, length: int, what: str) -> list[float]:
    """Convert what a rule returned to `length` floats. A single number stands for a column that repeats it.

    Raises:
        RuleError: it is neither a real number nor (for a variadic operation) a column of that length.
    """
    entries = as_column(op, result, length, what)
    for entry in entries:
        if type(entry) is not float and not isinstance(entry, numbers.Real):
            is_truth = getattr(getattr(entry, "dtype", None), "kind", "") == "b"
            instead = ": write bool(…) around a truth value of NumPy" if is_truth else ""
            raise RuleError(f"{what} of {op.title} returned {quoted(entry)}, expected a real number{instead}")
    return [float(entry) for entry in entries]


def as_column(op: Op, result: Any, length: int, what: str) -> Sequence[Any]:
    """Return the result of a rule as `length` entries of any type. A single number is repeated.

    Raises:
        RuleError: it is a column of another length.
    """
    if not (op.variadic and isinstance(result, Column)):
        return [result] * length
    if len(result) != length:
        raise RuleError(f"{what} of {op.title} returned {len(result)} numbers, expected {length}")
    return result.entries


def judge(
    op: Op,
    inputs: Sequence[float],
    result: float,
    describe: Callable[[], str],
    *,
    is_value: bool = False,
    of_neurons: bool = True,
) -> None:
    """Raise `DomainError` if `result` is NaN made of numbers, or an infinity made of finite numbers.

    Args:
        op: the operation that computed it.
        inputs: what it was made of.
        result: what is judged.
        describe: is called for the message only, and gives what was computed: "log(x=-1.0)".
        is_value: whether the result is what `op` makes of the inputs, which floats may refuse: see `error_class`.
        of_neurons: whether the inputs came about in some way that can be shown.
    """
    nan_of_numbers = isnan(result) and not any(map(isnan, inputs))
    infinity_of_finite = result in (inf, -inf) and all(map(isfinite, inputs))
    if (nan_of_numbers or infinity_of_finite) and domain_errors_raise():
        kind = error_class(op, inputs) if is_value else DomainError
        if kind is None:
            return
        raise kind(
            f"{describe()} is {result}, not a finite number, in {op.title}",
            operation=op,
            inputs=tuple(inputs),
            hint=HINT if of_neurons and watching() is None else "",
        )


def describe(op: Op, constituents: Sequence[Any]) -> str:
    """Describe a use of an operation in words: "div(1.0, speed=0.0)"."""
    words = []
    for entry in constituents[:9]:
        label = getattr(entry, "label", "")
        value = getattr(entry, "_value", entry)  # read without telling the recorder
        name = label if label.isprintable() and len(label) <= LONGEST_LABEL else quoted(label)
        words.append(f"{name}={value!r}" if label else repr(value))
    return f"{op.name}({', '.join(words)}{', …' if len(constituents) > len(words) else ''})"
