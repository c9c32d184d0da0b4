"""What tables of samples do not say of the functions of mathematics: extremes, zeros, ties, special values."""

from __future__ import annotations

import itertools
import math
import operator
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import gograd_ops_basic
import gograd_ops_extra
from gograd_core import DomainError, Neuron, current, derivative, errstate, grad, gradient, hessian, ops
from gograd_core.namespaces import scalar

ULP = 2.0**-52
SPECIAL = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -3.0,
    5e-324,
    1e-300,
    -1e300,
    1.7976931348623157e308,
    math.inf,
    -math.inf,
    math.nan,
)
PAIRS = tuple(itertools.product(SPECIAL, repeat=2))
ZEROS_OF_EITHER_SIGN = {"max", "min", "maximum", "minimum", "clip", "relu", "elu", "selu"}  # as the standard allows
OPERATIONS = [op for op in (*gograd_ops_basic.OPS, *gograd_ops_extra.OPS) if "numpy" not in op.implementations]


def same(found, expected, ulps=0):
    """NaN is NaN, zeros and infinities have their sign, anything else agrees to so many ulps."""
    if math.isfinite(expected) and expected != 0.0:
        return abs(found - expected) <= ulps * math.ulp(expected)
    return repr(float(found)) == repr(float(expected))


def derivatives(op, *inputs):
    """By each input; by each entry of each column, if the operation is variadic."""
    neurons = [[Neuron(x) for x in column] for column in inputs] if op.variadic else [Neuron(x) for x in inputs]
    return gradient(op(*neurons), neurons)


def test_every_function_of_the_standard_is_an_operation():
    left_out = {"e", "inf", "nan", "pi", "nextafter"}
    assert [name for name in scalar.__all__ if name not in current.registry and name not in left_out] == []


# The derivative where a formula that is right loses digits, overflows or underflows.
EXTREMES = [
    ("exp2", (-1021.5,), 0, lambda mp, x: mp.log(2) * 2**x),
    ("expm1", (-700.0,), 0, lambda mp, x: mp.exp(x)),
    ("log2", (3e-308,), 0, lambda mp, x: 1 / (x * mp.log(2))),
    ("log10", (3e-308,), 0, lambda mp, x: 1 / (x * mp.log(10))),
    ("log1p", (-1.0 + ULP,), 0, lambda mp, x: 1 / (1 + x)),
    ("log_base", (3.0, 1e307), 1, lambda mp, x, base: -mp.log(x) / (base * mp.log(base) ** 2)),
    ("logaddexp", (1000.0, 999.0), 0, lambda mp, x, y: 1 / (1 + mp.exp(y - x))),
    ("logaddexp", (-700.0, 0.0), 0, lambda mp, x, y: 1 / (1 + mp.exp(y - x))),
    ("cbrt", (1.0 - ULP / 2,), 0, lambda mp, x: 1 / (3 * mp.cbrt(x) ** 2)),
    ("cbrt", (-1e-300,), 0, lambda mp, x: 1 / (3 * mp.cbrt(-x) ** 2)),
    ("hypot", (1e300, 1e300), 0, lambda mp, x, y: x / mp.sqrt(x * x + y * y)),
    ("hypot", (1e-300, 1e-300), 1, lambda mp, x, y: y / mp.sqrt(x * x + y * y)),
    ("ldexp", (1e-300, 1000.0), 0, lambda mp, x, i: 2**i),
    ("asin", (1.0 - ULP / 2,), 0, lambda mp, x: 1 / mp.sqrt(1 - x * x)),
    ("acos", (-1.0 + ULP / 2,), 0, lambda mp, x: -1 / mp.sqrt(1 - x * x)),
    ("atan", (1e150,), 0, lambda mp, x: 1 / (1 + x * x)),
    ("atan2", (1e-300, 2e-300), 0, lambda mp, y, x: x / (x * x + y * y)),
    ("atan2", (1e-300, 1.0), 1, lambda mp, y, x: -y / (x * x + y * y)),
    ("atan2", (3.0, 1e200), 0, lambda mp, y, x: x / (x * x + y * y)),
    ("tanh", (20.0,), 0, lambda mp, x: mp.sech(x) ** 2),
    ("asinh", (1e300,), 0, lambda mp, x: 1 / mp.sqrt(1 + x * x)),
    ("acosh", (1.0 + ULP,), 0, lambda mp, x: 1 / mp.sqrt(x * x - 1)),
    ("acosh", (1e300,), 0, lambda mp, x: 1 / mp.sqrt(x * x - 1)),
    ("atanh", (1.0 - ULP / 2,), 0, lambda mp, x: 1 / (1 - x * x)),
    ("pow", (1e300, 1e-20), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (1e200, -1.3), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (1e-100, 3.1), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (5e-324, 0.5), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (1.3e154, 2.0), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (300.0, 124.2), 0, lambda mp, x, y: y * x ** (y - 1)),
    ("pow", (1e-300, 1.2), 1, lambda mp, x, y: x**y * mp.log(x)),
]


@pytest.mark.parametrize(
    ("name", "inputs", "index", "exact"), EXTREMES, ids=lambda value: "" if callable(value) else str(value)
)
def test_derivatives_keep_their_digits_at_extremes(name, inputs, index, exact):
    with mpmath.workdps(700):
        expected = exact(mpmath.mp, *map(mpmath.mpf, inputs))
        neuron = Neuron(inputs[index])
        derivative = gradient(ops[name](*inputs[:index], neuron, *inputs[index + 1 :]), neuron)
        assert abs(derivative - expected) <= 4 * math.ulp(float(expected))


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
@np.errstate(all="ignore")
def test_special_values_of_arrays_are_those_of_floats(op):
    points = [(x,) for x in SPECIAL] if len(op.partials) == 1 else PAIRS
    if len(op.partials) == 3:
        points = [(*pair, x) for pair in PAIRS[::5] for x in SPECIAL]
    with errstate(domain="ignore"):
        if op.variadic:
            points = [tuple((x, y) for x in point) for point in points for y in (2.0, -0.0)]
            found = [op(*map(np.array, point)).item() for point in points]
        else:
            found = np.asarray(op(*map(np.array, zip(*points, strict=True))), dtype=float).tolist()
        wrong = {
            point: (value, expected)
            for point, value in zip(points, found, strict=True)
            if not same(value, expected := float(op(*point)), ulps=4)
            and not (op.name in ZEROS_OF_EITHER_SIGN and value == expected)
        }
    # NumPy takes a square root for x**0.5, C's pow does not.
    assert wrong.keys() <= ({(-0.0, 0.5), (-math.inf, 0.5)} if op.name == "pow" else set())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ops.fmod, math.fmod),
        (ops.ieee_remainder, math.remainder),
        (ops.remainder, operator.mod),
        (ops.floor_divide, operator.floordiv),
        (ops.copysign, math.copysign),
        (ops.isclose, math.isclose),
        (ops.logical_and, lambda x, y: bool(x and y)),
        (ops.logical_or, lambda x, y: bool(x or y)),
        (ops.logical_xor, lambda x, y: bool(x) is not bool(y)),
    ],
)
def test_pairs_of_numbers_are_treated_as_python_treats_them(ours, theirs):
    numbers = (*SPECIAL, 2.5, -7.0, 1e-9, 1.0 + 5e-10, 1e17, 0.1, -6.0, 4.0, 2.0)
    for pair in itertools.product(numbers, repeat=2):
        try:
            expected = theirs(*pair)
        except (ValueError, ZeroDivisionError):
            continue
        with errstate(domain="ignore"):
            assert same(ours(*pair), expected), pair


@pytest.mark.parametrize("name", ["isfinite", "isinf", "isnan"])
@pytest.mark.parametrize("x", SPECIAL)
def test_questions_are_answered_as_in_math(name, x):
    assert ops[name](x) is ops[name](Neuron(x)) is getattr(math, name)(x)


def test_signs_and_truth():
    assert [ops.signbit(x) for x in (1.0, -1.0, 0.0, -0.0, -math.inf)] == [False, True, False, True, True]
    assert [ops.logical_not(x) for x in (0.0, -0.0, 2.0, math.nan)] == [True, True, False, False]


def test_remainders_as_operators():
    x, y = Neuron(-7.5), Neuron(2.0)
    assert (x // y).value == -4.0
    assert (7.5 // y).value == 3.0
    assert (x % 2.0).value == 0.5
    assert gradient(x % y, [x, y]) == [1.0, 4.0]
    assert gradient(x // y, [x, y]) == [0.0, 0.0]


def test_the_quotient_that_rounds_to_an_integer():
    # 0.1 is a little more than a tenth, so 1 // 0.1 is 9; but 1 / 0.1 rounds to 10.
    assert derivatives(ops.remainder, 1.0, 0.1) == derivatives(ops.fmod, 1.0, 0.1) == [1.0, -9.0]
    assert derivatives(ops.ieee_remainder, 1.0, 0.1) == [1.0, -10.0]


FUSED = [
    ((0.1, 10.0, -1.0), 2.0**-54),  # 0.1 * 10 rounds to 1
    ((1e200, 1e200, -math.inf), -math.inf),
    ((1e308, 10.0, -1e308), math.inf),
    ((-1e308, 10.0, 1e308), -math.inf),
    ((1e-200, -1e-200, 0.0), -0.0),
    ((1.0, -0.0, -0.0), -0.0),
    ((1.0, -0.0, 0.0), 0.0),
    ((0.1, 10.0, math.nan), math.nan),
]


@pytest.mark.parametrize(("inputs", "value"), FUSED)
def test_fma_rounds_once(inputs, value):
    with errstate(domain="ignore"):
        assert same(ops.fma(*inputs), value)


def test_fma_is_the_nearest_float():
    inputs = (1.0 + ULP, 1.0 - ULP / 2, -1.0)
    exact = Fraction(inputs[0]) * Fraction(inputs[1]) + Fraction(inputs[2])
    assert Fraction(ops.fma(*inputs)) == exact != Fraction(inputs[0] * inputs[1] + inputs[2])


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ((5e-324, 2097.0), 2.0**1023),
        ((2.0**1023, -2097.0), 5e-324),
        ((-0.0, 9999.0), -0.0),
        ((math.inf, -9999.0), math.inf),
    ],
)
def test_ldexp_reaches_as_far_as_floats(inputs, value):
    assert same(ops.ldexp(*inputs), value)


# The derivative of a product by some of its entries is the product of the others.
FACTORS = [(2.0, 3.0, 5.0), (0.0, 2.0, 3.0), (0.0, -0.0, 3.0), (0.0, 0.0, 0.0), (0.0, 0.0, 2.0, 7.0), (0.0,) * 4]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("factors", FACTORS)
def test_derivatives_of_a_product_with_zeros(factors, order):
    for chosen in itertools.combinations_with_replacement(range(len(factors)), order):
        neurons = [Neuron(x) for x in factors]
        derivative = ops.prod(neurons)
        for index in chosen:
            derivative = gradient(derivative, neurons[index], create_graph=True)
        repeated = len(set(chosen)) < order  # linear in each factor
        expected = 0.0 if repeated else math.prod(x for i, x in enumerate(factors) if i not in chosen)
        assert derivative.value == pytest.approx(expected, rel=4 * ULP, abs=0)


def test_a_product_that_overflows_or_underflows_on_the_way():
    assert ops.prod((1e200, 1e200, 1e-250)) == pytest.approx(1e150, rel=2 * ULP)
    assert ops.prod((1e-200, -1e-200, 1e250)) == pytest.approx(-1e-150, rel=2 * ULP)
    assert derivatives(ops.prod, (1e-200, 1e-200)) == [[1e-200, 1e-200]]
    factor = Neuron(5.0)
    assert gradient(ops.prod((0.0, 1e200, 1e200, factor)), factor) == 0.0


@pytest.mark.parametrize("y", [3.0, 4.0, 2.0**53, 2.0**53 + 2.0, 1e16, 1e17, -1e17, -(2.0**53) - 2.0])
@pytest.mark.parametrize("x", [-1.0, -1.0 - 2.0**-52, -0.5])
def test_slopes_of_powers_of_negative_numbers_have_the_right_sign(x, y):
    """x**y is even or odd in x as y is, and so y * x**(y - 1) is odd or even."""
    sign = -1.0 if y % 2.0 == 0.0 else 1.0
    with errstate(domain="ignore"):
        slope, mirrored = (grad(ops.pow)(each, y) for each in (x, -x))
        assert slope == sign * mirrored
        assert derivative(lambda t: t**y, order=2)(x) == -sign * derivative(lambda t: t**y, order=2)(-x)


@pytest.mark.parametrize("x", [0.0, 1.0, 2.0, -1.5])
@pytest.mark.parametrize("bound", [1.0, -1.5])
def test_clip_between_equal_bounds_is_the_bound(x, bound):
    assert ops.clip(x, bound, bound) == bound
    assert grad(lambda t: ops.clip(x, t, t))(bound) == 1.0
    assert grad(ops.clip)(x, bound, bound) == 0.0


TIES = [
    (ops.max, ((2.0, 1.0, 2.0),), [[0.5, 0.0, 0.5]]),
    (ops.max, ((3.0, 3.0, 3.0, 3.0),), [[0.25] * 4]),
    (ops.min, ((2.0, 1.0, 2.0),), [[0.0, 1.0, 0.0]]),
    (ops.min, ((1.0, 1.0, 2.0),), [[0.5, 0.5, 0.0]]),
    (ops.maximum, (1.0, 1.0), [0.5, 0.5]),
    (ops.clip, (1.0, 1.0, 2.0), [0.5, 0.5, 0.0]),
    (ops.clip, (1.0, 0.0, 1.0), [0.5, 0.0, 0.5]),
    (ops.clip, (5.0, 2.0, 1.0), [0.0, 0.0, 1.0]),
    (ops.clip, (1.0, 1.0, 1.0), [0.0, 0.0, 1.0]),
]


@pytest.mark.parametrize(("op", "inputs", "expected"), TIES, ids=str)
def test_ties_share_the_derivative(op, inputs, expected):
    assert derivatives(op, *inputs) == expected


LENGTHS = [
    ((3e300, 4e300), 5e300, [0.6, 0.8]),
    ((3e-300, -4e-300), 5e-300, [0.6, -0.8]),
    ((0.0, 0.0), 0.0, [0.0, 0.0]),
    ((-2.0, 0.0), 2.0, [-1.0, 0.0]),
]


@pytest.mark.parametrize(("vector", "length", "slopes"), LENGTHS)
def test_lengths_neither_overflow_nor_underflow(vector, length, slopes):
    origin = (0.0, 0.0)
    for found in (ops.hypot(*vector), ops.norm(vector), ops.dist(vector, origin), ops.norm(np.array(vector))):
        assert found == pytest.approx(length, rel=2 * ULP)
    assert derivatives(ops.hypot, *vector) == pytest.approx(slopes, rel=2 * ULP)
    assert derivatives(ops.norm, vector)[0] == pytest.approx(slopes, rel=2 * ULP)
    assert derivatives(ops.dist, vector, origin)[0] == pytest.approx(slopes, rel=2 * ULP)
    assert derivatives(ops.dist, vector, origin)[1] == pytest.approx([-x for x in slopes], rel=2 * ULP)


@pytest.mark.parametrize("length", [ops.norm, lambda v: ops.hypot(*v), lambda v: ops.dist(v, (0.0, 0.0))])
def test_the_tip_of_a_cone_has_the_higher_derivatives_of_abs(length):
    assert hessian(length)([0.0, 0.0]) == [[0.0, 0.0], [0.0, 0.0]]
    for order in (1, 2, 3):
        assert derivative(lambda x: length([x, 0.0]), order=order)(0.0) == derivative(abs, order=order)(0.0) == 0.0


LOGSUMEXP = [
    ((1000.0, 1000.0), 1000.0 + math.log(2.0), [0.5, 0.5]),
    ((-1000.0, -1000.0), -1000.0 + math.log(2.0), [0.5, 0.5]),
    ((0.0, -50.0), 1.9287498479639178e-22, [1.0, 1.9287498479639178e-22]),
    ((0.0, -math.inf), 0.0, [1.0, 0.0]),
    ((3.0,), 3.0, [1.0]),
    ((1e17, 1e17), 1e17, [0.5, 0.5]),  # the value is that of one entry
    ((-1e300, -1e300, -1e300), -1e300, [1 / 3, 1 / 3, 1 / 3]),
    ((1e17, 1e17, 1e17 - 64.0), 1e17, [0.5, 0.5, 8.01902844535106e-29]),
]


@pytest.mark.parametrize(("column", "value", "shares"), LOGSUMEXP)
def test_logsumexp_neither_overflows_nor_loses_small_terms(column, value, shares):
    assert ops.logsumexp(column) == pytest.approx(value, rel=2 * ULP)
    assert ops.logsumexp(np.array(column)) == pytest.approx(value, rel=2 * ULP)
    assert derivatives(ops.logsumexp, column)[0] == pytest.approx(shares, rel=2 * ULP)


def test_logsumexp_of_zeros():
    nothing = (-math.inf, -math.inf)
    assert ops.logsumexp(nothing) == -math.inf
    with pytest.raises(DomainError, match="derivative of logsumexp.* with respect to input 0"):
        derivatives(ops.logsumexp, nothing)


def test_sums():
    assert ops.fsum([0.1] * 10) == 1.0
    assert ops.sum([0.1] * 10) == 1.0 - ULP / 2  # added from left to right
    assert derivatives(ops.fsum, (1e16, 1.0, -1e16)) == [[1.0, 1.0, 1.0]]
    with errstate(domain="ignore"):
        assert ops.fsum((1e308, 1e308, -1e308)) == math.inf  # from left to right, where math.fsum would raise
        assert math.isnan(ops.fsum((math.inf, -math.inf)))
        assert math.isnan(ops.mean(()))
    with pytest.raises(ValueError, match="empty column"):
        ops.max(())
