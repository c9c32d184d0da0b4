"""Functions of one number, each with a fault, and what is to be said of it: the operation, the line, and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gograd_core import Op, Registry, ops

ALONE = Registry()
WRONG = ALONE.register(
    Op("wrong", forward=lambda xp, x: x * x * x, partials=(lambda xp, out, x: 2.0 * x * x,), samples=((0.5,),))
)


class Fault(NamedTuple):
    """A fault.

    Attributes:
        f: the function that has it.
        at: the number at which it shows.
        good: a number at which it does not.
        named: what the report begins with: the operation, or the number.
        offset: where the operation is called, in lines after the "def" of the function.
        listed: what the report lists, in this order.
        settings: arguments of `detect_anomaly`.
        is_value: whether a value is wrong, not a derivative.
    """

    f: Callable[[Any], Any]
    at: float
    good: float
    named: str
    offset: int
    listed: tuple[str, ...]
    settings: dict[str, Any]
    is_value: bool

    @property
    def line(self) -> str:
        """The line that the report is to name."""
        return f"planted_faults.py:{self.f.__code__.co_firstlineno + self.offset} in {self.f.__name__}"


def log_in_a_net(x):
    hidden = [ops.tanh(weight * x) for weight in (0.5, -1.0, 2.0)]
    normal = ops.dot(hidden, [1.0, 2.0, 3.0])
    shifted = normal - 1.0
    return ops.log(shifted) * 3.0


def norm(x):
    length = ops.sqrt(x * x)
    return x / length


def overflow(x):
    scaled = x * 1e4
    return ops.exp(scaled) + 1.0


def root(x):
    length = ops.sqrt(x)
    return length * 2.0 + 1.0


def wrong_rule(x):
    inner = x * 1.5
    cubed = WRONG(inner)
    return cubed * 2.0


def exploding(x):
    y = x
    for _ in range(4):
        y = y * y
    return y + 1.0


def vanishing(x):
    y = ops.tanh(x) * 20.0
    return ops.tanh(y) * 2.0


FAULTS = (
    Fault(
        log_in_a_net,
        -0.5,
        2.0,
        "log(-2.60",
        4,
        ("sub(", "dot(", "tanh(-1.0)", "mul(2.0, ", "-0.5 [leaf]", "log needs x > 0"),
        {},
        is_value=True,
    ),
    Fault(norm, 0.0, 1.0, "div(", 2, ("sqrt(0.0)", "mul(", "0.0 [leaf]", "0/0 is undefined"), {}, is_value=True),
    Fault(overflow, 0.5, 0.0, "exp(5000.0)", 2, ("mul(", "0.5 [leaf]", "logsumexp"), {}, is_value=True),
    Fault(
        root,
        0.0,
        4.0,
        "the derivative of sqrt(",
        1,
        ("sqrt(", "mul(0.0, 2.0)", "add(0.0, 1.0)", "vertical tangent"),
        {},
        is_value=False,
    ),
    Fault(
        wrong_rule,
        0.5,
        0.0,
        "a rule is wrong: wrong (registered by hand): partial 0 of wrong(0.75)",
        2,
        ("wrong(0.75)", "mul(0.421875, 2.0)"),
        {"check": True},
        is_value=False,
    ),
    Fault(
        exploding,
        10.0,
        1.0,
        "the adjoint 4000000000000.0 exceeds 1000000000.0",
        3,
        ("mul(100.0, 100.0)", "mul(10000.0, 10000.0)", "mul(100000000.0, 100000000.0)", "add("),
        {"exploding": 1e9},
        is_value=False,
    ),
    Fault(
        vanishing,
        2.0,
        0.05,
        "the adjoint 1.4",
        1,
        ("mul(", "tanh(", "mul(1.0, 2.0)"),
        {"vanishing": 1e-9},
        is_value=False,
    ),
)
