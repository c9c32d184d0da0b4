"""Whether the conformance kit rejects broken rules: ``python -m mutation_tester [NAME]...``."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import attrs

from gograd_core import current
from gograd_core.op import Op
from gograd_core.testing.conformance import examine, named
from gograd_core.testing.digits import close
from gograd_core.testing.edges import special_points
from gograd_core.testing.exact import Oracle, Point
from gograd_core.testing.floats import differentiable, float_partial, float_value
from gograd_core.testing.points import Points, points_of
from mutation_tester.mutants import Mutant, mutants

__all__ = ["Trial", "trials"]

FEW = 8  # so many points are tried first: most mutants fail there
ORDER = ("shape", "accuracy", "formula", "edges", "namespaces", "orders")  # cheap ones first
BEYOND_FLOATS = ("namespaces", "orders")  # what may tell rules apart that give the same for floats

Fate = Literal["rejected", "equivalent", "rounds differently", "survived"]


@attrs.frozen
class Trial:
    """What became of a mutant.

    Attributes:
        fate: "rejected" by a check; "equivalent", since it gives the same answers as the original at
            every point tried; "rounds differently", since it does so but for the last digits, within
            what is allowed, and is equal in exact arithmetic; or "survived", which is a gap in the kit.
        check: the check that rejected it.
    """

    mutant: Mutant
    fate: Fate
    check: str = ""


def trials(op: Op, at_most: int | None = None) -> Iterator[Trial]:
    """Try the mutants of an operation; each is given up at the first check that rejects it.

    Args:
        at_most: of more mutants than that, take one out of every two, three, …
    """
    points = points_of(op)
    found = list(mutants(op))
    for mutant in found[:: 1 if at_most is None else math.ceil(len(found) / at_most)]:
        own = points if _same_exactly(op, mutant.op) else attrs.evolve(points, oracle=Oracle(mutant.op))
        failed = _rejection(mutant.op, _few(own))
        same = not failed and all(_answers(op, p) == _answers(mutant.op, p) for p in _everywhere(op, points))
        failed = failed or _rejection(mutant.op, own, BEYOND_FLOATS if same else ORDER)
        if failed:
            yield Trial(mutant, "rejected", failed)
        elif same:
            yield Trial(mutant, "equivalent")
        else:
            equal = _equal_exactly(op, points.oracle, mutant.op, own.oracle, points.tried)
            yield Trial(mutant, "rounds differently" if equal else "survived")


def _few(points: Points) -> Points:
    return attrs.evolve(
        points, tried=points.tried[:FEW], moderate=points.moderate[:FEW], higher=points.higher[:FEW], beyond=[]
    )


def _rejection(op: Op, points: Points, names: Sequence[str] = ORDER) -> str:
    """The first check that fails."""
    return next((check.name for check in examine(op, points, names) if check.verdict == "failed"), "")


def _same_exactly(op: Op, mutant: Op) -> bool:
    """Whether the forward rules are the same in many digits, so that one oracle serves both."""
    return "mpmath" in op.implementations or op.formula is mutant.formula


def _everywhere(op: Op, points: Points) -> list[Point]:
    edges = [op.flatten(edge.inputs) if op.variadic else edge.inputs for edge in op.edges]
    return [*points.tried, *points.beyond, *edges, *(point for _, point in special_points(op, points))]


def _answers(op: Op, point: Point) -> str:
    """Every result for floats, or what is raised instead."""
    try:
        out = float_value(op, point)
        partials = [float_partial(op, index, out, point) for index in differentiable(op)]
        return repr([out, [entry + 0.0 for column in partials for entry in column]])  # a slope of -0.0 is 0.0
    except Exception as error:
        return repr(error)


def _equal_exactly(op: Op, oracle: Oracle, mutant: Op, own: Oracle, tried: list[Point]) -> bool:
    """Whether, where floats differ, many digits do not."""

    def results(op: Op, oracle: Oracle, point: Point) -> list[Any]:
        partials = [oracle.partial(op, index, point) for index in differentiable(op)]
        return [oracle.value(point), *(entry for column in partials for entry in column)]

    return all(
        found is None or exact is None or close(found, exact)
        for point in tried
        if _answers(op, point) != _answers(mutant, point)
        for found, exact in zip(results(mutant, own, point), results(op, oracle, point), strict=True)
    )


def main() -> None:
    """Print what became of the mutants of the named operations or distributions, or of all."""
    known = current.registry
    total: Counter[str] = Counter()
    for op in [op for name in sys.argv[1:] for op in named(known, name)] or known.operations():
        found = list(trials(op))
        counts = Counter(trial.fate for trial in found)
        total += counts
        print(f"{op.name}: " + ", ".join(f"{count} {fate}" for fate, count in counts.items()))
        for trial in found:
            if trial.fate != "rejected":
                print(f"  {trial.fate}: {trial.mutant.what}")
    print("all: " + ", ".join(f"{count} {fate}" for fate, count in total.items()))
