"""Runs a function and notes what it decides by numbers, so that a page can tell when Python would do something else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from gograd_core import Neuron, trace
from gograd_core.extend import nested, next_stamp, observed_by, running_line, unfollowed

__all__ = ["Decision", "Watched", "watch"]


@attrs.frozen(eq=False)
class Decision:
    """One question that a function asked about a number.

    Attributes:
        neuron: the number.
        kind: what was asked: "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain".
        outcome: the answer.
        line: where, as text; empty if that is not known.
        stamp: when, among the stamps of neurons.
    """

    neuron: Any
    kind: str
    outcome: int
    line: str
    stamp: int


@attrs.frozen(eq=False)
class Watched:
    """What a function did at one point.

    Attributes:
        output: what it returned.
        decisions: what it asked about numbers, in order.
        made: every neuron that an operation made, whether it was used or not.
        unseen: what it did with numbers that cannot be followed, as sentences.
    """

    output: Neuron
    decisions: Sequence[Decision]
    made: Sequence[Neuron]
    unseen: Sequence[str]


class _Recorder:
    """Notes what happens, and changes nothing."""

    wants_nodes = True

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.nodes: list[Neuron] = []
        self.unseen: dict[str, None] = {}

    def guard(self, neuron: Any, kind: str, outcome: int) -> None:
        self.decisions.append(Decision(neuron, kind, int(outcome), _line(), next_stamp()))

    def made(self, neuron: Any) -> None:
        self.nodes.append(neuron)

    def read(self, neuron: Any, attribute: str) -> Any:
        self.unseen[f"{_line() or 'The function'} uses .{attribute} of a neuron."] = None

    def failed(self) -> None:
        self.unseen[f"{_line() or 'The function'} catches an error that numbers caused."] = None


def _line() -> str:
    line = running_line()
    return "" if line is None else str(line)


def watch(function: Callable[..., Any], at: Sequence[float]) -> Watched:
    """Call a function with leaves that have these values and the names of its parameters.

    Raises:
        TypeError: it does not return a single number that was computed from neurons.
        Whatever the function raises.
    """
    recorder = _Recorder()
    inputs = [Neuron(value, label=name) for name, value in zip(_names(function, len(at)), at, strict=True)]
    result = trace().run(observed_by(recorder).run, nested().run, function, *inputs)
    output = unfollowed(result)
    if not isinstance(output, Neuron):
        raise TypeError(
            f"to explore a function, it must return a number that it computed from its arguments, got {output!r}"
        )
    return Watched(output, recorder.decisions, recorder.nodes, list(recorder.unseen))


def _names(function: Callable[..., Any], count: int) -> list[str]:
    """Name the arguments as the function does; the further ones, and all if it has no signature, by numbers."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()  # type: ignore[assignment]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [parameter.name for parameter in parameters if parameter.kind in positional][:count]
    return known + [f"x{place}" for place in range(len(known), count)]
