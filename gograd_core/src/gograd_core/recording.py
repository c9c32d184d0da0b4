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
        """Hear that a number decides what runs.

        `kind` is "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain".
        "finite" is 1: `neuron` is a number that must not be NaN or an infinity. "domain" is a place in
        `DOMAIN_ERRORS`: `neuron` is what an operation makes of its inputs where that is an error of this class.

        Returns:
            What the program is to see instead of `outcome` (of "domain", 0: no error is raised); None: that.
        """

    def read(self, neuron: Any, attribute: str) -> NoReturn:
        """Refuse that the program reads "value" or "grad" (or sets the value), or calls "backward"."""

    def made(self, neuron: Any) -> None:
        """Hear that an operation made this neuron."""

    def failed(self) -> None:
        """Hear that numbers lead to some other error; whoever catches it decides by it."""


def recorder() -> Recorder | None:
    """Return the recorder in force here and now."""
    return now().recorder if observers else None


def decided(neuron: Any, kind: str, outcome: int) -> int:
    """Tell the recorder that a number decides what runs, and return how it is to decide."""
    watching = recorder()
    if watching is None:
        return outcome
    instead = watching.guard(neuron, kind, outcome)
    return outcome if instead is None else instead


def read(neuron: Any, attribute: str) -> None:
    """Let the recorder refuse that a number is read and leaves the graph."""
    watching = recorder()
    if watching is not None:
        watching.read(neuron, attribute)


def failed() -> None:
    """Tell the recorder that numbers lead to an error, which the program may catch."""
    watching = recorder()
    if watching is not None:
        watching.failed()


def noted(f: Callable[P, T]) -> Callable[P, T]:
    """Wrap `f` so that a recorder knows of every error that it raises."""

    @functools.wraps(f)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return f(*args, **kwargs)
        except BaseException:
            failed()
            raise

    return run


class observed_by(Block):
    """Return a block (or decorator) inside which a recorder watches, in this thread or task."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder=recorder)


_outside = Block(outside=True)


def outside_transforms(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a rule on floats that may use neurons and transforms itself, so that nothing around it sees these."""
    if getattr(rule, "is_outside_transforms", False):
        return rule

    @functools.wraps(rule)
    def run(*args: Any) -> Any:
        return _outside.run(rule, *args)

    vars(run)["is_outside_transforms"] = True
    return run
