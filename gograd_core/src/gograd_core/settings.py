"""Settings that hold inside blocks: `no_grad`, `errstate`, and what the engine sets for itself.

A signal handler, such as that of Ctrl-C, may run wherever Python code does, and raise there. So `Block.run` enters in
one step and leaves in one step, each a call of a function in C. The Python engine cannot do the same for a ``with``
statement, whose `__exit__` is Python code. The native engine has these classes in C.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
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
    "unjudged",
    "without_derivative",
]

# One entry for each `Settings` that there is: nobody asks the slower ContextVar if there is none.
# An entry goes when nothing refers to the `Settings` any more, so that no block has to count back.
_pauses: set[Any] = set()  # those that every operation has to ask about: no_grad, and recorders that want nodes
_observers: set[Any] = set()  # recorders


class Settings:
    """What holds here and now; it never changes.

    Args:
        outer: what holds around the block; None for what holds outside of all blocks.
        block: the block that changes it.

    Attributes:
        depth: how many transforms are running. What is called inside one gives neurons, so that the outer one
            can differentiate it: a float would cut the graph, and the outer derivative would be wrong.
        recording, domain, recorder: see `PythonBlock`.
    """

    __slots__ = ("__weakref__", "block", "depth", "domain", "outer", "recorder", "recording", "wants_nodes")

    recorder: Any

    def __init__(self, outer: Settings | None = None, block: PythonBlock | None = None) -> None:
        self.outer = outer
        self.block = block
        if outer is None or block is None:
            self.recording, self.domain, self.depth, self.recorder, self.wants_nodes = True, "raise", 0, None, False
            return
        self.recording = outer.recording if block.recording is None else block.recording
        self.domain = outer.domain if block.domain is None else block.domain
        watched_by: Settings | PythonBlock = outer if block.recorder is None else block
        self.recorder, self.wants_nodes = watched_by.recorder, watched_by.wants_nodes
        self.depth = outer.depth + block.deeper
        if block.outside:
            self.depth, self.recorder, self.wants_nodes = 0, None, False
        if self.wants_nodes or not self.recording:
            _pauses.add(ref(self, _pauses.discard))
        if self.recorder is not None:
            _observers.add(ref(self, _observers.discard))


_settings: ContextVar[Settings] = ContextVar("gograd_settings", default=Settings())  # noqa: B039  (it never changes)


class PythonBlock:
    """A change of settings that holds for a while in the current thread or task. It may be entered any number of times.

    Args:
        recording: whether graphs are recorded.
        domain: what happens where an operation leaves the real numbers.
        recorder: who watches.
        deeper: whether one more transform runs.
        outside: whether no transform runs, and nobody watches.
    """

    def __init__(
        self,
        *,
        recording: bool | None = None,
        domain: str | None = None,
        recorder: Any = None,
        deeper: bool = False,
        outside: bool = False,
    ) -> None:
        self.recording = recording
        self.domain = domain
        self.recorder = recorder
        self.wants_nodes = recorder is not None and bool(recorder.wants_nodes)
        self.deeper = deeper
        self.outside = outside

    def __enter__(self) -> None:
        outer = _settings.get()
        try:
            _settings.set(Settings(outer, self))
        except BaseException:  # that of a signal
            _settings.set(outer)
            raise

    def __exit__(self, *_: object) -> None:
        """Take back only this change: blocks that generators hold open may end in any order."""
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
        """Call `f` inside the block, and return its result. Then everything is as before, whatever interrupts it."""
        outer = _settings.get()
        try:
            _settings.set(Settings(outer, self))
            return f(*args, **kwargs)
        finally:
            _settings.set(outer)  # one call, and nothing before it that could be interrupted


class PythonSwap:
    """A block in which an object takes the place of another, for all threads. It may be entered any number of times.

    Subclasses have `_replaced`, which gives the object that is in place, and `_activate`, which puts this
    one there; an interrupt breaks `_activate` off, and it can be repeated.
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
        outer = self._outer.pop()
        try:
            outer._activate()
        except BaseException:
            outer._activate()
            raise

    if TYPE_CHECKING:

        def _replaced(self) -> PythonSwap: ...

        def _activate(self) -> None: ...


if TYPE_CHECKING or native is None:

    class _Block(PythonBlock):
        """Settings that hold in the engine that runs."""

    class Swap(PythonSwap):
        """As `PythonSwap`, in the engine that runs."""

    now, pauses, observers = _settings.get, _pauses, _observers
else:
    now, _Block, Swap = native.now, native.Block, native.Swap
    pauses, observers = native.counts


class Block(_Block):
    """A ``with`` block, a decorator, or (with `run`) a call, in which a setting holds for the current thread or task.

    With the native engine an interrupt (Ctrl-C) never leaves it in force, and with the Python engine
    none does so in a decorated function or in `run`; but there one that arrives at the very moment
    when a ``with`` statement is entered or left may.
    """

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Let `f` always run inside such a block.

        Raises:
            TypeError: `f` is a generator or a coroutine, whose code runs only after the call of `f` has ended.
        """
        if any(is_kind(f) for is_kind in (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)):
            raise TypeError(
                f"{type(self).__name__} decorates functions that are done when they return; {f.__name__} yields or "
                f"awaits: write a with block inside of it"
            )

        @functools.wraps(f)
        def inside(*args: Any, **kwargs: Any) -> Any:
            return self.run(f, *args, **kwargs)

        return inside


def completed(step: Callable[[], None]) -> None:
    """Run a step that may be repeated. If an interrupt breaks it off, run it once more and pass the interrupt on."""
    try:
        step()
    except BaseException:
        step()
        raise


Policy = Literal["raise", "ignore", "python"]


def domain_errors_raise() -> bool:
    """Tell whether, here and now, a result outside the real numbers is an error."""
    return now().domain in ("raise", "python")


def errors_ignored() -> bool:
    """Tell whether the user asked to ignore such results, here and now."""
    return now().domain == "ignore"


def errors_matter() -> bool:
    """Whether an error of an operation here and now is raised, now or when what is recorded runs later."""
    return now().domain in ("raise", "python", "later")


def unjudged() -> Block:
    """Return a block in which the engine runs what it judges itself afterwards, if that is to be judged."""
    return Block() if errors_ignored() else Block(domain="afterwards")


def not_ignored() -> Block:
    """Return a block for what is recorded: errors that the caller ignores are not ignored by the function itself."""
    return Block(domain="later") if errors_ignored() else Block()


class errstate(Block):
    """Choose what happens if an operation leaves the real numbers: ``with errstate(domain="ignore"):``.

    ``"raise"`` (the default everywhere) raises `DomainError`. ``"ignore"`` lets the result of
    IEEE 754 stand. ``"python"`` raises it only where Python's floats refuse the operation, or would make a complex
    number: so ``1e200 * 1e200`` is inf. (Derivatives that are not finite raise it, too.)
    Holds for the current thread or task, may be nested, and may decorate a function.

    Raises:
        ValueError: `domain` is none of these.
    """

    def __init__(self, *, domain: Policy) -> None:
        if domain not in ("raise", "ignore", "python"):
            raise ValueError(f"errstate(domain=...) takes 'raise', 'ignore' or 'python', not {domain!r}")
        super().__init__(domain=domain)


class no_grad(Block):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    def __init__(self) -> None:
        super().__init__(recording=False)


class recording(Block):
    """A block inside a `no_grad` block that records a graph again, which a transform needs to differentiate."""

    def __init__(self) -> None:
        super().__init__(recording=True)


def is_recording() -> bool:
    """Tell whether operations, here and now, remember what they are made of."""
    return not pauses or now().recording or (bool(observers) and now().recorder is not None)


def without_derivative() -> bool:
    """Tell whether nobody wants derivatives of what operations make, here and now."""
    return bool(pauses) and not now().recording
