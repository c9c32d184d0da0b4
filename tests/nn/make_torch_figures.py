"""Computes what PyTorch's optimisers and schedules do with given gradients, and stores it in torch_figures.json.

Run it again with `pip install torch==2.13.0`, in an environment of its own. The tests do not need PyTorch.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import torch
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim import lr_scheduler as schedulers

STEPS = 100
START = [1.5, -0.2, 0.0, 30.0, -1e-3]
SHOWN = (1, 2, 3, 10, 50, STEPS)

OPTIMISERS = [
    (SGD, {}),
    (SGD, {"lr": 0.1, "momentum": 0.9}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01}),
    (SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    (Adam, {}),
    (Adam, {"lr": 0.01, "betas": (0.85, 0.99), "eps": 1e-6, "weight_decay": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True}),
    (Adam, {"lr": 0.1, "betas": (0.3, 0.5)}),
    (AdamW, {}),
    (AdamW, {"lr": 0.1, "weight_decay": 0.2, "amsgrad": True}),
    (RMSprop, {}),
    (RMSprop, {"lr": 0.05, "alpha": 0.9, "eps": 1e-5, "weight_decay": 0.1, "momentum": 0.7}),
    (RMSprop, {"lr": 0.05, "centered": True, "momentum": 0.5}),
]


def warm_up_and_cosine(optimiser):
    first = schedulers.LinearLR(optimiser, start_factor=0.25, total_iters=20)
    then = schedulers.CosineAnnealingLR(optimiser, T_max=80, eta_min=0.3 * 0.1)
    return schedulers.SequentialLR(optimiser, [first, then], milestones=[20])


SCHEDULES = {
    "step": lambda optimiser: schedulers.StepLR(optimiser, step_size=7),
    "step by half": lambda optimiser: schedulers.StepLR(optimiser, step_size=30, gamma=0.5),
    "cosine": lambda optimiser: schedulers.CosineAnnealingLR(optimiser, T_max=100),
    "cosine to a tenth": lambda optimiser: schedulers.CosineAnnealingLR(optimiser, T_max=100, eta_min=0.1 * 0.3),
    "linear": lambda optimiser: schedulers.LinearLR(optimiser, start_factor=1.0, end_factor=0.0, total_iters=60),
    "warm-up": lambda optimiser: schedulers.LinearLR(optimiser, total_iters=15),
    "warm-up and cosine": warm_up_and_cosine,
    "own": lambda optimiser: schedulers.LambdaLR(optimiser, lambda step: 1.0 / (1.0 + step)),
}

NORMS = [0.5, 1.0, 3.0, 100.0]


def gradients():
    """Gradients of different sizes, with zeros, rounded so that the file stays short."""
    rng = random.Random(42)
    rows = [[round(rng.gauss(0.0, scale), 6) for scale in (1.0, 1e-3, 5.0, 100.0, 1e-2)] for _ in range(STEPS)]
    rows[0][2] = rows[5][0] = 0.0
    return rows


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def trajectory(kind, settings, rows):
    parameter = torch.nn.Parameter(double(START))
    optimiser = kind([parameter], **settings)
    shown = {}
    for step, row in enumerate(rows, start=1):
        parameter.grad = double(row)
        optimiser.step()
        if step in SHOWN:
            shown[step] = parameter.tolist()
    return {"optimiser": kind.__name__, "settings": settings, "values": shown}


def rates(make):
    parameter = torch.nn.Parameter(double(START))
    optimiser = SGD([parameter], lr=0.3)
    scheduler = make(optimiser)
    found = []
    for _ in range(STEPS):
        found.append(optimiser.param_groups[0]["lr"])
        parameter.grad = double([0.0] * len(START))
        optimiser.step()
        scheduler.step()
    return found


def clipped(row, max_norm):
    parameter = torch.nn.Parameter(double(START))
    parameter.grad = double(row)
    norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm)
    return {"gradients": row, "max_norm": max_norm, "norm": norm.item(), "clipped": parameter.grad.tolist()}


if __name__ == "__main__":
    rows = gradients()
    figures = {
        "torch": torch.__version__.split("+")[0],
        "start": START,
        "gradients": rows,
        "optimisers": [trajectory(kind, settings, rows) for kind, settings in OPTIMISERS],
        "schedules": {name: rates(make) for name, make in SCHEDULES.items()},
        "clipping": [clipped(row, max_norm) for row in ([0.6, -0.8, 0.0, 0.0, 0.0], rows[1]) for max_norm in NORMS],
    }
    Path(__file__).with_name("torch_figures.json").write_text(json.dumps(figures, separators=(",", ":")) + "\n")
