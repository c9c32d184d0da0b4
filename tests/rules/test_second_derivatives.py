"""Second derivatives, pure and mixed, in ulps of what mpmath finds as differences of the references in many digits."""

from __future__ import annotations

import itertools
import math
import random
from typing import NamedTuple

import mpmath
import pytest

from gograd_core import Neuron, current, derivative, errstate, gradient, ops
from gograd_core.extend import inside

pytestmark = pytest.mark.repeated_later

ULPS = 16.0
INPUT_ULPS = 0.5  # what rounding the inputs themselves does
RANDOM_POINTS, CANDIDATES = 6, 60
DIGITS, STEP = 400, 30  # a difference of numbers near 1 may be as small as a float, and is good for 60 digits


class Allowed(NamedTuple):
    why: str
    ulps: float = ULPS
    inputs: float = INPUT_ULPS
    of_largest: bool = False  # in ulps of the largest second derivative at the point


CANCELS = "it is 1/r - x*x/r**3, and nearly 0 for an entry much larger than the others"
ALLOWED = {
    "beta": Allowed("the value is accurate to 64 ulps", ulps=96.0),
    "dist": Allowed(CANCELS, of_largest=True),
    "norm": Allowed(CANCELS, of_largest=True),
    "erfcx": Allowed("to the left of 1 it is a difference of differences", ulps=24.0),
    "gelu_tanh": Allowed("the argument of the exponential is a cubic, which is rounded", inputs=4.0),
    "logsumexp": Allowed("the shares depend on differences of the entries, which are rounded", inputs=2.0),
}

# Where the second derivative was lost: next to seams, where terms cancel, where others are far larger.
HARD = {
    "beta": [
        (0.0041185, 10.027181892928077),
        (0.01074675251036092, 0.011059498651723757),
        (0.1251, 50.0),
        (1e-9, 50.0),
        (20.0, 0.1),
        (0.05, 1e20),
        (1.6343882270996966, 0.14934050644682745),
        (1.9841266021148113e109, 0.9711476676754282),
    ],
    "betaln": [(13.584282157853057, 74029015457858.03), (2099255.6385329138, 90.71818641815813), (20.0, 0.001)],
    "cbrt": [(-0.17822793021305217,), (1e-100,)],
    "erfcinv": [(0.05519337170138699,), (1e-20,)],
    "erfcx": [(0.8844761447120909,), (0.95,), (math.nextafter(1.0, 0.0),), (1.0,), (1.3,), (1.49,), (40.0,)],
    "expit": [(1e-9,), (-1.0,), (1.0,)],
    "hypot": [(1e9, 1.0), (1.0, -1e9)],
    "log_ndtr": [(-2.0,), (-1.0,), (-1.1,), (-40.0,), (3.0,)],
    "logit": [(0.4999999995,), (0.500001,), (0.2500001,), (0.25,), (1e-100,)],
    "logsumexp": [(20.639477980437054, -2.049106676122974, -3.4177368279174583), (0.0, 40.0), (3.0, 3.0, -60.0)],
    "ndtri": [(0.13671955,), (0.12784268476020305,), (0.1467166781994019,), (0.4999999,), (1e-20,)],
    "tanh": [(0.49999,), (0.50001,), (1e-9,)],
}

DIFFERENTIABLE = [op for op in current.registry.operations() if any(op.partials) and not op.opaque]


def points(op):
    chance = random.Random(op.name)
    shapes = [op.flatten(sample) if op.variadic else sample for sample in op.samples]
    found = [tuple(map(float, shape)) for shape in shapes]
    for _ in range(CANDIDATES):
        size = len(chance.choice(shapes))
        point = tuple(chance.choice((1.0, -1.0)) * 10.0 ** chance.uniform(-3.0, 1.5) for _ in range(size))
        if len(found) < len(shapes) + RANDOM_POINTS and inside(op, point):
            found.append(point)
    return found + HARD.get(op.name, [])


def inputs(op, point):
    return [list(column) for column in op.columns(point)] if op.variadic else list(point)


def second_derivatives(op, point):
    """Those by every pair of inputs for which there is a partial, in either order."""
    neurons = [Neuron(x) for x in point]
    slopes = gradient(op(*inputs(op, neurons)), neurons, create_graph=True)
    length = len(point) // len(op.partials)
    entries = [i for i in range(len(point)) if op.partials[i // length] is not None]
    for i in entries:
        row = gradient(slopes[i], neurons) if isinstance(slopes[i], Neuron) else [0.0] * len(point)
        yield from (((i, j), row[j]) for j in entries)


def exact(op, point, entries):
    """The derivative by these entries in turn: the central difference of half a step to either side, repeated."""
    steps = [mpmath.mpf(10) ** -STEP * (abs(x) or 1.0) for x in point]
    total = largest = mpmath.mpf(0)
    for signs in itertools.product((1, -1), repeat=len(entries)):
        moved = list(map(mpmath.mpf, point))
        for entry, sign in zip(entries, signs, strict=True):
            moved[entry] += sign * steps[entry] / 2
        value = op.reference(mpmath.mp, *inputs(op, moved))
        total += math.prod(signs) * value
        largest = max(largest, abs(value))
    is_noise = abs(total) < largest * mpmath.mpf(10) ** (3 - DIGITS)
    return mpmath.mpf(0) if is_noise else total / mpmath.fprod(steps[entry] for entry in entries)


def excused(op, point, entries, ulps):
    """What changing the inputs by so many ulps does."""
    further = [i for i in range(len(point)) if op.partials[i * len(op.partials) // len(point)] is not None]
    return sum(abs(exact(op, point, (*entries, i))) * math.ulp(point[i]) * ulps for i in further)


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_second_derivatives_keep_their_digits(op):
    allowed = ALLOWED.get(op.name, Allowed("a few roundings"))
    with mpmath.workdps(DIGITS):
        for point in points(op):
            results = [(*result, exact(op, point, result[0])) for result in second_derivatives(op, point)]
            largest = max(abs(expected) for _, _, expected in results)
            for entries, found, expected in results:
                size = float(largest if allowed.of_largest else abs(expected))
                error, tolerance = abs(found - expected), allowed.ulps * math.ulp(size)
                if error > tolerance:
                    error -= excused(op, point, entries, allowed.inputs)
                assert float(error) <= tolerance, (point, entries, found, float(expected), allowed.why)


@pytest.mark.parametrize(
    ("name", "x", "value"),
    [
        ("ndtri", 1e-200, -math.inf),
        ("ndtri", 1e-300, -math.inf),
        ("erfcinv", 1e-200, math.inf),
        ("erfcinv", 2e-300, math.inf),
        ("logit", 1e-200, -math.inf),
        ("logit", 1e-310, -math.inf),
        ("logit", 5e-324, -math.inf),
        ("log_ndtr", -1e10, -1.0),
        ("log_ndtr", -1e200, -1.0),
        ("cbrt", 1e-204, -math.inf),
        ("cbrt", -1e-204, math.inf),
        ("gelu_tanh", 1e200, 0.0),
        ("gelu_tanh", -1e200, 0.0),
    ],
)
def test_what_is_too_large_or_too_small_for_floats(name, x, value):
    with errstate(domain="ignore"):
        assert derivative(ops[name], order=2)(x) == value


SIZES = (
    5e-324,
    1e-310,
    1e-300,
    1e-200,
    1e-100,
    1e-16,
    0.25,
    1.0,
    2.0,
    30.0,
    709.5,
    745.0,
    1e8,
    1e16,
    1e100,
    1e200,
    1.7e308,
)
OPPOSITE = {
    "atan2": "1/r**2 and 2*x*x/r**4",
    "beta": "terms in 1/a**2",
    "betaln": "1/a**2 and 1/(a + b)**2",
    "hypot": "1/r and x*x/r**3",
    "log_base": "terms in 1/base**2 with powers of log(base)",
    "pow": "y*y*x**(y - 2) and y*x**(y - 2)",
}


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if not op.variadic], ids=lambda op: op.name)
def test_second_derivatives_that_overflow_are_infinite(op):
    """They are NaN only where two terms with opposite signs overflow, as docs/accuracy.md says of these operations."""
    numbers = [sign * size for size in SIZES for sign in (1.0, -1.0)]
    shapes = [(sample, i) for sample in op.samples for i, partial in enumerate(op.partials) if partial is not None]
    tried = {(*sample[:i], x, *sample[i + 1 :]) for sample, i in shapes for x in numbers}
    tried |= set(itertools.product(numbers[::2], repeat=2)) if len(op.partials) == 2 else set()
    with errstate(domain="ignore"):
        inside_domain = [point for point in tried if inside(op, point) and not math.isnan(op(*point))]
        results = [(point, *each) for point in inside_domain for each in second_derivatives(op, point)]
    undefined = [result for result in results if math.isnan(result[-1])]
    assert results
    assert bool(undefined) == (op.name in OPPOSITE), undefined[:3]
