"""Decisions that a function makes at one point, and not beside it: there its formula changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import attrs

from gograd_core.checked.rules import describe
from gograd_core.recording import observed_by

__all__ = ["Decision", "lone_decision"]


@attrs.frozen
class Decision:
    """A decision that depends on a number.

    Attributes:
        kind: "bool" of a comparison or a number, or how the number becomes an integer, such as "floor".
        outcome: the truth value, or the integer.
        use: what decides, such as "eq(45.0, 45.0)".
    """

    kind: str
    outcome: int
    use: str

    def __str__(self) -> str:
        outcome = bool(self.outcome) if self.kind == "bool" else self.outcome
        return f"{self.use} is {outcome} here, and not beside this point: there, the function has another formula"


class _Watch:
    """A recorder that keeps decisions."""

    wants_nodes = False

    def __init__(self) -> None:
        self.found: list[Decision] = []

    def guard(self, neuron: Any, kind: str, outcome: int) -> None:
        op = neuron.operation
        use = describe(op, neuron.constituents) if op is not None and kind == "bool" else f"{kind}({neuron._value!r})"
        self.found.append(Decision(kind, outcome, use))

    def read(self, neuron: Any, attribute: str) -> NoReturn:  # noqa: ARG002
        raise TypeError(f"the function reads {attribute}, and then decides without the number")

    def made(self, neuron: Any) -> None:
        """Do nothing: only decisions are wanted."""

    def failed(self) -> None:
        """Do nothing: an error that the function catches is no decision."""


def lone_decision(run_at: Callable[[float], object], x: float, step: float) -> Decision | None:
    """Find a decision at `x` that has a different outcome at a distance of `step`.

    It is the first one on its side. Of those of both sides, the later one is more often to blame: a comparison with an
    exactly equal number changes on both sides, and comes after what changes on one side only.
    """
    here, *beside = (_decisions(run_at, number) for number in (x, x + step, x - step))
    changed = [place for there in beside if (place := _first_change(here, there)) < len(here)]
    return here[max(changed)] if changed else None


def _decisions(run_at: Callable[[float], object], x: float) -> list[Decision]:
    watch = _Watch()
    with contextlib.suppress(Exception):  # what the function did before it failed is known
        observed_by(watch).run(run_at, x)
    return watch.found


def _first_change(here: list[Decision], there: list[Decision]) -> int:
    for place, (one, other) in enumerate(zip(here, there, strict=False)):
        if (one.kind, one.outcome) != (other.kind, other.outcome):
            return place
    return len(here)
