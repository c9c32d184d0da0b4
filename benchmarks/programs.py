"""Published packages on floats, adapted, and compiled: what value and gradient cost compared with the package's value.

Everything runs in one process per package, calls of each kind in turn, so that whatever else the machine does meets
all of them. A ratio is the median of those of neighbouring calls. The functions and their points are those of the
tests. The packages run without Numba, which some of them would use to compile themselves. A batch has 1,000 points
and one thread, and its figure is for one point.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from processes import HERE, note_load, run

sys.path.insert(0, str(HERE.parent / "tests" / "core" / "programs"))
from packages import PROGRAMS

TURNS, AT_LEAST, POINTS = 25, 2e-3, 1_000
KINDS = ("adapted, floats", "value", "value and gradient", "compiled", "compiled gradient", "batch gradient")


def seconds(f: Callable[[], Any], count: int) -> float:
    """Time `count` calls, and return the seconds of one."""
    start = time.perf_counter()
    for _ in range(count):
        f()
    return (time.perf_counter() - start) / count


def calls(name: str) -> dict[str, Callable[[], Any]]:
    """The call of each kind, at the last point; that of the package first."""
    program = PROGRAMS[name]
    sys.modules["numba"] = None  # type: ignore[assignment]
    original = program.make(importlib.import_module(program.names[0]))
    del sys.modules["numba"]

    import numpy as np

    import gograd_compile
    from gograd_core import Neuron, adapted, errstate, value_and_grad

    errstate(domain="python").__enter__()
    mine = program.make(adapted(*program.names))
    point, wrt = program.points[-1], tuple(range(len(program.ranges)))
    neurons, eager, compiled = [*map(Neuron, point)], value_and_grad(mine, wrt=wrt), gograd_compile.compile(mine)
    columns = [x * np.linspace(1.0, 1.0 + 1e-9, POINTS) for x in point]
    batch = compiled.batch(tuple(0 for _ in wrt), threads=1)
    assert mine(*point) == original(*point) == mine(*neurons).value
    return {
        "package": lambda: original(*point),
        "adapted, floats": lambda: mine(*point),
        "value": lambda: mine(*neurons),
        "value and gradient": lambda: eager(*point),
        "compiled": lambda: compiled(*point),
        "compiled gradient": lambda: compiled.value_and_grad(*point, wrt=wrt),
        "batch gradient": lambda: batch.value_and_grad(*columns, wrt=wrt),
    }


def measure(name: str) -> None:
    """Print for each turn the seconds of each kind."""
    kinds = calls(name)
    counts = {}
    for kind, f in kinds.items():
        f()  # records, compiles
        counts[kind] = max(1, int(AT_LEAST / seconds(f, 3)))
    rows = [{kind: seconds(f, counts[kind]) for kind, f in kinds.items()} for _ in range(TURNS)]
    for row in rows:
        row["batch gradient"] /= POINTS
    print(json.dumps(rows))


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=130)
    table = Table(title="published packages: times as long as the value on floats")
    table.add_column("function")
    table.add_column("value, µs", justify="right")
    for kind in KINDS:
        table.add_column(kind, justify="right")
    for name in PROGRAMS:
        rows = run("programs.py", name)
        floats = statistics.median(row["package"] for row in rows)
        ratios = [statistics.median(row[kind] / row["package"] for row in rows) for kind in KINDS]
        table.add_row(name, f"{floats * 1e6:.1f}", *(f"{ratio:.3g}" for ratio in ratios))
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
