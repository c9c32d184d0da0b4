"""Rules in JavaScript give what they give in Python, at ordinary and at odd points."""

from __future__ import annotations

import itertools
import math
import random
from functools import cache

import pytest

from gograd_core import current
from gograd_core.extend import Column, as_number, as_numbers, postorder, run_rule
from gograd_core.namespaces.ieee import IEEENamespace
from gograd_draw.javascript import rules_script
from gograd_draw.javascript.functions import OF_COLUMNS, OF_NUMBERS, expanded
from javascript import called, needs_node

pytestmark = needs_node

OPS = tuple(dict.fromkeys(current.registry[name] for name in current.registry))
SCRIPT = rules_script(OPS)
ODD = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 3.0, math.inf, -math.inf, math.nan, 5e-324, -3e-310, 1e308, -1e308, 1e16)
EXACT = {
    "input", "constant", "length", "add", "subtract", "multiply", "divide", "sqrt", "negative", "abs", "sign", "fma",
    "maximum", "minimum", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "where", "copysign",
    "logical_and", "logical_not", "logical_or", "logical_xor", "floor", "ceil", "trunc", "round", "remainder",
    "floor_divide", "signbit", "isnan", "isinf", "isfinite", "nextafter", "sum", "prod", "max", "min",
}  # fmt: skip
LENGTHS = {"norm", "dist"}
"""Their values are computed by functions: Python's are not rounded once in every version."""
TOLERANCE = 1e-13
"""Of the largest number that a rule meets: libraries of C and V8 differ by up to 2 ulps, which differences enlarge."""
UNDERFLOW = 1e-320
"""Numbers near the smallest float have few digits."""


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


def of_python(op, point):
    """The value and the partials as the rules give them on floats; None for a partial that is None."""
    inputs = list(map(Column, point)) if op.variadic else list(map(float, point))
    out = as_number(op, run_rule(op, op.forward, *inputs))
    found = [out]
    for partial in op.partials:
        if partial is None:
            found.append(None)
        else:
            length = len(point[0]) if op.variadic else 1
            numbers = as_numbers(op, run_rule(op, partial, out, *inputs), length, "partial")
            found.append(numbers if op.variadic else numbers[0])
    return found


@cache
def of_javascript():
    """The same from Node, by operation and point."""
    calls, homes = [], []
    for op, key in SCRIPT.keys.items():
        for place, point in enumerate(points_of(op)):
            expected = of_python(op, point)
            for which, value in enumerate(expected):
                if value is not None:
                    calls.append((key, which - 1 if which else None, [*expected[:1], *point] if which else point))
                    homes.append((op.title, place, which))
    return dict(zip(homes, called(SCRIPT.source, calls), strict=True))


def largest_met(root, point, out):
    """The largest finite number that turns up while a rule is computed."""
    xp, values = IEEENamespace(), {}
    met = max((abs(each) for each in _entries([*point, out]) if math.isfinite(each)), default=0.0)
    for symbol in postorder([root]):
        if symbol.function == "input":
            value = out if symbol.value == -1.0 else point[int(symbol.value)]
        elif symbol.function == "constant":
            value = symbol.value
        elif symbol.function == "length":
            value = float(len(point[0]))
        else:
            value = _applied(xp, symbol, [values[argument] for argument in symbol.arguments])
        values[symbol] = value
        entries = value if symbol.is_column else [value]
        sizes = [abs(float(each)) for each in entries if math.isfinite(each)]
        met = max([met, sum(sizes) if symbol.is_column else max(sizes, default=0.0)])
    return met


def _entries(inputs):
    return [number for each in inputs for number in (each if isinstance(each, list) else [each])]


def _applied(xp, symbol, values):
    function = getattr(xp, symbol.function)
    if symbol.function in ("sum", "prod", "max", "min"):
        return function(values[0])
    if not symbol.is_column:
        return function(*values)
    length = next(len(each) for each in values if isinstance(each, list))
    return [function(*row) for row in zip(*(v if isinstance(v, list) else [v] * length for v in values), strict=True)]


def same(mine, expected):
    """Whether two numbers are the same, with the sign of 0."""
    if math.isnan(expected):
        return math.isnan(mine)
    return mine == expected and math.copysign(1.0, mine) == math.copysign(1.0, expected)


def is_exact(op, which, root):
    """Whether the bits must agree: rules of + - * / and sqrt, comparisons and choices."""
    return all(symbol.function in EXACT for symbol in postorder([root])) and (which > 0 or op.name not in LENGTHS)


@pytest.mark.parametrize("op", SCRIPT.keys, ids=lambda op: op.name)
def test_a_rule_gives_the_same_in_javascript(op):
    expansion = expanded(op)
    for place, point in enumerate(points_of(op)):
        expected = of_python(op, point)
        for which, (root, wanted) in enumerate(zip((expansion.forward, *expansion.partials), expected, strict=True)):
            if root is None:
                continue
            found = of_javascript()[op.title, place, which]
            pairs = zip(found, wanted, strict=True) if isinstance(wanted, list) else [(found, wanted)]
            for mine, theirs in pairs:
                if not same(mine, theirs):
                    assert not is_exact(op, which, root), (which, point, mine, theirs)
                    allowed = TOLERANCE * largest_met(root, point, expected[0]) + UNDERFLOW
                    assert abs(mine - theirs) <= allowed, (which, point, mine, theirs, allowed)


def test_every_operation_can_be_printed():
    assert SCRIPT.refusals == {}
    assert list(SCRIPT.keys.items()) == [(op, op.name) for op in OPS]


def test_functions_replace_only_what_python_computes():
    for table in (OF_NUMBERS, OF_COLUMNS):
        for distribution, names in table.items():
            found = {name for name in names if "scalar" in current.registry[f"{distribution}:{name}"].implementations}
            assert found == names
