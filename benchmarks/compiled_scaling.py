"""How long gograd_compile prepares graphs of 1,000 to 10,000,000 operations, and its first use ever.

Preparation is from the function to the end of the first value and gradient, less the time of a run.
Each size has a process of its own, in which a small graph has loaded kernels and libraries before.
First use: (a) to (d) of `compiled.py` in a process that finds an empty cache of kernels, and then in
one that finds it filled.

`compiled_scaling.py LARGEST` ends with graphs of that size.
"""

from __future__ import annotations

import functools
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from processes import note_load, run

SIZES = [10**digits for digits in range(3, 8)]
OPERATIONS_TIMED = 1_000_000  # small graphs are prepared more than once
INPUTS = 16
PICKS = random.Random(0).choices(range(INPUTS), k=997)


def chain(x: list[Any], n: int) -> Any:
    """Each operation on the result of the one before."""
    y, factor, term = x[:3]
    for _ in range(n // 2):
        y = y * factor + term
    return y


def mixed(x: list[Any], n: int) -> Any:
    """Sums, differences, products and tanh (1 in 4) of recent results, neither a chain nor a tree."""
    from gograd_core import ops

    tanh, recent, y = ops.tanh, list(x), x[0]
    for index in range(n // 4):
        other = recent[PICKS[index % 997]]
        y = tanh(y * other + x[1] - other)
        recent[index % INPUTS] = y
    return y


def wide(x: list[Any], n: int) -> Any:
    """A half products of an input and a number, a half sums, in a tree as flat as can be."""
    level = [x[index % INPUTS] * (index / n) for index in range(1, n // 2 + 1)]
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        level = [left + right for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


GRAPHS: dict[str, Callable[[list[Any], int], Any]] = {"chain": chain, "mixed": mixed, "wide": wide}


def prepared(loss: Callable[[Any], Any], start: list[float]) -> tuple[float, float]:
    """Seconds of preparation, and of a run."""
    import numpy as np

    import gograd_compile

    x, times = np.array(start), []
    begin = time.perf_counter()
    compiled = gograd_compile.compile(loss)
    for _ in range(6):
        compiled.value_and_grad(x)
        times.append(time.perf_counter() - begin)
        begin = time.perf_counter()
    first, *others = times
    return first - min(others), min(others)


def measure(graph: str, n: int) -> None:
    """Print the seconds of preparation and of a run, and the most bytes that the process held."""
    build, start = GRAPHS[graph], [0.9 + 0.01 * index for index in range(INPUTS)]
    start[2] = 0.05

    def loss(x: Any, size: int = n) -> Any:
        return build(list(x), size)

    prepared(functools.partial(loss, size=1_000), start)
    rounds = [prepared(functools.partial(loss), start) for _ in range(max(1, min(20, OPERATIONS_TIMED // n)))]
    preparation, seconds = map(statistics.median, zip(*rounds, strict=True))
    print(json.dumps([preparation, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def first_use() -> None:
    """Print the seconds of importing, and of preparing (a) to (d) in turn."""
    begin = time.perf_counter()
    from compiled_engines import gograd_functions
    from compiled_models import MODELS, random_program

    import gograd_compile  # noqa: F401

    imported = time.perf_counter() - begin
    functions = gograd_functions()
    random_program()  # made before, and not counted
    times = {
        name: prepared(lambda x, loss=model.loss: loss(functions, list(x)), list(model.start))[0]
        for name, model in MODELS.items()
    }
    print(json.dumps({"import": imported} | times))


def show_first_use() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GOGRAD_CACHE_DIR"] = folder
        for cache in ("empty", "filled"):
            times = run("compiled_scaling.py", "first-use")
            parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in times.items())
            print(f"first use with the cache {cache}: {sum(times.values()):.2f} s ({parts})")
        del os.environ["GOGRAD_CACHE_DIR"]


def main(largest: int) -> None:
    print("ns per operation to prepare value and gradient, and of a run; bytes per operation at the peak")
    for graph in GRAPHS:
        for n in (size for size in SIZES if size <= largest):
            preparation, seconds, peak = run("compiled_scaling.py", graph, n)
            figures = f"{preparation / n * 1e9:8.0f} {seconds / n * 1e9:8.2f}"
            print(f"  {graph:6} {n:>12,} {figures}" + (f" {peak / n:8.0f}" if n >= 1_000_000 else ""))
    show_first_use()
    print(note_load())


if __name__ == "__main__":
    if sys.argv[1:] == ["first-use"]:
        first_use()
    elif len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else max(SIZES))
