"""Time and memory per neuron, from a thousand neurons in one graph to ten million.

Each size runs in a process of its own, so that memory is its own peak. The graph is a random
mixture of additions, products and tanh (1 in 4) over recent results, neither a chain nor a tree.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from gograd_core import Neuron, ops

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def resident_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def build(n: int, leaf: Neuron) -> Neuron:
    rng = random.Random(0)
    picks = [rng.randrange(16) for _ in range(997)]
    recent = [leaf] * 16
    x = leaf
    for index in range(n // 4):
        y = recent[picks[index % 997]]
        x = ops.tanh(x * y + leaf - y)
        recent[index % 16] = x
    return x


def measure(n: int) -> tuple[float, float, float, float]:
    leaf = Neuron(0.1)
    build(100, leaf)
    before = resident_bytes()
    rounds = []
    for _ in range(max(1, min(5, 200_000 // n))):
        start = time.perf_counter()
        output = build(n, leaf)
        built = time.perf_counter()
        output.backward()
        swept = time.perf_counter()
        del output
        rounds.append((built - start, swept - built, time.perf_counter() - swept))
    forward, backward, freeing = (statistics.median(times) / n * 1e9 for times in zip(*rounds, strict=True))
    return forward, backward, freeing, (resident_bytes() - before) / n


def main() -> None:
    if len(sys.argv) > 1:
        print(*measure(int(sys.argv[1])))
        return
    table = Table(title="one graph of n neurons: ns per neuron, and bytes at the peak of the sweep")
    for column in ("n", "forward", "backward", "freeing", "bytes"):
        table.add_column(column, justify="right")
    for n in SIZES:
        done = subprocess.run([sys.executable, __file__, str(n)], check=True, capture_output=True, text=True)
        forward, backward, freeing, size = map(float, done.stdout.split())
        shown = f"{size:.0f}" if n >= 100_000 else "–"  # smaller graphs fit into memory already held
        table.add_row(f"{n:,}", f"{forward:.0f}", f"{backward:.0f}", f"{freeing:.0f}", shown)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
