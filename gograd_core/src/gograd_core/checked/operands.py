"""What Python's operators take beside a neuron."""

from __future__ import annotations

import numbers
from typing import Any

from gograd_core import current
from gograd_core.checked.rules import as_real
from gograd_core.followed import Followed

__all__ = ["divided", "is_operand", "operate", "real_operand"]


def real_operand(other: Any) -> numbers.Real | None:
    """Return the number that an operator of Neuron takes in place of an operand; None if it takes no single number."""
    return None if type(other) is Followed else as_real(other)  # a followed number has operators of its own


def is_operand(other: Any) -> bool:
    """Return whether an operator of Neuron takes an operand: it takes numbers and arrays, but not strings, say.

    Raises:
        TypeError: it is a number, but not a real one, as the operand of an operator can only be.
    """
    if type(other) is current.Neuron or hasattr(other, "__array_namespace__"):
        return True
    if real_operand(other) is not None:
        return True
    if type(other) is Followed:
        return False
    if isinstance(other, numbers.Number) and type(other).__module__ in (
        "builtins",
        "decimal",
    ):  # others may take neurons
        convert = "to real and imaginary part" if isinstance(other, complex) else "with float()"
        raise TypeError(
            f"a neuron cannot be combined with {other!r} of type {type(other).__name__}, since gograd computes with "
            f"floats: convert it first, {convert}"
        )
    return False


def operate(symbol: str, left: Any, right: Any) -> Any:
    """Apply one of Python's binary operators to a neuron and anything else."""
    other = right if type(left) is current.Neuron else left
    return current.registry[f"{symbol} 2"](left, right) if is_operand(other) else NotImplemented


def divided(left: Any, right: Any) -> Any:
    """Compute ``divmod(left, right)``: a quotient that is whole, and what remains."""
    other = right if type(left) is current.Neuron else left
    return (left // right, left % right) if is_operand(other) else NotImplemented
