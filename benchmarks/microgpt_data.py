"""What the versions of microgpt beside those of gograd share: options, names, first weights, and the output."""

from __future__ import annotations

import argparse
import json
import math
import random
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["BLOCK", "HEADS", "SHAPES", "WIDTH", "report", "weights"]

WIDTH, HEADS, BLOCK, TOKENS = 16, 4, 16, 27
SHAPES = {
    "wte": (TOKENS, WIDTH),
    "wpe": (BLOCK, WIDTH),
    "lm_head": (TOKENS, WIDTH),
    "wq": (WIDTH, WIDTH),
    "wk": (WIDTH, WIDTH),
    "wv": (WIDTH, WIDTH),
    "wo": (WIDTH, WIDTH),
    "fc1": (4 * WIDTH, WIDTH),
    "fc2": (WIDTH, 4 * WIDTH),
}

Losses = Callable[[list[list[int]], int, int], Iterator[float]]


def weights() -> dict[str, list[list[float]]]:
    """Draw the first weights, a list of rows for each matrix."""
    return {
        name: [[random.gauss(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def report(losses: Losses) -> None:
    """Read the options, train, and print a line for each step, and one with the seconds in the end.

    `losses` takes the tokens of each name, the number of steps, and the number of steps that are planned.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--planned", type=int)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    start = time.process_time()
    random.seed(42)
    names = options.data.read_text(encoding="utf-8").split()
    random.shuffle(names)
    tokens = [[TOKENS - 1, *map(string.ascii_lowercase.index, name), TOKENS - 1][: BLOCK + 1] for name in names]
    for step, loss in enumerate(losses(tokens, options.steps, options.planned or options.steps), 1):
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss of step {step} is {loss}")
        print(json.dumps({"step": step, "loss": loss}))
    print(json.dumps({"cpu": time.process_time() - start}))
