"""Functions that JavaScript lacks: against mpmath to a few ulps, and against Python where the result is exact."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from functools import cache

import pytest
from mpmath import mp

from gograd_core import current
from gograd_draw.javascript import rules_script
from javascript import called, needs_node

pytestmark = needs_node

COUNT = 200


def uniform(low, high):
    return lambda rng: rng.uniform(low, high)


def sizes(low, high, signs=(1.0, -1.0)):
    """Numbers whose sizes are spread over powers of 10."""
    return lambda rng: rng.choice(signs) * 10.0 ** rng.uniform(low, high)


def orders(rng):
    return float(rng.randrange(1, 12))


POSITIVE = (1.0,)

ACCURACY = {
    "erf": (4, [uniform(-6, 6)], [sizes(-20, 0)]),
    "erfc": (8, [uniform(-6, 26)], [sizes(-20, 0)]),
    "erfcx": (6, [uniform(-5, 10)], [sizes(-20, 0)], [sizes(0, 30, POSITIVE)]),
    "erfinv": (6, [uniform(-1, 1)], [sizes(-20, 0)]),
    "erfcinv": (6, [uniform(0, 1.9)], [sizes(-300, 0, POSITIVE)]),
    "ndtri": (6, [uniform(0, 0.499)], [sizes(-300, -1, POSITIVE)]),
    "expit": (4, [uniform(-700, 40)], [sizes(-20, 0)]),
    "logit": (4, [uniform(0, 0.499)], [sizes(-300, -1, POSITIVE)]),
    "xlogy": (4, [sizes(-10, 10), sizes(-100, 100, POSITIVE)]),
    "entr": (4, [sizes(-100, 100, POSITIVE)]),
    "i0": (16, [uniform(-100, 100)], [sizes(-20, 0)]),
    "i1": (16, [uniform(-100, 100)], [sizes(-20, 0)]),
    "gamma": (16, [uniform(0, 170)], [sizes(-20, 0)], [uniform(-20, 0)]),
    "polygamma": (12, [orders, sizes(-2, 6, POSITIVE)]),
}
"""For each operation ulps, and the inputs that are tried."""

ABSOLUTE = {
    "ndtr": (2e-16, [uniform(-10, 10)]),
    "log_ndtr": (1e-15, [uniform(-10, 10)]),
    "lgamma": (4e-15, [uniform(0, 20)], [uniform(-10, 0)]),
    "digamma": (4e-15, [uniform(0.1, 30)], [uniform(-5.4, -5.6)]),
    "j0": (5e-16, [uniform(-60, 60)], [sizes(-20, 4)]),
    "j1": (5e-16, [uniform(-60, 60)], [sizes(-20, 4)]),
}
"""For functions with zeros, errors as a part of the value or of 1, whichever is larger."""


@cache
def script():
    names = [*ACCURACY, *ABSOLUTE, "fma", "fsum", "norm", "round_to"]
    return rules_script(current.registry[name] for name in names).source


def values(name, points):
    return called(script(), [(name, None, point) for point in points])


def points(name, makers):
    rng = random.Random(name)
    return [[make(rng) for make in each] for each in makers for _ in range(COUNT)]


def exact(name, point):
    with mp.workdps(40):
        return mp.mpf(current.registry[name].reference(mp, *map(mp.mpf, point)))


@pytest.mark.parametrize("name", ACCURACY)
def test_relative_accuracy(name):
    ulps, *makers = ACCURACY[name]
    tried = points(name, makers)
    for point, found in zip(tried, values(name, tried), strict=True):
        expected = exact(name, point)
        assert abs(found - expected) <= ulps * math.ulp(float(expected)), (point, found, float(expected))


@pytest.mark.parametrize("name", ABSOLUTE)
def test_absolute_accuracy(name):
    allowed, *makers = ABSOLUTE[name]
    tried = points(name, makers)
    for point, found in zip(tried, values(name, tried), strict=True):
        expected = exact(name, point)
        assert abs(found - expected) <= allowed * max(1.0, abs(float(expected))), (point, found, float(expected))


def same(found, expected):
    return found == expected and math.copysign(1.0, found) == math.copysign(1.0, expected)


def fused(x, y, z):
    """x * y + z of finite numbers, rounded once. A sum that is 0 has the sign that floats give it."""
    total = Fraction(x) * Fraction(y) + Fraction(z)
    try:
        return float(total) if total else x * y + z
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def cancelling(rng, low, high):
    """Two factors, and a number that takes away most of their product, or half of its last place."""
    x, y = sizes(low, high)(rng), sizes(low, high)(rng)
    z = rng.choice([-x * y, math.ulp(x * y) * rng.choice([0.5, -0.5, 0.25]), sizes(low, high)(rng), 0.0])
    return [x, y, z] if math.isfinite(z) else [x, y, 1.0]


def test_fma_is_rounded_once():
    rng = random.Random(1)
    tried = [cancelling(rng, *each) for each in ((-3, 3), (-160, -150), (-165, -155), (150, 155)) for _ in range(500)]
    tried += [[2.0**-537, 2.0**-537, 0.0], [2.0**-538, 2.0**-537, 0.0], [1.5 * 2.0**-538, 2.0**-537, 0.0]]
    tried += [[-5e-324, 0.25, 0.0], [-5e-324, 0.25, -0.0], [5e-324, 0.75, 5e-324], [1e-200, 1e-200, -5e-324]]
    for point, found in zip(tried, values("fma", tried), strict=True):
        assert same(found, fused(*point)), (point, found, fused(*point))


def columns(rng):
    """Numbers whose sums cancel, tie, or overflow on the way."""
    kind = rng.choice([(-3, 3), (-20, 20), (300, 308.2), (-323, -300)])
    numbers = [sizes(*kind)(rng) for _ in range(rng.randrange(8))]
    numbers += [-number for number in numbers if rng.random() < 0.5]
    ties = [1.0, 2.0**-53, -(2.0**-53), 2.0**-54, 2.0**-106, -(2.0**-106), 0.0, -0.0]
    numbers += [rng.choice(ties) for _ in range(rng.randrange(4))]
    rng.shuffle(numbers)
    return numbers


def added(column):
    try:
        return math.fsum(column)
    except OverflowError:
        total = 0.0
        for number in column:
            total += number
        return total


def test_fsum_is_that_of_python():
    rng = random.Random(2)
    tried = [[columns(rng)] for _ in range(1500)]
    for (column,), found in zip(tried, values("fsum", tried), strict=True):
        expected = added(column)
        assert same(found, expected) or (math.isnan(found) and math.isnan(expected)), (column, found, expected)


def test_the_length_of_a_vector():
    rng = random.Random(3)
    tried = [
        [[sizes(*kind)(rng) for _ in range(rng.randrange(6))]] for kind in ((-3, 3), (-323, -150), (150, 308))
    ] * 99
    for (column,), found in zip(tried, values("norm", tried), strict=True):
        with mp.workdps(40):
            expected = mp.sqrt(mp.fsum(mp.mpf(number) ** 2 for number in column))
        assert abs(found - expected) <= 1.1 * math.ulp(float(expected)) or found == float(expected) == math.inf


def test_round_to_is_that_of_python():
    rng = random.Random(4)
    tried = [[round(sizes(-3, 6)(rng), rng.randrange(5)), float(rng.randrange(-7, 8))] for _ in range(500)]
    tried += [[(rng.randrange(-99, 99) + 0.5) * 2.0**-shift, float(shift)] for shift in range(8) for _ in range(30)]
    tried += [[sizes(-323, 308)(rng), float(rng.randrange(-320, 330))] for _ in range(500)]
    tried += [[1.7976931348623157e308, -308.0], [-0.0, 2.0], [0.4, -0.0], [5e-324, 323.0], [25.0, -1.9]]
    for (x, digits), found in zip(tried, values("round_to", tried), strict=True):
        try:
            expected = round(x, int(digits))
        except OverflowError:
            expected = math.copysign(math.inf, x)
        assert same(found, expected), (x, digits, found, expected)
