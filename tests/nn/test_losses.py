"""Losses: their values and gradients against mpmath at 50 digits, and their borders."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gograd_core import Neuron
from gograd_nn import binary_cross_entropy, cross_entropy, hinge, huber, mae, mse, one_hot

# No value or derivative below takes more than about ten roundings, each of 2**-53 of its result, and
# no subtraction magnifies them more than tenfold: 10 * 10 * 2**-53 is 1.1e-14.
REL = 1.2e-14


def oracle(loss, point):
    """Value and gradient of an mpmath function of several numbers, at 50 digits."""
    with mpmath.workdps(50):
        point = [mpmath.mpf(x) for x in point]
        order = [tuple(int(i == j) for j in range(len(point))) for i in range(len(point))]
        return float(loss(*point)), [float(mpmath.diff(loss, point, n)) for n in order]


def differentiate(loss, point):
    neurons = [Neuron(x) for x in point]
    output = loss(neurons)
    output.backward()
    return output.value, [neuron.grad for neuron in neurons]


def mp_mse(targets):
    return lambda *outputs: sum((o - t) ** 2 for o, t in zip(outputs, targets, strict=True)) / len(targets)


def mp_cross_entropy(target):
    return lambda *logits: -mpmath.log(mpmath.exp(logits[target]) / sum(map(mpmath.exp, logits)))


def mp_weighted(weights):
    def loss(*logits):
        total = sum(map(mpmath.exp, logits))
        return -sum(w * mpmath.log(mpmath.exp(x) / total) for w, x in zip(weights, logits, strict=True))

    return loss


def mp_binary(target):
    return lambda z: -target * mpmath.log(1 / (1 + mpmath.exp(-z))) - (1 - target) * mpmath.log(1 / (1 + mpmath.exp(z)))


@pytest.mark.parametrize(
    ("loss", "reference", "point"),
    [
        (lambda x: mae(x[0], 0.75), lambda o: 0.75 - o, [-1.3]),
        (lambda x: mae(x, [1.0, -2.0]), lambda a, b: ((a - 1) + (-2 - b)) / 2, [1.5, -2.25]),
        (lambda x: huber(x[0], 1.0), lambda o: (o - 1) ** 2 / 2, [1.75]),
        (lambda x: huber(x[0], 1.0), lambda o: abs(o - 1) - mpmath.mpf(0.5), [-3.5]),
        (lambda x: huber(x[0], 1.0, delta=0.25), lambda o: (abs(o - 1) - mpmath.mpf(0.125)) / 4, [1.75]),
        (lambda x: huber(x, [0.0, 0.0]), lambda a, b: (a**2 / 2 + b - mpmath.mpf(0.5)) / 2, [-0.3, 7.0]),
        *[
            (lambda x, t=t: binary_cross_entropy(x[0], t), mp_binary(t), [z])
            for t in (0, 1, 0.25, 1.0)
            for z in (-30.0, -0.4, 0.0, 2.5, 40.0)
        ],
        (lambda x: cross_entropy(x, [0, 1, 0]), mp_cross_entropy(1), [1.5, -0.7, 0.1]),
        (lambda x: cross_entropy(x, np.eye(4)[3]), mp_cross_entropy(3), [1.5, -0.7, 0.1, 40.0]),
        (lambda x: cross_entropy(x, [0.5, 0.25, 0.25]), mp_weighted([0.5, 0.25, 0.25]), [1.5, -0.7, 0.1]),
        (lambda x: cross_entropy(x, [1.0, 1.0, 0.0]), mp_weighted([1, 1, 0]), [1.5, -0.7, 0.1]),
        (lambda x: cross_entropy(x, [0.5, 0.0, 0.0]), mp_weighted([0.5, 0, 0]), [1.5, -0.7, 0.1]),
        (lambda x: cross_entropy(x, [2.0, 0.0, 1.0]), mp_weighted([2, 0, 1]), [1.5, -0.7, 0.1]),
        (lambda x: mse(x[0], 0.75), mp_mse([0.75]), [-1.3]),
        (lambda x: mse(x, [1.0]), mp_mse([1.0]), [0.4]),
        (lambda x: mse(tuple(x), (1.0, -2.0, 0.5)), mp_mse([1.0, -2.0, 0.5]), [0.3, 2.2, -4.1]),
        (lambda x: hinge(x[0], 1), lambda s: 1 - s, [0.4]),
        (lambda x: hinge(x[0], 1), lambda s: 1 - s, [-3.0]),
        (lambda x: hinge(x[0], -1), lambda s: 1 + s, [-0.4]),
        (lambda x: hinge(x[0], -1), lambda s: 1 + s, [3.0]),
        (lambda x: cross_entropy(x, 0), mp_cross_entropy(0), [0.2, -1.1]),
        (lambda x: cross_entropy(x, 2), mp_cross_entropy(2), [1.5, -0.7, 0.1, 2.0]),
        (lambda x: cross_entropy(x, 2.0), mp_cross_entropy(2), [1.5, -0.7, 0.1, 2.0]),  # as files of numbers have it
        (lambda x: cross_entropy(tuple(x), 1), mp_cross_entropy(1), [-2.5, -2.5, -2.5]),
    ],
)
def test_value_and_gradient_agree_with_mpmath(loss, reference, point):
    value, gradient = differentiate(loss, point)
    expected_value, expected_gradient = oracle(reference, point)
    assert value == pytest.approx(expected_value, rel=REL, abs=0.0)
    assert gradient == pytest.approx(expected_gradient, rel=REL, abs=0.0)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(mse(3.0, 1.0), 4.0), (mse([3.0, 0.0], [1.0, 0.0]), 2.0), (hinge(0.25, 1), 0.75), (cross_entropy([7.0], 0), 0.0)],
)
def test_losses_of_plain_numbers_are_plain_numbers(loss, expected):
    assert type(loss) is float
    assert loss == expected


def test_mse_is_differentiated_by_its_targets_too():
    output, target = Neuron(5.0), Neuron(2.0)
    mse(output, target).backward()
    assert (output.grad, target.grad) == (6.0, -6.0)


@pytest.mark.parametrize(
    ("score", "label", "value", "slope"),
    [
        (1.5, 1, 0.0, 0.0),
        (1.0, 1, 0.0, 0.0),
        (math.nextafter(1.0, 0.0), 1, 2.0**-53, -1.0),
        (0.0, 1, 1.0, -1.0),
        (-1.5, -1, 0.0, 0.0),
        (-1.0, -1, 0.0, 0.0),
        (math.nextafter(-1.0, 0.0), -1, 2.0**-53, 1.0),
        (0.0, -1, 1.0, 1.0),
    ],
)
def test_hinge_is_zero_and_flat_from_the_margin_on(score, label, value, slope):
    assert differentiate(lambda x: hinge(x[0], label), [score]) == (value, [slope])


@pytest.mark.parametrize(
    ("logits", "target", "value", "gradient"),
    [
        ([1000.0, -1000.0], 0, 0.0, [0.0, 0.0]),
        ([1000.0, -1000.0], 1, 2000.0, [1.0, -1.0]),
        ([-1000.0, 1000.0, 0.0], 2, 1000.0, [0.0, 1.0, -1.0]),
        ([1000.0, 1000.0], 0, math.log(2.0), [-0.5, 0.5]),
        ([-1000.0, -1000.0], 1, math.log(2.0), [0.5, -0.5]),
        ([1e308, 0.0], 1, 1e308, [1.0, -1.0]),
    ],
)
def test_cross_entropy_of_huge_logits_neither_overflows_nor_vanishes(logits, target, value, gradient):
    assert differentiate(lambda x: cross_entropy(x, target), logits) == (value, gradient)


def test_the_cross_entropy_of_a_single_class_is_a_neuron_too():
    logit = Neuron(7.0)
    loss = cross_entropy([logit], 0)
    loss.backward()
    assert (loss.value, logit.grad) == (0.0, 0.0)


@pytest.mark.parametrize("target", [0, (1.0, 0.0)], ids=["a class", "a one-hot row"])
@pytest.mark.parametrize("gap", [20.0, 37.0, 50.0, 700.0])
def test_the_cross_entropy_of_a_confident_prediction_keeps_its_digits(gap, target):
    """With two classes it is log1p(exp(-gap)), and its slopes are 1/(1 + exp(gap)), up to the sign."""
    value, slopes = differentiate(lambda x: cross_entropy(x, target), [gap, 0.0])
    slope = 1.0 / (1.0 + math.exp(gap))
    assert value == pytest.approx(math.log1p(math.exp(-gap)), rel=1e-15, abs=0.0)  # a few roundings
    assert slopes == pytest.approx([-slope, slope], rel=1e-15, abs=0.0)


logits = st.lists(st.integers(-64, 64).map(lambda n: n / 8), min_size=2, max_size=6)


@settings(deadline=None)
@given(logits, st.data())
def test_cross_entropy_does_not_change_when_all_logits_move(point, data):
    target = data.draw(st.integers(0, len(point) - 1))
    shift = data.draw(st.integers(-1000, 1000))  # the sums are exact, and so the differences are the same
    moved = [x + shift for x in point]
    assert differentiate(lambda x: cross_entropy(x, target), moved) == differentiate(
        lambda x: cross_entropy(x, target), point
    )


@settings(deadline=None)
@given(logits, st.data())
def test_the_gradient_of_cross_entropy_is_softmax_minus_the_target(point, data):
    target = data.draw(st.integers(0, len(point) - 1))
    _, gradient = differentiate(lambda x: cross_entropy(x, target), point)
    with mpmath.workdps(50):
        total = sum(map(mpmath.exp, point))
        softmax = [mpmath.exp(x) / total for x in point]
    for index, (slope, share) in enumerate(zip(gradient, softmax, strict=True)):
        # The target's slope is a difference of numbers up to 1; the others are quotients.
        if index == target:
            assert slope == pytest.approx(float(share - 1), rel=0.0, abs=2e-15)
        else:
            assert slope == pytest.approx(float(share), rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mse([1.0, 2.0], [1.0]), ValueError, "as many targets as outputs, at least one; got 1 and 2"),
        (lambda: mse([], []), ValueError, "got 0 and 0"),
        (lambda: hinge(Neuron(0.5), 0), ValueError, "the label -1 or 1, got 0"),
        (lambda: hinge(0.5, 0.5), ValueError, "got 0.5"),
        (lambda: cross_entropy([1.0, 2.0], 2), IndexError, "a class from 0 to 1, got 2"),
        (lambda: cross_entropy([1.0, 2.0], -1), IndexError, "got -1"),
    ],
)
def test_wrong_targets_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("output", [[1.0], np.array([1.0])])
def test_several_outputs_need_several_targets(output):
    with pytest.raises(ValueError, match="as many targets as outputs, at least one; got a single number and 1"):
        mse(output, 1.0)
    assert mse(output, [3.0]) == 4.0


@pytest.mark.parametrize("size", [800.0, 1e308])
@pytest.mark.parametrize(("target", "sign"), [(1, 1.0), (0, -1.0)])
def test_binary_cross_entropy_of_huge_logits_neither_overflows_nor_vanishes(size, target, sign):
    right = differentiate(lambda x: binary_cross_entropy(x[0], target), [sign * size])
    assert right == (0.0, [0.0])
    wrong = differentiate(lambda x: binary_cross_entropy(x[0], target), [-sign * size])
    assert wrong == (size, [-sign])


@pytest.mark.parametrize(("error", "value", "slope"), [(1.0, 0.5, 1.0), (-1.0, 0.5, -1.0), (0.0, 0.0, 0.0)])
def test_where_the_formulas_of_huber_meet(error, value, slope):
    assert differentiate(lambda x: huber(x[0], 0.0), [error]) == (value, [slope])


def test_a_row_of_zeros_costs_nothing():
    assert differentiate(lambda x: cross_entropy(x, [0.0, 0.0, 0.0]), [3.0, -1.0, 2.0]) == (0.0, [0.0, 0.0, 0.0])


@pytest.mark.parametrize("gap", [-50.0, 0.0, 3.0])
def test_weights_may_be_neurons(gap):
    """As they are in a function that is recorded."""
    logits, weights = [Neuron(gap), Neuron(0.5)], [Neuron(1.0), Neuron(0.0)]
    loss = cross_entropy(logits, weights)
    loss.backward()
    expected = differentiate(lambda x: cross_entropy(x, 0), [gap, 0.5])
    assert (loss.value, [logit.grad for logit in logits]) == expected


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cross_entropy([1.0, 2.0], [1.0]), ValueError, "a weight for each of 2 classes, got 1"),
        (lambda: cross_entropy([], []), ValueError, "a weight for each of 0 classes"),
        (lambda: cross_entropy([1.0, 2.0], [1.0, -1.0]), ValueError, "finite and not negative, got -1.0"),
        (lambda: cross_entropy([1.0, 2.0], [1.0, math.nan]), ValueError, "finite and not negative, got nan"),
        (lambda: cross_entropy([1.0, 2.0], Neuron(1.0)), TypeError, "a class or a one-hot row, got .*one_hot"),
        (lambda: cross_entropy([1.0, 2.0], 0.5), TypeError, "a class, which is a whole number, got 0.5"),
        (lambda: cross_entropy([1.0, 2.0], math.nan), IndexError, "a class from 0 to 1, got nan"),
        (lambda: cross_entropy([1.0, 2.0], "ab"), TypeError, "a class as a whole number, got 'ab'"),
        (lambda: cross_entropy(Neuron(1.0), 0), TypeError, "a logit for each class, got .* binary_cross_entropy"),
        (lambda: mse(Neuron(1.0), [0.5]), ValueError, r"one target for one output, got a row: \[0.5\]"),
        (lambda: binary_cross_entropy(1.0, -1), ValueError, "a target from 0 to 1, got -1"),
        (lambda: binary_cross_entropy(1.0, math.nan), ValueError, "a target from 0 to 1, got nan"),
        (lambda: huber(1.0, 1.0, delta=0.0), ValueError, "delta must be positive, got 0.0"),
        (lambda: huber([1.0, 2.0], [1.0]), ValueError, r"huber\(\) expects as many targets as outputs"),
        (lambda: mae([1.0], 1.0), ValueError, r"mae\(\) expects as many targets .* got a single number and 1"),
        (lambda: one_hot(3, 3), IndexError, "an index from 0 to 2, got 3"),
        (lambda: one_hot(-1, 3), IndexError, "got -1"),
        (lambda: one_hot(0.5, 3), TypeError, "a whole number as an index, got 0.5"),
    ],
)
def test_wrong_targets_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
