"""Operations as methods and operators of the Python engine's `Neuron`.

The methods are in the class: looking up the operation at each call would cost a tenth more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gograd_core import settings
from gograd_core.checked import neuron as checked
from gograd_core.checked.calls import apply, apply_in_block
from gograd_core.checked.operands import is_operand
from gograd_core.checked.rules import annotate
from gograd_core.computed import function_of
from gograd_core.engines.neuron import Neuron, next_stamp
from gograd_core.errors import NO_NUMBER
from gograd_core.interfaces import Op
from gograd_core.python_operators import BINARY, UNARY

__all__ = ["bind_method", "bind_operator", "discover"]

Method = Callable[..., Any]

LARGE = 2**1023  # smaller integers become floats without an OverflowError

_new = object.__new__
_unbound = {name: method for name, method in vars(Neuron).items() if name.startswith("__")}


def bind_method(name: str, op: Op | None) -> None:
    """Let ``x.name()`` call `op`. With None, remove the method."""
    if op is not None:
        setattr(Neuron, name, _bound_method(op))
    elif name in vars(Neuron):
        delattr(Neuron, name)


def bind_operator(symbol: str, arity: int, op: Op | None) -> None:
    """Let an operator of Python call `op`. With None, unbind it."""
    if arity == 1:
        name = f"__{UNARY[symbol]}__"
        setattr(Neuron, name, _unbound[name] if op is None else _bound_method(op))
        return
    names = f"__{BINARY[symbol]}__", f"__r{BINARY[symbol]}__"
    methods = [_unbound[name] for name in names] if op is None else _bound_operator(op)
    for name, method in zip(names, methods, strict=True):
        setattr(Neuron, name, method)


def discover(on: bool) -> None:
    """Choose whether the first method that is asked for loads the operations.

    A class with `__getattr__` is a third slower in everything, so `Neuron` has one only until then.
    """
    if on:
        Neuron.__getattr__ = _discover  # type: ignore[method-assign]
    elif "__getattr__" in vars(Neuron):
        del Neuron.__getattr__


def _discover(self: Neuron, name: str) -> Any:
    return functools.partial(checked.undiscovered(name), self)


def _bound_operator(op: Op) -> tuple[Method, Method]:
    """Make the methods ``x + y`` and ``y + x`` (reflected) for the operation that implements an operator.

    The common case is written out here, since most of an engine's time is spent in it: two numbers whose result is a
    finite float. Everything else starts again in `apply`, which does the same with every check.
    """
    forward, xp = op.forward, op.xp

    def method(self: Neuron, other: Any) -> Any:
        kind = type(other)
        if kind is Neuron:
            y = other._value
        elif kind is float:
            y = other
        elif issubclass(kind, float) or (kind is int and -LARGE < other < LARGE):
            y = other = float(other)
        else:
            return op(self, other) if is_operand(other) else NotImplemented
        try:
            out = forward(xp, self._value, y)
        except NO_NUMBER:
            out = None
        except Exception as raised:
            annotate(raised, op, (self._value, y))
            raise
        if type(out) is not float or out - out != 0.0:
            return apply(op, (self, other))
        if settings.pauses:
            return apply_in_block(op, (self, other), out)
        if settings.replacing and function_of(op) is not None:
            return apply(op, (self, other))
        made = _new(Neuron)
        made._value = out
        made._operation = op
        made._constituents = (self, other)
        made._stamp = next_stamp()
        made._mark = None
        return made

    def reflected(self: Neuron, other: Any) -> Any:
        if issubclass(type(other), float) or type(other) is int:  # not its `__class__`
            return apply(op, (other, self))
        return op(other, self) if is_operand(other) else NotImplemented

    return method, reflected


def _bound_method(op: Op) -> Method:
    def method(self: Neuron, /, *others: Any, **named: Any) -> Any:
        return op(self, *others, **named)

    method.__name__ = op.name
    method.__doc__ = op.doc
    return method
