"""Comparisons of neurons, and integers made of neurons. A recorder is told of both."""

from __future__ import annotations

import math
import numbers
import operator
import sys
from collections.abc import Callable
from typing import Any

from gograd_core import current, recording
from gograd_core.checked import calls
from gograd_core.checked.operands import is_operand
from gograd_core.followed import LARGEST, Followed
from gograd_core.interfaces import Node
from gograd_core.settings import pauses

__all__ = ["COMPARE", "as_int", "compared"]

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _whole(value: float) -> int:
    number = int(value)
    if number != value:
        raise TypeError(f"an index must be a whole number, got {value!r}")
    return number


WHOLE: dict[str, Callable[[float], int]] = {
    "trunc": math.trunc,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "index": _whole,
}
"""Functions from numbers to integers. They are constant between jumps, so that no derivative is lost."""


def compared(symbol: str, neuron: Node, other: Any) -> Any:
    """Compare a neuron by value, and return a bool. If a recorder watches, the bool is followed."""
    kind = type(other)
    if kind is Followed:
        return NotImplemented
    if recording.recorder() is None:
        return COMPARE[symbol](neuron._value, other._value if kind is current.Neuron else other)
    if kind is int and abs(other) > LARGEST:
        symbol, other = _of_floats(symbol, other)
        kind = float
    if kind is float or kind is current.Neuron:  # as the operation would do it
        truth = COMPARE[symbol](neuron._value, other if kind is float else other._value)
        made = current.node(current.registry[f"{symbol} 2"], float(truth), (neuron, other))
        return Followed(calls.observed(made) if pauses else made, truth, most=1.0)
    if isinstance(other, numbers.Number) or is_operand(other):  # the operation refuses numbers that are not real
        return current.registry[f"{symbol} 2"](neuron, other)
    return NotImplemented


def _of_floats(symbol: str, integer: int) -> tuple[str, float]:
    """Turn a comparison with an integer, which Python compares exactly, into an equivalent one with a float."""
    try:
        below = float(integer)
    except OverflowError:
        below = sys.float_info.max if integer > 0 else -math.inf
    if below == integer:
        return symbol, below
    if below > integer:
        below = math.nextafter(below, -math.inf)
    return ("<=" if "<" in symbol else ">", below) if symbol not in ("==", "!=") else (symbol, math.nan)


def as_int(neuron: Node, kind: str) -> int:
    """Convert the value of a neuron to an integer, in the way `kind`, and tell the recorder."""
    try:
        outcome = WHOLE[kind](neuron._value)
    except Exception:  # it is NaN or an infinity, or must be whole and is not
        recording.failed()
        raise
    return recording.decided(neuron, kind, outcome)


def rounded(neuron: Node, digits: Any) -> Any:
    """Round to an int, or to the given number of digits after the decimal point."""
    if digits is None:
        return as_int(neuron, "round")
    return current.registry["round 2"](neuron, operator.index(digits))
