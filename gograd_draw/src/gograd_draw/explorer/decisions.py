"""Runs a function and notes what it decides by numbers, so that a page can tell when Python would do something else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import Neuron, trace
from gograd_core.extend import nested, next_stamp, observed_by, running_line, unfollowed

__all__ = ["Decision", "Decisions", "watch"]


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


class Decisions:
    """A recorder that notes what a function decides, and changes nothing.

    Attributes:
        asked: what it asked about numbers, in order.
        made: every neuron that an operation made, whether it was used or not.
        unseen: what it did with numbers that cannot be followed, as sentences.
    """

    wants_nodes = True

    def __init__(self) -> None:
        self.asked: list[Decision] = []
        self.neurons: list[Neuron] = []
        self._unseen: dict[str, None] = {}

    @property
    def unseen(self) -> list[str]:
        """What the function did with numbers that cannot be followed, as sentences."""
        return list(self._unseen)

    def guard(self, neuron: Any, kind: str, outcome: int) -> None:
        """Note a question and its answer."""
        self.asked.append(Decision(neuron, kind, int(outcome), _line(), next_stamp()))

    def made(self, neuron: Any) -> None:
        """Note a neuron."""
        self.neurons.append(neuron)

    def read(self, _: Any, attribute: str) -> Any:
        """Note that a number leaves the graph."""
        self._unseen[f"{_line() or 'The function'} uses .{attribute} of a neuron."] = None

    def failed(self) -> None:
        """Note that a number caused an error, which the function may catch."""
        self._unseen[f"{_line() or 'The function'} meets an error that numbers cause."] = None


def _line() -> str:
    line = running_line(_run.__code__)
    return "" if line is None else str(line)


def watch(
    function: Callable[..., Any], at: Sequence[float] | Mapping[str, float], *, lines: bool
) -> tuple[Neuron, Decisions]:
    """Call a function with leaves that have these values and the names of its parameters.

    Raises:
        TypeError: it does not return a single number that was computed from neurons.
        Whatever the function raises.
    """
    decisions = Decisions()
    named_values = at if isinstance(at, Mapping) else dict(zip(_names(function, len(at)), at, strict=True))
    leaves = {name: Neuron(float(value), label=name) for name, value in named_values.items()}
    arguments: tuple[Neuron, ...] = tuple(leaves.values())
    named: dict[str, Neuron] = {}
    if isinstance(at, Mapping):
        arguments, named = (), leaves
    run = observed_by(decisions).run
    result = trace().run(run, _run, function, arguments, named) if lines else run(_run, function, arguments, named)
    output = unfollowed(result)
    if not isinstance(output, Neuron):
        raise TypeError(
            f"a function can be explored if it returns one number that it computed from its arguments, got {output!r}"
        )
    return output, decisions


def _run(function: Callable[..., Any], arguments: Sequence[Neuron], named: Mapping[str, Neuron]) -> Any:
    """Call the function. Transforms inside give neurons, because the result is differentiated."""
    return nested().run(function, *arguments, **named)


def _names(function: Callable[..., Any], count: int) -> list[str]:
    """Name the arguments as the function does; the further ones, and all if it has no signature, by numbers."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [parameter.name for parameter in parameters if parameter.kind in positional][:count]
    return known + [f"x{place}" for place in range(len(known), count)]
