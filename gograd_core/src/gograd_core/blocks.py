"""The settings that blocks change, in the Python engine; the native one does the same in C.

A signal handler, such as that of Ctrl-C, may run wherever Python code does, and raise there. So
`Block.run` enters in one step and leaves in one step, each a call of a function in C. The same
cannot be had for a ``with`` statement whose `__exit__` is Python code.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

__all__ = ["Block", "Settings", "Swap", "counts", "now"]

# One entry for each `Settings` that there is: nobody asks the slower ContextVar if there is none.
# An entry goes when nothing refers to the `Settings` any more, so that no block has to count back.
pauses: set[Any] = set()  # those that every operation has to ask about: no_grad, and recorders that want nodes
observers: set[Any] = set()  # recorders
counts = pauses, observers


class Settings:
    """What holds here and now; it never changes.

    Args:
        outer: what holds around the block; None for what holds outside of all blocks.
        block: the block that changes it.

    Attributes:
        depth: how many transforms are running. What is called inside one gives neurons, so that the outer one
            can differentiate it: a float would cut the graph, and the outer derivative would be wrong.
        recording, domain, recorder: see `Block`.
    """

    __slots__ = ("__weakref__", "block", "depth", "domain", "outer", "recorder", "recording", "wants_nodes")

    recorder: Any

    def __init__(self, outer: Settings | None = None, block: Block | None = None) -> None:
        self.outer = outer
        self.block = block
        if outer is None or block is None:
            self.recording, self.domain, self.depth, self.recorder, self.wants_nodes = True, "raise", 0, None, False
            return
        self.recording = outer.recording if block.recording is None else block.recording
        self.domain = outer.domain if block.domain is None else block.domain
        watched_by: Settings | Block = outer if block.recorder is None else block
        self.recorder, self.wants_nodes = watched_by.recorder, watched_by.wants_nodes
        self.depth = outer.depth + block.deeper
        if block.outside:
            self.depth, self.recorder, self.wants_nodes = 0, None, False
        if self.wants_nodes or not self.recording:
            pauses.add(ref(self, pauses.discard))
        if self.recorder is not None:
            observers.add(ref(self, observers.discard))


_settings: ContextVar[Settings] = ContextVar("gograd_settings", default=Settings())  # noqa: B039  (it never changes)
now = _settings.get


class Block:
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
        outer = now()
        try:
            _settings.set(Settings(outer, self))
        except BaseException:  # that of a signal
            _settings.set(outer)
            raise

    def __exit__(self, *_: object) -> None:
        """Take back this change, and no other: blocks that generators hold open may end in any order."""
        settings, changes = now(), []
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
        """Call `f` inside the block, and return what it returns. All is as before then, whatever interrupts it."""
        outer = now()
        try:
            _settings.set(Settings(outer, self))
            return f(*args, **kwargs)
        finally:
            _settings.set(outer)  # one call, and nothing before it that could be interrupted


class Swap:
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

        def _replaced(self) -> Swap: ...

        def _activate(self) -> None: ...
