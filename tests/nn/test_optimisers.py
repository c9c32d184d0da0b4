"""Optimisers: the recurrence of SGD step by step, where it leads, states, schedules and what is refused."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from gograd_core import Neuron, StaleGraphError
from gograd_nn import (
    SGD,
    Adam,
    AdamW,
    CosineDecay,
    Layer,
    LinearDecay,
    RMSprop,
    StepDecay,
    WarmUp,
    clip_gradients,
    clip_norm,
)

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
        (1, {"rate": 0.1, "weight_decay": -0.1}, "weight_decay must be finite and not negative, got -0.1"),
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


OPTIMISERS = [
    lambda parameters: SGD(parameters, 0.1, momentum=0.9, dampening=0.1),
    lambda parameters: SGD(parameters, 0.1, momentum=0.9, nesterov=True, schedule=StepDecay(3)),
    lambda parameters: Adam(parameters, 0.1, amsgrad=True, weight_decay=0.1),
    lambda parameters: AdamW(parameters, 0.1, schedule=CosineDecay(10)),
    lambda parameters: RMSprop(parameters, 0.1, centered=True, momentum=0.5),
]


def take_steps(optimiser, steps):
    for _ in range(steps):
        optimiser.zero_grad()
        x, y = optimiser.parameters
        ((x - 3.0) ** 2 + 10.0 * (y + x) ** 2).backward()
        optimiser.step()
    return [parameter.value for parameter in optimiser.parameters]


@pytest.mark.parametrize("make", OPTIMISERS)
def test_a_loaded_state_goes_on_as_if_nothing_had_happened(make):
    optimiser = make([Neuron(-4.0), Neuron(7.0)])
    values = take_steps(optimiser, 4)
    state = optimiser.state()
    resumed = make([Neuron(value) for value in values])
    resumed.load_state(copy.deepcopy(state))
    assert take_steps(resumed, 3) == take_steps(optimiser, 3)
    assert state["steps"] == 4  # a copy
    assert all(not np.shares_memory(state[each], getattr(optimiser, each)) for each in optimiser.memory)


def test_a_state_holds_the_settings_too():
    first, second = Adam([Neuron(0.0)], 0.5, betas=(0.1, 0.2)), Adam([Neuron(0.0)])
    second.load_state(first.state())
    assert (second.rate, second.beta1, second.beta2) == (0.5, 0.1, 0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": "AdamW"}, "Adam expects a state with amsgrad, beta1"),
        ({"more": 1.0}, "Adam expects a state with"),
        ({"squares": np.zeros(3)}, r"squares must have 2 entries, got the shape \(3,\)"),
        ({"means": np.zeros((2, 1))}, "means must have 2 entries"),
    ],
)
def test_a_state_of_something_else_is_refused_and_changes_nothing(change, message):
    optimiser = Adam([Neuron(-4.0), Neuron(7.0)])
    take_steps(optimiser, 2)
    before = optimiser.state()
    with pytest.raises(ValueError, match=message):
        optimiser.load_state({**before, "steps": 7, **change})
    after = optimiser.state()
    assert {name: np.asarray(value).tolist() for name, value in after.items()} == {
        name: np.asarray(value).tolist() for name, value in before.items()
    }


def test_a_variance_that_is_rounded_below_zero_is_zero():
    """With equal gradients, the mean of squares and the square of the mean soon differ by rounding only."""
    values, optimiser = np.zeros(200), RMSprop([Neuron(0.0) for _ in range(200)], alpha=0.5, centered=True)
    for _ in range(200):
        optimiser.update(values, np.linspace(0.1, 1.0, 200))
    assert (optimiser.squares - np.square(optimiser.means)).min() < 0.0
    assert np.isfinite(values).all()


def test_a_step_makes_graphs_stale():
    x = Neuron(1.0)
    square = x * x
    square.backward()
    SGD([x], 0.1).step()
    with pytest.raises(StaleGraphError):
        square.backward()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: SGD(p, nesterov=True), ValueError, "nesterov needs a momentum, and no dampening"),
        (lambda p: SGD(p, momentum=0.5, dampening=0.5, nesterov=True), ValueError, "nesterov needs"),
        (lambda p: SGD(Layer(1, 1)), TypeError, r"as in SGD\(model.parameters\(\), …\), got Layer"),
        (lambda p: Adam(p, betas=0.9), TypeError, r"two numbers, such as \(0.9, 0.999\), got 0.9"),
        (lambda p: Adam(p, betas=(0.9, 0.9, 0.9)), TypeError, "betas must be two numbers"),
        (lambda p: SGD(p, dampening=1.0), ValueError, r"dampening must be in \[0, 1\), got 1.0"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), ValueError, r"beta2 must be in \[0, 1\), got 1.0"),
        (lambda p: Adam(p, betas=(-0.1, 0.9)), ValueError, "beta1 must be"),
        (lambda p: Adam(p, epsilon=-1e-8), ValueError, "epsilon must be finite and not negative"),
        (lambda p: AdamW(p, weight_decay=math.inf), ValueError, "weight_decay must be finite"),
        (lambda p: RMSprop(p, alpha=1.5), ValueError, "alpha must be"),
        (lambda p: RMSprop(p, momentum=-0.5), ValueError, "momentum must be"),
        (lambda p: Adam([p[0], p[0] * 2.0]), TypeError, "Adam expects leaf neurons"),
        (lambda p: RMSprop([]), ValueError, "RMSprop needs at least one parameter"),
        (lambda p: SGD(p, schedule=0.5), TypeError, "schedule must be a function of the number of steps, got 0.5"),
        (lambda p: SGD(p, schedule=lambda step: -1.0).step(), ValueError, "returned -1.0 for step 0"),
        (lambda p: SGD(p, schedule=lambda step: math.nan).step(), ValueError, "returned nan for step 0"),
        (lambda p: StepDecay(0), ValueError, "every must be a number of steps, at least 1, got 0"),
        (lambda p: CosineDecay(-1), ValueError, "steps must be a number of steps, at least 1, got -1"),
        (lambda p: clip_gradients(p, 0.0), ValueError, "max_norm must be positive, got 0.0"),
    ],
)
def test_wrong_settings_are_named(make, error, message):
    parameter = Neuron(1.0)
    with pytest.raises(error, match=message):
        make([parameter])
    assert parameter.value == 1.0


def test_schedules_stay_where_they_end():
    assert [CosineDecay(10, 0.25)(step) for step in (0, 5, 10, 15)] == [1.0, 0.625, 0.25, 0.25]
    assert [LinearDecay(10)(step) for step in (0, 5, 10, 15)] == [1.0, 0.5, 0.0, 0.0]
    assert [WarmUp(4, first=0.0)(step) for step in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]


def test_gradients_that_are_not_finite_are_not_clipped():
    for wrong in (math.inf, -math.inf, math.nan):
        gradients = np.array([1.0, wrong])
        with pytest.raises(ValueError, match="cannot be clipped"):
            clip_norm(gradients, 1.0)
        assert gradients[0] == 1.0


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_a_norm_neither_overflows_nor_vanishes(size):
    assert clip_norm(np.array([3.0 * size, 4.0 * size]), 1e301) == pytest.approx(5.0 * size, rel=1e-15)
    assert clip_norm(np.zeros(2), 1.0) == 0.0
