"""Whether graphs are recorded, and who watches: `no_grad`, its contrary for the engine's own use, and recorders."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol, TypeVar

from gograd_core.blocks import Block, now, observers, pauses

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron

__all__ = [
    "Recorder",
    "decided",
    "failed",
    "is_recording",
    "no_grad",
    "noted",
    "observed_by",
    "observers",
    "outside_transforms",
    "pauses",
    "recorder",
    "recording",
    "without_derivative",
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

    def guard(self, neuron: Neuron, kind: str, outcome: int) -> int | None:
        """A number decides what runs.

        `kind` is "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain".
        "finite" is 1: `neuron` is a number of which NaN and infinities would be an error. "domain" is 1: `neuron` is
        what an operation makes of its inputs where that is a `DomainError`.

        Returns:
            What the program is to see instead of `outcome` (of "domain", 0: no error is raised); None: that.
        """

    def read(self, neuron: Neuron, attribute: str) -> NoReturn:
        """The program asks for "value" or "grad" (or sets the value), or for "backward": refuse it."""

    def made(self, neuron: Neuron) -> None:
        """An operation made this neuron."""

    def failed(self) -> None:
        """Any other error that numbers lead to is being raised: whoever catches it decides by it."""


def is_recording() -> bool:
    """Whether operations, here and now, remember what they are made of."""
    return not pauses or now().recording or recorder() is not None


def without_derivative() -> bool:
    """Whether nobody wants derivatives of what operations make, here and now."""
    return bool(pauses) and not now().recording


def recorder() -> Recorder | None:
    """The recorder in force here and now."""
    return now().recorder if observers else None


class no_grad(Block):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    def __init__(self) -> None:
        super().__init__(recording=False)


class recording(Block):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    def __init__(self) -> None:
        super().__init__(recording=True)


def decided(neuron: Neuron, kind: str, outcome: int) -> int:
    """Let a recorder know that a number decides what runs. How it is to decide."""
    watching = recorder()
    if watching is None:
        return outcome
    instead = watching.guard(neuron, kind, outcome)
    return outcome if instead is None else instead


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
