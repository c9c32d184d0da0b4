"""The points at which operations are tried: samples, random points, and points near the borders of the domain."""

from __future__ import annotations

import ast
import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import mpmath  # type: ignore[import-untyped]

from gograd_core.errors import NO_NUMBER, InvalidOperationError
from gograd_core.op import Op
from gograd_core.op.domains import inside
from gograd_core.testing.exact import Oracle, Point, flat
from gograd_core.testing.floats import float_value, is_normal

__all__ = ["Points", "free_entries", "points_of", "replaced"]

# How many points of each kind are wanted, and how many candidates are examined for each.
MODERATE, ROUND, BESIDE, RANDOM, BEYOND, HIGHER = 4, 10, 40, 60, 20, 60
CANDIDATES = 4

Range = tuple[float, float]
NEAR_ONE: Range = (0.1, 10.0)
WIDE: Range = (1e-300, 1e300)
RANGES: tuple[Range, ...] = (WIDE, WIDE, (1e-20, 1e20), (1e-3, 10.0), (1.0, 1e3), (1.0, 100.0))
ROUND_NUMBERS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 10.0, -10.0, 30.0)
"""Numbers at which authors join formulas, or guard against something."""


@attrs.define
class Points:
    """The points at which an operation is tried.

    Attributes:
        oracle: gives the exact values.
        samples: the operation's own samples.
        moderate: the samples, and a few other points near 1.
        tried: these, random points, and points near edges. All are in the domain, and the exact value is 0, or neither
            too large nor too small for floats.
        higher: points for higher derivatives: those tried and edges with a finite value, except points so large or
            small that products in rules may leave the range of floats.
        beyond: more points in the domain, where the value is too large or too small.
        undecided: points in the domain whose exact value was not found.
        unreal: points in the stated domain that have no real value.
    """

    oracle: Oracle
    samples: list[Point] = attrs.field(factory=list)
    moderate: list[Point] = attrs.field(factory=list)
    tried: list[Point] = attrs.field(factory=list)
    higher: list[Point] = attrs.field(factory=list)
    beyond: list[Point] = attrs.field(factory=list)
    undecided: list[Point] = attrs.field(factory=list)
    unreal: list[Point] = attrs.field(factory=list)

    def sort(self, op: Op, candidates: Iterable[Point], wanted: int) -> None:
        """Sort candidates into the lists, until `wanted` more can be tried."""
        seen = {*self.tried, *self.beyond, *self.undecided, *self.unreal}
        enough = len(self.tried) + wanted
        for point in itertools.islice(candidates, wanted * CANDIDATES):
            if len(self.tried) >= enough:
                break
            if point not in seen and inside(op, point):
                self._kind(op, point).append(point)
                seen.add(point)

    def _kind(self, op: Op, point: Point) -> list[Point]:
        try:
            value = self.oracle.value(point)
        except InvalidOperationError:  # there is nothing but floats
            try:
                value = float_value(op, point)
            except NO_NUMBER:
                value = math.nan
        if value is None:
            return self.undecided
        if mpmath.isnan(value):
            return self.unreal if op.domain or point in self.samples else []
        if is_normal(value):
            return self.tried
        return self.beyond if len(self.beyond) < BEYOND else []


def points_of(op: Op) -> Points:
    """Choose the points for an operation, which are the same in every run.

    Raises:
        InvalidOperationError: the domain is not a condition on the inputs.
    """
    points = Points(Oracle(op), [tuple(map(float, flat(op, sample))) for sample in op.samples])
    chance = random.Random(op.name)
    points.sort(op, points.samples, len(points.samples))
    points.sort(op, _random(op, chance, (NEAR_ONE,), 3), MODERATE)
    points.moderate = list(points.tried)
    beside = sorted(set(_beside(op)), key=repr)
    chance.shuffle(beside)
    points.sort(op, _round(op, chance), ROUND)
    points.sort(op, beside, BESIDE)
    points.sort(op, _random(op, chance, RANGES, 7), RANDOM)
    points.higher = _higher(op, points)
    for kind in (points.tried, points.moderate, points.higher):
        kind.sort(key=_size)
    return points


def _higher(op: Op, points: Points) -> list[Point]:
    """Choose first points near 1, edges, 0 and ±1, then others evenly. They are fewer if each has more derivatives."""
    first = [*points.moderate, *_finite_edges(op), *(p for p in points.tried if set(map(abs, p)) <= {0.0, 1.0})]
    others = sorted((p for p in points.tried if p not in first), key=_size)
    count = HIGHER // (3 if op.variadic else min(len(op.partials), 4))
    every = [*first, *others[:: max(1, len(others) // count)]]
    return [p for p in dict.fromkeys(every) if all(map(_has_powers, p))]


def _finite_edges(op: Op) -> Iterator[Point]:
    for edge in op.edges:
        point = tuple(map(float, flat(op, edge.inputs)))
        finite = all(map(math.isfinite, (*point, edge.value)))
        if point and finite and "-0.0" not in map(str, point) and inside(op, point):
            yield point


def _has_powers(x: float) -> bool:
    return x == 0.0 or 1e-30 <= abs(x) <= 1e30


def _size(point: Point) -> float:
    """Measure how far the entries are from 1, since errors show first in numbers of ordinary size."""
    return max((abs(math.log(abs(x) or 1e-9)) for x in point), default=0.0)


def _free(op: Op) -> list[bool]:
    """Return whether each input may be any number. One without a partial may not, unless no input has one."""
    return [partial is not None or not any(op.partials) for partial in op.partials]


def free_entries(op: Op, point: Sequence[Any]) -> list[int]:
    """List the entries of a point that may be any number."""
    free = _free(op)
    return [entry for entry in range(len(point)) if free[entry * len(free) // len(point)]]


def _random(op: Op, chance: random.Random, ranges: Sequence[Range], longest: int) -> Iterator[Point]:
    """Make points without end: with entries of any size, of similar size, or all equal."""
    free = _free(op)
    while True:
        sample: Any = chance.choice(op.samples) if op.samples else ((0.0,) if op.variadic else 0.0,) * len(free)
        length = len(sample[0]) if op.variadic and not all(free) else chance.randint(1, longest) if op.variadic else 1
        draw = chance.choice((_any, _any, _similar, _similar, _equal))(chance, ranges)
        columns = []
        for index, fixed in enumerate(sample):
            drawn = [next(draw) for _ in range(length)]
            columns.append(drawn if free[index] else fixed if op.variadic else [float(fixed)])
        yield tuple(entry for column in columns for entry in column)


def _any(chance: random.Random, ranges: Sequence[Range]) -> Iterator[float]:
    while True:
        yield _sign(chance) * _magnitude(chance, chance.choice(ranges))


def _similar(chance: random.Random, ranges: Sequence[Range]) -> Iterator[float]:
    size = _magnitude(chance, chance.choice(ranges))
    while True:
        yield _sign(chance) * size * _magnitude(chance, NEAR_ONE)


def _equal(chance: random.Random, ranges: Sequence[Range]) -> Iterator[float]:
    return itertools.repeat(next(_any(chance, ranges)))


def _sign(chance: random.Random) -> float:
    return chance.choice((-1.0, 1.0))


def _round(op: Op, chance: random.Random) -> Iterator[Point]:
    """Make points of round numbers, some of them with equal entries."""
    free = _free(op)
    samples = op.samples or (((0.0,) if op.variadic else 0.0,) * len(free),)
    for number in ROUND_NUMBERS:
        for others in ((number,), ROUND_NUMBERS):
            sample: Any = chance.choice(samples)
            point = tuple(map(float, flat(op, sample)))
            for entry in free_entries(op, point):
                point = replaced(point, entry, number if entry == 0 else chance.choice(others))
            yield point


def _magnitude(chance: random.Random, span: Range) -> float:
    """Choose a number of any order of magnitude in the range."""
    return float(10.0 ** chance.uniform(*map(math.log10, span)))


def _beside(op: Op) -> Iterator[Point]:
    """Make points that differ in one entry from an edge, or from a sample with that entry near a border."""
    for edge in op.edges:
        point = flat(op, edge.inputs)
        if all(math.isfinite(x) and str(x) != "-0.0" for x in point):  # mpmath knows no zero with a sign
            for entry in free_entries(op, point):
                yield from (replaced(point, entry, near) for near in _neighbours(point[entry]))
    for name, border in [] if op.variadic else _borders(op):
        entry = op.input_names.index(name)
        for sample in op.samples if entry in free_entries(op, op.partials) else ():
            yield from (replaced(sample, entry, near) for near in _neighbours(border))


def _borders(op: Op) -> Iterator[tuple[str, float]]:
    """Find the numbers with which the domain compares an input: ("x", 1.0) in "x < 1"."""
    for node in ast.walk(ast.parse(op.domain or "True", mode="eval")):
        if isinstance(node, ast.Compare):
            for pair in itertools.pairwise((node.left, *node.comparators)):
                for name, number in (pair, pair[::-1]):
                    if isinstance(name, ast.Name) and name.id in op.input_names:
                        try:
                            yield name.id, float(ast.literal_eval(number))
                        except (ValueError, TypeError):
                            continue


def _neighbours(x: float) -> Iterator[float]:
    for side in (-1.0, 1.0):
        yield math.nextafter(x, side * math.inf)
        yield from (x + side * step * (abs(x) or 1.0) for step in (1e-9, 1e-3))


def replaced(point: Sequence[Any], entry: int, x: float) -> Point:
    """Return a point with one entry replaced by another number."""
    return tuple(float(x if i == entry else other) for i, other in enumerate(point))
