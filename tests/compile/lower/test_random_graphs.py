"""Random graphs, compiled: values and gradients beside the engine's.

Where all operations are exact to the last bit, so are the values. Gradients are sums that the
compiler adds in another order than the engine, so they agree within a running error bound: each
product and each addition of the sweep is off by at most 2**-53 of what it gives, and errors
are passed on as the adjoints are. With functions such as exp, which are off by 4 ulps at most, errors of
the values are passed on likewise, and into the local derivatives by the second derivatives. Eight times
that, since the bound is of first order and the engine's own sweep has its share.
"""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from gograd_core import Neuron, errstate, gradient, jacobian, ops, value_and_grad

pytestmark = pytest.mark.repeated_later

UNIT = 2.0**-53
ARGUMENTS = 5
EXACT = {
    "add": (2, ops.add), "sub": (2, ops.sub), "mul": (2, ops.mul), "neg": (1, ops.neg),
    "sum": (4, lambda *x: ops.sum(list(x))), "dot": (6, lambda *x: ops.dot(list(x[:3]), list(x[3:]))),
}  # fmt: skip
CHOICES = {
    "where": (3, lambda c, x, y: ops.where(c > 0.0, x, y)), "maximum": (2, ops.maximum), "abs": (1, ops.abs),
    "max": (3, lambda *x: ops.max(list(x))), "sqrt": (1, lambda x: ops.sqrt(ops.abs(x) + 0.5)),
    "div": (2, lambda x, y: x / (ops.abs(y) + 0.5)),
}  # fmt: skip
SMOOTH = {
    "tanh": (1, ops.tanh), "exp": (1, lambda x: ops.exp(ops.tanh(x))), "sin": (1, ops.sin), "sigmoid": (1, ops.sigmoid),
    "logsumexp": (3, lambda *x: ops.logsumexp(list(x))), "div": (2, lambda x, y: x / (y * y + 0.5)),
    "atan2": (2, lambda x, y: ops.atan2(x, y + 3.0)),
}  # fmt: skip


class Graph:
    """A random program: steps, each an operation on earlier numbers; it gives the sum of some of them."""

    def __init__(self, seed, table, steps, constants=(0.5, -0.0, 1.0, -2.0, 0.0)):
        chosen = random.Random(seed)
        self.constants = constants
        known = ARGUMENTS + len(constants)
        self.steps = []
        for _ in range(steps):
            if self.steps and chosen.random() < 0.1:  # a duplicate
                self.steps.append(chosen.choice(self.steps))
            else:
                count, op = table[chosen.choice(sorted(table))]
                newest = known + len(self.steps)
                # Mostly recent numbers, so that chains of sums and products arise, and dead code, too.
                near = [
                    chosen.randrange(max(0, newest - 4), newest) if chosen.random() < 0.6 else chosen.randrange(newest)
                    for _ in range(count)
                ]
                self.steps.append((op, near))
        self.results = chosen.sample(range(known, known + steps), 3)

    def __call__(self, x):
        values = [*x, *self.constants]
        for op, places in self.steps:
            values.append(op(*(values[place] for place in places)))
        return ops.sum([values[place] + 0.0 * x[0] for place in self.results])

    def several(self, x):
        """The numbers themselves, not their sum."""
        values = [*x, *self.constants]
        for op, places in self.steps:
            values.append(op(*(values[place] for place in places)))
        return [values[place] for place in self.results]


def gradient_bounds(f, point):
    """For each number of the argument, by how much its derivative may be off; see above."""
    neurons = [Neuron(x) for x in point]
    order, error = interior(f(neurons)), dict.fromkeys(neurons, 0.0)
    slopes, doubts = {}, {}
    for neuron in order:
        inputs = [Neuron(value_of(entry)) for entry in neuron.constituents]
        op = neuron.operation
        out = op(*op.columns(inputs)) if op.variadic else op(*inputs)
        first = gradient(out, inputs, create_graph=True)
        before = [error.get(entry, 0.0) if type(entry) is Neuron else 0.0 for entry in neuron.constituents]
        exact = op.name in ("add", "sub", "mul", "neg", "abs", "where", "maximum", "max", "stop_gradient")
        rounding = UNIT * len(inputs) * sum(abs(x.value) for x in inputs) if op.variadic else 4.0 * math.ulp(out.value)
        error[neuron] = sum(abs(p.value) * e for p, e in zip(first, before, strict=True)) + (0.0 if exact else rounding)
        slopes[neuron] = [p.value for p in first]
        doubts[neuron] = [
            (0.0 if exact else 4.0 * math.ulp(p.value))
            + sum(
                abs(second) * e for second, e in zip(gradient(p, inputs) if any(before) else [], before, strict=False)
            )
            for p in first
        ]
    adjoint, doubt = {order[-1]: 1.0}, {order[-1]: 0.0}
    magnitude = {}
    for neuron in reversed(order):
        mine, unsure = adjoint.get(neuron, 0.0), doubt.get(neuron, 0.0)
        for entry, slope, off in zip(neuron.constituents, slopes[neuron], doubts[neuron], strict=True):
            if type(entry) is not Neuron:
                continue
            product = mine * slope
            adjoint[entry] = adjoint.get(entry, 0.0) + product
            magnitude[entry] = magnitude.get(entry, 0.0) + abs(product)
            doubt[entry] = (
                doubt.get(entry, 0.0) + unsure * abs(slope) + abs(mine) * off + UNIT * (abs(product) + magnitude[entry])
            )
    return [8.0 * doubt.get(neuron, 0.0) for neuron in neurons], 8.0 * error[order[-1]]


def value_of(entry):
    return entry.value if type(entry) is Neuron else entry


def interior(output):
    """The neurons below an output, oldest first."""
    found, todo = {}, [output]
    while todo:
        neuron = todo.pop()
        if neuron not in found and neuron.constituents:
            found[neuron] = None
            todo += [entry for entry in neuron.constituents if type(entry) is Neuron]
    rank = {}

    def place(neuron):
        for entry in neuron.constituents:
            if type(entry) is Neuron and entry in found and entry not in rank:
                place(entry)
        rank.setdefault(neuron, len(rank))

    place(output)
    return sorted(found, key=rank.__getitem__)


def points(seed, count):
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (count, ARGUMENTS))


@pytest.mark.parametrize("seed", range(12))
def test_sums_and_products(seed, compiled, bits):
    graph = Graph(seed, EXACT if seed % 2 else EXACT | CHOICES, 25)
    c, several = compiled(graph), compiled(graph.several)
    for x in points(seed, 4).tolist():
        value, gradients = value_and_grad(graph)(x)
        found, derivatives = c.value_and_grad(x)
        assert bits(found) == bits(value)
        assert bits(several(x)) == bits([value_of(y) for y in graph.several([Neuron(y) for y in x])])
        room, _ = gradient_bounds(graph, x)
        assert (np.abs(np.subtract(derivatives, gradients)) <= room).all(), (derivatives, gradients, room)


@pytest.mark.parametrize("seed", range(8))
def test_smooth_functions(seed, compiled):
    graph = Graph(seed, EXACT | SMOOTH, 20)
    c = compiled(graph)
    for x in points(seed, 2).tolist():
        value, gradients = value_and_grad(graph)(x)
        found, derivatives = c.value_and_grad(x)
        room, space = gradient_bounds(graph, x)
        assert abs(found - value) <= space
        assert (np.abs(np.subtract(derivatives, gradients)) <= room).all(), (derivatives, gradients, room)


@pytest.mark.parametrize("seed", range(8))
def test_special_values(seed, compiled, bits):
    """Values to the last bit, signs of zeros included; derivatives are finite where the engine's are."""
    special = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, -1e308, 3.0)
    graph = Graph(seed, EXACT | CHOICES, 12)
    c, several = compiled(graph), compiled(graph.several)
    chosen = random.Random(seed)
    with errstate(domain="ignore"):
        for _ in range(10):
            x = chosen.choices(special, k=ARGUMENTS)
            value, gradients = value_and_grad(graph)(x)
            found, derivatives = c.value_and_grad(x)
            assert bits(found) == bits(value), x
            assert bits(several(x)) == bits([value_of(y) for y in graph.several([Neuron(y) for y in x])]), x
            assert np.isfinite(derivatives).tolist() == np.isfinite(gradients).tolist(), (x, derivatives, gradients)


@pytest.mark.parametrize("table", [EXACT | CHOICES, EXACT | SMOOTH], ids=["exact", "smooth"])
def test_the_same_bits_on_every_run_at_one_point_and_in_batches(table, compiled, bits):
    graph = Graph(3, table, 40)
    xs = points(3, 300)
    c = compiled(graph)
    singles = [c.value_and_grad(x) for x in xs[:20]]
    again = [compiled(graph).value_and_grad(x) for x in xs[:20]]
    values, gradients = c.batch().value_and_grad(xs)
    one, alone = c.batch().value_and_grad(xs[:1])
    assert bits([value for value, _ in singles]) == bits([value for value, _ in again]) == bits(values[:20])
    assert bits([g for _, g in singles]) == bits([g for _, g in again]) == bits(gradients[:20])
    assert (bits(one), bits(alone)) == (bits(values[:1]), bits(gradients[:1]))


def test_the_same_bits_with_any_number_of_threads(compiled, backend, bits):
    graph = Graph(5, EXACT | SMOOTH, 60)

    def f(shared, x):
        return graph([a + b for a, b in zip(shared, x, strict=True)])

    c = compiled(f)
    shared, xs = np.full(ARGUMENTS, 0.25), points(5, 10_000)
    results = [c.batch((None, 0), threads=threads).value_and_grad(shared, xs, wrt=(0, 1)) for threads in (1, 2, 3)]
    summed = [(bits(total), values.tobytes(), own.tobytes()) for values, (total, own) in results]
    assert summed[0] == summed[1] == summed[2]


@pytest.mark.parametrize("neighbour", [0.0, 1.0], ids=["infinite derivative beside it", "regular"])
def test_a_point_has_the_same_bits_whatever_its_neighbours_are(neighbour, compiled, bits):
    """A derivative that is not finite at one point of a block does not change those at others, -0.0 included."""

    def f(x, y):
        return ops.sqrt(x) + y * y * -0.0

    c = compiled(f)
    with errstate(domain="ignore"):
        alone = c.value_and_grad(1.0, 2.0, wrt=(0, 1))
        values, (by_x, by_y) = c.batch().value_and_grad(np.array([1.0, neighbour]), np.array([2.0, 2.0]), wrt=(0, 1))
    assert bits([values[0], by_x[0], by_y[0]]) == bits([alone[0], *alone[1]])


def tree(x, chosen, depth):
    """An expression in which every result is used once: what the compiler gathers into sums of products."""
    if depth == 0:
        return chosen.choice(x)
    one, other = (tree(x, chosen, chosen.randrange(depth)) for _ in range(2))
    return chosen.choice((ops.add, ops.add, ops.sub, ops.mul))(one, other)


@pytest.mark.parametrize("seed", range(10))
def test_sums_within_sums_are_added_in_their_order(seed, compiled, bits):
    def f(x):
        chosen = random.Random(seed)
        return [tree(x, chosen, 7) for _ in range(4)]

    c = compiled(f)
    xs = 10.0 ** np.random.default_rng(seed).uniform(-3.0, 3.0, (9, ARGUMENTS))
    expected = [[value_of(y) for y in f([Neuron(number) for number in x])] for x in xs.tolist()]
    assert bits([c(x) for x in xs]) == bits(expected)
    assert bits(np.transpose(c.batch()(xs))) == bits(expected)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b, c, d: a + (b + (c + d)),
        lambda a, b, c, d: (a + b) + (c + d),
        lambda a, b, c, d: a * b + (c * d + a),
        lambda a, b, c, d: (a * b + c) - (d + a * c),
        lambda a, b, c, d: ops.sum([a, b + c, d]) + ops.dot([a, b], [c, d]),
        lambda a, b, c, d: a + ops.sum([b, c, d]),
        lambda a, b, c, d: -(a + b) + -(c * d),
    ],
)
def test_sums_whose_order_matters(f, compiled, bits):
    """1 + (1e16 - 1e16) is 1, and (1 + 1e16) - 1e16 is 0."""
    c = compiled(f)
    for point in itertools.permutations((1.0, 1e16, -1e16, 3.0)):
        assert bits(c(*point)) == bits(f(*map(Neuron, point)).value)


def test_results_that_are_parts_of_others(compiled, bits):
    """What is asked for is kept, however little else uses it."""

    def f(a, b):
        total = a + b
        product = a * b
        return [total + a, total, product + b, product]

    c = compiled(f)
    for point in ((1.5, 0.3), (-2.0, 0.7)):
        assert bits(c(*point)) == bits([value_of(y) for y in f(*map(Neuron, point))])
        assert c.jacobian(*point) == jacobian(f)(*point)


SWEEPS = {
    "a pole in the arm not taken": lambda x: ops.where(x > 0.0, ops.sqrt(x), 2.0 * x),
    "an infinite slope times zero further down": lambda x: ops.sqrt(x * x),
    "an infinite slope times a zero input": lambda x: x * ops.sqrt(x),
    "an infinite slope times a zero constant": lambda x: 0.0 * ops.sqrt(x),
    "a slope of zero above an infinite one": lambda x: ops.square(ops.sqrt(x)),
    "two poles that cancel": lambda x: ops.sqrt(x) - ops.sqrt(2.0 * x),
    "a norm at zero": lambda x: ops.sqrt(x * x + x * x),
    "an infinite slope above a product with zero": lambda x: ops.cbrt(x * 0.0 + x * x * x),
}


@pytest.mark.parametrize("f", SWEEPS.values(), ids=SWEEPS)
def test_infinite_slopes_meet_zeros_as_they_do_in_the_engine(f, compiled, outcome, bits):
    """Only what has the adjoint 0.0 passes nothing on: an infinite slope on the way to an output is an error."""
    c = compiled(f)
    c.value_and_grad(1.0)
    expected = outcome(value_and_grad(f), 0.0)
    assert outcome(c.value_and_grad, 0.0) == expected
    many = outcome(c.batch().value_and_grad, np.zeros(3))
    assert (many if isinstance(many[0], type) else (many[0][2], many[1][2])) == expected
    with errstate(domain="ignore"):
        ignored = value_and_grad(f)(0.0)
        assert bits(c.value_and_grad(0.0)) == bits(ignored)
        values, slopes = c.batch().value_and_grad(np.zeros(3))
        assert bits([values[1], slopes[1]]) == bits(ignored)


@pytest.mark.parametrize("signs", list(itertools.product((0.0, -0.0), repeat=3)))
def test_signs_of_zeros(signs, compiled, bits):
    def f(x, y, z):
        return [
            x + y,
            x - y,
            x * y,
            -x,
            x + (y + z),
            (x - y) - z,
            x * y + z,
            z - x * y,
            ops.sum([x, y]),
            ops.dot([x], [y]),
            x * 1.0,
            x + 0.0,
        ]

    expected = [value_of(y) for y in f(*map(Neuron, signs))]
    c = compiled(f)
    assert bits(c(*signs)) == bits(expected)
    assert bits([column[1] for column in c.batch()(*(np.full(2, x) for x in signs))]) == bits(expected)
