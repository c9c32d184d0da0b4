"""The other namespaces that rules may receive as `xp`: columns, arrays, and floats that follow IEEE 754.

Each has exactly the names of `gograd_core.scalar`, and for any other name the registered
operation of that name, run in the same namespace.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gograd_core import registry, scalar
from gograd_core.ieee import IEEEFloat

__all__ = ["REDUCTIONS", "ArrayNamespace", "Column", "ColumnNamespace", "IEEENamespace"]

REDUCTIONS = ("max", "min", "prod", "sum")


class Column:
    """One input of a variadic operation: numbers that a rule combines elementwise.

    Allows arithmetic with numbers and columns, comparison, ``len`` and the functions of `xp`;
    deliberately no indexing and no iteration, which other modes could not follow.
    """

    __slots__ = ("entries",)

    def __init__(self, entries: Sequence[Any]) -> None:
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Column({list(self.entries)!r})"

    def __bool__(self) -> bool:
        raise TypeError("a column has no truth value: choose entry by entry with xp.where")

    __hash__ = None  # type: ignore[assignment]  # equality is elementwise
    __iter__ = None


def _elementwise(function: Callable[..., Any], *args: Any) -> Column:
    """`function` applied entry by entry; an argument that is no column is repeated."""
    length = next(len(arg) for arg in args if isinstance(arg, Column))
    rows = [arg.entries if isinstance(arg, Column) else [arg] * length for arg in args]
    return Column([function(*entries) for entries in zip(*rows, strict=True)])


def _add_operators() -> None:
    """Give `IEEEFloat` and `Column` Python's operators."""

    def ieee_method(function: Callable[[float, float], float], reflected: bool) -> Any:
        def method(self: float, other: object) -> Any:
            if not isinstance(other, (int, float)):
                return NotImplemented
            x, y = float(self), float(other)
            return IEEEFloat(function(y, x) if reflected else function(x, y))

        return method

    def column_method(function: Callable[..., Any], reflected: bool) -> Any:
        def method(self: Column, *others: Any) -> Column:
            return _elementwise(function, *others, self) if reflected else _elementwise(function, self, *others)

        return method

    ieee_arithmetic: dict[str, Callable[[float, float], float]] = {
        "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": scalar.divide,
        "floordiv": scalar.floor_divide, "mod": scalar.remainder, "pow": scalar.pow,
    }  # fmt: skip
    for name, function in ieee_arithmetic.items():
        for reflected, prefix in enumerate(("", "r")):
            method = f"__{prefix}{name}__"
            setattr(IEEEFloat, method, ieee_method(function, bool(reflected)))
            setattr(Column, method, column_method(getattr(operator, name), bool(reflected)))
    for name in ("neg", "pos", "abs"):
        unary = getattr(operator, name)
        setattr(IEEEFloat, f"__{name}__", lambda self, unary=unary: IEEEFloat(unary(float(self))))
        setattr(Column, f"__{name}__", column_method(unary, False))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Column, f"__{name}__", column_method(getattr(operator, name), False))


_add_operators()


Lookup = Callable[[str], Any]
"""From the name of an operation to the operation: a registry's, or whichever is in force."""


def _in_force(name: str) -> Any:
    return registry.active[name]


class IEEENamespace:
    """`scalar`, with results that go on following IEEE 754 in the operators of Python."""

    backend = scalar.backend

    def __init__(self, lookup: Lookup = _in_force) -> None:
        self._lookup = lookup

    def __getattr__(self, name: str) -> Any:
        found = getattr(scalar, name) if name in scalar.__all__ else self._lookup(name).bind(self)
        if not callable(found):
            return _as_ieee(found)

        @functools.wraps(found)
        def followed(*args: Any) -> Any:
            return _as_ieee(found(*args))

        return followed


def _as_ieee(result: Any) -> Any:
    return IEEEFloat(result) if type(result) is float else result


class ColumnNamespace:
    """What a variadic rule receives: the functions of `xp`, entry by entry over columns.

    ``sum``, ``prod``, ``max``, ``min`` and variadic operations take columns and give a number.
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self.backend = xp.backend

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._xp, name)
        if name in REDUCTIONS:
            return lambda column: found(column.entries)
        if not callable(found):
            return found
        if getattr(found, "variadic", False):
            on_neurons = self.backend == "neuron"
            return (lambda *columns: found(*[column.entries for column in columns])) if on_neurons else found

        def lifted(*args: Any) -> Any:
            if any(isinstance(arg, Column) for arg in args):
                return _elementwise(found, *args)
            return found(*args)

        return lifted


class ArrayNamespace:
    """An array library's namespace, cut down to the names of the standard that `scalar` has."""

    def __init__(self, library: Any, lookup: Lookup = _in_force) -> None:
        self._library = library
        self._lookup = lookup
        self.backend = library.__name__.partition(".")[0]

    def __getattr__(self, name: str) -> Any:
        if name in scalar.__all__:
            return getattr(self._library, name)
        return self._lookup(name).bind(self)

    def __dir__(self) -> Iterator[str]:
        yield from scalar.__all__
