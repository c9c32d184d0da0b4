"""Operations of a third party, which come without kernels, in a loop: before and after `compile_kernels`.

Beside each a shipped operation of as many inputs and about as much arithmetic. Each in a process of its own.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from processes import gograd_engines, note_load, run

CALLS, ROUNDS, PROCESSES = 20_000, 9, 3
PAIRS = {"soft_step": "tanh", "length": "hypot"}


def soft_step(xp: Any, x: Any) -> Any:
    return x / (1.0 + xp.abs(x))


def soft_step_partial(xp: Any, out: Any, x: Any) -> Any:
    scale = 1.0 + xp.abs(x)
    return 1.0 / (scale * scale)


def length(xp: Any, x: Any, y: Any) -> Any:
    return xp.sqrt(1.0 + x * x + y * y)


def length_by_x(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return x / out


def length_by_y(xp: Any, out: Any, x: Any, y: Any) -> Any:
    return y / out


def register() -> None:
    from gograd_core import Op
    from gograd_core import register as add

    add(Op("soft_step", forward=soft_step, partials=(soft_step_partial,), samples=((0.5,), (-2.0,))))
    add(
        Op(
            "length",
            forward=length,
            partials=(length_by_x, length_by_y),
            samples=((0.5, 2.0), (-1.0, 0.25)),
        )
    )


def loop(name: str) -> list[float]:
    """Seconds of forward, and of backward, of one call after the other on the last result."""
    from gograd_core import Neuron, ops

    function, leaf = ops[name], Neuron(0.75)
    arguments = () if name in ("soft_step", "tanh") else (leaf,)
    start = time.perf_counter()
    x = leaf
    for _ in range(CALLS):
        x = function(x, *arguments)
    called = time.perf_counter()
    x.backward()
    return [called - start, time.perf_counter() - called]


def measure(name: str, compiled: str) -> None:
    """Print per phase the median seconds per call, and the seconds that compiling took."""
    import gograd_core

    register()
    seconds = 0.0
    if compiled == "compiled":
        start = time.perf_counter()
        gograd_core.compile_kernels([name])
        seconds = time.perf_counter() - start
    loop(name)
    rows = [loop(name) for _ in range(ROUNDS)]
    print(json.dumps([statistics.median(phase) / CALLS for phase in zip(*rows, strict=True)] + [seconds]))


def compare(engine: str, name: str, shipped: str) -> dict[tuple[str, str], Any]:
    """Per operation and kind of kernels the medians that `measure` prints, or why there are none."""
    kinds = [(shipped, "shipped"), (name, "none"), *([(name, "compiled")] if engine == "native" else [])]
    runs: dict[tuple[str, str], Any] = {kind: [] for kind in kinds}
    for _ in range(PROCESSES):
        for kind in kinds:
            if isinstance(runs[kind], list):
                try:
                    runs[kind].append(run("third_party.py", *kind, engine=engine))
                except RuntimeError as error:
                    runs[kind] = str(error)
    return {
        kind: rows if isinstance(rows, str) else [statistics.median(phase) for phase in zip(*rows, strict=True)]
        for kind, rows in runs.items()
    }


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110)
    for engine in gograd_engines():
        table = Table(title=f"{engine} engine: ns per call of an operation in a loop of {CALLS:,}")
        for column in ("operation", "kernels", "forward", "backward", "both", "/ shipped"):
            table.add_column(column, justify="left" if column in ("operation", "kernels") else "right")
        notes = []
        for name, shipped in PAIRS.items():
            found = compare(engine, name, shipped)
            base = sum(found[shipped, "shipped"][:2])
            for (operation, kernels), figures in found.items():
                if isinstance(figures, str):
                    table.add_row(operation, kernels, "–")
                    notes.append(f"{operation} {kernels}: {figures}")
                    continue
                forward, backward, seconds = figures
                cells = [f"{time * 1e9:.0f}" for time in (forward, backward, forward + backward)]
                table.add_row(operation, kernels, *cells, f"{(forward + backward) / base:.1f}")
                if kernels == "compiled":
                    notes.append(f"{operation}: compiled in {seconds:.1f} s")
        console.print(table)
        for note in notes:
            console.print(f"  {note}", highlight=False)
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(*sys.argv[1:])
    else:
        main()
