"""Runs a function and notes what it decides by numbers, so that a page can tell when Python would do something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import Neuron, trace
from gograd_core.extend import nested, next_stamp, observed_by, quoted, running_line, unfollowed
from gograd_draw.explorer.arguments import arguments_of

__all__ = ["Decision", "Decisions", "watch"]


@attrs.frozen(eq=False)
class Decision:
    """One question that a function asked about a number, or another way in which a number may matter.

    Attributes:
        neuron: the number; None if nobody knows which one it was.
        kind: what was asked: "bool", "trunc", "round", "floor", "ceil", "index", "finite" or "domain"; "read" if the
            number left the graph, and "failed" if numbers caused an error.
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
        neurons: every neuron that an operation made, whether it was used or not.
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

    @property
    def seen(self) -> list[Neuron]:
        """The numbers that the function asked about, and every neuron that an operation made."""
        return [*(each.neuron for each in self.asked if each.neuron is not None), *self.neurons]

    def guard(self, neuron: Any, kind: str, outcome: int) -> None:
        """Note a question and its answer."""
        self.asked.append(Decision(neuron, kind, int(outcome), _line(), next_stamp()))

    def made(self, neuron: Any) -> None:
        """Note a neuron."""
        self.neurons.append(neuron)

    def read(self, neuron: Any, attribute: str) -> Any:
        """Note that a number leaves the graph."""
        self._unseen[f"{_line() or 'The function'} uses .{attribute} of a neuron."] = None
        self.guard(neuron, "read", 0)

    def failed(self) -> None:
        """Note that a number caused an error, which the function may catch."""
        self._unseen[f"{_line() or 'The function'} meets an error that numbers cause."] = None
        self.guard(None, "failed", 0)


def _line() -> str:
    line = running_line(_run.__code__)
    return "" if line is None else str(line)


def watch(function: Callable[..., Any], at: Any, *, lines: bool) -> tuple[Neuron, Decisions]:
    """Call a function with leaves that have these values, and the names of its parameters: see `arguments_of`.

    Raises:
        TypeError: it does not take these arguments, or does not return a single number computed from neurons.
        Whatever the function raises.
    """
    decisions = Decisions()
    arguments, named = arguments_of(function, at)
    run = observed_by(decisions).run
    result = trace().run(run, _run, function, arguments, named) if lines else run(_run, function, arguments, named)
    output = unfollowed(result)
    if not isinstance(output, Neuron):
        several = ": return one of them" if isinstance(output, list | tuple) else ""
        raise TypeError(
            "a function can be explored if it returns one number that it computed from its arguments, got "
            f"{quoted(output)}{several}"
        )
    return output, decisions


def _run(function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Call the function. Transforms inside give neurons, because the result is differentiated."""
    return nested().run(function, *arguments, **named)
