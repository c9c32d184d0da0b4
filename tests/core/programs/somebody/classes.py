"""Classes, and what is asked about numbers."""

from __future__ import annotations

import builtins
import copy
import enum
import functools
import logging
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, get_type_hints

try:
    import numba

    jit = numba.njit
except ImportError:
    jit = None


class Direction(float, enum.Enum):
    """A float that is an enumeration, too."""

    NORTH = 0.0
    EAST = math.pi / 2


class Metre(float):
    """A float with a unit."""

    def __new__(cls, x):
        return super().__new__(cls, x)


class Registered(type):
    """A metaclass."""

    names: ClassVar[list[str]] = []

    def __new__(mcs, name, bases, namespace):
        assert isinstance(mcs, type)
        mcs.names.append(name)
        return super().__new__(mcs, name, bases, namespace)


@dataclass
class Body(metaclass=Registered):
    """A dataclass with annotations that are texts."""

    mass: float
    limit: Callable[[float], float] = float
    tags: list[str] = field(default_factory=list)

    def weight(self, kind: int | float = 0):
        return self.limit(self.mass) * 9.81


class Pair(NamedTuple):
    """A named tuple."""

    x: float
    y: float = 0.0


HINTS = get_type_hints(Pair)
Dynamic = type("Dynamic", (float,), {"unit": "m"})


@functools.singledispatch
def kind(x):
    return "other"


@kind.register(float)
def _(x):
    return "float"


def matched(x):
    match x:
        case int():
            return "int"
        case float():
            return "float"
    return "other"


def questions(x):
    """What a program may ask about a number, and what it is told if it is a float."""
    log = logging.getLogger(__name__)
    return {
        "isinstance": isinstance(x, float),
        "of two": isinstance(x, (int, float)),
        "of a union": isinstance(x, int | float),
        "of numbers": [isinstance(x, getattr(numbers, name)) for name in ("Number", "Complex", "Real", "Integral")],
        "not an int": isinstance(x, int),
        "type is": type(x) is float,
        "type ==": type(x) == float,  # noqa: E721
        "type in": type(x) in (int, float),
        "type as a key": {int: "int", float: "float"}[type(x)],
        "subclass": issubclass(type(x), float),
        "of numbers, by class": issubclass(type(x), numbers.Real),
        "name": type(x).__name__,
        "type of type": type(type(x)) is type,
        "match": matched(x),
        "builtins": builtins.isinstance(x, builtins.float),
        "is it callable": callable(float),
        "copies": copy.copy(x) is x and copy.deepcopy([x])[0] is x,
        "others": (type(log).__name__, type(None), isinstance("", str), isinstance(Body, type)),
    }
