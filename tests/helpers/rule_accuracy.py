"""What the rules of an operation give in Python, and how far JavaScript may be from it."""

from __future__ import annotations

import functools
import math

from gograd_core.extend import Column, as_number, as_numbers, postorder, run_rule
from gograd_core.namespaces.ieee import IEEENamespace
from gograd_draw.javascript.functions import expanded

__all__ = ["assert_agrees", "of_python"]

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


def of_python(op, point, out=None):
    """The value and the partials as the rules give them on floats; None for a partial that is None.

    The partials are those at the value `out` if it is given.
    """
    inputs = list(map(Column, point)) if op.variadic else list(map(float, point))
    found = [as_number(op, run_rule(op, op.forward, *inputs))]
    out = found[0] if out is None else out
    for partial in op.partials:
        if partial is None:
            found.append(None)
        else:
            length = len(point[0]) if op.variadic else 1
            numbers = as_numbers(op, run_rule(op, partial, out, *inputs), length, "partial")
            found.append(numbers if op.variadic else numbers[0])
    return found


expansion_of = functools.cache(expanded)


def assert_agrees(op, which, point, out, found, expected):
    """Assert that a value (`which` is 0), or partial number `which`, is Python's: the same bits, or close to them.

    Args:
        op: the operation.
        which: 0 for the value, 1 for the first partial, and so on.
        point: the inputs.
        out: the value in Python.
        found: a number from JavaScript, or a column.
        expected: the same from Python.
    """
    expansion = expansion_of(op)
    root = (expansion.forward, *expansion.partials)[which]
    for mine, theirs in zip(found, expected, strict=True) if isinstance(expected, list) else [(found, expected)]:
        if not same(mine, theirs):
            assert not is_exact(op, which, root), (which, point, mine, theirs)
            allowed = TOLERANCE * largest_met(root, point, out) + UNDERFLOW
            assert abs(mine - theirs) <= allowed, (which, point, mine, theirs, allowed)


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
