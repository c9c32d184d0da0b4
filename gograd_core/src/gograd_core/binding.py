"""Operations as methods and operators of `Neuron`: ``x.tanh()``, ``x + y``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gograd_core import recording, registry
from gograd_core.neuron import Neuron, apply, is_operand, next_stamp

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["OPERATORS", "bind"]

Method = Callable[..., Any]

_UNARY = {"-": "neg", "abs": "abs"}
_BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow"}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
OPERATORS = {*((symbol, 1) for symbol in _UNARY), *((symbol, 2) for symbol in (*_BINARY, *_COMPARISONS))}
"""The operators of Python that operations may implement, each with its number of inputs."""

_new = object.__new__

_unbound = {name: method for name, method in vars(Neuron).items() if name.startswith("__")}
_bound: set[str] = set()


def bind(owners: Mapping[str, Op] | None) -> None:
    """Make operations the methods of `Neuron`, and its operators ("+ 2": with two inputs).

    Called by the registry that is in force, when its operations change; None means that they are
    not known yet. Looking each up when it is called would cost a tenth more, and a class with
    __getattr__ a third, so that one stays only until the first look-up.
    """
    methods: dict[str, Method] = {"__getattr__": _discover} if owners is None else {}
    for claim, op in (owners or {}).items():
        symbol, _, arity = claim.partition(" ")
        if not arity:
            methods[claim] = _bound_method(op)
        elif symbol.startswith("math."):
            continue
        elif arity == "1":
            methods[f"__{_UNARY[symbol]}__"] = _bound_method(op)
        elif symbol in _BINARY:
            name = _BINARY[symbol]
            methods[f"__{name}__"], methods[f"__r{name}__"] = _bound_operator(op)
    for name, method in methods.items():
        setattr(Neuron, name, method)
    for name in _bound - methods.keys():  # last: until then another thread's look-up needs __getattr__
        if name in _unbound:
            setattr(Neuron, name, _unbound[name])
        else:
            delattr(Neuron, name)
    _bound.clear()
    _bound.update(methods)


def _discover(self: Neuron, name: str) -> Any:
    """The first look-up may be that of a method."""
    if name.startswith("_"):
        raise AttributeError(f"'Neuron' object has no attribute {name!r}")
    return functools.partial(registry.active[name], self)


def _bound_operator(op: Op) -> tuple[Method, Method]:
    """The methods ``x + y`` and ``y + x`` (reflected) for the operation that implements an operator.

    The common case stands here, since most of an engine's time is spent in it: two numbers, a
    result that is a finite float. All else starts again in `apply`, which does the same with care.
    """
    forward, xp = op.forward, op.xp

    def method(self: Neuron, other: Any) -> Any:
        kind = type(other)
        if kind is Neuron:
            y = other._value
        elif kind is float:
            y = other
        elif kind is int:
            y = other = float(other)
        else:
            return op(self, other) if is_operand(other) else NotImplemented
        try:
            out = forward(xp, self._value, y)
        except Exception:
            out = None
        if type(out) is not float or out - out != 0.0 or recording.pauses:
            return apply(op, (self, other))
        node = _new(Neuron)
        node._value = out
        node._operation = op
        node._constituents = (self, other)
        node._stamp = next_stamp()
        node._mark = None
        return node

    def reflected(self: Neuron, other: Any) -> Any:
        if type(other) is float or type(other) is int:
            return apply(op, (float(other), self))
        return op(other, self) if is_operand(other) else NotImplemented

    return method, reflected


def _bound_method(op: Op) -> Method:
    def method(self: Neuron, *others: Any) -> Any:
        return op(self, *others)

    method.__name__ = op.name
    method.__doc__ = op.doc
    return method


bind(None)
