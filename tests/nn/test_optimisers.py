"""SGD: its recurrence, step by step, and where it leads."""

from __future__ import annotations

import math

import pytest

from gograd_core import Neuron
from gograd_nn import SGD

GRADIENTS = [(0.3, -1.7), (-2.25, 0.0), (1e-3, 4.1), (0.7, 0.7), (-0.1, -3.3)]


@pytest.mark.parametrize("rate", [0.1, 3.0])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_every_step_follows_the_recurrence(rate, momentum, weight_decay):
    parameters = [Neuron(1.5), Neuron(-0.2)]
    optimiser = SGD(parameters, rate, momentum=momentum, weight_decay=weight_decay)
    values, velocities = [1.5, -0.2], [0.0, 0.0]
    for gradients in GRADIENTS:
        for index, gradient in enumerate(gradients):
            parameters[index].grad = gradient
            velocities[index] = momentum * velocities[index] + (gradient + weight_decay * values[index])
            values[index] = values[index] - rate * velocities[index]
        optimiser.step()
        assert [parameter.value for parameter in parameters] == values
        assert [parameter.grad for parameter in parameters] == list(gradients)


def test_without_momentum_a_step_is_the_gradient_times_the_rate():
    parameter = Neuron(2.0)
    parameter.grad = -4.0
    SGD([parameter], 0.25).step()
    assert parameter.value == 3.0


def test_momentum_goes_on_where_there_is_no_slope():
    parameter = Neuron(0.0)
    optimiser = SGD([parameter], 1.0, momentum=0.5)
    visited = []
    for gradient in (-8.0, 0.0, 0.0):
        parameter.grad = gradient
        optimiser.step()
        visited.append(parameter.value)
    assert visited == [8.0, 12.0, 14.0]


def test_weight_decay_alone_shrinks_a_parameter():
    parameter = Neuron(16.0)
    optimiser = SGD([parameter], 0.5, weight_decay=1.0)
    optimiser.step()
    optimiser.step()
    assert parameter.value == 4.0


def test_the_rate_may_change_between_steps():
    parameter = Neuron(0.0)
    parameter.grad = -1.0
    optimiser = SGD([parameter], 1.0)
    optimiser.step()
    optimiser.rate = 0.5
    optimiser.step()
    assert parameter.value == 1.5


def test_zero_grad_clears_its_parameters_and_no_others():
    mine, other = Neuron(1.0), Neuron(1.0)
    (mine * other).backward()
    SGD([mine], 0.1).zero_grad()
    assert (mine.grad, other.grad) == (0.0, 1.0)


def test_a_parameter_given_twice_takes_one_step():
    shared, equal = Neuron(1.0), Neuron(1.0)
    shared.grad = equal.grad = 1.0
    SGD(iter([shared, equal, shared]), 0.25).step()
    assert (shared.value, equal.value) == (0.75, 0.75)


@pytest.mark.parametrize(("momentum", "steps"), [(0.0, 800), (0.9, 400)])
def test_it_finds_the_bottom_of_a_quadratic(momentum, steps):
    x, y = Neuron(-4.0), Neuron(7.0)
    optimiser = SGD([x, y], 0.04, momentum=momentum)
    for _ in range(steps):
        optimiser.zero_grad()
        ((x - 3.0) ** 2 + 10.0 * (y + 1.0) ** 2).backward()
        optimiser.step()
    assert (x.value, y.value) == pytest.approx((3.0, -1.0), rel=1e-8)


def test_with_weight_decay_the_bottom_moves_towards_zero():
    x = Neuron(10.0)
    optimiser = SGD([x], 0.1, weight_decay=1.0)
    for _ in range(200):
        optimiser.zero_grad()
        ((x - 3.0) ** 2).backward()
        optimiser.step()
    assert x.value == pytest.approx(2.0, rel=1e-12)  # where 2 * (x - 3) + x is 0


@pytest.mark.parametrize(
    ("count", "settings", "message"),
    [
        (0, {"rate": 0.1}, "at least one parameter"),
        (1, {"rate": 0.0}, "rate must be positive and finite, got 0.0"),
        (1, {"rate": -1.0}, "rate .* got -1.0"),
        (1, {"rate": math.nan}, "rate .* got nan"),
        (1, {"rate": math.inf}, "rate .* got inf"),
        (1, {"rate": 0.1, "momentum": 1.0}, r"momentum must be in \[0, 1\), got 1.0"),
        (1, {"rate": 0.1, "momentum": -0.1}, "momentum .* got -0.1"),
        (1, {"rate": 0.1, "momentum": math.nan}, "momentum .* got nan"),
        (1, {"rate": 0.1, "weight_decay": -0.1}, "weight_decay must not be negative, got -0.1"),
        (1, {"rate": 0.1, "weight_decay": math.nan}, "weight_decay .* got nan"),
    ],
)
def test_settings_out_of_range_are_named(count, settings, message):
    with pytest.raises(ValueError, match=message):
        SGD([Neuron(1.0) for _ in range(count)], **settings)


@pytest.mark.parametrize("thing", [1.0, Neuron(1.0) * 2.0, "w"])
def test_only_leaves_can_be_optimised(thing):
    with pytest.raises(TypeError, match="SGD expects leaf neurons, got"):
        SGD([Neuron(1.0), thing], 0.1)
