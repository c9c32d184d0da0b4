"""Second derivatives in closed form, in every mixture of modes, and laws that all derivatives obey.

The laws are tried on random programs over small whole numbers, where floats do not round: what
must be equal is equal to the last bit.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gograd_core import derivative, grad, hessian, hvp, jacobian, jvp, ops, vjp

MODES = {"reverse": grad, "forward": lambda f: lambda x: jvp(f, (x,), (1.0,))[1]}


def sech(x):
    return 1 / math.cosh(x)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# Function, its second derivative, points. 1e-14 relative: a few roundings in each of a few terms.
SECOND = {
    "tanh": (ops.tanh, lambda x: -2 * math.tanh(x) * sech(x) ** 2, (0.3, -1.2, 3.0)),
    "exp": (ops.exp, math.exp, (0.0, -3.0, 5.0)),
    "log": (ops.log, lambda x: -1 / x**2, (0.1, 7.0)),
    "sin": (ops.sin, lambda x: -math.sin(x), (0.4, -2.0)),
    "sqrt": (ops.sqrt, lambda x: -0.25 * x**-1.5, (0.3, 9.0)),
    "sigmoid": (ops.sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x)), (0.5, -2.0)),
    "constant power": (lambda x: x**3.5, lambda x: 8.75 * x**1.5, (0.5, 2.0)),
    "negative base": (lambda x: x**3, lambda x: 6 * x, (-2.0, 0.0)),
    "constant base": (lambda x: 2.0**x, lambda x: math.log(2) ** 2 * 2.0**x, (-1.0, 3.0)),
    "power of itself": (lambda x: x**x, lambda x: x**x * ((math.log(x) + 1) ** 2 + 1 / x), (0.5, 2.0)),
    "quotient": (lambda x: x / (1.0 + x * x), lambda x: 2 * x * (x * x - 3) / (1 + x * x) ** 3, (0.5, -2.0)),
    "chosen arm": (lambda x: ops.where(x > 0.0, x**3, x * x), lambda x: 6 * x if x > 0 else 2.0, (2.0, -2.0)),
    "chosen by if": (lambda x: x**3 if x > 0.0 else x * x, lambda x: 6 * x if x > 0 else 2.0, (2.0, -2.0)),
    "rectified": (lambda x: x * x * ops.relu(x), lambda x: 6 * x if x > 0 else 0.0, (2.0, -2.0)),
    "larger": (lambda x: ops.maximum(x * x, x), lambda x: 2.0 if x > 1 else 0.0, (3.0, 0.5)),
    "absolute": (lambda x: abs(x) * x, lambda x: math.copysign(2.0, x), (3.0, -0.5)),
    "dot": (lambda x: ops.dot([x, x * x, 1.0], [x, x, x]), lambda x: 2 + 6 * x, (1.5, -2.0)),
    "sum": (lambda x: ops.sum([x, 5.0, x**4]), lambda x: 12 * x * x, (1.5, -2.0)),
}


@pytest.mark.parametrize("outer", MODES.values(), ids=MODES)
@pytest.mark.parametrize("inner", MODES.values(), ids=MODES)
@pytest.mark.parametrize(("f", "exact", "points"), SECOND.values(), ids=SECOND)
def test_second_derivatives_in_closed_form(outer, inner, f, exact, points):
    for x in points:
        expected = pytest.approx(exact(x), rel=1e-14, abs=0.0)
        assert outer(inner(f))(x) == expected
        assert hessian(f)(x) == expected
        assert hvp(f)(x, 1.0) == expected
        assert derivative(f, 2)(x) == expected


# Polynomials, and choices between them: whole numbers go in, and whole numbers come out.
EXACT = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "square": lambda x, y: x**2,
    "product of three": lambda x, y: x * y * 3.0,
    "larger": ops.maximum,
    "absolute": lambda x, y: abs(x),
    "choice": lambda x, y: ops.where(x > y, x * x, y),
    "sum": lambda x, y: ops.sum([x, 1.0, y, x]),
    "dot": lambda x, y: ops.dot([x, y, 2.0], [y, y, x]),
}
SIZE = 3
numbers = st.integers(-3, 3).map(float)
vectors = st.lists(numbers, min_size=SIZE, max_size=SIZE)


@st.composite
def programs(draw):
    """A function of SIZE numbers that returns two: steps, each an operation on earlier results."""
    steps = []
    for length in range(SIZE, SIZE + draw(st.integers(1, 6))):
        position = st.integers(0, length - 1)
        steps.append((draw(st.sampled_from(list(EXACT))), draw(position), draw(position)))
    return steps


def function(steps):
    def run(x):
        results = list(x)
        for name, first, second in steps:
            results.append(EXACT[name](results[first], results[second]))
        assume(all(abs(getattr(result, "value", result)) < 1e4 for result in results))
        return results[-2:]

    return run


def last(steps):
    return lambda x: function(steps)(x)[-1]


def dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


@given(programs(), vectors)
def test_forward_and_reverse_mode_agree(steps, x):
    assert jacobian(function(steps), mode="forward")(x) == jacobian(function(steps), mode="reverse")(x)


@given(programs(), vectors, vectors, st.lists(numbers, min_size=2, max_size=2))
def test_pushing_forward_is_the_transpose_of_pulling_back(steps, x, tangent, cotangent):
    pushed = jvp(function(steps), (x,), (tangent,))[1]
    (pulled,) = vjp(function(steps), x)[1](cotangent)
    assert dot(cotangent, pushed) == dot(pulled, tangent)


@given(programs(), vectors, vectors)
def test_sweeps_are_linear(steps, x, tangent):
    rows = jacobian(function(steps))(x)
    assert jvp(function(steps), (x,), (tangent,))[1] == [dot(row, tangent) for row in rows]


@given(programs(), vectors)
def test_the_hessian_is_symmetric_and_the_same_in_every_mixture_of_modes(steps, x):
    f = last(steps)
    rows = hessian(f)(x)
    assert rows == [list(column) for column in zip(*rows, strict=True)]
    for outer in ("forward", "reverse"):
        for inner in ("forward", "reverse"):
            assert jacobian(jacobian(f, mode=inner), mode=outer)(x) == rows


@given(programs(), vectors, vectors)
def test_products_with_the_hessian(steps, x, vector):
    f = last(steps)
    rows = hessian(f)(x)
    product = hvp(f)(x, vector)
    assert product == [dot(row, vector) for row in rows]
    along_a_line = derivative(lambda t: f([a + t * b for a, b in zip(x, vector, strict=True)]), 2)(0.0)
    assert along_a_line == dot(vector, product)


@given(programs(), vectors, vectors)
def test_third_derivatives_in_both_directions(steps, x, vector):
    f = last(steps)
    by_hessian = jvp(lambda x: hvp(f)(x, vector), (x,), (vector,))[1]
    along_a_line = derivative(lambda t: f([a + t * b for a, b in zip(x, vector, strict=True)]), 3)(0.0)
    assert dot(by_hessian, vector) == along_a_line
