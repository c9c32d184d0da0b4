"""Forward, backward and freeing per operation, beside micrograd: a network 2-16-16-1 over 100 points.

The same code runs over both engines. The loss is that of micrograd's demonstration (hinge plus
weight decay), 65,075 operations. Each engine runs in processes of its own, in turn, so that
neither pays for what the other left in memory; medians over all steps.

micrograd's graphs hold cycles, so without the garbage collector they are never freed. Hence three
settings: collector on; off; and off, but run by hand between steps, outside the timed parts.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from micrograd.engine import Value
from rich.console import Console
from rich.table import Table
from sklearn.datasets import make_moons

from gograd_core import Neuron

SIZES = (2, 16, 16, 1)
SETTINGS = ("on", "off", "off, run between steps")  # of the collector
ENGINES = {"gograd": Neuron, "micrograd": Value}
PROCESSES, STEPS = 3, 5


class Network:
    """A multi-layer perceptron over any class of numbers."""

    def __init__(self, number: Callable[[float], Any]) -> None:
        rng = random.Random(0)
        self.layers = [
            [([number(rng.uniform(-1, 1)) for _ in range(n_in)], number(0.0)) for _ in range(n_out)]
            for n_in, n_out in pairwise(SIZES)
        ]

    def __call__(self, x: list[Any]) -> Any:
        for index, layer in enumerate(self.layers):
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if index < len(self.layers) - 1:
                x = [unit.relu() for unit in x]
        return x[0]

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for w, b in layer for p in (*w, b)]


def loss(network: Network, points: list[list[float]], labels: list[float]) -> Any:
    losses = [(1.0 + -label * network(point)).relu() for point, label in zip(points, labels, strict=True)]
    data = sum(losses[1:], losses[0]) * (1.0 / len(losses))
    parameters = network.parameters()
    squares = [p * p for p in parameters]
    return data + 1e-4 * sum(squares[1:], squares[0])


def count_operations(output: Neuron) -> int:
    seen, stack = {output}, [output]
    while stack:
        for entry in stack.pop().constituents:
            if isinstance(entry, Neuron) and entry.operation is not None and entry not in seen:
                seen.add(entry)
                stack.append(entry)
    return len(seen)


def step(network: Network, points: list[list[float]], labels: list[float]) -> list[float]:
    """Seconds for forward, backward and letting go of the graph."""
    times = [time.perf_counter()]
    output = loss(network, points, labels)
    times.append(time.perf_counter())
    output.backward()
    times.append(time.perf_counter())
    del output
    times.append(time.perf_counter())
    for parameter in network.parameters():
        parameter.grad = 0.0
    return [later - earlier for earlier, later in pairwise(times)]


def moons() -> tuple[list[list[float]], list[float]]:
    points, labels = make_moons(100, noise=0.1, random_state=1)
    return points.tolist(), (2.0 * labels - 1.0).tolist()


def measure(engine: str, setting: str) -> list[list[float]]:
    """Seconds of each phase in each step, after one step that is not counted."""
    sys.setrecursionlimit(1_000_000)  # micrograd sorts by recursion
    points, labels = moons()
    network = Network(ENGINES[engine])
    if setting != "on":
        gc.disable()
    rows = []
    for _ in range(1 + STEPS):
        rows.append(step(network, points, labels))
        if setting == "off, run between steps":
            gc.collect()
    return rows[1:]


def count_and_compare() -> int:
    """The number of operations, after making sure that the engines compute the same."""
    sys.setrecursionlimit(1_000_000)
    networks = [Network(number) for number in ENGINES.values()]
    outputs = [loss(network, *moons()) for network in networks]
    for output in outputs:
        output.backward()
    for ours, theirs in zip(*(network.parameters() for network in networks), strict=True):
        assert abs(ours.grad - theirs.grad) <= 1e-12 * max(1.0, abs(theirs.grad))
    return count_operations(outputs[0])


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(measure(*sys.argv[1:])))
        return
    operations = count_and_compare()
    table = Table(title=f"network 2-16-16-1 over 100 moons, {operations:,} operations: ns per operation")
    for column in ("collector", "engine", "forward", "backward", "freeing", "forward + backward", "ratio"):
        table.add_column(column, justify="left" if column in ("collector", "engine") else "right")
    for setting in SETTINGS:
        rows: dict[str, list[list[float]]] = {engine: [] for engine in ENGINES}
        for _ in range(PROCESSES):
            for engine in ENGINES:
                command = [sys.executable, __file__, engine, setting]
                rows[engine] += json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        totals = {engine: statistics.median(row[0] + row[1] for row in rows[engine]) for engine in ENGINES}
        for engine in ENGINES:
            phases = [statistics.median(phase) / operations * 1e9 for phase in zip(*rows[engine], strict=True)]
            cells = [f"{phase:.0f}" for phase in (*phases, totals[engine] / operations * 1e9)]
            table.add_row(setting, engine, *cells, f"{totals[engine] / totals['micrograd']:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
