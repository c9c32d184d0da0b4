"""Settings that hold inside blocks: `no_grad`, `errstate`, and what the engine sets for itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, Literal

from gograd_core.engine_choice import native

__all__ = [
    "Block",
    "Swap",
    "completed",
    "domain_errors_raise",
    "errstate",
    "is_recording",
    "no_grad",
    "now",
    "observers",
    "pauses",
    "recording",
    "without_derivative",
]

if TYPE_CHECKING or native is None:
    from gograd_core import blocks as _engine
else:
    _engine = native

now = _engine.now
"""The settings that hold here and now."""
pauses, observers = _engine.counts
"""Each is true as long as there are such settings anywhere."""
Swap = _engine.Swap


class Block(_engine.Block):
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
    """Run a step that may be repeated: if an interrupt breaks it off, it is run once more before that is passed on."""
    try:
        step()
    except BaseException:
        step()
        raise


Policy = Literal["raise", "ignore"]


def domain_errors_raise() -> bool:
    """Whether, here and now, a result outside the real numbers is an error."""
    return now().domain == "raise"


class errstate(Block):
    """What happens where an operation leaves the real numbers: ``with errstate(domain="ignore"):``.

    ``"raise"`` (the default everywhere) raises `DomainError`; ``"ignore"`` lets the result of
    IEEE 754 stand. Holds for the current thread or task, may be nested, and may decorate a function.

    Raises:
        ValueError: `domain` is neither of the two.
    """

    def __init__(self, *, domain: Policy) -> None:
        if domain not in ("raise", "ignore"):
            raise ValueError(f"errstate(domain=...) takes 'raise' or 'ignore', not {domain!r}")
        super().__init__(domain=domain)


class no_grad(Block):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    def __init__(self) -> None:
        super().__init__(recording=False)


class recording(Block):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    def __init__(self) -> None:
        super().__init__(recording=True)


def is_recording() -> bool:
    """Whether operations, here and now, remember what they are made of."""
    return not pauses or now().recording or (bool(observers) and now().recorder is not None)


def without_derivative() -> bool:
    """Whether nobody wants derivatives of what operations make, here and now."""
    return bool(pauses) and not now().recording
