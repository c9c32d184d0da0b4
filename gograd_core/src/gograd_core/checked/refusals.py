"""How Python's floats refuse what an operation computes. That decides the class of its `DomainError`."""

from __future__ import annotations

import builtins
import contextlib
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from gograd_core.errors import (
    NO_NUMBER,
    DomainError,
    OverflowDomainError,
    ValueDomainError,
    ZeroDivisionDomainError,
)
from gograd_core.interfaces import Op
from gograd_core.namespaces.columns import Column
from gograd_core.python_operators import BINARY, OF_INTEGERS, UNARY
from gograd_core.settings import now

__all__ = ["DOMAIN_ERRORS", "error_class", "error_code", "refusal"]

_CLASSES = {
    ZeroDivisionError: ZeroDivisionDomainError,
    OverflowError: OverflowDomainError,
    ValueError: ValueDomainError,
}

_KINDS = (DomainError, *_CLASSES.values())

DOMAIN_ERRORS = (None, *(kind for kind in _KINDS for _ in _KINDS))
"""What an operation does outside of its domain, by its `error_code`: none, or a class of error."""


def error_code(op: Any, inputs: Sequence[float]) -> int:
    """Number the ways in which a program may see that a result is not finite: 0 for no error.

    It is a place in `DOMAIN_ERRORS`. Which of the equal places it is depends on how `math` refuses the same, where that
    is another function than the operator: ``**`` and `math.pow` do not raise the same errors.
    """
    kind = error_class(op, inputs)
    if kind is None:
        return 0
    other = refusal(_of_math(op), *inputs) if op.operator and _of_math(op) else kind
    return 1 + len(_KINDS) * _KINDS.index(kind) + _KINDS.index(other or DomainError)


def error_class(op: Op, inputs: Sequence[float]) -> type[DomainError] | None:
    """Choose the error for a result that is not finite. It is None if errstate asks for Python's, and there is none."""
    columns = op.columns(inputs) if op.variadic else inputs
    in_python = _in_python(op)
    refused = refusal(in_python or _by_rule(op), *columns)
    return refused or (None if in_python and now().domain == "python" else DomainError)


def refusal(f: Callable[..., Any], *inputs: Any) -> type[DomainError] | None:
    """Find how a function of floats refuses its inputs: None if it does not.

    It is a plain `DomainError` if the result is complex, which raises nothing.
    """
    try:
        return DomainError if isinstance(f(*inputs), complex) else None
    except NO_NUMBER as error:
        return next((ours for theirs, ours in _CLASSES.items() if isinstance(error, theirs)), DomainError)


def _in_python(op: Any) -> Callable[..., Any] | None:
    """Find what computes the operation in Python: an operator, or a function of `math`."""
    if op.operator is not None:
        symbols = UNARY if op.arity == 1 else BINARY
        name = symbols.get(op.operator)
        if name:
            return getattr(operator, f"__{name}__")  # type: ignore[no-any-return]
    own = _of_math(op) if op.operator is None else getattr(builtins, op.operator)
    if own is None:
        return None

    def run(*inputs: Any) -> Any:
        with_integers = (*inputs[:1], *map(_as_int, inputs[1:]))
        for given in (inputs, with_integers, *inputs[:1]):  # ldexp and round take an integer, and hypot no list
            with contextlib.suppress(TypeError):
                return own(*given)
        return _by_rule(op)(*inputs)

    return run


def _of_math(op: Any) -> Any:
    """Find the function of Python's `math` that has the name of an operation. It is None if there is none of floats."""
    name = op.math or op.name
    return None if name in OF_INTEGERS else getattr(math, name, None)


def _as_int(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _by_rule(op: Op) -> Callable[..., Any]:
    return lambda *inputs: op.forward(op.xp, *(map(Column, inputs) if op.variadic else inputs))
