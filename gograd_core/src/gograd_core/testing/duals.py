"""Derivatives of rules in any number of digits: dual numbers over those of mpmath.

A dual number is a value and how fast it changes. Every operation on dual numbers applies the chain rule to its
partials. Values that are dual numbers themselves give higher derivatives. So a wrong formula can be told from rounding
errors, which is not possible with neurons, since they hold floats.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import mpmath  # type: ignore[import-untyped]

from gograd_core.checked.rules import as_column
from gograd_core.namespaces.columns import Column, ColumnNamespace
from gograd_core.op import Op
from gograd_core.python_operators import ARRAY_API, BINARY, COMPARISONS, UNARY
from gograd_core.testing.multiprecision import MultiprecisionNamespace

__all__ = ["derivative"]


@attrs.frozen(eq=False)
class Dual:
    """A value, its derivative along one direction, and `xp`, the namespace of its level."""

    value: Any
    tangent: Any
    xp: Duals


class Duals:
    """The namespace `xp` of dual numbers, one level above that of their values."""

    backend = "neuron"

    def __init__(self, below: Any, lookup: Callable[[str], Any]) -> None:
        self._below = below
        self._lookup = lookup
        self._level: int = getattr(below, "_level", 0) + 1

    def __getattr__(self, name: str) -> Any:
        if name in ("e", "inf", "nan", "pi"):
            return getattr(self._below, name)
        op = self._lookup(name)

        def bound(*inputs: Any) -> Any:
            return self.apply(op, inputs)

        vars(bound)["variadic"] = op.variadic
        return bound

    def apply(self, op: Op, inputs: Sequence[Any]) -> Any:
        """Apply an operation to numbers of this level or below, or to lists or columns of them if it is variadic."""
        if op.variadic:
            inputs = [getattr(column, "entries", column) for column in inputs]
        entries = list(op.flatten(inputs) if op.variadic else inputs)
        values = [entry.value if self._is_own(entry) else _exact(entry) for entry in entries]
        columns = list(map(Column, op.columns(values))) if op.variadic else values
        on_duals = isinstance(self._below, Duals)
        out = self._below.apply(op, columns) if on_duals else op.bind(self._below)(*columns)
        tangent: Any = 0
        for index, (own, partial) in enumerate(zip(op.columns(entries), op.partials, strict=True)):
            if partial is not None and any(map(self._is_own, own)):
                found = partial(ColumnNamespace(self._below) if op.variadic else self._below, out, *columns)
                for entry, local in zip(own, as_column(op, found, len(own), f"partial {index}"), strict=True):
                    if self._is_own(entry) and not _is_zero(local):
                        tangent = tangent + local * entry.tangent
        return out if _is_zero(tangent) else Dual(out, tangent, self)

    def _is_own(self, number: Any) -> bool:
        return isinstance(number, Dual) and number.xp._level == self._level


def derivative(op: Op, point: Sequence[Any], entries: Sequence[int]) -> Any:
    """Compute the derivative of an operation with respect to these entries of a point in turn, in the current digits.

    Raises:
        Whatever rules raise in mpmath's arithmetic, where nothing is infinite.
    """
    lookup = op.scope.ops.__getitem__
    xp: Any = MultiprecisionNamespace(lookup)
    numbers = list(point)
    for entry in entries:
        xp = Duals(xp, lookup)
        numbers[entry] = Dual(numbers[entry], 1, xp)
    found = xp.apply(op, op.columns(numbers) if op.variadic else numbers)
    for _ in entries:
        if not isinstance(found, Dual):
            return 0
        found = found.tangent
    return found


def _exact(number: Any) -> Any:
    """Convert a constant of a rule to a number of mpmath: as floats, 1.0 / 3.0 would be rounded."""
    return mpmath.mpf(number) if type(number) in (float, int) else number


def _is_zero(number: Any) -> bool:
    return not isinstance(number, Dual) and bool(number == 0)


def _innermost(number: Any) -> Any:
    while isinstance(number, Dual):
        number = number.value
    return number


def _methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Make the methods for Python's operators: the operations of these names, at the higher of the two levels."""

    def higher(*numbers: Any) -> Duals:
        return max((n.xp for n in numbers if isinstance(n, Dual)), key=lambda xp: xp._level)

    for method in BINARY.values():
        name = ARRAY_API[method]
        yield f"__{method}__", lambda x, y, name=name: getattr(higher(x, y), name)(x, y)
        yield f"__r{method}__", lambda x, y, name=name: getattr(higher(x, y), name)(y, x)
    for method in ("pos", *UNARY.values()):
        name = ARRAY_API.get(method, "positive")
        yield f"__{method}__", lambda x, name=name: getattr(x.xp, name)(x)
    for method in COMPARISONS.values():
        compare = getattr(operator, method)
        yield f"__{method}__", lambda x, y, compare=compare: compare(_innermost(x), _innermost(y))


for _name, _method in _methods():
    setattr(Dual, _name, _method)
Dual.__hash__ = object.__hash__  # type: ignore[method-assign]
