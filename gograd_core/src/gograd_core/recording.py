"""Whether graphs are recorded, and who watches: `no_grad`, its contrary for the engine's own use, and recorders."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol, TypeVar

from gograd_core.blocks import Block

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron

__all__ = [
    "Recorder",
    "decided",
    "depth",
    "failed",
    "is_recording",
    "no_grad",
    "noted",
    "observed_by",
    "outside_transforms",
    "recorder",
    "recording",
    "without_derivative",
]


P = ParamSpec("P")
T = TypeVar("T")


class Recorder(Protocol):
    """What watches a function run on neurons, in order to run the same on other numbers later.

    While one is in force, comparisons give neurons, and whatever would hide a dependence on a
    number is told to it. An operation in a `no_grad` block gives a neuron without derivative
    instead of a leaf, which would pass for a constant.

    Attributes:
        wants_nodes: whether `made` is to be called. It is read when the block begins.
    """

    wants_nodes: bool

    def guard(self, neuron: Neuron, kind: str, outcome: int) -> int | None:
        """A number decides what runs: `kind` is "bool", "trunc", "round", "floor", "ceil", "index" or "domain".

        "domain" is 1: `neuron` is what an operation makes of its inputs where that is a `DomainError`.

        Returns:
            What the program is to see instead of `outcome` (of "domain", 0: no error is raised); None: that.
        """

    def read(self, neuron: Neuron, attribute: str) -> NoReturn:
        """The program asks for "value" or "grad" (or sets the value), or for "backward": refuse it."""

    def made(self, neuron: Neuron) -> None:
        """An operation made this neuron."""

    def failed(self) -> None:
        """Any other error that numbers lead to is being raised: whoever catches it decides by it."""


_recording: ContextVar[tuple[bool, ...]] = ContextVar("gograd_recording", default=(True,))
# How many transforms are running: what is called inside one gives neurons, so that the outer one
# can differentiate it. A float there would cut the graph, and the outer derivative would be wrong.
depth: ContextVar[int] = ContextVar("gograd_transform_depth", default=0)
_recorder: ContextVar[tuple[Recorder | None, ...]] = ContextVar("gograd_recorder", default=(None,))
# How many blocks are open anywhere: nobody asks the slower ContextVars if none.
pauses = 0  # those that every operation has to ask about: no_grad, and recorders that want nodes
observers = 0  # recorders
listeners: list[Callable[[int, int], None]] = []  # the native engine, which keeps a copy of both
_counting = threading.Lock()


def is_recording() -> bool:
    """Whether operations, here and now, remember what they are made of."""
    return not pauses or _recording.get()[-1] or recorder() is not None


def without_derivative() -> bool:
    """Whether nobody wants derivatives of what operations make, here and now."""
    return pauses > 0 and not _recording.get()[-1]


def recorder() -> Recorder | None:
    """The recorder in force here and now."""
    return _recorder.get()[-1] if observers else None


class no_grad(Block):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    def __init__(self) -> None:
        super().__init__(_recording, False)

    def __enter__(self) -> None:
        _count(1, 0)
        super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        _count(-1, 0)


def _count(more_pauses: int, more_observers: int) -> None:
    global pauses, observers
    with _counting:
        pauses += more_pauses
        observers += more_observers
        for listener in listeners:
            listener(pauses, observers)


class recording(Block):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    def __init__(self) -> None:
        super().__init__(_recording, True)


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
        super().__init__(_recorder, recorder)
        self._pauses = int(recorder.wants_nodes)

    def __enter__(self) -> None:
        _count(self._pauses, 1)
        super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        _count(-self._pauses, -1)


def outside_transforms(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule on floats that may use neurons and transforms itself: nothing around it has to do with those."""
    if getattr(rule, "is_outside_transforms", False):
        return rule

    @functools.wraps(rule)
    def run(*args: Any) -> Any:
        outer, watching = depth.set(0), _recorder.set((None,))
        try:
            return rule(*args)
        finally:
            depth.reset(outer)
            _recorder.reset(watching)

    vars(run)["is_outside_transforms"] = True
    return run
