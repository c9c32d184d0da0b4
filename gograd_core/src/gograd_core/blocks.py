"""Settings that hold inside a ``with`` block."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

__all__ = ["Block"]


class Block:
    """A ``with`` block, or a decorator, in which a setting holds for the current thread or task.

    The settings of the blocks that are open lie on a stack in a context variable, innermost last;
    so blocks nest, and one object may serve several threads at once.
    """

    def __init__(self, stack: ContextVar[tuple[Any, ...]], setting: Any) -> None:
        self._stack = stack
        self._setting = setting

    def __enter__(self) -> None:
        self._stack.set((*self._stack.get(), self._setting))

    def __exit__(self, *_: object) -> None:
        self._stack.set(self._stack.get()[:-1])

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Let `f` always run inside such a block."""

        @functools.wraps(f)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return inside
