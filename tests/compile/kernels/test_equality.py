"""Every operation, compiled: its value and derivatives are those of the engine.

Bit for bit, where its rule needs + - * / sqrt, comparisons and choices alone: IEEE 754 leaves no freedom there.
Otherwise within 4 ulps, since the C library, Python and NumPy round functions such as exp differently; or what
the operation's `Accuracy` declares, whose `input_ulps` are tried: inputs are changed by so many ulps.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gograd_core import Neuron, Op, current, errstate, value_and_grad
from gograd_core.kernels.expansion import ExpansionError, expand
from gograd_core.kernels.symbols import postorder

pytestmark = pytest.mark.any_engine

OPERATIONS = {op.name: op for op in current.registry.operations()}
SCALAR = [op for op in OPERATIONS.values() if not op.variadic]
VARIADIC = [op for op in OPERATIONS.values() if op.variadic]
LENGTHS = (1, 2, 5, 17)
BASIC = {
    "abs", "add", "ceil", "copysign", "divide", "equal", "floor", "greater", "greater_equal", "isfinite", "isinf",
    "isnan", "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum",
    "multiply", "negative", "not_equal", "round", "sign", "signbit", "sqrt", "square", "subtract", "sum", "trunc",
    "where",
}  # fmt: skip

by_name = pytest.mark.parametrize("op", SCALAR, ids=lambda op: op.name)
of_several = pytest.mark.parametrize("op", [op for op in SCALAR if len(op.partials) > 1], ids=lambda op: op.name)


def is_basic(op):
    """Whether value and derivatives need nothing that libraries round differently."""
    try:
        expansion = expand(op)
    except ExpansionError:
        return False
    roots = [expansion.forward, *(partial for partial in expansion.partials if partial is not None)]
    return {symbol.function for symbol in postorder(roots) if not symbol.is_leaf} <= BASIC


def function(op):
    """The operation; if it gives a truth value, which has no derivative, that added to the first input."""
    return (lambda *args: args[0] + op(*args)) if isinstance(op(*op.samples[0]), bool) else op


def whole(op, *args):
    """Value and derivatives by all inputs in a row, as the engine has them."""
    value, gradients = value_and_grad(function(op), range(len(args)))(*args)
    return row(value, gradients)


def row(value, gradients):
    return [float(value), *np.asarray(gradients, dtype=float).ravel().tolist()]


def moved(args, ulps):
    """The point with each number changed by so many ulps, up and down."""
    numbers = np.array(args, dtype=float)
    for place in np.ndindex(numbers.shape):
        for sign in (1.0, -1.0):
            near = numbers.copy()
            near[place] += sign * ulps * math.ulp(near[place])
            yield near.tolist()


def allowed(op, f, args, expected):
    """By how much each number may be off."""
    if is_basic(op):
        return [0.0] * len(expected)
    room = [max(4.0, op.accuracy.ulps) * math.ulp(number) for number in expected]
    if op.accuracy.input_ulps:
        with errstate(domain="ignore"):
            for near in moved(args, op.accuracy.input_ulps):
                there = f(*near)
                room = [max(r, abs(a - b)) for r, a, b in zip(room, there, expected, strict=True)]
    return room


def assert_near(found, expected, room):
    assert len(found) == len(expected)
    for position, (number, right, space) in enumerate(zip(found, expected, room, strict=True)):
        same = math.isnan(number) and math.isnan(right)
        assert same or number == right or abs(number - right) <= space, (position, found, expected)


def check(op, f, c, points, bits):
    """`c` at each point is as the engine's `f`, and at all points at once the same bits."""
    everything = range(len(points[0]))
    rows = []
    for point in points:
        expected = row(*value_and_grad(f, everything)(*point))
        rows.append(row(*c.value_and_grad(*point, wrt=everything)))
        assert_near(
            rows[-1], expected, allowed(op, lambda *args: row(*value_and_grad(f, everything)(*args)), point, expected)
        )
        assert bits(c(*point)) == bits(rows[-1][0])
    columns = [np.array(column) for column in zip(*points, strict=True)]
    values, gradients = c.batch().value_and_grad(*columns, wrt=everything)
    batched = [row(values[i], [gradient[i] for gradient in gradients]) for i in range(len(points))]
    assert bits(batched) == bits(rows)


def is_regular(op, args):
    with errstate(domain="ignore"):
        return np.isfinite(args).all() and np.isfinite(whole(op, *args)).all()


def points_of(op):
    """Samples, and the edges at which everything is finite."""
    points = [*op.samples, *(edge.inputs for edge in op.edges)]
    return [tuple(map(float, point)) for point in points if is_regular(op, point)]


@by_name
def test_values_and_derivatives(op, compiled, bits):
    f = function(op)
    check(op, f, compiled(f), points_of(op), bits)


@of_several
def test_inputs_that_are_constants(op, compiled, bits):
    count = len(op.partials)
    for given in itertools.product((False, True), repeat=count):
        if all(given) or not any(given):
            continue
        for sample in op.samples[:2]:

            def f(*args, sample=sample, given=given):
                rest = iter(args)
                return function(op)(*(x if fixed else next(rest) for x, fixed in zip(sample, given, strict=True)))

            check(op, f, compiled(f), [tuple(x for x, fixed in zip(sample, given, strict=True) if not fixed)], bits)


@of_several
def test_the_same_neuron_in_all_places(op, compiled, bits):
    def f(x):
        return function(op)(*[x] * len(op.partials))

    def is_finite(x):
        return is_regular(op, (x,) * len(op.partials))

    points = [(x,) for x in (0.5, 0.75, 3.0) if is_finite(x)]
    assert points, f"{op.name} needs other points"
    check(op, f, compiled(f), points, bits)


@by_name
def test_inputs_that_are_captured_leaves(op, compiled, bits):
    leaves = [Neuron(float(x)) for x in op.samples[0]]
    c = compiled(lambda: function(op)(*leaves))
    for sample in op.samples:
        for leaf, x in zip(leaves, sample, strict=True):
            leaf.value, leaf.grad = float(x), 0.0
        expected = whole(op, *map(float, sample))
        found = [c.backward(), *(leaf.grad for leaf in leaves)]
        assert_near(found, expected, allowed(op, lambda *args: whole(op, *args), sample, expected))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("op", VARIADIC, ids=lambda op: op.name)
def test_variadic_operations(op, length, compiled, bits):
    numbers = itertools.cycle((0.5, -1.25, 2.0, 0.3, -0.7, 1.1, 3.0))
    columns = [[next(numbers) for _ in range(length)] for _ in op.partials]
    c = compiled(op)
    everything = range(len(columns))
    expected = row(*value_and_grad(op, everything)(*columns))
    found = row(*c.value_and_grad(*columns, wrt=everything))
    # NumPy adds columns in pairs, which is as good: an ulp of the sum of the magnitudes for every entry, at most.
    room = [
        r + length * math.ulp(sum(map(abs, itertools.chain(*columns))))
        for r in allowed(op, op_row(op), columns, expected)
    ]
    assert_near(found, expected, [0.0] * len(expected) if is_basic(op) else room)
    values, gradients = c.batch().value_and_grad(
        *([np.full(9, x) for x in column] for column in columns), wrt=everything
    )
    for point in range(9):
        assert bits(row(values[point], [[x[point] for x in column] for column in gradients])) == bits(found)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_derivatives_by_columns_that_are_inputs(length, compiled):
    """As those of dot, where the value is no sum: each entry has a weight of its own."""
    op = Op(
        "shifted_dot", variadic=True, forward=lambda xp, x, y: xp.sqrt(xp.sum(x * y)),
        partials=(lambda xp, out, x, y: y, lambda xp, out, x, y: 3.0),
    )  # fmt: skip
    x, y = [0.5 + k for k in range(length)], [2.0 + 3.0 * k for k in range(length)]
    assert compiled(op).grad(x, y, wrt=(0, 1)) == (y, [3.0] * length)


def op_row(op):
    return lambda *columns: row(*value_and_grad(op, range(len(columns)))(*columns))


EDGES = [(op, tuple(map(float, edge.inputs))) for op in SCALAR for edge in op.edges]
with_edges = pytest.mark.parametrize(("op", "point"), EDGES, ids=lambda x: x.name if hasattr(x, "name") else str(x))


@with_edges
def test_errors_at_the_edges_of_domains(op, point, compiled, outcome):
    everything = range(len(point))
    f = function(op)
    c = compiled(f)
    inside = next(map(tuple, op.samples))
    c.value_and_grad(*inside, wrt=everything)  # recorded elsewhere
    for ours, theirs in (
        (c, lambda *args: f(*map(Neuron, args))),
        (lambda *args: c.value_and_grad(*args, wrt=everything), value_and_grad(f, everything)),
        (
            lambda *args: c.batch().value_and_grad(*map(np.atleast_1d, args), wrt=everything),
            value_and_grad(f, everything),
        ),
    ):
        found, expected = outcome(ours, *point), outcome(theirs, *point)
        assert is_error(found) == is_error(expected), (found, expected)
        if is_error(expected):
            assert found == expected


def is_error(found):
    return isinstance(found, tuple) and isinstance(found[0], type)


@with_edges
def test_what_ieee_says_at_the_edges_of_domains(op, point, compiled):
    everything = range(len(point))
    c = compiled(function(op))
    with errstate(domain="ignore"):
        expected = whole(op, *point)
        room = [max(4.0, op.accuracy.ulps) * math.ulp(x) if math.isfinite(x) else 0.0 for x in expected]
        assert_near(row(*c.value_and_grad(*point, wrt=everything)), expected, room)
        values, gradients = c.batch().value_and_grad(*(np.full(3, x) for x in point), wrt=everything)
        assert_near(row(values[2], [gradient[2] for gradient in gradients]), expected, room)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -1.0, -2.0])
def test_powers_have_the_same_bits_at_one_point_and_at_many(exponent, compiled, bits):
    for f in (lambda x: x**exponent, lambda x: x ** Neuron(exponent), lambda x: x ** (exponent + 0.0 * x)):
        c = compiled(f)
        xs = np.linspace(0.3, 9.7, 41)
        assert bits([c(x) for x in xs]) == bits(c.batch()(xs))
