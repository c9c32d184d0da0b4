"""Python's `math` for neurons: with ``from gograd_core import math`` a program can be differentiated as it stands.

Every name of `math` is here. A function that is given a neuron, or a sequence with one, calls the operation of that
name. Given numbers, it is the function of `math`, errors included. `floor`, `ceil` and `trunc` of a neuron give an int,
as in `math`. A recorder follows the int as long as it is only used in arithmetic.
"""

from __future__ import annotations

import functools
import math as _math
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import attrs

from gograd_core import current
from gograd_core.checked.comparisons import WHOLE
from gograd_core.checked.refusals import refusal
from gograd_core.engines import MathFunction, Neuron
from gograd_core.errors import DomainError, UnknownOperationError
from gograd_core.followed import Followed, unfollowed
from gograd_core.lines import ignoring
from gograd_core.plugins.engine_ops import plain
from gograd_core.python_operators import OF_INTEGERS
from gograd_core.recording import failed, recorder

if TYPE_CHECKING:
    from gograd_core.op import Op

    def __getattr__(name: str) -> Any:
        """Stand for every name of `math`, which type checkers do not find in ``vars``."""


__all__ = [name for name in dir(_math) if not name.startswith("_")]  # pyright: ignore[reportUnsupportedDunderAll]


def __dir__() -> list[str]:
    return __all__


@attrs.frozen
class _OverNeurons:
    """What a function of `math` does with anything but floats.

    Attributes:
        name: of the function.
        own: the function of `math`.
    """

    name: str
    own: Callable[..., Any]

    def operation(self, count: int) -> Op | None:
        """Find the operation that so many neurons and floats go to; None if there is none."""
        try:
            op, are_entries = self._found(count)
        except UnknownOperationError:
            return None
        return op if not are_entries and op.arity == count else None

    def _found(self, count: int) -> tuple[Op, bool]:
        """Find the operation that `count` arguments go to, and whether these are a column's entries."""
        known = current.registry
        if f"math.{self.name} {count}" in known:
            return known[f"math.{self.name} {count}"], False
        if f"math.{self.name} *" in known and (self.name not in known or len(known[self.name].partials) != count):
            return known[f"math.{self.name} *"], True
        try:
            return known[self.name], False
        except UnknownOperationError as error:
            if self.name not in OF_INTEGERS:
                error.add_note(f"If math.{self.name} has no derivative, pass it numbers: x.value")
                raise
            reason = f"math.{self.name} takes integers, which have no derivative: pass it int(x)"
            raise UnknownOperationError(f"{reason}. Besides, {error}") from None

    def __call__(self, *args: Any, **named: Any) -> Any:
        # An iterator can be read only once, and is read here.
        args = tuple([list(arg) if hasattr(arg, "__next__") else arg for arg in args])
        if not any(map(_holds_neuron, (*args, *named.values()))):
            return self.own(*args, **named)
        if self.name in _COMPOSED and (named or self.name not in current.registry):
            return _COMPOSED[self.name](*args, **named)
        op, are_entries = self._found(len(args))
        if named:
            failed()
            raise TypeError(f"math.{self.name}() of neurons takes no keywords, got {', '.join(named)}")
        try:
            return op(args) if are_entries else op(*args)
        except DomainError as error:
            if error.operation is not op or op.operator is None:
                raise
            values = [getattr(entry, "_value", entry) for entry in error.inputs]
            kind = refusal(self.own, *values) or type(error)  # math.pow refuses otherwise than ** does
            again = kind(error.fact, operation=op, inputs=error.inputs, hint=error.hint)
            for note in getattr(error, "__notes__", ()):
                again.add_note(note)
            raise again from None


@attrs.frozen
class _ToInteger(_OverNeurons):
    """A function that gives an int, for which Python asks the number itself."""

    def operation(self, count: int) -> None:
        """Find none: what the operation of that name gives is a neuron."""

    def __call__(self, x: Any, /) -> Any:
        watching = recorder()
        neuron = unfollowed(x)
        if watching is None or type(neuron) is not Neuron or isinstance(x, int):
            return self.own(x)
        try:
            op, _ = self._found(1)
        except UnknownOperationError:  # the recorder is told what the number is
            return self.own(x)
        try:
            number = self.own(neuron._value)
        except (ArithmeticError, ValueError):  # of NaN or an infinity
            failed()
            raise
        whole = plain(op(neuron))  # its slope is 0, and a derivative with respect to it must not even be asked for
        watching.guard(whole, "finite", 1)
        return Followed(whole, number)


def _holds_neuron(arg: Any) -> bool:
    if type(arg) is Neuron or not hasattr(arg, "__iter__") or getattr(arg, "shape", None) == ():
        return type(arg) is Neuron  # an array of no dimension is a number, which cannot be iterated over
    return Neuron in map(type, arg)


# What is not one operation, but several.

_here: Any = sys.modules[__name__]


def _modf(x: Any) -> tuple[Any, Any]:
    if _here.isinf(x):
        return _here.copysign(0.0, x), x
    fraction = _here.fmod(x, 1.0)
    return fraction, _here.copysign(x - fraction, x)


def _frexp(x: Any) -> tuple[Any, int]:
    """Give the mantissa, with its derivative, and the exponent, which a recorder learns of."""
    size = _here.fabs(x)
    if size == 0.0 or not _here.isfinite(x):
        return x, 0
    exponent = int(_here.floor(_here.log2(size))) + 1  # or a last digit beside it
    if size < _math.ldexp(0.5, exponent):
        exponent -= 1
    elif size >= 2.0 * _math.ldexp(0.5, exponent):
        exponent += 1
    return _here.ldexp(x, -exponent), exponent


def _isclose(a: Any, b: Any, *, rel_tol: Any = 1e-09, abs_tol: Any = 0.0) -> bool:
    """Compare as Python does; a recorder learns of each comparison."""
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if _here.isinf(a) or _here.isinf(b):
        return False
    with ignoring():
        difference = _here.fabs(b - a)
        return bool(
            difference <= _here.fabs(rel_tol * b) or difference <= _here.fabs(rel_tol * a) or difference <= abs_tol
        )


def _prod(entries: Iterable[Any], /, *, start: Any = 1) -> Any:
    return _here.prod([start, *entries])


_COMPOSED: dict[str, Callable[..., Any]] = {"modf": _modf, "frexp": _frexp, "isclose": _isclose, "prod": _prod}

for _name in __all__:
    _own = getattr(_math, _name)
    if callable(_own):
        _otherwise = (_ToInteger if _name in WHOLE else _OverNeurons)(_name, _own)
        _own = functools.update_wrapper(MathFunction(_own, _otherwise), _own)
        _own.__module__ = __name__
    globals()[_name] = _own
