"""What adapted programs find under some of Python's built-in names, so that neurons pass for floats.

`Float` and `Type` stand for `float` and `type`. They are equal to these classes and have the same hash, so that tables
of classes find them. A class statement or a call of `type` that names one as a base gets the class itself.
"""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

from gograd_core.engines import Neuron
from gograd_core.followed import Followed

__all__ = ["CLASS_OF", "LOOK_ALIKES"]

CLASS_OF = "__gograd_class_of__"
"""The name under which a copy finds what stands for ``x.__class__``."""

IN_C = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)


class LookAlike(type):
    """The class of classes that stand for another one, which is their base."""

    def __new__(mcs, name: str, bases: tuple[Any, ...], namespace: dict[str, Any], **named: Any) -> Any:
        if any(isinstance(base, LookAlike) for base in bases):
            return type(name, tuple(map(_own, bases)), namespace, **named)
        return super().__new__(mcs, name, bases, namespace)

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, _own(cls))

    def __subclasscheck__(cls, kind: Any) -> bool:
        return issubclass(kind, _own(cls))

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.__base__

    def __hash__(cls) -> int:
        return hash(cls.__base__)

    def __getitem__(cls, item: Any) -> Any:
        return _own(cls)[item]

    def __repr__(cls) -> str:
        return repr(cls.__base__)


def _own(kind: Any) -> Any:
    """Return the class that a look-alike stands for, and anything else as it is."""
    return kind.__base__ if isinstance(kind, LookAlike) else kind


class _FloatClass(LookAlike):
    def __call__(cls, x: Any = 0.0, /) -> Any:
        kind = type(x)
        if kind is Neuron or kind is float:
            return x
        if kind is Followed:
            return x.__mul__(1.0)
        convert: Any = getattr(kind, "__float__", None)
        if convert is None or isinstance(convert, IN_C):
            return float(x)
        found = convert(x)  # in Python, so it may give a neuron
        if type(found) is Neuron or isinstance(found, float):
            return found
        raise TypeError(f"{kind.__name__}.__float__ returned non-float (type {type(found).__name__})")

    def __instancecheck__(cls, x: Any) -> bool:
        return type(x) is Neuron or isinstance(x, float)

    def __subclasscheck__(cls, kind: Any) -> bool:
        return kind is Neuron or issubclass(kind, float)


class Float(float, metaclass=_FloatClass):
    """Stands for `float`. A call returns a neuron as it is."""


class _TypeClass(LookAlike):
    def __call__(cls, *args: Any, **named: Any) -> Any:
        if len(args) == 3:
            name, bases, namespace = args
            return type(name, bases, {"__module__": sys._getframe(1).f_globals.get("__name__"), **namespace}, **named)
        kind = type(*args, **named)
        if kind is float or kind is Neuron:
            return Float
        if kind is type or kind is _FloatClass or kind is _TypeClass:
            return Type
        return args[0].__class__ if kind is Followed else kind


class Type(type, metaclass=_TypeClass):
    """Stands for `type`. It says that the class of floats and of neurons is `Float`."""


def _isinstance(x: Any, kinds: Any, /) -> bool:
    """Tell whether a neuron, or anything else, is an instance; a neuron is one of whatever floats are."""
    return isinstance(x, kinds) or (type(x) is Neuron and isinstance(0.0, kinds))


def _class_of(x: Any, /) -> Any:
    """Return ``x.__class__``, which is that of floats for a neuron."""
    kind = x.__class__
    return Float if kind is float or kind is Neuron else kind


def _of_either(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method of floats, such as ``float.__mul__``, one of neurons too."""
    of_operator = getattr(operator, name.replace("__r", "__") if name in REFLECTED else name, None)

    def method(self: Any, *args: Any) -> Any:
        if type(self) is Neuron:
            return getattr(self, name)(*args)
        if of_operator is None or not args or type(args[0]) is not Neuron:
            return own(self, *args)
        return of_operator(args[0], self) if name in REFLECTED else of_operator(self, *args)

    return method


REFLECTED = {f"__r{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod")}


for _name, _method in vars(float).items():
    if isinstance(_method, IN_C) and _name not in (
        "__getattribute__",
        "__hash__",
    ):
        setattr(Float, _name, _of_either(_name, _method))


def _build_class(body: Callable[[], Any], name: str, /, *bases: Any, **named: Any) -> Any:
    return builtins.__build_class__(body, name, *map(_own, bases), **{key: _own(arg) for key, arg in named.items()})


Float.__name__, Type.__name__ = "float", "type"  # in messages; pickles use the qualified names

LOOK_ALIKES: dict[str, Any] = {
    "float": Float,
    "type": Type,
    "isinstance": _isinstance,
    "__build_class__": _build_class,
    CLASS_OF: _class_of,
}
"""What stands for the built-in names."""
