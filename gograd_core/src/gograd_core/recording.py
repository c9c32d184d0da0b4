"""Recorders, which watch a function run on neurons, and what they are told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, Protocol, TypeVar

from gograd_core.settings import Block, now, observers

__all__ = ["Recorder", "decided", "failed", "made", "noted", "observed_by", "outside_transforms", "read", "recorder"]

P = ParamSpec("P")
T = TypeVar("T")


class Recorder(Protocol):
    """Watches a function run on neurons, so that the same can be run on other numbers later.

    While a recorder is in force, comparisons give a `Followed`, and the recorder is told of everything that would hide
    a dependence on a number. An operation in a `no_grad` block then gives a neuron without derivative: a leaf would
    pass for a constant.

    Attributes:
        wants_nodes: whether `made` is to be called. It is read when the block begins.
    """

    wants_nodes: bool

    def guard(self, neuron: Any, kind: str, outcome: int) -> int | None:
        """Take note that a number decides what runs.

        `kind` is "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain". "finite" says (by the
        outcome 1) that `neuron` must not be NaN or an infinity. For "domain" `outcome` is a place in `DOMAIN_ERRORS`:
        `neuron` is a result for which the operation raises that error.

        Returns:
            What the program is to see instead of `outcome`; None for `outcome`. For "domain", 0 prevents the error.
        """

    def read(self, neuron: Any, attribute: str) -> NoReturn:
        """Refuse to let the program read "value" or "grad", set the value, or call "backward"."""

    def made(self, neuron: Any) -> None:
        """Take note of a neuron that an operation made."""

    def failed(self) -> None:
        """Take note that the numbers lead to some other error. A program that catches it depends on them."""


def recorder() -> Recorder | None:
    """Return the recorder in force here and now; None if there is none."""
    return now().recorder if observers else None


def decided(neuron: Any, kind: str, outcome: int) -> int:
    """Tell the recorder that a number decides what runs, and return the outcome that the program is to see."""
    watching = recorder()
    if watching is None:
        return outcome
    instead = watching.guard(neuron, kind, outcome)
    return outcome if instead is None else instead


def read(neuron: Any, attribute: str) -> None:
    """Let the recorder refuse a use by which a number would leave the graph."""
    watching = recorder()
    if watching is not None:
        watching.read(neuron, attribute)


def made(neuron: Any) -> None:
    """Tell a recorder that wants to know it of a neuron that was made."""
    watching = recorder()
    if watching is not None and watching.wants_nodes:
        watching.made(neuron)


def failed() -> None:
    """Tell the recorder that the numbers lead to an error, which the program may catch."""
    watching = recorder()
    if watching is not None:
        watching.failed()


def noted(f: Callable[P, T]) -> Callable[P, T]:
    """Wrap `f` so that the recorder is told of every error that it raises."""

    @functools.wraps(f)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return f(*args, **kwargs)
        except BaseException:
            failed()
            raise

    return run


class observed_by(Block):
    """A block (or decorator) inside which a recorder watches the current thread or task."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder=recorder)


_outside = Block(outside=True)


def outside_transforms(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a rule on floats so that no transform or recorder sees the neurons that the rule itself uses."""

    @functools.wraps(rule)
    def run(*args: Any) -> Any:
        settings = now()
        if settings.depth == 0 and settings.recorder is None and settings.values is None:
            return rule(*args)
        return _outside.run(rule, *args)

    return run
