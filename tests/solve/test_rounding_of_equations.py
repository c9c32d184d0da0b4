"""Whether a root is simple is decided by the rounding of all operations, which one sweep adds up with the slopes.

Here the same decision is made from scratch: every adjoint by a sweep of its own, and the definition written out.
"""

from __future__ import annotations

import math
import random
from itertools import pairwise

import mpmath
import pytest

from gograd_core import DomainError, Neuron, errstate, grad, gradient, value_and_grad
from gograd_ops_solve import root
from gograd_ops_solve.equations import Equation

UNIT = 2.0**-52


def rounding_from_scratch(f, x, p):
    """Compute the slope of f, and how far rounding moves its value."""
    x, p = Neuron(x), Neuron(p)
    result = f(x, p)
    found, waiting = {result}, [result]
    while waiting:
        new = {entry for entry in waiting.pop().constituents if isinstance(entry, Neuron)} - found
        found |= new
        waiting += new
    noise = math.fsum(abs(gradient(result, node)) * abs(node.value) * UNIT for node in found if node.operation)
    return result.value, gradient(result, x), noise


def is_simple_from_scratch(f, x, p):
    """Return whether f is straight up to a quarter on at least one of 12 distances from x, and the margin to that."""
    value, slope, noise = rounding_from_scratch(f, x, p)
    if slope == 0.0:
        return False, 1.0
    shortest = max(16.0 * ((noise + abs(value)) / abs(slope)), 32.0 * math.ulp(x))
    bends = []
    for place in (x + side * shortest * 32.0**step for step in range(6) for side in (1, -1)):
        change = slope * (place - x)
        bends.append(abs(f(place, p) - value - change) / abs(change))
    return min(bends) <= 0.25, abs(min(bends) - 0.25)


def expanded(roots):
    """Return the coefficients of the product of all x - root, highest first."""
    coefficients = [1.0]
    for r in roots:
        coefficients = [a - r * b for a, b in zip([*coefficients, 0.0], [0.0, *coefficients], strict=True)]
    return coefficients


def polynomial(coefficients, scale, offset):
    def f(x, p):
        value = 0.0
        for coefficient in coefficients:
            value = value * x + coefficient
        return scale * (value - p) + offset - offset

    return f


def nearly_multiple(seed):
    """Draw a polynomial with two or three roots so near each other that rounding may hide which it is."""
    draw = random.Random(seed)
    middle, distance = draw.uniform(0.5, 3.0), 10.0 ** draw.uniform(-9.0, 0.0)
    roots = [middle, middle + distance, *([middle - draw.uniform(0.5, 2.0) * distance] if seed % 2 else [])]
    scale = 10.0 ** draw.choice([0.0, 0.0, -30.0, 30.0])
    offset = draw.choice([0.0, 0.0, 1.0, 1e3]) * scale
    return expanded(roots), scale, offset, middle + 1.5 * distance


def decision(f, x, p):
    """Return the derivative that `root` gives at x, which a method of its own says is a root; None if it gives none."""
    try:
        return grad(lambda p: root(f, x, p, method=lambda f, x: x))(p)
    except DomainError:
        return None


def test_decisions_are_those_from_scratch():
    """Over 400 equations, of which many have no derivative. Near the limit, rounding of the noise itself may decide."""
    decided = {True: 0, False: 0}
    for seed in range(400):
        *given, guess = nearly_multiple(seed)
        f = polynomial(*given)
        with errstate(domain="ignore"):
            x = root(f, guess, 0.0, method="newton")
            x = root(f, x, 0.0, method=lambda f, x: x)  # where this method ends, too
        if math.isnan(x):
            continue
        expected, margin = is_simple_from_scratch(f, x, 0.0)
        if margin < 1e-6:
            continue
        found = decision(f, x, 0.0)
        assert (found is not None) == expected, seed
        decided[expected] += 1
    assert min(decided.values()) >= 60


def test_what_is_not_refused_is_a_derivative():
    """Against the derivative at the exact root, in 60 digits. It may be off by the quarter that F may bend by."""
    errors = []
    for seed in range(300):
        coefficients, scale, offset, guess = nearly_multiple(seed)
        f = polynomial(coefficients, scale, offset)
        with errstate(domain="ignore"):
            x, slope = value_and_grad(lambda p: root(f, guess, p, method="newton"))(0.0)  # noqa: B023
        if math.isfinite(slope):
            with mpmath.workdps(60):
                exact = min(mpmath.polyroots(coefficients, maxsteps=500, extraprec=300), key=lambda r: abs(r - x))
                errors.append(float(abs(slope * mpmath.polyval(coefficients, exact, derivative=1)[1] - 1)))
    assert len(errors) >= 100
    assert max(errors) < 0.25


@pytest.mark.parametrize("offset", [1e3, 1e8, 1e12, 1e16])
@pytest.mark.parametrize("a", [0.7, 3.0, -41.5])
def test_huge_terms_that_cancel(a, offset):
    """Then F is a staircase. It is as straight as rounding lets it be, far enough away, and its derivative is exact."""
    f = lambda x, p: (x - p) + offset - offset  # noqa: E731
    x, slope = value_and_grad(lambda p: root(f, (a - 1e3 * offset, a + 1.7e3 * offset), p))(a)
    assert abs(x - a) <= math.ulp(offset)
    assert slope == 1.0
    assert is_simple_from_scratch(f, x, a)[0]


@pytest.mark.parametrize("offset", [1.0, 1e4, 1e8])
def test_so_they_hide_a_double_root(offset):
    f = lambda x, p: (x - 1.0) ** 2 - p + offset - offset  # noqa: E731
    with pytest.raises(DomainError):
        grad(lambda p: root(f, 1.3, p, method="newton"))(0.0)
    near = 2.0 * UNIT * offset  # the two roots are a few units of noise apart
    assert decision(f, root(f, 1.3, near, method="newton"), near) is None
    clear = 1e8 * UNIT * offset
    x, slope = value_and_grad(lambda p: root(f, 1.0 + 1.3 * math.sqrt(clear), p, method="newton"))(clear)
    assert slope == pytest.approx(0.5 / math.sqrt(clear), rel=1e-6)  # of the rounding of x: noise / clear
    assert x == pytest.approx(1.0 + math.sqrt(clear), rel=1e-6)


@pytest.mark.parametrize("seed", range(30))
def test_the_rounding_is_that_of_every_operation(seed):
    *given, guess = nearly_multiple(seed)
    f = polynomial(*given)
    point = Equation(f, f, "f", (0.25,)).point(guess)
    value, slope, noise = rounding_from_scratch(f, guess, 0.25)
    assert (point.value, point.slope) == (value, pytest.approx(slope, rel=1e-12, abs=1e-12 * noise / UNIT))
    assert point.noise == pytest.approx(noise, rel=1e-12)


def test_derivatives_of_one_root_and_of_the_next_are_kept_apart():
    """What is known of the latest root is known of no other one."""
    f = lambda a, b: root(lambda x, a, b: x**3 + a * x - b, (0.0, 10.0), a, b)  # noqa: E731
    points = [(1.0, 2.0), (1.0, 3.0), (2.0, 3.0)]
    neurons = [(Neuron(a), Neuron(b)) for a, b in points]
    roots = [f(a, b) for a, b in neurons]
    for (a, b), x in [*zip(neurons, roots, strict=True)][::-1]:
        slope = 3.0 * x.value**2 + a.value
        assert gradient(x, [a, b]) == pytest.approx([-x.value / slope, 1.0 / slope], rel=1e-14)
    for one, two in pairwise(roots):
        assert one.value != two.value
