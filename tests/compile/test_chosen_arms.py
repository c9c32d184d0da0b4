"""What was not chosen counts for nothing in compiled functions: derivatives of every order are those of eager mode.

Programs nest choices around poles. They are recorded at one point and called at others, on borders and poles: then
both give the same number, or both raise `DomainError`. Numbers are powers of two and their like, so that what decides
a choice is exact on both sides. Derivatives are sums in another order, of numbers that are at most some 1e6 times
as large as what is left of them; hence 1e-9.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

import gograd_compile
from gograd_core import DomainError, Neuron, Op, derivative, errstate, grad, hessian, hvp, jacobian, jvp, math, ops

pytestmark = pytest.mark.repeated_later

TOLERANCE = 1e-9
DIRECTION = (1.0, -0.5, 2.0)
WEIGHTS = (1.0, 2.0, 0.5)


def total(g):
    """A number made of a list of them."""
    return lambda p: sum((weight * entry for weight, entry in zip(WEIGHTS, g(p), strict=False)), 0.0)


def beside_value(f, g):
    """The value and what `g` gives, so that the value counts, and with it what it raises."""
    return lambda p: [f(p), *g(p)]


def in_a_row(g):
    return lambda p: [entry for row in g(p) for entry in row]


def along(f):
    return lambda p: [jvp(f, (p,), (DIRECTION[: len(p)],))[1]]


def value(f):
    """As the engine runs a function: of neurons, and not in order to differentiate it."""

    def numbers(p):
        result = f(list(map(Neuron, p)))
        entries = result if isinstance(result, list) else [result]
        values = [entry.value if isinstance(entry, Neuron) else entry for entry in entries]
        return values if isinstance(result, list) else values[0]

    return numbers


# Per way of asking: what of the program is compiled, what is asked of that, and of the engine.
MODES = {
    "value": (lambda f: f, lambda c: c, value),
    "gradient": (lambda f: f, lambda c: c.grad, grad),
    "jacobian": (lambda f: f, lambda c: c.jacobian, jacobian),
    "hessian": (lambda f: f, lambda c: c.hessian, hessian),
    "hvp": (
        lambda f: f,
        lambda c: lambda p: c.hvp(p, list(DIRECTION[: np.shape(p)[-1]])),
        lambda f: lambda p: hvp(f)(p, list(DIRECTION[: len(p)])),
    ),
    "gradient alone": (grad, lambda c: c, value),
    "jacobian of two": (lambda f: lambda p: [f(p), p[0] * 2.0], lambda c: c.jacobian, jacobian),
    "hessian alone": (lambda f: in_a_row(hessian(f)), lambda c: c, value),
    "grad inside": (lambda f: beside_value(f, grad(f)), lambda c: c, value),
    "jacobian of grad inside": (lambda f: beside_value(f, grad(f)), lambda c: c.jacobian, jacobian),
    "hessian of grad inside": (lambda f: total(beside_value(f, grad(f))), lambda c: c.hessian, hessian),
    "jvp inside": (lambda f: beside_value(f, along(f)), lambda c: c, value),
    "jacobian of jvp inside": (lambda f: beside_value(f, along(f)), lambda c: c.jacobian, jacobian),
    "hessian inside": (lambda f: beside_value(f, in_a_row(hessian(f))), lambda c: c, value),
    "third order inside": (lambda f: beside_value(f, grad(total(grad(f)))), lambda c: c.jacobian, jacobian),
}


def found(f, *args):
    """What a call gives, as an array; None if it raises `DomainError`."""
    try:
        return np.asarray(f(*args), dtype=np.float64)
    except DomainError:
        return None


def same(one, other):
    if one is None or other is None:
        return one is other
    return np.all(np.abs(one - other) <= TOLERANCE * (1.0 + np.abs(other)))  # NaN is nobody's


def huber(x):
    return ops.where(x * x < 1.0, 0.5 * x * x, ops.sqrt(x * x) - 0.5)


def distance(x):
    return ops.sqrt(x * x)


ramp = Op(
    "ramp",
    forward=lambda xp, x: xp.where(x > 0.0, x, 0.0),
    partials=(lambda xp, out, x: (x > 0.0) * 1.0,),
    samples=((1.0,), (-1.0,)),
)
"""An operation of somebody else's, whose slope is a comparison."""

above = Op(
    "above",
    forward=lambda xp, x, y: x > y,
    partials=(lambda xp, out, x, y: 0.0, lambda xp, out, x, y: 0.0),
    samples=((1.0, 0.0), (-1.0, 2.0)),
)
"""Another one, which gives a bool."""


INSTANCES = {  # with the first three derivatives at 0
    "where": (huber, (0.0, 1.0, 0.0)),
    "maximum": (lambda x: ops.maximum(distance(x), 1.0) + x, (1.0, 0.0, 0.0)),
    "minimum": (lambda x: ops.minimum(distance(x) + 1.0, 0.5) * x * x, (0.0, 1.0, 0.0)),
    "clip": (lambda x: ops.clip(distance(x), 0.5, 2.0) * x * x, (0.0, 1.0, 0.0)),
    "relu": (lambda x: ops.relu(distance(x) - 1.0) + x * x * x, (0.0, 0.0, 6.0)),
    "max of a column": (lambda x: ops.max([distance(x), 2.0, 1.0 - distance(x)]) * x, (2.0, 0.0, 0.0)),
    "an operation of somebody else's": (lambda x: ramp(distance(x) - 1.0) + x * x, (0.0, 2.0, 0.0)),
    "a comparison as a number": (lambda x: (x > 1.0) * distance(x) + x * x, (0.0, 2.0, 0.0)),
    "an integer as a number": (lambda x: math.floor(x + 0.5) * distance(x) + x * x, (0.0, 2.0, 0.0)),
    "the rest of an integer": (lambda x: math.ceil(x) % 3 / 2 * distance(x) + x * x, (0.0, 2.0, 0.0)),
    "a truth value that somebody gives a slope": (lambda x: above(x, 1.0) * distance(x) + x * x, (0.0, 2.0, 0.0)),
    "a constant arm before a pole": (lambda x: ops.sqrt(ops.where(x > 1.0, x, 0.0)) + x * x, (0.0, 2.0, 0.0)),
}


def product_with_one(f):
    return lambda x: f.hvp(x, 1.0)


def second_of_a_batch(batch):
    return lambda x: float(batch.hessian(np.array([1.5, x]))[1])


WAYS = {
    "hessian": lambda f, compiled: (compiled(f).hessian, 1),
    "hvp": lambda f, compiled: (product_with_one(compiled(f)), 1),
    "grad inside": lambda f, compiled: (compiled(grad(f)), 0),
    "gradient of grad inside": lambda f, compiled: (compiled(grad(f)).grad, 1),
    "gradient of jvp inside": lambda f, compiled: (compiled(lambda x: jvp(f, (x,), (1.0,))[1]).grad, 1),
    "grad of grad inside": lambda f, compiled: (compiled(grad(grad(f))), 1),
    "hessian of grad inside": lambda f, compiled: (compiled(grad(f)).hessian, 2),
    "derivative inside": lambda f, compiled: (compiled(derivative(f, 3)), 2),
    "batch": lambda f, compiled: (second_of_a_batch(compiled(f).batch()), 1),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize("first", [0.0, 0.5, -3.0])
def test_an_arm_that_was_not_taken_does_not_matter(compiled, name, way, first):
    f, slopes = INSTANCES[name]
    ask, order = WAYS[way](f, compiled)
    ask(first)
    assert ask(0.0) == slopes[order]


@pytest.mark.parametrize("first", [[0.5, 1.0], [0.25, -0.5]])
def test_first_derivatives_of_what_an_integer_is_multiplied_with(compiled, first):
    def f(p):
        return ops.asin(1.0 - p[0] * math.trunc(p[1]))

    c = compiled(f)
    c.grad(first)
    at = [0.25, -0.5]  # the slope of asin is infinite there
    assert c.grad(at) == c.jacobian(at) == grad(f)(at) == [0.0, 0.0]
    assert c.batch().grad(np.array([first, at]))[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (lambda s: s * (x < 1.0) - s * (x < 2.0))(distance(x)) + x * x,
        lambda x: (lambda s: s * math.floor(x + 1.0) - s * math.ceil(x + 1.0))(distance(x)) + x * x,
    ],
)
def test_choices_that_cancel(compiled, f):
    c, g = compiled(f), compiled(grad(f))
    for x in (0.5, 0.0, -2.0):
        assert [c.grad(x), c.hessian(x), g(x), g.grad(x)] == [grad(f)(x), hessian(f)(x), grad(f)(x), hessian(f)(x)]


def test_the_jacobian_of_one_number_is_its_gradient(compiled):
    def f(x):
        return (lambda s: s - 2.0 * s + s)(distance(x)) + x

    c = compiled(f)
    assert c.grad(0.0) == c.jacobian(0.0) == jacobian(f)(0.0) == 1.0
    assert c.batch().jacobian(np.array([0.0, 2.0])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("first", [[2.0, 1.0], [-1.0, -2.0], [0.0, 2.0]])
def test_mixed_derivatives(compiled, first):
    f = compiled(lambda p: ops.where(p[0] > 0.0, ops.sqrt(p[0] * p[1]), p[0] * p[1]))
    f.hessian(first)
    assert f.hessian([0.0, 2.0]) == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_a_zero_by_value_beside_a_pole_is_an_error(compiled, first):
    """In second order; the gradient has a number there, which the engine gives."""
    slope = compiled(grad(lambda x: distance(x) * x))
    assert slope(first) == 2.0 * first
    for ask in (compiled(lambda x: distance(x) * x).hessian, slope.grad):
        if first:
            ask(first)
        with pytest.raises(DomainError, match=r"(sqrt\(0.0\)|div\(0.5, 0.0\)) (with respect to input 0 )?is inf"):
            ask(0.0)


def test_where_the_engine_was_told_to_ignore_what_is_not_real(compiled):
    def f(x):
        with errstate(domain="ignore"):
            return ops.where(x > 0.0, ops.log(x) * ops.sqrt(x), x * x)

    g = compiled(f)
    assert g.hessian(4.0) == pytest.approx(hessian(f)(4.0), rel=1e-14)  # a few roundings
    for x in (-2.0, 0.0):
        assert g.hessian(x) == g.hvp(x, 1.0) == 2.0
        with errstate(domain="ignore"):
            assert g.hessian(x) == 2.0
            assert g.batch().hessian(np.array([x, x])).tolist() == [2.0, 2.0]


def test_a_program_that_was_loaded_has_the_choices_too(compiled, backend, tmp_path):
    f = compiled(huber)
    f.hessian(3.0)
    f.save(tmp_path / "huber")
    assert gograd_compile.load(tmp_path / "huber", backend=backend).hessian(0.0) == 1.0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", [0, 6, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 36, 6))])
def test_compiled_programs_give_what_the_engine_gives(compiled, generated, seed, mode):
    for each in range(seed, seed + 6):
        draw = random.Random(each)
        f = generated.program(draw, draw.choice((1, 1, 2, 3)), draw.randint(4, 9))
        points = [generated.numbers(draw, f.arguments) for _ in range(4)]
        inside, ask, engine = MODES[mode]
        g = inside(f)
        at_one, expected = ask(compiled(g)), engine(g)
        for point in points:
            assert same(found(at_one, point), found(expected, point)), f"recorded at {points[0]}, at {point}:\n{f}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", [36, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(42, 60, 6))])
def test_batches_give_what_the_engine_gives(compiled, generated, seed, mode):
    for each in range(seed, seed + 6):
        draw = random.Random(each)
        f = generated.program(draw, 2, draw.randint(4, 9))
        points = [generated.numbers(draw, 2) for _ in range(6)]
        inside, ask, engine = MODES[mode]
        g = inside(f)
        batch = ask(AtMany(compiled(g)))
        wanted = [found(engine(g), point) for point in points]
        right = [point for point, result in zip(points, wanted, strict=True) if result is not None]
        if right:
            results = [result for result in wanted if result is not None]
            assert same(found(batch, np.array(right)), np.array(results)), f"at {right}:\n{f}"
        for point, result in zip(points, wanted, strict=True):
            if result is None:
                assert found(batch, np.array([*right, point])) is None, f"at {point}:\n{f}"


class AtMany:
    """A compiled function of two numbers, asked at many points at once for what it gives at one."""

    def __init__(self, f):
        batch = f.batch()
        self.grad, self.hessian, self._batch = batch.grad, batch.hessian, batch

    def __call__(self, points):
        return rows(self._batch(points))

    def hvp(self, points, vector):
        return self._batch.hvp(points, np.array([vector] * len(points)))

    def jacobian(self, points):
        return rows(self._batch.jacobian(points))


def rows(found):
    """What is nested in a list, with the points as first axis."""
    return np.stack(found, axis=1) if isinstance(found, list) else found
