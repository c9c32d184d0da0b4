"""Finds how the guards of a path turn out, at one point or at many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from gograd_compile.trace.tape import DOMAIN, FINITE, GUARDS, UNUSED, Floats, Integers, Tape
from gograd_core.extend import domain_errors_raise, error_code

__all__ = ["GIVEN", "GIVEN_HERE", "NOT_GIVEN", "Asked", "Turn", "alike", "turns_among"]

NOT_GIVEN, GIVEN, GIVEN_HERE = 0, 1, 2
"""Whether the answer of a guard was given when a path was recorded: by code that computes the same for all points that
are looked at together, or only for the point that was recorded."""

Turn = tuple[int, float]
"""What was asked, as a place in `GUARDS`, and what was answered."""


class Asked:
    """The guards of a tape. Its methods take the values of the nodes in `Tape.deciding`, in a row for each node.

    Attributes:
        outcomes: what was asked, and what was answered.
        turns: the same, without the domains of operations.
        catches: whether errors of operations may be caught.
        domains: the guards of domains: their place, the operation, and where its inputs begin and end.
        decides: whether the guards matter in every run. Otherwise they matter only if some number is not finite.
    """

    def __init__(self, tape: Tape) -> None:
        guards = tape.guards
        self.outcomes: list[Turn] = list(zip(guards.kinds.tolist(), guards.outcomes.tolist(), strict=True))
        self.turns = turns_among(self.outcomes)
        self.catches = bool(len(tape.domains))
        self.decides = not all(kind in (FINITE, UNUSED) for kind, _ in self.outcomes)
        self._expected = guards.outcomes
        self._rows = [
            (_ANSWERS[GUARDS[kind]], np.flatnonzero(guards.kinds == kind))
            for kind in sorted({kind for kind, _ in self.outcomes})
            if kind != DOMAIN
        ]
        self._places = tape.domains
        nodes = guards.nodes[tape.domains]
        ends = np.cumsum([len(guards), *(len(tape.inputs_of(node)) for node in nodes.tolist())]).tolist()
        operations = [tape.operations[code] for code in tape.codes[nodes - tape.leaves]]
        self.domains = list(zip(tape.domains.tolist(), operations, pairwise(ends), strict=True))

    def __len__(self) -> int:
        return len(self.outcomes)

    def answers(self, values: Floats) -> Floats:
        """Find how the guards turn out: a row for each guard, and a column for each point."""
        found = np.empty((len(self), values.shape[1]))
        for answer, rows in self._rows:
            found[rows] = answer(values[rows])
        found[self._places] = 0.0
        infinite = ~np.isfinite(values[self._places]).all(axis=1) & domain_errors_raise()
        for each in np.flatnonzero(infinite).tolist():
            guard, op, (begin, end) = self.domains[each]
            for point in np.flatnonzero(_is_outside(values[guard], values[begin:end])):
                found[guard, point] = error_code(op, values[begin:end, point].tolist())
        return found

    def failures(self, values: Floats, given: Integers | None) -> tuple[Any, Floats]:
        """Find the points where a guard turns out differently than recorded, and for each the first one, and its
        answer.

        If the first such guard is one whose answer was `given`, the point counts as right. If it was given only for
        the point that was recorded, that is the first one, other points do not.
        """
        answers = self.answers(values)
        failed = answers != self._expected[:, np.newaxis]
        if given is not None:
            stands = given[np.argmax(failed, axis=0)]
            failed[:, :1] &= stands[:1] == NOT_GIVEN
            failed[:, 1:] &= stands[1:] != GIVEN
        wrong = failed.any(axis=0)
        first = np.argmax(failed[:, wrong], axis=0)
        return wrong, np.stack([first, answers[first, np.flatnonzero(wrong)]], axis=1)

    def hold(self, values: Floats, count: int) -> Any:
        """Find for each point whether the first `count` guards turn out as recorded."""
        return (self.answers(values)[:count] == self._expected[:count, np.newaxis]).all(axis=0)

    def first_failure(self, values: Floats) -> tuple[int, float] | None:
        """Find the first guard that turns out differently at one point, and its answer. It is None if none does."""
        answers = self.answers(values[:, np.newaxis])[:, 0]
        wrong = answers != self._expected
        if not wrong.any():
            return None
        first = int(np.argmax(wrong))
        return first, float(answers[first])


def alike(failures: Floats) -> tuple[Integers, Integers, Integers]:
    """Order the rows so that those with the same guard and answer are neighbours, and number the groups of these.

    Returns the order, the group of each row in that order, and the groups, the largest one first.
    """
    order = np.lexsort(failures.T[::-1])
    ordered = failures[order]
    group_of = np.cumsum((ordered[1:] != ordered[:-1]).any(axis=1))
    group_of = np.concatenate([np.zeros(min(len(order), 1), group_of.dtype), group_of])
    return order, group_of, np.argsort(-np.bincount(group_of), kind="stable")


def turns_among(outcomes: Iterable[Turn]) -> list[Turn]:
    """Select the outcomes that tell paths apart. Domains are left out: paths that catch nothing do not ask for them."""
    return [turn for turn in outcomes if turn[0] not in (DOMAIN, UNUSED)]


def _is_outside(result: Floats, inputs: Floats) -> Any:
    """Find where the engine raises a `DomainError`: at NaN made of numbers, or an infinity made of finite numbers."""
    of_numbers, of_finite = ~np.isnan(inputs).any(axis=0), np.isfinite(inputs).all(axis=0)
    return (np.isnan(result) & of_numbers) | (np.isinf(result) & of_finite)


def _whole(values: Floats) -> Floats:
    """Keep whole numbers. Others become NaN, since they are not an index and the function must run again."""
    return np.where(values == np.trunc(values), values, np.nan)


_ANSWERS: dict[str, Callable[[Floats], Any]] = {
    "bool": lambda values: values != 0.0,
    "trunc": np.trunc,
    "round": np.round,
    "floor": np.floor,
    "ceil": np.ceil,
    "index": _whole,
    "finite": np.isfinite,
    "unused": np.zeros_like,
}
