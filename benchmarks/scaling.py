"""Time and memory per neuron, from a thousand neurons in one graph to ten million.

Each size runs in processes of its own; medians over them and over graphs. Memory is the resident
memory that the process has more than before the graph was made: after forward (retained), and at
the peak of the sweep. Linux only: it is read from /proc, and the peak is reset before the sweep.

`scaling.py LARGEST` ends with graphs of that size.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from processes import gograd_engines, note_load, run

SIZES = [10**digits for digits in range(3, 8)]
LARGEST = {"native": 10_000_000, "python": 1_000_000}  # the Python engine's tens of seconds show nothing more
PROCESSES = {"native": 3, "python": 1}
NEURONS_TIMED = 1_000_000  # in small graphs, one after the other
PICKS = random.Random(0).choices(range(16), k=997)


def mixed(n: int) -> object:
    """Sums, differences, products and tanh (1 in 4) of recent results, neither a chain nor a tree."""
    from gograd_core import Neuron, ops

    tanh, leaf = ops.tanh, Neuron(0.1)
    recent = [leaf] * 16
    x = leaf
    for index in range(n // 4):
        y = recent[PICKS[index % 997]]
        x = tanh(x * y + leaf - y)
        recent[index % 16] = x
    return x


def chain(n: int) -> object:
    """Each operation on the result of the one before."""
    from gograd_core import Neuron

    x, w, b = Neuron(0.5), Neuron(1.0 - 1e-6), Neuron(1e-6)
    for _ in range(n // 2):
        x = x * w + b
    return x


def wide(n: int) -> object:
    """A third leaves, a third products of two neighbours, a third sums, in a tree as flat as can be."""
    from gograd_core import Neuron

    first = previous = Neuron(0.5)
    level = []
    for _ in range(n // 3):
        leaf = Neuron(0.25)
        level.append(previous * leaf)
        previous = leaf
    level.append(previous * first)
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        level = [x + y for x, y in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


GRAPHS: dict[str, Callable[[int], object]] = {"mixed": mixed, "chain": chain, "wide": wide}


def memory(field: str) -> int:
    """Bytes of this process: "VmRSS", resident now, or "VmHWM", the most since the last reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


def measure(graph: str, n: int) -> None:
    """Print the median seconds of each phase, and bytes retained and at the peak."""
    build = GRAPHS[graph]
    for warm in (100, 1000):
        build(warm).backward()  # type: ignore[attr-defined]
    rounds, sizes = [], []
    for _ in range(max(1, min(200, NEURONS_TIMED // n))):
        before = memory("VmRSS")
        start = time.perf_counter()
        output = build(n)
        built = time.perf_counter()
        retained = memory("VmRSS") - before
        Path("/proc/self/clear_refs").write_text("5")
        begin = time.perf_counter()
        output.backward()  # type: ignore[attr-defined]
        swept = time.perf_counter()
        sizes.append((retained, memory("VmHWM") - before))
        end = time.perf_counter()
        del output
        rounds.append((built - start, swept - begin, time.perf_counter() - end))
    print(json.dumps([statistics.median(times) for times in zip(*rounds, strict=True)] + list(sizes[0])))


def main(largest: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110)
    for engine in gograd_engines():
        table = Table(title=f"{engine} engine, one graph of n neurons: ns per neuron, and bytes per neuron")
        for column in ("graph", "n", "forward", "backward", "freeing", "all", "retained", "at the peak"):
            table.add_column(column, justify="left" if column == "graph" else "right")
        spreads = []
        for graph in GRAPHS:
            totals = []
            for n in (size for size in SIZES if size <= min(largest, LARGEST[engine])):
                runs = [run("scaling.py", graph, n, engine=engine) for _ in range(PROCESSES[engine])]
                *phases, retained, peak = (statistics.median(figures) for figures in zip(*runs, strict=True))
                totals.append(sum(phases) / n * 1e9)
                times = [f"{phase / n * 1e9:.0f}" for phase in phases]
                sizes = [f"{size / n:.0f}" if n >= 100_000 else "–" for size in (retained, peak)]
                table.add_row(graph, f"{n:,}", *times, f"{totals[-1]:.0f}", *sizes)
            spreads.append(f"{graph} {max(totals) / min(totals):.2f}")
        console.print(table)
        console.print(f"  slowest size / fastest size: {', '.join(spreads)}", highlight=False)
    console.print("smaller graphs fit into memory that the process holds already.", style="dim")
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else max(SIZES))
