"""Programs that take another path at nearly every point, compiled: how long they take compared with eager mode.

Everything of one program runs in one process, chunks of eager and compiled calls in turn, at points that are new each
time. A ratio is the median of those of neighbouring chunks. "first" is the ratio of the total times of the first 2,000
points after the first call, in which recordings are made at once. A wrapped angle is here for comparison: it has one
path.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from processes import note_load, run

POINTS, CHUNK, ROUNDS = 2_000, 100, 7


def bisected(p: Any) -> Any:
    """The square root of p by bisection."""
    low, high = 0.0, p + 1.0
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if middle * middle > p:
            high = middle
        else:
            low = middle
    return low


def weighted(numbers: list[Any]) -> Any:
    """A sum over sorted numbers, in which the largest weighs most."""
    total = 0.0
    for place, number in enumerate(sorted(numbers)):
        total = total + (place + 1.0) * number * number
    return total


def stairs(x: Any) -> Any:
    """A line whose slope grows at every whole number."""
    return x * int(x)


def newton(p: Any) -> Any:
    """The square root of p by Newton's method."""
    x = p
    while abs(x * x - p) > 1e-12 * p:
        x = 0.5 * (x + p / x)
    return x


def wrapped(degrees: Any) -> Any:
    """An angle between 0 and 360 degrees."""
    from gograd_core import math

    return degrees - 360 * math.floor(degrees / 360)


PROGRAMS: dict[str, tuple[Callable[[Any], Any], float, float, int]] = {
    "bisection": (bisected, 0.1, 100.0, 0),
    "sorted sum": (weighted, -1.0, 1.0, 10),
    "x * int(x)": (stairs, 0.0, 1e5, 0),
    "Newton": (newton, 0.1, 1e4, 0),
    "wrapped angle": (wrapped, -1e4, 1e4, 0),
}
"""Each with the range of its numbers, and how many it takes: 0 for one number that is not in a list."""
MODES = ("value", "value_and_grad", "hvp", "hessian", "batch", "batch value_and_grad")


def points(name: str, seed: int, count: int) -> list[Any]:
    """Draw points at random."""
    import numpy as np

    _, low, high, size = PROGRAMS[name]
    drawn: list[Any] = np.random.default_rng(seed).uniform(low, high, (count, size) if size else count).tolist()
    return drawn


def calls(name: str, mode: str, f: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """What eager mode and the compiled function `f` do: at one point, or at many."""
    import numpy as np

    import gograd_core
    from gograd_core import Neuron

    program, *_, size = PROGRAMS[name]
    vector = [1.0] * size if size else 1.0

    def value(x: Any) -> float:
        output = program([*map(Neuron, x)] if size else Neuron(x))
        return float(output.value)

    if mode.startswith("batch"):
        kind = mode.removeprefix("batch ")
        one: Any = value if kind == "batch" else gograd_core.value_and_grad(program)
        many = f.batch(threads=1) if kind == "batch" else f.batch(threads=1).value_and_grad
        if size:
            return lambda xs: [*map(one, xs)], lambda xs: many([*np.array(xs).T])
        return lambda xs: [*map(one, xs)], lambda xs: many(np.array(xs))
    if mode == "value":
        return value, f
    eager, compiled = getattr(gograd_core, mode)(program), getattr(f, mode)
    if mode == "hvp":
        return lambda x: eager(x, vector), lambda x: compiled(x, vector)
    return eager, compiled


def seconds(f: Callable[[Any], Any], arguments: list[Any]) -> float:
    """Time one call for each argument, in seconds of the processor: other programs may run as well."""
    start = time.process_time()
    for argument in arguments:
        f(argument)
    return time.process_time() - start


def chunks(name: str, mode: str, seed: int) -> Iterator[list[Any]]:
    """Draw the arguments of the calls, in chunks: single points, or batches."""
    if mode.startswith("batch"):
        for number in range(ROUNDS):
            yield [points(name, seed + number, POINTS)]
        return
    drawn = points(name, seed, POINTS)
    for start in range(0, POINTS, CHUNK):
        yield drawn[start : start + CHUNK]


def measure(name: str, mode: str) -> None:
    """Print the ratios of the first points, and of later ones, and the microseconds of eager mode at a point."""
    from gograd_compile import compile as compiled_by

    eager, compiled = calls(name, mode, compiled_by(PROGRAMS[name][0]))
    warm = points(name, 0, 1)
    arguments = [warm] if mode.startswith("batch") else warm
    seconds(eager, arguments), seconds(compiled, arguments)
    first, later = (
        [(seconds(eager, chunk), seconds(compiled, chunk)) for chunk in chunks(name, mode, seed)] for seed in (100, 200)
    )
    total = sum(time for _, time in first) / sum(time for time, _ in first)
    price = statistics.median(time for time, _ in later) / (POINTS if mode.startswith("batch") else CHUNK)
    print(json.dumps([total, statistics.median(other / one for one, other in later), price * 1e6]))


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=130)
    table = Table(title="programs with many paths, compiled: times as long as eager mode")
    table.add_column("program")
    table.add_column("mode")
    for title in ("eager, µs a point", "first 2,000 points", "later points"):
        table.add_column(title, justify="right")
    for name in PROGRAMS:
        for mode in MODES:
            first, later, price = run("many_paths.py", name, mode)
            table.add_row(name, mode, f"{price:.2f}", f"{first:.2f}", f"{later:.2f}")
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
    else:
        main()
