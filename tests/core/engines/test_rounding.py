"""How far rounding moves a value, to first order, is found in the sweep that computes its derivatives."""

from __future__ import annotations

import math
import random

import mpmath
import pytest

from gograd_core import DomainError, Neuron, StaleGraphError, gradient, ops
from gograd_core.extend import adjoints_and_rounding

UNIT = 2.0**-52


def below(output):
    """List what was computed, by a walk of its own."""
    found, waiting = {output}, [output]
    while waiting:
        for entry in waiting.pop().constituents:
            if isinstance(entry, Neuron) and entry not in found:
                found.add(entry)
                waiting.append(entry)
    return [neuron for neuron in found if neuron.operation is not None]


def expected_rounding(output):
    """Add up what one rounding of each number moves the output by: one derivative at a time."""
    moves = [abs(gradient(output, neuron)) * abs(neuron.value) * UNIT for neuron in below(output)]
    return math.fsum(moves)


STEPS = [
    lambda x, y: x + y,
    lambda x, y: x - 1.5 * y,
    lambda x, y: x * y,
    lambda x, y: ops.sin(x),
    lambda x, y: ops.tanh(y),
    lambda x, y: ops.fma(x, y, 0.5),
    lambda x, y: ops.fsum([x, y, 2.0]),
]


def random_graph(seed):
    draw = random.Random(seed)
    leaves = [Neuron(draw.uniform(-2.0, 2.0)) for _ in range(3)]
    made = list(leaves)
    for _ in range(25):
        made.append(draw.choice(STEPS)(draw.choice(made), draw.choice(made)))
    return leaves, made[-1] + ops.fsum(made)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs(seed):
    leaves, output = random_graph(seed)
    found, rounding, older = adjoints_and_rounding(output, leaves, leaves[0]._stamp)
    assert found == pytest.approx(gradient(output, leaves), rel=1e-13, abs=1e-13)  # in another order of addition
    assert rounding == pytest.approx(expected_rounding(output), rel=1e-12)
    assert older == []


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e8, 1e16, 1e300])
def test_terms_that_cancel_count(offset):
    x = Neuron(3.0)
    output = (x + offset) - offset
    assert adjoints_and_rounding(output, [x], 0)[1] == pytest.approx((abs(3.0 + offset) + output.value) * UNIT)


def test_it_bounds_what_rounding_does():
    """Of a sum of 200 terms, against exact arithmetic: never exceeded, and not by orders of magnitude too large."""
    draw = random.Random(5)
    errors = []
    for _ in range(50):
        terms = [draw.uniform(-1.0, 1.0) * 10.0 ** draw.uniform(-3.0, 3.0) for _ in range(200)]
        x = Neuron(1.0)
        output = 0.0 * x
        for term in terms:
            output = output + term * x
        with mpmath.workdps(60):
            error = abs(float(mpmath.mpf(output.value) - mpmath.fsum(map(mpmath.mpf, terms))))
        errors.append(error / adjoints_and_rounding(output, [x], 0)[1])
    assert max(errors) <= 0.5
    assert max(errors) >= 0.005


def test_what_is_too_small_for_a_relative_error_counts_too():
    x = Neuron(1e-200)
    assert adjoints_and_rounding(x * 1e-150, [x], 0)[1] == 5e-324


def test_the_gradients_of_all_neurons_stay_as_they_are():
    x, y = Neuron(2.0), Neuron(0.5)
    z = x * y
    output = ops.sin(z) + x
    output.backward()
    before = [neuron.grad for neuron in (x, y, z, output)]
    for _ in range(2):
        adjoints_and_rounding(output, [x], 0)
        assert [neuron.grad for neuron in (x, y, z, output)] == before
    assert gradient(output, [x, y]) == [0.5 * math.cos(1.0) + 1.0, 2.0 * math.cos(1.0)]


def test_neurons_that_are_older_are_listed_and_not_followed():
    a = Neuron(2.0)
    b = a * a
    x = Neuron(3.0)
    found, rounding, older = adjoints_and_rounding(x * b + a, [x], x._stamp)
    assert found == [4.0]
    assert rounding == pytest.approx((12.0 + 14.0) * UNIT)
    assert sorted(older, key=lambda neuron: neuron.value) == [a, b]


def test_a_leaf_and_an_input_that_is_not_there():
    x, y = Neuron(2.0), Neuron(3.0)
    assert adjoints_and_rounding(x, [x, y], 0) == ([1.0, 0.0], 0.0, [])


def test_a_leaf_that_is_not_asked_for_has_no_adjoint():
    """The derivative of a power with respect to its exponent is a logarithm, here of a negative number."""
    x, exponent = Neuron(-2.0), Neuron(2.0)
    assert adjoints_and_rounding(x**exponent, [x], 0)[0] == [-4.0]


def test_a_derivative_that_does_not_exist_leaves_no_trace():
    x = Neuron(0.0)
    inner = x * 1.0
    output = ops.sqrt(inner) + x
    x.grad = 7.0
    with pytest.raises(DomainError):
        adjoints_and_rounding(output, [x], 0)
    assert (x.grad, inner.grad) == (7.0, 0.0)
    assert gradient(ops.sin(inner) + x, x) == 2.0


def test_a_stale_graph_is_refused():
    x = Neuron(1.0)
    output = x * x
    x.value = 2.0
    with pytest.raises(StaleGraphError):
        adjoints_and_rounding(output, [x], 0)
