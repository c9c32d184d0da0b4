"""First and second derivatives of every operation against SymPy's symbolic ones.

The table says in SymPy what each operation computes. SymPy differentiates that, mpmath evaluates
the derivatives in many digits, and the engine must agree at 100 points, drawn at random but the same
in every run. Errors are relative without an absolute part: a zero must be met exactly. Ranges
therefore keep away from points inside the domain where a derivative changes its sign, unless the
rule has all its digits there too (sin, tanh). What is no formula in SymPy, such as a remainder, is
given on pieces of its domain.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import pytest
import sympy
from sympy import Integer, Rational, cbrt, erf, erfc, erfinv, exp, log, pi, polygamma, sqrt, tanh

from gograd_core import Neuron, current, gradient, ops

pytestmark = pytest.mark.repeated_later

POINTS = 100
FIRST_TOLERANCE = 1e-13
SECOND_TOLERANCE = 1e-11  # sums of several terms of opposite sign
DIGITS = 120  # SymPy writes erfc(10) as 2 - erfc(-10): at -20 log_ndtr loses 89 of them

DIFFERENTIABLE = {op.name for op in current.registry.operations() if any(op.partials)}


class Piece(NamedTuple):
    """A function in SymPy, and where it is the operation's: a range per input, or entry of a column.

    A number in place of a range is a constant, by which nothing is differentiated; a list is a column.
    """

    function: Callable[..., Any]
    ranges: tuple[Any, ...]
    zeros_are_differences: bool = False  # then errors of zeros are relative to the largest derivative

    def inputs(self, variable, constant):
        """The inputs, every range replaced by ``variable(low, high)``; and these variables, in a row."""
        variables = []

        def replaced(entry):
            if isinstance(entry, list):
                return [replaced(part) for part in entry]
            if isinstance(entry, tuple):
                variables.append(variable(*entry))
                return variables[-1]
            return constant(entry)

        return [replaced(entry) for entry in self.ranges], variables


def on(function, *ranges):
    return Piece(function, ranges)


def column(low, high):
    return [(low, high)] * 3


def same(x):
    return x


def zero(*inputs):
    return Integer(0)


def logistic(x):
    return 1 / (1 + exp(-x))


def normal_cdf(x):
    return erfc(-x / sqrt(2)) / 2


def gelu_tanh(x):
    return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + Rational(44715, 10**6) * x**3)))


def elu(x):
    return exp(x) - 1


SELU_SCALE = Rational("1.0507009873554804934193349852946")
SELU_ALPHA = Rational("1.6732632423543772848170429916717")

BASIC = {
    "identity": [on(same, (-5, 5))],
    "variable": [on(same, (-5, 5))],
    "chosen": [on(lambda x, y: x * y, (-5, 5), (-5, 5))],
    "positive": [on(same, (-5, 5))],
    "add": [on(lambda x, y: x + y, (-5, 5), (-5, 5))],
    "sub": [on(lambda x, y: x - y, (-5, 5), (-5, 5))],
    "mul": [on(lambda x, y: x * y, (-5, 5), (-5, 5))],
    "div": [on(lambda x, y: x / y, (-5, 5), (0.1, 5)), on(lambda x, y: x / y, (-5, 5), (-5, -0.1))],
    "neg": [on(lambda x: -x, (-5, 5))],
    "abs": [on(same, (0.1, 5)), on(lambda x: -x, (-5, -0.1))],
    "pow": [
        on(lambda x, y: x**y, (1.1, 5), (1.2, 4)),
        on(lambda x, y: x**y, (0.1, 0.3), (1.2, 4)),
        on(lambda x, y: x**y, (3, 8), (-4, -1.1)),
        on(lambda x, y: x**y, (-5, -1), 3),
    ],
}
ELEMENTARY = {
    "exp": [on(exp, (-20, 20))],
    "exp2": [on(lambda x: 2**x, (-20, 20))],
    "expm1": [on(lambda x: exp(x) - 1, (-5, 5))],
    "log": [on(log, (0.01, 100))],
    "log2": [on(lambda x: log(x, 2), (0.01, 100))],
    "log10": [on(lambda x: log(x, 10), (0.01, 100))],
    "log1p": [on(lambda x: log(1 + x), (-0.9, 10))],
    "log_base": [on(log, (0.1, 10), (1.3, 10)), on(log, (0.1, 10), (0.2, 0.8))],
    "logaddexp": [on(lambda x, y: log(exp(x) + exp(y)), (-5, 5), (-5, 5))],
    "sqrt": [on(sqrt, (0.01, 100))],
    "cbrt": [on(cbrt, (0.01, 100)), on(lambda x: -cbrt(-x), (-100, -0.01))],
    "square": [on(lambda x: x**2, (-5, 5))],
    "reciprocal": [on(lambda x: 1 / x, (0.1, 5)), on(lambda x: 1 / x, (-5, -0.1))],
    "ldexp": [on(lambda x, i: x * 2**i, (-5, 5), i) for i in (3, -40)],
    "hypot": [on(lambda x, y: sqrt(x**2 + y**2), interval, (0.1, 5)) for interval in ((0.1, 5), (-5, -0.5))],
    "sin": [on(sympy.sin, (-6, 6))],
    "cos": [on(sympy.cos, (-6, 6))],
    "tan": [on(sympy.tan, (-1.5, 1.5)), on(sympy.tan, (1.7, 4.5))],
    "asin": [on(sympy.asin, (-0.95, 0.95))],
    "acos": [on(sympy.acos, (-0.95, 0.95))],
    "atan": [on(sympy.atan, (-5, 5))],
    "atan2": [
        on(sympy.atan2, (-1.8, 1.8), (2, 5)),
        on(sympy.atan2, (2, 5), (-1.8, 1.8)),
        on(sympy.atan2, (-5, -2), (-1.8, 1.8)),
        on(sympy.atan2, (0.1, 1.8), (-5, -2)),
    ],
    "degrees": [on(lambda x: 180 * x / pi, (-5, 5))],
    "radians": [on(lambda x: pi * x / 180, (-300, 300))],
    "sinh": [on(sympy.sinh, (-5, 5))],
    "cosh": [on(sympy.cosh, (-5, 5))],
    "tanh": [on(tanh, (-15, 15))],
    "asinh": [on(sympy.asinh, (-5, 5))],
    "acosh": [on(sympy.acosh, (1.05, 10))],
    "atanh": [on(sympy.atanh, (-0.95, 0.95))],
    "erf": [on(erf, (-5, 5))],
    "erfc": [on(erfc, (-5, 10))],
    "gamma": [on(sympy.gamma, (2, 8)), on(sympy.gamma, (0.05, 1.2)), on(sympy.gamma, (-0.4, -0.05))],
    "lgamma": [
        on(sympy.loggamma, (2.5, 30)),
        on(sympy.loggamma, (0.05, 0.9)),
        on(lambda x: log(-sympy.gamma(x)), (-0.4, -0.05)),
    ],
}
CHOICES = {
    "copysign": [
        on(lambda x, y: x, (0.1, 5), (0.1, 5)),
        on(lambda x, y: -x, (0.1, 5), (-5, -0.1)),
        on(lambda x, y: -x, (-5, -0.1), (0.1, 5)),
    ],
    # The quotient is between 2 and 3, or between -3 and -2: x - y * floor(x / y), trunc, round.
    "remainder": [
        on(lambda x, y: x - 2 * y, (8, 8.9), (3, 3.9)),
        on(lambda x, y: x + 3 * y, (-8.9, -8), (3, 3.9)),
    ],
    "fmod": [on(lambda x, y: x - 2 * y, (8, 8.9), (3, 3.9)), on(lambda x, y: x + 2 * y, (-8.9, -8), (3, 3.9))],
    "ieee_remainder": [
        on(lambda x, y: x - 2 * y, (8, 8.9), (3.6, 3.9)),
        on(lambda x, y: x - 3 * y, (8.4, 8.9), (3, 3.3)),
    ],
    "floor_divide": [
        on(lambda x, y: Integer(2), (8, 8.9), (3, 3.9)),
        on(lambda x, y: Integer(-3), (-8.9, -8), (3, 3.9)),
    ],
    "floor": [on(lambda x: Integer(2), (2.1, 2.9)), on(lambda x: Integer(-3), (-2.9, -2.1))],
    "ceil": [on(lambda x: Integer(3), (2.1, 2.9)), on(lambda x: Integer(-2), (-2.9, -2.1))],
    "trunc": [on(lambda x: Integer(2), (2.1, 2.9)), on(lambda x: Integer(-2), (-2.9, -2.1))],
    "round": [on(lambda x: Integer(3), (2.6, 3.4)), on(lambda x: Integer(-2), (-2.4, -1.6))],
    "round_to": [
        on(lambda x, digits: Integer(3), (2.6, 3.4), (0, 0)),
        on(lambda x, digits: Integer(-10), (-14, -6), (-1, -1)),
    ],
    "sign": [on(lambda x: Integer(1), (0.1, 5)), on(lambda x: Integer(-1), (-5, -0.1))],
    "step": [on(lambda x: Integer(1), (0.1, 5)), on(zero, (-5, -0.1))],
    "fma": [on(lambda x, y, z: x * y + z, (0.1, 5), (0.1, 5), (0.1, 5))],
    "maximum": [on(lambda x, y: x, (1, 5), (-5, 0.9)), on(lambda x, y: y, (-5, 0.9), (1, 5))],
    "minimum": [on(lambda x, y: y, (1, 5), (-5, 0.9)), on(lambda x, y: x, (-5, 0.9), (1, 5))],
    "clip": [
        on(lambda x, low, high: x, (-0.9, 0.9), (-3, -1), (1, 3)),
        on(lambda x, low, high: low, (-5, -3.1), (-3, -1), (1, 3)),
        on(lambda x, low, high: high, (3.1, 5), (-3, -1), (1, 3)),
    ],
    "where": [on(lambda condition, x, y: x, 1, (-5, 5), (-5, 5)), on(lambda condition, x, y: y, 0, (-5, 5), (-5, 5))],
}
ACTIVATIONS = {
    "relu": [on(same, (0.1, 5)), on(zero, (-5, -0.1))],
    "leaky_relu": [on(same, (0.1, 5)), on(lambda x: x / 100, (-5, -0.1))],
    "elu": [on(same, (0.1, 5)), on(elu, (-10, -0.1))],
    "selu": [on(lambda x: SELU_SCALE * x, (0.1, 5)), on(lambda x: SELU_SCALE * SELU_ALPHA * elu(x), (-10, -0.1))],
    "gelu": [on(lambda x: x * normal_cdf(x), interval) for interval in ((-0.6, 1.3), (1.5, 6), (-6, -1.5))],
    "gelu_tanh": [on(gelu_tanh, interval) for interval in ((-0.6, 1.3), (1.6, 4), (-4, -1.6))],
    "silu": [on(lambda x: x * logistic(x), interval) for interval in ((-1.1, 2.3), (2.5, 20), (-20, -2.5))],
    "softplus": [on(lambda x: log(1 + exp(x)), (-20, 20))],
    "sigmoid": [on(logistic, (-20, -0.1)), on(logistic, (0.1, 20))],
    "log_sigmoid": [on(lambda x: -log(1 + exp(-x)), (-20, 20))],
    "mish": [on(lambda x: x * tanh(log(1 + exp(x))), interval) for interval in ((-1.1, 1.4), (1.6, 20), (-20, -2.4))],
    "hard_tanh": [
        on(same, (-0.9, 0.9)),
        on(lambda x: Integer(1), (1.1, 5)),
        on(lambda x: Integer(-1), (-5, -1.1)),
    ],
    "softsign": [on(lambda x: x / (1 + x), (0.1, 5)), on(lambda x: x / (1 - x), (-5, -0.1))],
}
REDUCTIONS = {
    "sum": [on(sum, column(-5, 5))],
    "fsum": [on(sum, column(-5, 5))],
    # Twice by one entry: the others' product over x less the product over x * x, each rounded.
    "prod": [Piece(sympy.prod, (column(-5, 5),), zeros_are_differences=True)],
    "dot": [on(lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)), column(0.1, 5), column(0.1, 5))],
    "mean": [on(lambda x: sum(x) / 3, column(-5, 5))],
    "logsumexp": [on(lambda x: log(sum(map(exp, x))), column(-3, 3))],
    "norm": [on(lambda x: sqrt(sum(a**2 for a in x)), column(0.5, 5))],
    "max": [on(lambda x: x[1], [(-5, 0.9), (1, 5), (-5, 0.9)])],
    "min": [on(lambda x: x[2], [(1, 5), (1, 5), (-5, 0.9)])],
    "dist": [on(lambda p, q: sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True))), column(1, 5), column(-5, -1))],
}
SPECIAL = {
    "erfinv": [on(erfinv, (-0.95, 0.95))],
    "erfcinv": [on(lambda x: erfinv(1 - x), (0.05, 1.95))],
    "digamma": [on(lambda x: polygamma(0, x), interval) for interval in ((0.05, 1.3), (1.6, 30), (-0.4, -0.05))],
    "polygamma": [on(polygamma, n, (0.1, 20)) for n in (1, 3)],
    "beta": [on(sympy.beta, (0.3, 5), (0.3, 5))],
    "betaln": [on(lambda x, y: log(sympy.gamma(x) * sympy.gamma(y) / sympy.gamma(x + y)), (0.3, 5), (0.3, 5))],
    "i0": [on(lambda x: sympy.besseli(0, x), interval) for interval in ((0.1, 8), (-8, -0.1))],
    "i1": [on(lambda x: sympy.besseli(1, x), interval) for interval in ((0.1, 8), (-8, -0.1))],
    "j0": [on(lambda x: sympy.besselj(0, x), interval) for interval in ((0.1, 1.6), (4.2, 5))],
    "j1": [on(lambda x: sympy.besselj(1, x), interval) for interval in ((0.1, 1.6), (2.1, 2.7))],
    "erfcx": [on(lambda x: exp(x**2) * erfc(x), (-3, 10))],
    "expit": [on(logistic, (-20, -0.1)), on(logistic, (0.1, 20))],
    "logit": [on(lambda x: log(x / (1 - x)), interval) for interval in ((0.05, 0.45), (0.55, 0.95))],
    "ndtr": [on(normal_cdf, (-6, 6))],
    "ndtri": [on(lambda x: sqrt(2) * erfinv(2 * x - 1), interval) for interval in ((0.01, 0.45), (0.55, 0.99))],
    "log_ndtr": [on(lambda x: log(normal_cdf(x)), (-20, 5))],
    "xlogy": [on(lambda x, y: x * log(y), (0.1, 5), (0.1, 5))],
    "entr": [on(lambda x: -x * log(x), interval) for interval in ((0.01, 0.3), (0.45, 5))],
}
TABLE = BASIC | ELEMENTARY | CHOICES | ACTIVATIONS | REDUCTIONS | SPECIAL
PIECES = [pytest.param(name, piece, id=f"{name}{i}") for name in TABLE for i, piece in enumerate(TABLE[name])]


def symbolic(piece, order):
    """The derivatives of an order, or the value, as a function of mpmath's numbers."""
    inputs, variables = piece.inputs(lambda low, high: sympy.Dummy(real=True), sympy.sympify)
    expression = sympy.sympify(piece.function(*inputs))
    derivatives = [
        functools.reduce(sympy.diff, which, expression) for which in itertools.product(variables, repeat=order)
    ]
    return sympy.lambdify(variables, derivatives, modules="mpmath", cse=True)


def value(output, neurons):
    return [output.value]


def first_derivatives(output, neurons):
    output.backward()
    return [neuron.grad for neuron in neurons]


def second_derivatives(output, neurons):
    slopes = gradient(output, neurons, create_graph=True)
    return [curvature for slope in slopes for curvature in gradient(slope, neurons)]


def assert_close(name, piece, order, computed, tolerance):
    exact = symbolic(piece, order)
    generator = random.Random(name)
    for _ in range(POINTS):
        inputs, neurons = piece.inputs(lambda low, high: Neuron(generator.uniform(low, high)), float)
        point = [neuron.value for neuron in neurons]
        found = computed(ops[name](*inputs), neurons)
        with mpmath.workdps(DIGITS):
            expected = exact(*map(mpmath.mpf, point))
            size_of_zero = max(map(abs, expected)) if piece.zeros_are_differences else 0
            close = [abs(a - b) <= tolerance * (abs(b) or size_of_zero) for a, b in zip(found, expected, strict=True)]
        assert all(close), f"{name} at {point}: {found}, should be {[*map(float, expected)]}"


def test_the_table_has_every_differentiable_operation():
    assert TABLE.keys() == DIFFERENTIABLE


@pytest.mark.parametrize(("name", "piece"), PIECES)
def test_value_is_sympys(name, piece):
    assert_close(name, piece, 0, value, FIRST_TOLERANCE)


@pytest.mark.parametrize(("name", "piece"), PIECES)
def test_first_derivatives_are_sympys(name, piece):
    assert_close(name, piece, 1, first_derivatives, FIRST_TOLERANCE)


@pytest.mark.parametrize(("name", "piece"), PIECES)
def test_second_derivatives_are_sympys(name, piece):
    assert_close(name, piece, 2, second_derivatives, SECOND_TOLERANCE)
