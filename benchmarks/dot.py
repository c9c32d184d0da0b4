"""A training step of the MLP with one `dot` per unit: ns per multiply-add, everything included.

The time is that of forward, backward and freeing, so of the relu, the hinge loss and the weight
decay too; the same step with products and sums stands beside it.
"""

from __future__ import annotations

import statistics

from models import Perceptron, PerceptronOfDots
from processes import gograd_engines, note_load, run
from rich.console import Console
from rich.table import Table
from worker import differ

PROCESSES, SECONDS = 3, 1.0


def main() -> None:
    console = Console(width=110)
    title = f"{PerceptronOfDots.title}: {PerceptronOfDots.multiply_adds:,} multiply-adds; ns per multiply-add"
    table = Table(title=title)
    for column in ("engine", "units of", "operations", "forward", "backward", "freeing", "all"):
        table.add_column(column, justify="left" if column in ("engine", "units of") else "right")
    for engine in gograd_engines():
        plain: list[float] = []
        for name, model, units in (("mlp", Perceptron, "products and sums"), ("dots", PerceptronOfDots, "dot")):
            rows: list[list[float]] = []
            for _ in range(PROCESSES):
                result = run("worker.py", f"gograd {engine}", name, SECONDS, engine=engine)
                plain = plain or result["result"]
                assert not differ(plain, result["result"]), "dot computes something else"
                rows += result["rows"]
            scale = 1e9 / PerceptronOfDots.multiply_adds
            times = [statistics.median(phase) * scale for phase in zip(*rows, strict=True)]
            times.append(statistics.median(map(sum, rows)) * scale)
            table.add_row(engine, units, f"{model.operations:,}", *(f"{time:.1f}" for time in times))
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    main()
