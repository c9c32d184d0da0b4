"""A million training steps of a small graph: resident memory stays as it is.

A line through noisy points is fitted with the robust loss sqrt(1 + error²), one point a step. The engine is
the one that runs by default. `steps.py COUNT` makes another number of steps.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

from gograd_core import Neuron, zero_grad

LINES = 10


def resident() -> int:
    """Resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main(steps: int) -> None:
    rng = random.Random(0)
    points = [(x := rng.uniform(-1.0, 1.0), 3.0 * x - 0.5 + rng.gauss(0.0, 0.01)) for _ in range(1000)]
    slope, offset = parameters = (Neuron(0.0), Neuron(0.0))
    sizes: list[int] = []
    start = time.perf_counter()
    for count in range(1, steps + 1):
        x, y = points[count % 1000]
        error = slope * x + offset - y
        loss = (1.0 + error * error) ** 0.5 + 1e-6 * (slope * slope)
        loss.backward()
        for parameter in parameters:
            parameter.value -= 0.01 * parameter.grad
        zero_grad(parameters)
        if count % (steps // LINES) == 0:
            sizes.append(resident())
            each = (time.perf_counter() - start) / (steps // LINES) * 1e6
            print(f"{count:>9,} steps, {each:.1f} µs each, resident {sizes[-1] / 2**20:.2f} MiB", flush=True)
            start = time.perf_counter()
    grown = max(sizes) - sizes[0]
    print(f"found: y = {slope.value:.2f} x + {offset.value:.2f}")
    print(f"resident memory grew by {grown / 2**10:.0f} KiB after the first line")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
