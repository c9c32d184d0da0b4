"""Optimisers, schedules and clipping do what PyTorch's do; see make_torch_figures.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gograd_nn
from gograd_core import Neuron
from gograd_nn import SGD, CosineDecay, LinearDecay, StepDecay, WarmUp, clip_gradients

FIGURES = json.loads(Path(__file__).with_name("torch_figures.json").read_text())
OURS = {"lr": "rate", "eps": "epsilon"}

# PyTorch fuses some multiplications and additions, and evaluates a few products in another order. Over 100 steps, some
# hundred roundings of 2**-53 add up.
REL = 1e-12

SCHEDULES = {
    "step": StepDecay(7),
    "step by half": StepDecay(30, 0.5),
    "cosine": CosineDecay(100),
    "cosine to a tenth": CosineDecay(100, 0.1),
    "linear": LinearDecay(60),
    "warm-up": WarmUp(15),
    "warm-up and cosine": WarmUp(20, CosineDecay(80, 0.1), first=0.25),
    "own": lambda steps: 1.0 / (1.0 + steps),
}


def ours(case, parameters):
    settings = {OURS.get(name, name): value for name, value in case["settings"].items()}
    return getattr(gograd_nn, case["optimiser"])(parameters, **settings)


@pytest.mark.parametrize(
    "case", FIGURES["optimisers"], ids=[f"{case['optimiser']} {case['settings']}" for case in FIGURES["optimisers"]]
)
def test_100_steps(case):
    parameters = [Neuron(value) for value in FIGURES["start"]]
    optimiser = ours(case, parameters)
    for step, row in enumerate(FIGURES["gradients"], start=1):
        for parameter, gradient in zip(parameters, row, strict=True):
            parameter.grad = gradient
        optimiser.step()
        if str(step) in case["values"]:
            expected = case["values"][str(step)]
            # Absolute, near 0: the moves that lead there are of the order of their largest.
            assert [parameter.value for parameter in parameters] == pytest.approx(expected, rel=REL, abs=REL)
    assert step == optimiser.steps == 100


def test_update_is_a_step_on_arrays():
    for case in FIGURES["optimisers"]:
        parameters = [Neuron(value) for value in FIGURES["start"]]
        on_arrays, on_neurons = ours(case, [Neuron(0.0) for _ in parameters]), ours(case, parameters)
        values = np.array(FIGURES["start"])
        for row in FIGURES["gradients"][:5]:
            for parameter, gradient in zip(parameters, row, strict=True):
                parameter.grad = gradient
            on_neurons.step()
            gradients = np.array(row)
            on_arrays.update(values, gradients)
            assert gradients.tolist() == row
            assert values.tolist() == [parameter.value for parameter in parameters]


@pytest.mark.parametrize("name", FIGURES["schedules"])
def test_the_rates_of_100_steps(name):
    optimiser = SGD([Neuron(0.0)], 0.3, schedule=SCHEDULES[name])
    found = []
    for _ in range(100):
        found.append(optimiser.next_rate())
        optimiser.step()
    # PyTorch computes each rate from the one before it, so that its own roundings add up, relative to the first rate.
    assert found == pytest.approx(FIGURES["schedules"][name], rel=REL, abs=0.3 * REL)


@pytest.mark.parametrize("case", FIGURES["clipping"])
def test_clipping_by_norm(case):
    parameters = [Neuron(0.0) for _ in case["gradients"]]
    for parameter, gradient in zip(parameters, case["gradients"], strict=True):
        parameter.grad = gradient
    assert clip_gradients(parameters, case["max_norm"]) == pytest.approx(case["norm"], rel=1e-14)
    assert [parameter.grad for parameter in parameters] == pytest.approx(case["clipped"], rel=1e-14, abs=0.0)
