"""Recorders: what watches a function run on neurons, and what it is told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, Protocol, TypeVar

from gograd_core.settings import Block, now, observers

__all__ = [
    "Recorder",
    "decided",
    "failed",
    "noted",
    "observed_by",
    "outside_transforms",
    "read",
    "recorder",
]


P = ParamSpec("P")
T = TypeVar("T")


class Recorder(Protocol):
    """What watches a function run on neurons, in order to run the same on other numbers later.

    While one is in force, comparisons give a `Followed`, and whatever would hide a dependence on a
    number is told to it. An operation in a `no_grad` block gives a neuron without derivative
    instead of a leaf, which would pass for a constant.

    Attributes:
        wants_nodes: whether `made` is to be called. It is read when the block begins.
    """

    wants_nodes: bool

    def guard(self, neuron: Any, kind: str, outcome: int) -> int | None:
        """A number decides what runs.

        `kind` is "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain".
        "finite" is 1: `neuron` is a number of which NaN and infinities would be an error. "domain" is 1: `neuron` is
        what an operation makes of its inputs where that is a `DomainError`.

        Returns:
            What the program is to see instead of `outcome` (of "domain", 0: no error is raised); None: that.
        """

    def read(self, neuron: Any, attribute: str) -> NoReturn:
        """The program asks for "value" or "grad" (or sets the value), or for "backward": refuse it."""

    def made(self, neuron: Any) -> None:
        """An operation made this neuron."""

    def failed(self) -> None:
        """Any other error that numbers lead to is being raised: whoever catches it decides by it."""


def recorder() -> Recorder | None:
    """The recorder in force here and now."""
    return now().recorder if observers else None


def decided(neuron: Any, kind: str, outcome: int) -> int:
    """Let a recorder know that a number decides what runs. How it is to decide."""
    watching = recorder()
    if watching is None:
        return outcome
    instead = watching.guard(neuron, kind, outcome)
    return outcome if instead is None else instead


def read(neuron: Any, attribute: str) -> None:
    """Let a recorder refuse that a number is read, and leaves the graph."""
    watching = recorder()
    if watching is not None:
        watching.read(neuron, attribute)


def failed() -> None:
    """Let a recorder know that numbers lead to an error, which the program may catch."""
    watching = recorder()
    if watching is not None:
        watching.failed()


def noted(f: Callable[P, T]) -> Callable[P, T]:
    """`f`, of whose errors, whatever they are, a recorder knows."""

    @functools.wraps(f)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return f(*args, **kwargs)
        except BaseException:
            failed()
            raise

    return run


class observed_by(Block):
    """A block (or function) that a recorder watches, in this thread or task."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder=recorder)


_outside = Block(outside=True)


def outside_transforms(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule on floats that may use neurons and transforms itself: nothing around it has to do with those."""
    if getattr(rule, "is_outside_transforms", False):
        return rule

    @functools.wraps(rule)
    def run(*args: Any) -> Any:
        return _outside.run(rule, *args)

    vars(run)["is_outside_transforms"] = True
    return run
