"""Rules in JavaScript give what they give in Python, at ordinary and at odd points."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from gograd_core import current
from gograd_draw.javascript import rules_script
from gograd_draw.javascript.functions import OF_COLUMNS, OF_NUMBERS
from javascript import called
from rule_accuracy import assert_agrees, of_python

OPS = tuple(dict.fromkeys(current.registry[name] for name in current.registry))
SCRIPT = rules_script(OPS)
ODD = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 3.0, math.inf, -math.inf, math.nan, 5e-324, -3e-310, 1e308, -1e308, 1e16)


def points_of(op):
    """Where an operation is tried: samples, edges, odd points, and random ones.

    Orders of polygamma beyond 170 are left out. Values overflow there, and SciPy's are NaN now and then.
    """
    rng = random.Random(op.name)
    known = [
        tuple(map(_column, each)) if op.variadic else each for each in (*op.samples, *(e.inputs for e in op.edges))
    ]
    count = len(op.partials)
    if op.variadic:
        lengths = [1, 1, 2, 2, 3, 3, 4, 5, 9]
        odd = [tuple([rng.choice(ODD) for _ in range(length)] for _ in range(count)) for length in lengths * 12]
        usual = [tuple([usual_number(rng) for _ in range(length)] for _ in range(count)) for length in lengths * 8]
    else:
        odd = list(itertools.product(ODD, repeat=count))
        odd = odd if len(odd) <= 300 else rng.sample(odd, 300)
        usual = [tuple(usual_number(rng) for _ in range(count)) for _ in range(150)]
    return [point for point in (*known, *odd, *usual) if op.name != "polygamma" or not point[0] > 170.0]


def _column(entries):
    return list(map(float, entries))


def usual_number(rng):
    kind = rng.random()
    if kind < 0.2:
        return float(rng.randrange(-20, 20))
    return rng.gauss(0.0, 1.0) * 10.0 ** rng.choice([0, 0, 0, 1, 2, -1, -3, -8, 6, 100, -100])


@pytest.fixture(scope="module")
def of_javascript(run):
    """What JavaScript gives for each operation, point, and number of the result of `of_python`."""
    calls, homes = [], []
    for op, key in SCRIPT.keys.items():
        for place, point in enumerate(points_of(op)):
            expected = of_python(op, point)
            for which, value in enumerate(expected):
                if value is not None:
                    calls.append((key, which - 1 if which else None, [*expected[:1], *point] if which else point))
                    homes.append((op.title, place, which))
    return dict(zip(homes, called(SCRIPT.source, calls, run), strict=True))


@pytest.mark.parametrize("op", SCRIPT.keys, ids=lambda op: op.name)
def test_a_rule_gives_the_same_in_javascript(of_javascript, op):
    for place, point in enumerate(points_of(op)):
        expected = of_python(op, point)
        for which, wanted in enumerate(expected):
            if wanted is not None:
                assert_agrees(op, which, point, expected[0], of_javascript[op.title, place, which], wanted)


def test_every_operation_can_be_printed():
    assert SCRIPT.refusals == {}
    assert list(SCRIPT.keys.items()) == [(op, op.name) for op in OPS]


def test_functions_replace_only_what_python_computes():
    for table in (OF_NUMBERS, OF_COLUMNS):
        for distribution, names in table.items():
            found = {name for name in names if "scalar" in current.registry[f"{distribution}:{name}"].implementations}
            assert found == names
