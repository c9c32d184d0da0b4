"""Settings that hold inside blocks: `no_grad`, `errstate`, and those of the engine itself.

A signal handler, such as that of Ctrl-C, may run between any two steps of Python code, and raise there. So `Block.run`
enters and leaves in one step each: a call of a function in C. The Python engine cannot do so for a ``with`` statement,
whose `__exit__` is Python code. The native engine has these classes in C.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, Self
from weakref import ref

from gograd_core.engine_choice import native

__all__ = [
    "Block",
    "Swap",
    "completed",
    "domain_errors_raise",
    "errors_ignored",
    "errors_matter",
    "errstate",
    "is_recording",
    "no_grad",
    "not_ignored",
    "now",
    "observers",
    "pauses",
    "recording",
    "replacing",
    "unjudged",
    "without_derivative",
]

# One entry for each living `Settings` of a kind: while there is none, nobody has to ask the slower ContextVar.
# An entry disappears together with its `Settings`, so that no block has to count down.
_pauses: set[Any] = set()  # those that every operation has to look at: no_grad, trace, and recorders that want nodes
_observers: set[Any] = set()  # those with a recorder, or with something that watches for anomalies
_replacing: set[Any] = set()  # those in which other functions compute the values of operations


class Settings:
    """The settings in force at one point of a program. They never change.

    Args:
        outer: the settings around the block; None outside of all blocks.
        block: the block that changes them.

    Attributes:
        depth: how many transforms are running. A transform inside another one returns neurons, which the outer one
            can differentiate. A float would cut the graph, and the outer derivative would be wrong.
        recording, domain, recorder, values, tracing: see `PythonBlock`.
    """

    __slots__ = (
        "__weakref__", "block", "depth", "domain", "outer", "recorder", "recording", "tracing", "values", "wants_nodes",
    )  # fmt: skip

    recorder: Any

    def __init__(self, outer: Settings | None = None, block: PythonBlock | None = None) -> None:
        self.outer = outer
        self.block = block
        if outer is None or block is None:
            self.recording, self.domain, self.depth, self.recorder, self.wants_nodes = True, "raise", 0, None, False
            self.values, self.tracing = None, None
            return
        self.recording = outer.recording if block.recording is None else block.recording
        self.domain = outer.domain if block.domain is None else block.domain
        watched_by: Settings | PythonBlock = outer if block.recorder is None else block
        self.recorder, self.wants_nodes = watched_by.recorder, watched_by.wants_nodes
        self.depth = outer.depth + block.deeper
        if block.outside:
            self.depth, self.recorder, self.wants_nodes = int(block.deeper), None, False
        self.values = outer.values if block.values is None and not block.outside else block.values
        kept = block.tracing is None or (block.tracing is True and outer.tracing)
        self.tracing = outer.tracing if kept else block.tracing
        if self.wants_nodes or self.tracing or not self.recording:
            _pauses.add(ref(self, _pauses.discard))
        if self.recorder is not None or type(self.tracing) not in (bool, NoneType):
            _observers.add(ref(self, _observers.discard))
        if self.values is not None:
            _replacing.add(ref(self, _replacing.discard))


_settings: ContextVar[Settings] = ContextVar("gograd_settings", default=Settings())  # noqa: B039  (it never changes)


class PythonBlock:
    """A change of settings for the current thread or task. It may be entered any number of times.

    Args:
        recording: whether graphs are recorded.
        domain: what happens if an operation leaves the real numbers.
        recorder: the recorder that watches.
        deeper: whether one more transform is running.
        outside: whether to hide all transforms, recorders and other functions for values.
        values: which other functions compute the values of operations; see `computed.computed_by`.
        tracing: whether neurons note the user's line, or what is to be told of anomalies; see the module `lines`.
    """

    def __init__(
        self,
        *,
        recording: bool | None = None,
        domain: str | None = None,
        recorder: Any = None,
        deeper: bool = False,
        outside: bool = False,
        values: Any = None,
        tracing: Any = None,
    ) -> None:
        self.recording = recording
        self.domain = domain
        self.recorder = recorder
        self.wants_nodes = recorder is not None and bool(recorder.wants_nodes)
        self.deeper = deeper
        self.outside = outside
        self.values = values
        self.tracing = tracing

    def __enter__(self) -> None:
        outer = _settings.get()
        try:
            _settings.set(Settings(outer, self))
        except BaseException:  # raised by a signal handler
            _settings.set(outer)
            raise

    def __exit__(self, *_: object) -> None:
        """Undo only this change, since blocks that generators hold open may end in any order."""
        settings, changes = _settings.get(), []
        while settings.block is not self:
            if settings.outer is None:
                return  # entered in another thread or task
            changes.append(settings.block)
            settings = settings.outer
        settings = settings.outer  # type: ignore[assignment]
        for block in reversed(changes):
            settings = Settings(settings, block)
        _settings.set(settings)

    def run(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `f` inside the block and return its result. Afterwards, even after an interrupt, all is as before."""
        outer = _settings.get()
        try:
            _settings.set(Settings(outer, self))
            return f(*args, **kwargs)
        finally:
            _settings.set(outer)  # one call, and nothing before it that could be interrupted


class PythonSwap:
    """A block in which one object replaces another, for all threads. It may be entered any number of times.

    Subclasses have two methods: `_replaced` returns the object that is in place, and `_activate` puts this one there.
    An interrupt may break off `_activate`, which is then called again.
    """

    def __init__(self) -> None:
        self._outer: list[Any] = []

    def __enter__(self) -> Self:
        outer = self._replaced()
        self._outer.append(outer)
        try:
            self._activate()
        except BaseException:
            self._outer.pop()
            outer._activate()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        completed(self._outer.pop()._activate)

    if TYPE_CHECKING:

        def _replaced(self) -> PythonSwap: ...

        def _activate(self) -> None: ...


if TYPE_CHECKING or native is None:
    _Block = PythonBlock
    Swap = PythonSwap
    now, pauses, observers, replacing = _settings.get, _pauses, _observers, _replacing
else:
    now, _Block, Swap = native.now, native.Block, native.Swap
    pauses, observers, replacing = native.counts


class Block(_Block):
    """A setting for the current thread or task: inside a ``with`` block, a decorated function, or a call by `run`.

    With the native engine an interrupt (Ctrl-C) never leaves the setting in force. With the Python engine it may, if it
    arrives at the very moment when a ``with`` statement is entered or left.
    """

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that calls `f` inside such a block.

        Raises:
            TypeError: `f` is a generator or coroutine function, whose code runs only after the call has returned.
        """
        if any(is_kind(f) for is_kind in (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)):
            raise TypeError(
                f"{type(self).__name__} decorates only functions that have finished when they return, and "
                f"{f.__name__} yields or awaits: write a with block inside it"
            )

        @functools.wraps(f)
        def inside(*args: Any, **kwargs: Any) -> Any:
            return self.run(f, *args, **kwargs)

        return inside


def completed(step: Callable[[], None]) -> None:
    """Run a step that may be repeated. If an interrupt breaks it off, run it again, then raise the interrupt again."""
    try:
        step()
    except BaseException:
        step()
        raise


Policy = Literal["raise", "ignore", "python"]


def domain_errors_raise() -> bool:
    """Return whether a result outside the real numbers raises `DomainError` here and now."""
    return now().domain in ("raise", "python")


def errors_ignored() -> bool:
    """Return whether results outside the real numbers are ignored here and now."""
    return now().domain == "ignore"


def errors_matter() -> bool:
    """Return whether a `DomainError` here and now is raised, either at once or when the recording runs."""
    return now().domain in ("raise", "python", "later")


def unjudged() -> Block:
    """Return a block in which operations are not judged, since the engine judges their results afterwards."""
    return Block() if errors_ignored() else Block(domain="afterwards")


def not_ignored() -> Block:
    """Return a block for recording a function. Errors that the caller ignores matter when the recording runs."""
    return Block(domain="later") if errors_ignored() else Block()


class errstate(Block):
    """Choose what happens if an operation leaves the real numbers: ``with errstate(domain="ignore"):``.

    ``"raise"`` (the default) raises `DomainError`. ``"ignore"`` keeps the result of IEEE 754. ``"python"`` raises
    `DomainError` only where Python's floats refuse the operation or would give a complex number, and for derivatives.
    So ``1e200 * 1e200`` is inf. The choice holds for the current thread or task. Such blocks may be nested, and may
    decorate a function.

    Raises:
        ValueError: `domain` is none of these.
    """

    def __init__(self, *, domain: Policy) -> None:
        if domain not in ("raise", "ignore", "python"):
            raise ValueError(f"errstate(domain=...) takes 'raise', 'ignore' or 'python', not {domain!r}")
        super().__init__(domain=domain)


class no_grad(Block):
    """A block (or decorator) inside which no graph is recorded: the results of operations are leaves."""

    def __init__(self) -> None:
        super().__init__(recording=False)


class recording(Block):
    """A block that records graphs again inside a `no_grad` block, as a transform needs it."""

    def __init__(self) -> None:
        super().__init__(recording=True)


def is_recording() -> bool:
    """Return whether operations record a graph here and now."""
    return not pauses or now().recording or (bool(observers) and now().recorder is not None)


def without_derivative() -> bool:
    """Return whether the results of operations here and now, in a `no_grad` block, have no derivatives."""
    return bool(pauses) and not now().recording
