"""The choice of the engine, which is made before the first step."""

from __future__ import annotations

from typing import Literal

import attrs

from gograd_core import engine
from gograd_nn.training.engines import Compiled
from gograd_nn.training.problem import Problem

__all__ = ["Choice", "choose", "prepare"]

Wish = Literal["auto", "eager", "compiled"]

START = 2 * 10**7
"""How many numbers the native engine takes as inputs in the time in which compiled code starts."""
COMPILING = 2 * 10**8
"""How many it takes in the time in which another process compiles all that a net needs."""
SLOWER = 20
"""How many times longer the Python engine takes."""


@attrs.frozen
class Choice:
    """Which engine runs.

    Attributes:
        switch: how many steps the eager engine takes before compiled code takes over. None if it takes all.
        why: a sentence about it.
        compiled: the compiled model, if there is one already. It must be recorded again if `switch` is not 0.
        next: the compiled model whose native code another process is to compile after the training, for the next one.
    """

    switch: int | None
    why: str
    compiled: Compiled | None = None
    next: Compiled | None = None


def choose(problem: Problem, wish: Wish, steps: int, batch_size: int) -> Choice:
    """Choose the engine for so many steps.

    Compiled code runs if the training is long enough to gain from it, and the model can be recorded. If its kernels are
    not in the cache, another process begins to compile them, and the eager engine takes as many steps as it can take
    meanwhile. The number of these steps depends on the size of the training only, and not on any time. If these are
    half of all steps or more, the eager engine takes them all, and the other process begins after the training, since
    processes that run at once slow each other down.

    Raises:
        ImportError: compiled code is asked for, and gograd-compile is not installed.
        Whatever recording the model raises, if compiled code is asked for.
    """
    if wish == "eager":
        return Choice(None, "the eager engine runs, as it was asked for")
    per_step = problem.inputs * batch_size * (1 if engine().name == "native" else SLOWER)
    if wish == "auto" and per_step * steps < START:
        return Choice(None, "the eager engine runs: the training is too short to gain from compiled code")
    try:
        return _compiled(problem, wish, steps, batch_size, -(-COMPILING // per_step))
    except ModuleNotFoundError as error:
        if wish == "compiled":
            raise
        return Choice(None, f"the eager engine runs: {error.name} is not installed")
    except Exception as error:  # whatever a model raises if it is recorded
        if wish == "compiled":
            raise
        return Choice(None, _cannot(error))


def prepare(compiled: Compiled) -> str:
    """Let another process compile native code for the next training. Return a sentence about it."""
    try:
        compiled.record("numpy")
        compiled.compile_ahead()
    except Exception as error:  # whatever a model raises if it is recorded
        return _cannot(error)
    return "the eager engine ran: another process compiles native code for the next training"


def _cannot(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the eager engine runs: no other process could be started to compile native code ({error})"
    reason = str(error).partition("\n")[0]
    return f"the eager engine runs: the model cannot be compiled ({reason})"


def _compiled(problem: Problem, wish: Wish, steps: int, batch_size: int, waiting: int) -> Choice:
    """Record the model, with native code if all of it is in the cache, or if nothing else will do."""
    from gograd_compile import is_ready

    compiled = Compiled(problem)
    if wish == "compiled":
        compiled.try_out(batch_size)
    if wish == "compiled" or is_ready(lambda: compiled.try_out(batch_size)):
        return Choice(0, "compiled code runs", compiled)
    if waiting >= steps // 2:
        why = "the eager engine runs: another process then compiles native code for the next training"
        return Choice(None, why, next=compiled)
    compiled.try_out(batch_size, "numpy")
    compiled.compile_ahead()
    return Choice(waiting, f"the eager engine takes {waiting} steps, until native code is compiled", compiled)
