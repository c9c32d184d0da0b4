"""Every rule of every installed operation, at its samples, against oracles that are not the rule.

The derivative is that of the forward rule in 50 digits (mpmath), the value that of `Op.reference`.
Tolerances are relative: TOLERANCE is 8 ulps, what a formula of a few roundings may lose. An exact
zero must be met exactly.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from gograd_core import Neuron, gradient, registry, scalar
from gograd_core.testing.multiprecision import MultiprecisionNamespace, exact_partial, exact_value

TOLERANCE = 8 * 2.0**-52
NUMERICAL_ZERO = 1e-30  # what is left of a zero derivative by differences in 50 digits
SECOND_ORDER_TOLERANCE = 64 * 2.0**-52  # sums of several terms of opposite sign
THIRD_ORDER_TOLERANCE = 1024 * 2.0**-52  # and of more of them

OPERATIONS = registry.active.operations()
SAMPLES = [pytest.param(op, sample, id=f"{op.name}{sample}") for op in OPERATIONS for sample in op.samples]
# stop_gradient is the one operation whose derivative is not that of its value, by intention.
DIFFERENTIABLE = [case for case in SAMPLES if any(case.values[0].partials)]
SCALAR = [case for case in DIFFERENTIABLE if not case.values[0].variadic]


def close(found, exact, tolerance=TOLERANCE):
    return found == exact if exact == 0 else abs(found - exact) <= tolerance * abs(exact)


def neurons_of(op, sample):
    return [[Neuron(x) for x in column] for column in sample] if op.variadic else [Neuron(x) for x in sample]


def flat(op, arguments):
    return [x for column in arguments for x in column] if op.variadic else list(arguments)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_has_samples_a_reference_and_a_sentence(op):
    assert op.samples
    assert op.reference is not None
    assert op.doc.endswith(".")


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_value_is_that_of_the_reference(op, sample):
    with mpmath.workdps(50):
        exact_inputs = [list(map(mpmath.mpf, x)) if op.variadic else mpmath.mpf(x) for x in sample]
        reference = op.reference(mpmath.mp, *exact_inputs)
        assert close(op(*sample), reference)
        assert close(exact_value(op, sample), reference, tolerance=mpmath.mpf(10) ** -45)


@pytest.mark.parametrize(("op", "sample"), DIFFERENTIABLE)
def test_derivative_is_that_of_the_forward_rule_in_50_digits(op, sample):
    arguments = neurons_of(op, sample)
    output = op(*arguments)
    output.backward()
    for index, partial in enumerate(op.partials):
        neurons = arguments[index] if op.variadic else [arguments[index]]
        exact = exact_partial(op, index, sample)
        for neuron, derivative in zip(neurons, exact if op.variadic else [exact], strict=True):
            if partial is None:
                assert neuron.grad == 0.0
            else:
                assert close(neuron.grad, derivative), (index, neuron.grad, derivative)


@pytest.mark.parametrize(("op", "sample"), SCALAR)
def test_second_derivative_is_that_of_the_forward_rule_in_50_digits(op, sample):
    for index, partial in enumerate(op.partials):
        if partial is None:
            continue
        neurons = neurons_of(op, sample)
        first = gradient(op(*neurons), neurons[index], create_graph=True)
        found = gradient(first, neurons[index])
        exact = exact_partial(op, index, sample, order=2)
        if abs(exact) < NUMERICAL_ZERO * abs(first.value):
            assert found == 0.0
        else:
            assert close(found, exact, SECOND_ORDER_TOLERANCE), (index, found, exact)


@pytest.mark.parametrize(("op", "sample"), [case for case in SCALAR if case.values[0].arity == 1])
def test_third_derivative_is_that_of_the_forward_rule_in_50_digits(op, sample):
    x = Neuron(sample[0])
    derivative = op(x)
    for _ in range(2):
        derivative = gradient(derivative, x, create_graph=True)
    found, exact = gradient(derivative, x), exact_partial(op, 0, sample, order=3)
    if abs(exact) < NUMERICAL_ZERO * abs(op(*sample)):
        assert found == 0.0
    else:
        assert close(found, exact, THIRD_ORDER_TOLERANCE), (found, exact)


@pytest.mark.parametrize(("op", "sample"), [case for case in SCALAR if case.values[0].arity == 2])
def test_mixed_second_derivatives_agree_in_both_orders_and_with_50_digits(op, sample):
    with mpmath.workdps(50):
        rule = lambda x, y: op.forward(MultiprecisionNamespace(), x, y)  # noqa: E731
        exact = mpmath.diff(rule, tuple(map(mpmath.mpf, sample)), (1, 1))
    for first, second in ((0, 1), (1, 0)):
        neurons = neurons_of(op, sample)
        derivative = gradient(op(*neurons), neurons[first], create_graph=True)
        found = gradient(derivative, neurons[second])
        if abs(exact) < 1e-20 * max(1.0, abs(op(*sample))):
            assert found == 0.0
        else:
            assert close(found, exact, SECOND_ORDER_TOLERANCE), (first, found, exact)


@pytest.mark.parametrize(("op", "sample"), [case for case in SAMPLES if not case.values[0].opaque])
def test_arrays_agree_with_floats(op, sample):
    arrays = [np.array(x) for x in sample] if op.variadic else [np.array([x, x]) for x in sample]
    expected = op(*sample) if op.variadic else [op(*sample)] * 2
    # NumPy's vector loops for exp, log and tanh are accurate to 4 ulps.
    np.testing.assert_allclose(op(*arrays), expected, rtol=4 * 2.0**-52, atol=0)


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_rules_are_pure(op, sample):
    inputs = neurons_of(op, sample)
    before = [neuron.value for neuron in flat(op, inputs)]
    first, second = op(*inputs), op(*inputs)
    assert getattr(first, "value", first) == getattr(second, "value", second)
    assert [neuron.value for neuron in flat(op, inputs)] == before


@pytest.mark.parametrize(("op", "sample"), [case for case in SAMPLES if not case.values[0].variadic])
def test_other_rules_can_call_it(op, sample):
    assert op.bind(scalar)(*sample) == op(*sample)
